// One walk through the admin pages as a person would take it, in headless
// Chromium and with scripts switched off; then /docs, which needs them.
//
//     walk.js URL TARGET       ends with 1 and a sentence when a step fails
import assert from 'node:assert/strict';
import { launch, open, run } from './page.js';

const [url, target] = process.argv.slice(2);
const browser = await launch();

async function post(path, body) {
	const response = await fetch(url + path, {
		method: 'POST', body: JSON.stringify(body),
		headers: { 'Content-Type': 'application/json' },
	});
	return response.json();
}

async function ended(webhook) {
	for (let tries = 0; tries < 200; tries++) {
		const response = await fetch(`${url}/status/${webhook}`);
		const status = await response.json();
		if (['Success', 'Failure'].includes(status.final_outcome))
			return;
		await new Promise((wake) => setTimeout(wake, 100));
	}
	throw new Error('the webhook did not end');
}

async function pages() {
	const { page, complaints } = await open(browser, url,
	    { javaScriptEnabled: false });

	await page.goto(`${url}/`);
	assert.match(page.url(), /\/ui\/(start)?$/, '/ leads to /ui/');
	await page.goto(`${url}/ui/subscriptions`);
	await page.locator('a[href="/ui/subscriptions/new"]').first().click();
	await page.fill('#target_url', 'ftp://example.com/');
	await page.fill('#events', 'walk.one, walk.two');
	await page.click('button.primary');
	assert.match(await page.locator('[role=alert]').innerText(), /./);
	assert.equal(await page.inputValue('#events'), 'walk.one, walk.two');
	await page.fill('#target_url', target);
	await page.fill('#secret', 'walking');
	await page.click('button.primary');
	assert.match(page.url(), /\/ui\/subscriptions\/[0-9a-f-]{36}/);
	const id = page.url().match(/[0-9a-f-]{36}/)[0];
	const shown = await page.locator('main').innerText();
	assert.ok(shown.includes(target) && shown.includes('walk.two'));
	assert.ok(!(await page.content()).includes('walking'));

	const { webhook_id: webhook } = await post(`/ingest/${id}`, [1, 2]);
	await ended(webhook);
	await page.goto(`${url}/ui/attempts`);
	await page.fill('#subscription', id);
	await page.fill('#limit', '10');
	await page.click('button.primary');
	assert.equal(await page.locator('tbody tr').count(), 2);
	await page.locator(`a[href="/ui/webhooks/${webhook}"]`).first().click();
	const status = await page.locator('main').innerText();
	assert.ok(status.includes('Success') && status.includes('HTTP 503'));

	await page.goto(`${url}/ui/subscriptions/${id}`);
	await page.locator(`a[href="/ui/subscriptions/${id}/edit"]`).click();
	await page.fill('#events', 'walk.three');
	await page.click('button.primary');
	assert.ok((await page.locator('main').innerText()).includes('walk.three'));
	await page.locator(`a[href="/ui/subscriptions/${id}/delete"]`).click();
	await page.click('button.danger');
	assert.match(page.url(), /\/ui\/subscriptions\?done=deleted$/);
	assert.ok(!(await page.content()).includes(id));

	// a phone: nothing is cut off to the side
	await page.setViewportSize({ width: 360, height: 740 });
	await page.goto(`${url}/ui/`);
	const [wide, view] = [await page.locator('html').boundingBox(), 360];
	assert.ok(wide.width <= view + 1, `the page is ${wide.width} wide`);
	assert.deepEqual(complaints, []);
}

// Expands an operation, sends it, with a body or without, and waits for that
// status; what came.
async function executed(page, operation, status, body) {
	const block = page.locator(`#operations-${operation}`);
	const answer = block.locator('.live-responses-table');
	await block.locator('.opblock-summary').click();
	if (body !== undefined)
		await block.locator('textarea.body-param__text').fill(body);
	await block.locator('button.execute').click();
	await answer.locator('.response-col_status',
	    { hasText: String(status) }).first().waitFor();
	return JSON.parse(await answer.locator('code').first().innerText());
}

async function docs() {
	const { page, complaints } = await open(browser, url);
	await page.goto(`${url}/docs`);
	await page.locator('#operations-tag-ingest, .opblock').first().waitFor();
	assert.ok((await page.content()).includes('/ingest/{subscription_id}'));
	// it also does something: requests from the page, and their answers
	await executed(page, 'monitoring-health', 200);
	const { target_url: made, id } = await executed(page,
	    'subscriptions-createSubscription', 201,
	    JSON.stringify({ target_url: target, events: ['docs.tried'] }));
	assert.equal(made, target);
	const kept = await fetch(`${url}/subscriptions/${id}`);
	assert.equal(kept.status, 200);
	assert.deepEqual(complaints, []);
}

await run(browser, async () => {
	await pages();
	await docs();
}, 'walked');
