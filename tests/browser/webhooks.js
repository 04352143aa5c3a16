// The pages of webhooks and dead letters in headless Chromium: each button, and
// how the pages look to axe-core, narrow and wide, light and dark.
//
//     webhooks.js URL scripts|plain FAILED PENDING DEAD
//
// FAILED: a subscription with three webhooks that are Failure and would arrive
// now. PENDING: a webhook whose next attempt is an hour away and would arrive.
// DEAD: a paused subscription with 1,100 dead letters of the reason HTTP 500.
// Ends with 1 and a sentence when a step fails.
import assert from 'node:assert/strict';
import { axe, launch, open, overflow, picture, run, views } from './page.js';

const [url, mode, failed, pending, dead] = process.argv.slice(2);
const hasScripts = mode === 'scripts';
const browser = await launch();
const { page, complaints } = await open(browser, url,
    { javaScriptEnabled: hasScripts });
const main = page.locator('main');
const notice = () => page.locator('.notice').innerText();
const press = (name) => main.getByRole('button', { name, exact: true }).click();

// Where scripts run the page comes to say it by itself; else it is loaded
// again.
async function comesToSay(words) {
	for (let tries = 0; tries < 100; tries++) {
		if ((await main.innerText()).includes(words))
			return;
		await page.waitForTimeout(100);
		if (!hasScripts)
			await page.goto(page.url());
	}
	assert.fail(`${page.url()} does not come to say ${words}`);
}

async function list() {
	await page.goto(`${url}/ui/webhooks`);
	await page.fill('#subscription', failed);
	await page.selectOption('#outcome', 'Failure');
	await press('Filter');
	assert.match(page.url(), new RegExp(`outcome=Failure.*${failed}`));
	assert.equal(await page.inputValue('#subscription'), failed);
	assert.equal(await page.locator('tbody tr').count(), 3);
	await press('Resend selected');
	assert.match(await notice(), /Nothing was selected/);
	const boxes = page.locator('input[name=webhook]');
	if (hasScripts) {
		await page.check('#all');
		assert.equal(await boxes.nth(2).isChecked(), true);
		await boxes.nth(2).uncheck();
		assert.equal(await page.isChecked('#all'), false);
	} else {
		assert.equal(await page.locator('#all').isVisible(), false);
		await boxes.nth(0).check();
		await boxes.nth(1).check();
	}
	await press('Resend selected');
	assert.equal(await notice(), '2 webhooks are sent again.');
	assert.equal(await page.locator('tbody tr').count(), 1);
	await page.goBack();
	assert.match(page.url(), /ui\/webhooks/);
}

async function one() {
	await page.goto(`${url}/ui/webhooks`);
	await page.fill('#id', pending);
	await press('Go');
	assert.ok(page.url().endsWith(`/ui/webhooks/${pending}`));
	await press('Try now');
	assert.match(await notice(), /next attempt is made now/);
	await comesToSay('Attempt 2: request and answer');
	await comesToSay('Success');
	if (!hasScripts) // nothing is there that would do nothing
		assert.equal(await page.locator('[data-copy]').isVisible(), false);
	else {
		await page.locator('[data-copy]').click();
		await page.getByRole('button', { name: 'Copied' }).waitFor();
	}
	await page.getByRole('link', { name: 'Attempt 1' }).click();
	await main.getByText('Attempt 1: request and answer').waitFor();
	assert.match(await main.innerText(), /HTTP\/1\.1 503/);
	await press('Resend');
	assert.match(await notice(), /sent again, with all retries/);
	await comesToSay('Attempt 3: request and answer');
	await comesToSay('Success');
	// the updates end too, which one more of them may tell
	await page.locator('#live').waitFor({ state: 'detached' });
}

async function cancel() {
	const response = await fetch(`${url}/ingest/${dead}`, {
		method: 'POST', body: '{}',
		headers: { 'Content-Type': 'application/json' },
	});
	const { webhook_id: id } = await response.json();
	await page.goto(`${url}/ui/webhooks/${id}`);
	assert.match(await main.innerText(), /Held.*the subscription is paused/);
	await press('Cancel');
	assert.match(await notice(), /is cancelled/);
	await comesToSay('Cancelled');
}

async function group() {
	await page.goto(`${url}/ui/dead-letters`);
	const row = page.locator('tbody tr',
	    { has: page.locator(`a[href*="${dead}"]`), hasText: '1,100' });
	await row.getByRole('link', { name: 'Resend all' }).click();
	assert.match(await main.innerText(), /1,100 webhooks get a new round/);
	await press('Resend all');
	if (!hasScripts)
		for (const so_far of ['500', '1,000']) {
			assert.ok((await main.innerText()).includes(
			    `${so_far} of about 1,100 are sent again`));
			await press('Continue');
		}
	await page.getByRole('heading', { name: 'Sent again' }).waitFor();
	assert.equal(await notice(), '1,100 webhooks are sent again.');
	await page.getByRole('link', { name: 'See those that are pending' })
	    .click();
	assert.equal(await page.locator('tbody tr').count(), 25);
}

async function look(view) {
	const { page, complaints } = await open(browser, url, view);
	const begun = `subscription=${dead}&reason=HTTP%20500&of=1100` +
	    `&found=500&resent=500`;
	// so that the page stays while it is looked at
	await page.addInitScript(() => {
		HTMLFormElement.prototype.requestSubmit = () => {};
	});
	for (const [name, path] of Object.entries({
		'webhooks': '/ui/webhooks',
		'webhooks-none': `/ui/webhooks?subscription=${pending}`,
		'webhooks-wrong': '/ui/webhooks?subscription=zz&from=x&to=y',
		'webhooks-id': '/ui/webhooks?id=zz',
		'webhook': `/ui/webhooks/${pending}`,
		'webhook-unknown': `/ui/webhooks/${dead}`,
		'dead-letters': '/ui/dead-letters',
		'resend': `/ui/dead-letters/resend?${begun}`,
		'progress': `/ui/dead-letters/progress?${begun}&before=${pending}`,
		'resent': `/ui/dead-letters/progress?${begun}`,
	})) {
		await page.goto(url + path);
		await picture(page, name, view);
		assert.deepEqual(await axe(page), [], name);
		assert.equal(await overflow(page), 0, name);
	}
	assert.deepEqual(complaints, []);
	await page.context().close();
}

await run(browser, async () => {
	// a width and a scheme of each are enough where nobody looks himself
	const looked = process.env.SCREENSHOTS ? views : [views[0], views[3]];
	for (const view of hasScripts ? looked : [])
		await look(view);
	await list();
	await one();
	await cancel();
	await group();
	assert.deepEqual(complaints, []);
}, 'every button works');
