// The overview in headless Chromium: in each width and scheme, with and without
// scripts, and how it renews itself.
//
//     overview.js URL REFUSED      ends with 1 and a sentence when a step fails
import assert from 'node:assert/strict';
import { axe, launch, open, overflow, picture, run, views } from './page.js';

const [url, refused] = process.argv.slice(2);
const browser = await launch();

async function post(path, body) {
	const response = await fetch(url + path, {
		method: 'POST', body: JSON.stringify(body),
		headers: { 'Content-Type': 'application/json' },
	});
	return response.json();
}

async function look(view, javaScriptEnabled) {
	const { page, complaints } = await open(browser, url,
	    { ...view, javaScriptEnabled });
	await page.goto(`${url}/ui/`);
	assert.equal(await page.locator('h1').innerText(), 'Overview');
	assert.equal(await page.locator('.chart svg[role=img]').count(), 1);
	assert.ok(await page.locator('#failures ~ table tbody tr').count() > 0);
	if (javaScriptEnabled) {
		assert.equal(await overflow(page), 0);
		assert.deepEqual(await axe(page), []);
		await picture(page, 'overview', view);
		await page.click('.chart summary');
		assert.equal(await overflow(page), 0);
		assert.deepEqual(await axe(page), []);
	} else
		assert.match(await page.locator('.chart summary').innerText(),
		    /table/);
	assert.deepEqual(complaints, []);
	await page.context().close();
}

// Nobody loads it again: what failed meanwhile appears, and what was opened
// stays so.
async function renews() {
	const { page, complaints } = await open(browser, url);
	await page.goto(`${url}/ui/`);
	await page.click('.chart summary');
	const { id } = await post('/subscriptions/', { target_url: refused });
	await post(`/ingest/${id}`, 1);
	await page.locator(`#failing ~ table a[href$="${id}"]`).waitFor();
	assert.equal(await page.locator('.chart details[open]').count(), 1);
	await page.locator('#live', { hasText: 'Pause' }).click();
	await page.locator('#live', { hasText: 'Go on' }).waitFor();
	assert.deepEqual(complaints, []);
}

await run(browser, async () => {
	for (const view of views)
		await look(view, true);
	await look(views[0], false);
	await renews();
}, 'seen');
