// The whole of it, as a person would walk it in headless Chromium: a
// subscription to the built-in inbox, a test event that arrives, a receiver
// that breaks, the retries, the dead letter, and the resend once it is mended.
//
//     whole_walk.js URL        ends with 1 and a sentence when a step fails
import assert from 'node:assert/strict';
import { launch, open, run } from './page.js';

const [url] = process.argv.slice(2);
const inbox = `${url}/inbox/walk`;
const browser = await launch();

await run(browser, async () => {
	const { page, complaints } = await open(browser, url);
	const press = (name) => page.getByRole('button', { name }).click();
	const follow = (name) => page.getByRole('link', { name }).first()
	    .click();
	const letters = page.locator('.letter');
	const webhookOf = () => page.url()
	    .match(/\/ui\/webhooks\/([0-9a-f-]{36})/)[1];

	async function answerWith(answer) {
		await page.goto(`${url}/ui/inbox/walk`);
		await press(answer);
		await page.locator('[aria-pressed=true]', { hasText: answer })
		    .waitFor();
	}

	async function sendTestEvent(subscription) {
		await page.goto(subscription);
		await follow(/Send a test event/);
		await page.fill('#payload', '{"walk": "whole"}');
		await press(/Send/);
		return webhookOf();
	}

	await answerWith('200 OK');
	await page.goto(`${url}/ui/subscriptions`);
	await follow('New subscription');
	await page.fill('#target_url', inbox);
	await page.fill('#events', 'walk.whole');
	await press('Create subscription');
	const subscription = page.url().replace(/\?.*/, '');
	assert.match(subscription, /\/ui\/subscriptions\/[0-9a-f-]{36}$/);

	const first = await sendTestEvent(subscription);
	await page.locator('.mark', { hasText: 'Success' }).first().waitFor();
	await page.goto(`${url}/ui/inbox/walk`);
	const letter = await letters.filter({ hasText: first }).innerText();
	assert.match(letter, /answered 200/);
	assert.match(letter, /"walk": "whole"/);
	assert.match(letter, /walk\.whole/);

	await answerWith('503 Unavailable');
	const second = await sendTestEvent(subscription);
	const failed = page.locator('.mark', { hasText: 'Failed Attempt' });
	await failed.first().waitFor();
	await page.locator('main', { hasText: 'Attempt 3' }).waitFor();
	assert.match(await page.locator('main').innerText(), /HTTP 503/);
	await page.locator('.mark', { hasText: 'Failure' }).first()
	    .waitFor({ timeout: 30000 });
	assert.equal(await failed.count(), 5);

	const letterOf = page.locator(
	    'main a[href^="/ui/dead-letters?subscription="]');
	const group = page.locator('tbody tr', { hasText: '/inbox/walk' });
	await answerWith('200 OK');
	await page.goto(subscription);
	await letterOf.first().click();
	assert.match(await group.innerText(), /HTTP 503/);
	await group.getByRole('link', { name: /Resend all/ }).click();
	await press(/Resend/);
	await page.locator('main', { hasText: /1 webhook/ }).waitFor();

	await page.goto(`${url}/ui/webhooks/${second}`);
	await page.locator('.mark', { hasText: 'Success' }).first().waitFor();
	await page.goto(`${url}/ui/inbox/walk`);
	assert.match(await letters.filter({ hasText: second }).first()
	    .innerText(), /answered 200/);
	await page.goto(subscription);
	assert.equal(await letterOf.count(), 0);
	assert.deepEqual(complaints, []);
}, 'walked');
