// What a page of another site tries, in headless Chromium: to drive the admin
// pages and the API that only this machine may use, under its own name and
// under one that DNS was made to point here.
//
//     elsewhere.js URL SUBSCRIPTION    ends with 1 when a step fails
//
// Each POST is refused with 403: three to the page that deletes SUBSCRIPTION,
// two to the API's list; the server's log tells.
import assert from 'node:assert/strict';
import { launch, open, run } from './page.js';

const [url, subscription] = process.argv.slice(2);
const { port } = new URL(url);
const target = `${url}/ui/subscriptions/${subscription}`;
const browser = await launch('--host-resolver-rules=MAP *.example 127.0.0.1',
    // Else the browser itself keeps strange pages from this machine.
    '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivate' +
    'NetworkRequests');
const { page } = await open(browser, url);

// A cookie of ours is there, as for somebody who works with these pages.
await page.goto(`${target}/delete`);
await page.route('http://evil.example/**', (route) => route.fulfill(
    { contentType: 'text/html', body: '<!DOCTYPE html><title>Evil</title>' }));

// Tries it, until the request is over; what came of it the server's log says,
// since the browser hides it from the page.
async function attempt(path, act, ...given) {
	const over = (name) => page.waitForEvent(name, (request) =>
	    request.url().includes(path) && request.method() === 'POST');
	const end = Promise.any([over('requestfinished'),
	    over('requestfailed')]);
	await page.evaluate(act, ...given).catch(() => {});
	await end;
}

async function form() {
	await page.goto('http://evil.example/form');
	await attempt('/delete', (action) => {
		const form = Object.assign(document.createElement('form'),
		    { method: 'post', action });
		document.body.append(form);
		form.submit();
	}, `${target}/delete`);
	await page.waitForURL(`${target}/delete`);
}

const send = async ([to, type, body]) => (await fetch(to, {
	method: 'POST', body, mode: 'no-cors', credentials: 'include',
	headers: { 'Content-Type': type } })).text();

async function requests() {
	const json = JSON.stringify({ target_url: 'http://evil.example/' });
	await page.goto('http://evil.example/fetch');
	await attempt('/delete', send, [`${target}/delete`,
	    'application/x-www-form-urlencoded', 'csrf=']);
	await attempt('/subscriptions/', send,
	    [`${url}/subscriptions/`, 'text/plain', json]);
}

// What it cannot send it cannot show or read either.
async function parts() {
	const blocked = [];
	page.on('requestfailed', (request) => blocked.push(request.url()));
	await page.goto('http://evil.example/parts');
	const script = `${url}/subscriptions/${subscription}`;
	const picture = `${url}/static/favicon.svg`;
	await page.evaluate((sources) => {
		for (const [name, src] of Object.entries(sources))
			document.body.append(Object.assign(
			    document.createElement(name), { src }));
	}, { script, img: picture, iframe: target });
	await page.waitForTimeout(1000);
	assert.ok(blocked.includes(script), 'a script element reads the API');
	assert.ok(blocked.includes(picture), 'pictures are lent');
	for (const frame of page.frames().slice(1))
		assert.ok(!(await frame.content()).includes(subscription),
		    'the page stands in a frame');
}

async function rebinding() {
	const evil = `http://rebind.example:${port}`;
	const answer = await page.goto(`${evil}/ui/`);
	assert.equal(answer.status(), 403);
	assert.ok(!(await page.content()).includes(subscription));
	for (const [path, type] of [
	    [`/ui/subscriptions/${subscription}/delete`,
	        'application/x-www-form-urlencoded'],
	    ['/subscriptions/', 'application/json']])
		await attempt(path, send,
		    [evil + path, type, '{"target_url":"http://evil.example/"}']);
}

await run(browser, async () => {
	await form();
	await requests();
	await parts();
	await rebinding();
}, 'tried');
