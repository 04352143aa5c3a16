// Every page that shows what strangers wrote, in headless Chromium: it is text
// there and nothing else, whatever is in payloads.json.
//
//     hostile.js URL SUBSCRIPTION WEBHOOK TOKEN DELIVERED
//
// SUBSCRIPTION, WEBHOOK and TOKEN have all payloads in each of their fields;
// DELIVERED is a webhook whose receiver answered with them. Ends with 1 and a
// sentence when a page does not hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { launch, open, run } from './page.js';

const [url, subscription, webhook, token, delivered] = process.argv.slice(2);
const payloads = JSON.parse(readFileSync(
    new URL('payloads.json', import.meta.url), 'utf8'));
const browser = await launch();
const { page, complaints } = await open(browser, url);

// As a field of a form has it: control characters are U+FFFD.
const shown = (text) => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g,
    '\ufffd');
// As text: what would hide or reorder some of it is escaped.
const read = (text) => shown(text).replace(
    /[\x80-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (hidden) => '\\u' + hidden.charCodeAt(0).toString(16).padStart(4, '0'));

// Runs in the page: everything that is not of our making.
function strangers() {
	const tags = new Set(('html head meta title link body a header div img ' +
	    'nav ul li main h1 h2 h3 p form input label textarea select option ' +
	    'button progress table ' +
	    'caption thead tbody tr th td code pre span dl dt dd section ' +
	    'details summary time abbr strong em footer br ' +
	    'datalist figure svg defs pattern path rect ol').split(' '));
	const found = [];
	const ours = '<script src="/static/postrider.js" defer=""></script>';
	for (const element of document.querySelectorAll('*')) {
		if (!tags.has(element.localName) && element.outerHTML !== ours)
			found.push(element.outerHTML.slice(0, 200));
		for (const { name, value } of element.attributes) {
			const leads = /^(href|src|action|formaction)$/.test(name);
			if (/^(on|style$|srcdoc$|xlink|http-equiv$)/.test(name) ||
			    (leads && !/^[/#?](?!\/)/.test(value)))
				found.push(`${name}="${value.slice(0, 200)}"`);
		}
	}
	return found;
}

async function assertClean(where) {
	assert.deepEqual(await page.evaluate(strangers), [], where);
	assert.deepEqual(complaints, [], where);
}

function assertShows(where, texts, want = payloads, as = read) {
	for (const payload of want)
		assert.ok(texts.includes(as(payload)),
		    `${where} does not show ${JSON.stringify(payload)}`);
}

async function visit(path) {
	await page.goto(url + path);
	await assertClean(path);
	return page.locator('main').evaluate((main) => main.textContent);
}

// In the table of pages: how often the first payload must be there, and which
// others, if not all: the list cuts what is long.
async function stored() {
	const count = (text, part) => text.split(part).length - 1;
	const pages = [
		// URL, the first events, why it fails
		['/ui/subscriptions', 3, payloads.slice(0, 2)],
		// and why it is disabled
		[`/ui/subscriptions/${subscription}`, 5],
		[`/ui/subscriptions/${subscription}/test`, 1],
		[`/ui/subscriptions/${subscription}/rotate`, 1],
		[`/ui/subscriptions/${subscription}/delete`, 1],
		[`/ui/attempts?subscription=${subscription}`, 1],
		[`/ui/webhooks/${webhook}`, 6],
		[`/ui/webhooks?outcome=Failure&subscription=${subscription}`, 1],
		[`/ui/dead-letters?subscription=${subscription}`, 1],
		['/ui/tokens', 1],
		[`/ui/tokens/${token}/revoke`, 1],
	];
	for (const [path, least, want] of pages) {
		const text = await visit(path);
		assertShows(path, text, want);
		const times = count(text, shown(payloads[0]));
		assert.ok(times >= least, `${path} shows it ${times} times`);
	}
}

async function fields() {
	const path = `/ui/subscriptions/${subscription}/edit`;
	await visit(path);
	assertShows(path, await page.inputValue('#target_url'),
	    payloads.filter((payload) => !/[\r\n]/.test(payload)), shown);
	assertShows(path, await page.inputValue('#events'), payloads, shown);
}

// What a real receiver said, bytes that are no text included.
async function answered() {
	const path = `/ui/webhooks/${delivered}`;
	await page.goto(url + path);
	for (const summary of await page.locator('summary').all())
		await summary.click();
	await assertClean(path);
	const text = await page.locator('main').innerText();
	for (const payload of payloads)
		assert.ok(text.replace(/\s+/g, ' ').includes(
		    read(payload).replace(/\s+/g, ' ').trim()),
		    `${path} does not show ${JSON.stringify(payload)}`);
	assert.ok(text.includes('\ufffd\ufffd\ufffd'), 'NUL and bad UTF-8');
}

// What arrives in the inbox, ten letters a page.
async function arrived() {
	const ascii = (text) => text.replace(/[^\x20-\x7e]/g, '?').trim();
	for (let at = 0; at < payloads.length; at += 10) {
		const some = payloads.slice(at, at + 10);
		for (const body of some)
			await fetch(`${url}/inbox/hostile`, { method: 'POST', body,
				headers: { 'X-Event-Type': ascii(body).slice(0, 200) } });
		const text = await visit('/ui/inbox/hostile');
		assertShows('the inbox', text, some);
		assertShows('the inbox', text, some.map(ascii)
		    .filter((header) => header.length < 200));
	}
	await visit('/ui/inbox/hostile?skip=3');
}

// Several payloads in one, as many as an address may have.
function* handfuls() {
	let words = '';
	for (const payload of payloads) {
		if (encodeURIComponent(words + payload).length > 1200) {
			yield words;
			words = '';
		}
		words += `${payload} `;
	}
	yield words;
}

// What somebody was made to click on, and what comes back with a fault.
async function typed() {
	for (const words of handfuls()) {
		const all = encodeURIComponent(words);
		for (const path of [`/ui/?done=${all}&skip=${all}`,
		    `/ui/subscriptions?done=${all}&state=${all}`,
		    `/ui/login?next=${all}`, `/ui/${all}`, `/ui/webhooks/${all}`,
		    `/ui/subscriptions/${all}`,
		    `/ui/attempts?subscription=${all}&limit=${all}`,
		    `/ui/webhooks?subscription=${all}&event_type=${all}`,
		    `/ui/webhooks?outcome=${all}&from=${all}`,
		    `/ui/webhooks?outcome=Failure&subscription=${subscription}` +
		    `&reason=${all}`,
		    `/ui/dead-letters?subscription=${subscription}` +
		    `&reason=${all}`,
		    `/ui/dead-letters?after=${all}&reason=${all}`,
		    `/ui/dead-letters/resend?subscription=${subscription}` +
		    `&reason=${all}`,
		    `/ui/dead-letters/progress?subscription=${subscription}` +
		    `&reason=${all}`])
			await visit(path);
		await visit(`/ui/subscriptions?q=${all}`);
		assert.equal(await page.inputValue('#q'),
		    shown(words).replace(/ +$/, ''));
		await visit(`/ui/webhooks?id=${all}`);
		assert.equal(await page.inputValue('#id'), shown(words));
	}
	await visit('/ui/subscriptions/new');
	await page.locator('#target_url').evaluate((field) => {
		field.type = 'text';
	});
	await page.fill('#target_url', payloads.join(' '));
	await page.fill('#events', payloads.join('\n'));
	await page.fill('#secret', payloads.join(' ').slice(0, 900));
	await page.click('button.primary');
	await assertClean('a form with faults');
	assertShows('a form with faults',
	    await page.inputValue('#target_url'), payloads, shown);
}

// JSON is no page, whatever it holds.
async function api() {
	for (const path of [`/subscriptions/${subscription}`,
	    `/status/${webhook}`, `/subscriptions/${subscription}/attempts`]) {
		const answer = await page.goto(url + path);
		assert.match(answer.headers()['content-type'],
		    /^application\/json/);
		assert.equal(await page.locator('script, img, svg').count(), 0);
		assert.deepEqual(complaints.filter((complaint) =>
		    complaint.startsWith('a ')), [], path);
	}
	complaints.length = 0;
}

// The policy is in force, and a breach of it would have been noted: what the
// escaping would let through does not run.
async function policy() {
	const ways = {
		'an inline script': () => {
			const script = document.createElement('script');
			script.append('window.ran = true');
			document.body.append(script);
		},
		'a handler': () => {
			document.body.innerHTML = '<p onclick="window.ran = true">';
		},
		'a picture from elsewhere': () => {
			document.body.append(Object.assign(new Image(),
			    { src: 'http://evil.example/x.png' }));
		},
		'a style': () => {
			const style = document.createElement('style');
			style.append('* { display: none }');
			document.head.append(style);
		},
	};
	for (const [what, way] of Object.entries(ways)) {
		await page.goto(`${url}/ui/`);
		await page.evaluate(way).catch(() => {}); // trusted types throw
		await page.waitForTimeout(100);
		assert.ok(complaints.length > 0, `nothing stops ${what}`);
		assert.equal(await page.evaluate(() => window.ran), undefined);
		complaints.length = 0;
	}
}

await run(browser, async () => {
	await stored();
	await fields();
	await answered();
	await arrived();
	await typed();
	await api();
	await policy();
}, 'all of it is text');
