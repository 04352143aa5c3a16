// What the browser's scripts share: headless Chromium, and pages that note
// everything which must not happen.
import { chromium } from 'playwright-core';

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
