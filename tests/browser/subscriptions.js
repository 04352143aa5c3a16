// The pages of subscriptions as a person uses them, in headless Chromium: each
// act with scripts switched off and on, each screen narrow and wide, light and
// dark, held against axe-core.
//
//     subscriptions.js URL TARGET      ends with 1 when a step fails
//
// TARGET answers 200. SCREENSHOTS: a folder for pictures of the screens.
import assert from 'node:assert/strict';
import { axe, launch, open, overflow, picture, run, views } from './page.js';

const [url, target] = process.argv.slice(2);
const browser = await launch();
const pathOf = (page) => new URL(page.url()).pathname;

async function create(page, path) {
	await page.goto(`${url}/ui/subscriptions`);
	await page.click('a[href="/ui/subscriptions/new"]');
	await page.fill('#target_url', `${target}${path}`);
	await page.fill('#events', 'b'.repeat(256));
	await page.selectOption('#verify_ingest', 'standard-webhooks');
	await page.fill('#ingest_secret', 'short');
	await page.uncheck('#make_secret');
	await page.click('button.primary');
	// beside the fields, and as they were filled in
	assert.match(await page.locator('#events-error').innerText(), /255/);
	assert.match(await page.locator('#ingest_secret-error').innerText(),
		/16 bytes/);
	assert.equal(await page.inputValue('#target_url'), `${target}${path}`);
	assert.equal(await page.isChecked('#make_secret'), false);
	await page.fill('#events', 'walk.one, walk.two');
	await page.fill('#ingest_secret', '');
	await page.check('#make_secret');
	await page.click('button.primary');
	// made, shown once, and then only replaced
	const made = await page.locator('#secret').innerText();
	assert.match(made, /^whsec_.{44}$/);
	await page.click('text=Done');
	const id = page.url().match(/[0-9a-f-]{36}/)[0];
	await page.click('text=Rotate…');
	await page.click('button.primary');
	assert.match(await page.locator('#secret').innerText(), /^whsec_.{44}$/);
	assert.notEqual(await page.locator('#secret').innerText(), made);
	await page.click('text=Done');
	assert.match(await page.locator('main').innerText(),
		/previous secret also valid/);
	return id;
}

async function search(page, id) {
	await page.goto(`${url}/ui/subscriptions`);
	await page.fill('#q', `  ${id.slice(4).toUpperCase()} `);
	await page.selectOption('#state', 'active');
	await page.selectOption('#sort', 'url');
	await page.click('form.filter button');
	const rows = page.locator('tbody tr');
	assert.equal(await rows.count(), 1);
	assert.match(page.url(), /state=active&sort=url/);
	assert.equal(await page.inputValue('#sort'), 'url');
	await page.selectOption('#state', 'paused');
	await page.keyboard.press('Enter');
	await page.click('form.filter button');
	assert.equal(await rows.count(), 0);
	await page.goBack();
	assert.equal(await rows.count(), 1);
	await rows.locator('a').click();
	assert.equal(pathOf(page), `/ui/subscriptions/${id}`);
}

async function reveal(page, id) {
	await page.goto(`${url}/ui/subscriptions/${id}`);
	assert.ok(!(await page.content()).includes('whsec_'));
	await page.click('text=Show');
	const before = await page.locator('#secret').innerText();
	assert.match(before, /^whsec_.{44}$/);
	await page.click('text=New secret…');
	await page.click('button.primary');
	assert.match(await page.locator('[role=status]').innerText(), /secret/);
	await page.click('text=Show');
	assert.match(await page.locator('#secret').innerText(), /^whsec_/);
	assert.notEqual(await page.locator('#secret').innerText(), before);
	await page.click('text=Done');
}

// The receiver's answer shows on the page that the form leads to.
async function tryOut(page, id) {
	await page.click('text=Send a test event');
	assert.equal(await page.inputValue('#event_type'), 'walk.one');
	await page.fill('#payload', '{"walk": }');
	await page.click('button.primary');
	assert.match(await page.locator('#payload-error').innerText(), /JSON/);
	assert.equal(await page.inputValue('#payload'), '{"walk": }');
	await page.fill('#payload', '{"walk": 1}');
	await page.fill('#event_type', 'walk.two');
	await page.click('button.primary');
	assert.match(pathOf(page), /^\/ui\/webhooks\//);
	for (let tries = 0; tries < 100; tries++) {
		if (/HTTP 200/.test(await page.locator('main').innerText()))
			break;
		await page.waitForTimeout(100);
		await page.reload();
	}
	const shown = await page.locator('main').innerText();
	assert.ok(shown.includes('HTTP 200') && shown.includes('walk.two'));
	await page.goto(`${url}/ui/subscriptions/${id}`);
	assert.equal(await page.locator('.webhooks tbody tr').count(), 1);
	assert.match(await page.locator('.figures').innerText(), /100%/);
}

async function hold(page) {
	await page.click('text=Pause deliveries');
	assert.match(await page.locator('[role=status]').innerText(), /paused/);
	assert.match(await page.locator('.facts .mark').innerText(), /paused/);
	await page.click('text=Resume deliveries');
	assert.match(await page.locator('.facts .mark').innerText(), /active/);
}

async function remove(page, id) {
	await page.click('text=Delete…');
	assert.match(await page.locator('main').innerText(), /No webhook waits/);
	await page.click('text=Keep it');
	await page.click('text=Delete…');
	await page.click('button.danger');
	assert.match(await page.locator('[role=status]').innerText(), /deleted/);
	assert.ok(!(await page.content()).includes(id));
}

async function use(javaScriptEnabled) {
	const { page, complaints } = await open(browser, url,
	    { javaScriptEnabled });
	const id = await create(page, `/${javaScriptEnabled}`);
	await search(page, id);
	await reveal(page, id);
	await tryOut(page, id);
	await hold(page);
	await remove(page, id);
	assert.deepEqual(complaints, []);
}

// The command is copied as it stands there.
async function copying(id) {
	const context = await browser.newContext(
	    { permissions: ['clipboard-read', 'clipboard-write'] });
	const page = await context.newPage();
	await page.goto(`${url}/ui/subscriptions/${id}`);
	await page.click('[data-copy="#curl"]');
	await page.getByText('Copied').waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
	    await page.locator('#curl').textContent());
	await context.close();
}

async function looks(id) {
	const screens = { list: '', one: `/${id}`, new: '/new',
		edit: `/${id}/edit`, test: `/${id}/test`, secret: `/${id}/secret`,
		rotate: `/${id}/rotate`, delete: `/${id}/delete`,
		none: '?q=nothing-is-like-that' };
	for (const view of views) {
		const { page, complaints } = await open(browser, url, view);
		for (const [name, path] of Object.entries(screens)) {
			await page.goto(`${url}/ui/subscriptions${path}`);
			for (const summary of await page.locator('summary').all())
				await summary.click();
			const where = `${name} at ${JSON.stringify(view)}`;
			assert.deepEqual(await axe(page), [], where);
			assert.ok(await overflow(page) <= 0, where);
			await picture(page, `subscriptions-${name}`, view);
		}
		assert.deepEqual(complaints, []);
		await page.context().close();
	}
}

await run(browser, async () => {
	await use(false);
	await use(true);
	const { page } = await open(browser, url);
	const id = await create(page, '/look');
	await tryOut(page, id);
	await copying(id);
	await looks(id);
}, 'looked at');
