// The first minute of a newcomer, in headless Chromium: Get started, a
// subscription to the built-in inbox, an event, and there it is; once without
// scripts and once with them. Then the inbox refuses, and is obeyed.
//
// No subscription may be there.
//
//     first_minute.js URL      ends with 1 and a sentence when a step fails
import assert from 'node:assert/strict';
import { axe, launch, open, overflow, picture, run, views } from './page.js';

const [url] = process.argv.slice(2);
const browser = await launch();

// Without scripts a person presses reload; with them the page is awaited.
async function eventually(page, hasScripts, locator) {
	for (let tries = 0; !hasScripts && tries < 50; tries++) {
		if (await locator.count())
			return;
		await page.waitForTimeout(100);
		await page.reload();
	}
	await locator.first().waitFor();
}

async function goRound(javaScriptEnabled) {
	const { page, complaints } = await open(browser, url,
	    { javaScriptEnabled });
	const press = (name) => page.getByRole('button', { name }).click();
	await page.goto(`${url}/ui/`);
	assert.equal(page.url(), `${url}/ui/start`);
	await press('Make a subscription');
	const id = page.url().match(/\?subscription=([0-9a-f-]{36})$/)[1];
	await press('Send an event');
	const webhook = page.url().match(/&webhook=([0-9a-f-]{36})$/)[1];
	await eventually(page, javaScriptEnabled,
	    page.locator('.mark', { hasText: 'Success' }));
	await page.getByRole('link', { name: 'Open the inbox' }).click();
	const letter = page.locator('.letter', { hasText: webhook });
	const text = await letter.innerText();
	assert.match(text, /"hello": "world"/);
	assert.match(text, /answered 200/);
	assert.match(text, /signature fits/);
	assert.match(text, /x-event-type\s+greeting/);

	await press('503 Unavailable');
	await page.goto(`${url}/ui/start?subscription=${id}`);
	await press('Send an event');
	const again = page.url();
	await eventually(page, javaScriptEnabled,
	    page.locator('.mark', { hasText: 'Failed Attempt' }));
	await page.goto(`${url}/ui/inbox/hello`);
	assert.match(await page.locator('.letter').first().innerText(),
	    /answered 503/);
	await press('200 OK');
	// till its retry is there, which would come after the Clear
	await page.goto(again);
	await eventually(page, javaScriptEnabled,
	    page.locator('.mark', { hasText: 'Success' }));
	await page.goto(`${url}/ui/inbox/hello`);
	await press('Clear');
	assert.equal(await page.locator('.letter').count(), 0);
	assert.deepEqual(complaints, []);
	await page.context().close();
	await fetch(`${url}/subscriptions/${id}`, { method: 'DELETE' });
}

// The inbox shows by itself what comes, and waits for who works in it.
async function live() {
	const { page, complaints } = await open(browser, url);
	const letters = page.locator('.letter');
	const send = () => fetch(`${url}/inbox/hello`,
	    { method: 'POST', body: '{"by": "itself"}' });
	const pause = page.locator('#live');
	await page.goto(`${url}/ui/inbox/hello`);
	assert.equal(await letters.count(), 0);
	await send();
	await letters.first().waitFor();
	assert.match(await letters.first().innerText(), /now/);
	assert.match(await letters.first().locator('time')
	    .getAttribute('title'), /^[0-9-]{10} [0-9:]{8}, .* UTC$/);
	await pause.click();
	assert.equal(await pause.innerText(), 'Go on');
	await send();
	await page.waitForTimeout(2500);
	assert.equal(await letters.count(), 1, 'it refreshed while paused');
	await pause.click();
	await letters.nth(1).waitFor();
	await page.context().grantPermissions(['clipboard-read',
	    'clipboard-write']);
	await page.getByRole('button', { name: 'Copy address' }).click();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
	    `${url}/inbox/hello`);
	assert.deepEqual(complaints, []);
	await page.route('**/ui/inbox/hello', (route) => route.abort());
	await page.getByText('No answer: not updated any more').waitFor();
	await page.context().close();
}

async function look(view) {
	const { page, complaints } = await open(browser, url, view);
	for (const [name, path] of [['start', '/ui/start'],
	    ['inbox', '/ui/inbox/hello'], ['inbox-empty', '/ui/inbox/empty'],
	    ['settings', '/ui/settings'], ['tokens', '/ui/tokens']]) {
		await page.goto(url + path);
		for (const details of await page.locator('summary').all())
			await details.click();
		assert.deepEqual(await axe(page), [], path);
		assert.equal(await overflow(page), 0, `${path} is cut off`);
		await picture(page, name, view);
	}
	assert.deepEqual(complaints, []);
	await page.context().close();
}

await run(browser, async () => {
	await goRound(false);
	await goRound(true);
	await live();
	for (const view of views)
		await look(view);
}, 'went round');
