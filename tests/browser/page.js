// What the browser's scripts share: headless Chromium, and pages that note
// everything which must not happen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url)
    .resolve('axe-core/axe.min.js'), 'utf8');

export const launch = (...more) => chromium.launch({
	executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
	    ...more],
});

// A page, and the complaints about it: a request that leaves the site at url,
// a dialog, an error, a breach of the policy, an answer of 500 and above.
export async function open(browser, url, options) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	const complaints = [];
	page.setDefaultTimeout(15000);
	page.on('request', (request) => {
		if (!request.url().startsWith(url) &&
		    !/^(data|blob):/.test(request.url()))
			complaints.push(`a request to ${request.url()}`);
	});
	page.on('dialog', (dialog) => {
		complaints.push(`a dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on('pageerror', (error) => complaints.push(String(error)));
	page.on('console', (message) => {
		if (/Content Security Policy|Refused/.test(message.text()))
			complaints.push(message.text());
	});
	await page.exposeFunction('breach', (what) =>
	    complaints.push(`a breach of the policy: ${what}`));
	await page.addInitScript(() => document.addEventListener(
	    'securitypolicyviolation', (event) => window.breach(
	    `${event.violatedDirective} ${event.blockedURI}`)));
	page.on('response', (response) => {
		if (response.status() >= 500)
			complaints.push(`${response.status()} ${response.url()}`);
	});
	return { page, complaints };
}

// What axe-core holds against a page as it is now: a line a finding, [] when
// there is none. It needs scripts.
export async function axe(page) {
	await page.evaluate(axeSource);
	return page.evaluate(async () => {
		const { violations } = await window.axe.run(document,
		    { resultTypes: ['violations'], preload: false });
		return violations.flatMap(({ id, help, nodes }) => nodes.map(
		    ({ target, failureSummary }) => `${id}: ${help} ` +
		    `(${target.join(' ')}) ${failureSummary}`));
	});
}

// How much wider than the window the page is: 0 when nothing is cut off.
export const overflow = (page) => page.evaluate(() =>
    document.documentElement.scrollWidth - window.innerWidth);

// The widths and schemes that every screen is looked at in.
export const views = [360, 1920].flatMap((width) => ['light', 'dark'].map(
    (colorScheme) => ({ colorScheme,
	viewport: { width, height: width === 360 ? 740 : 1080 } })));

// A picture for people: to SCREENSHOTS/NAME-WIDTH-SCHEME.png, if that is set.
export async function picture(page, name, { viewport, colorScheme }) {
	const folder = process.env.SCREENSHOTS;
	if (folder)
		await page.screenshot({ fullPage: true,
		    path: `${folder}/${name}-${viewport.width}-${colorScheme}.png` });
}

export async function run(browser, steps, word) {
	try {
		await steps();
		console.log(word);
	} catch (error) {
		console.log(error.stack ?? error);
		process.exitCode = 1;
	} finally {
		await browser.close();
	}
}
