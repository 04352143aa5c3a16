// What makes the admin pages pleasanter where scripts run; nothing here is
// needed to use them. The pages say by data attributes what they want:
//
//   <time datetime>           the reader's zone, UTC on hover; within an hour
//                             of now relative ("3 min ago"), unless data-exact
//   <p data-refresh="2">      main is fetched anew every two seconds, not while
//                             somebody works in it
//   <button data-copy="#id" hidden>   copies what that element says
//   <input type="checkbox" data-all="id" hidden>   ticks all boxes of the name
//   <form data-continue>      goes on by itself, a step a page, until the page
//                             has none
'use strict';

const find = (selector, from = document) => [...from.querySelectorAll(selector)];
const HOUR_MS = 3600000;

// ---- times

// The server's clock: the reader's may be wrong.
const behind_ms = Number(document.body.dataset.now) - Date.now();
const relative = new Intl.RelativeTimeFormat('en', { style: 'short' });
const pad = (number) => String(number).padStart(2, '0');

function localTime(date) {
	return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-` +
	    `${pad(date.getDate())} ${pad(date.getHours())}:` +
	    `${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function relativeTime(date) {
	const seconds = Math.round((date - Date.now() - behind_ms) / 1000);
	if (Math.abs(seconds) < 5)
		return 'now';
	const [number, unit] = Math.abs(seconds) < 60 ? [seconds, 'second'] :
	    [Math.trunc(seconds / 60), 'minute'];
	return relative.format(number, unit).replace('.', '');
}

function showTime(element) {
	const date = new Date(element.dateTime);
	const utc = `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
	const isNear = Math.abs(date - Date.now() - behind_ms) < HOUR_MS &&
	    !('exact' in element.dataset);
	const text = isNear ? relativeTime(date) : localTime(date);
	element.title = isNear ? `${localTime(date)}, ${utc}` : utc;
	if (element.textContent !== text)
		element.textContent = text;
}

const showTimes = () => find('time[datetime]').forEach(showTime);

// ---- copying

async function copy(button) {
	const source = document.querySelector(button.dataset.copy);
	const selection = getSelection();
	try {
		await navigator.clipboard.writeText(source.textContent);
	} catch { // only a secure context has that one
		selection.selectAllChildren(source);
		document.execCommand('copy');
		selection.removeAllRanges();
	}
	const label = button.dataset.label ??= button.textContent;
	button.textContent = 'Copied';
	setTimeout(() => { button.textContent = label; }, 2000);
}

// ---- boxes for all

const boxesOf = (all) => find('input[type=checkbox]', all.form ?? document)
    .filter((box) => box.name === all.dataset.all);

function showAll(all) {
	const boxes = boxesOf(all);
	const ticked = boxes.filter((box) => box.checked).length;
	all.checked = boxes.length > 0 && ticked === boxes.length;
	all.indeterminate = ticked > 0 && ticked < boxes.length;
}

document.addEventListener('change', ({ target }) => {
	if (target.dataset.all !== undefined)
		boxesOf(target).forEach((box) => { box.checked = target.checked; });
	find('[data-all]').forEach(showAll);
});

document.addEventListener('click', ({ target }) => {
	const button = target.closest('[data-copy]');
	if (button)
		copy(button);
});

// What the page just got, in whole or in part.
function enliven() {
	showTimes();
	for (const element of find('[data-copy][hidden], [data-all][hidden]'))
		element.hidden = false;
	find('[data-all]').forEach(showAll);
}

// ---- refresh

const FAILURES_MAX = 5;
const live = { failures: 0, isPaused: false };
const liveNote = () => document.querySelector('main [data-refresh]');

function isAtWork(main) {
	const { activeElement } = document, selection = getSelection();
	return (main.contains(activeElement) &&
	    activeElement.matches('input, select, textarea')) ||
	    (!selection.isCollapsed && main.contains(selection.anchorNode));
}

// The same element before and after: the how many-th it is of those that have
// its id, lead where it leads or say what it says.
const keyOf = (element) => element.id || element.getAttribute('href') ||
    element.textContent;
const alike = (name, root) => find(name.tag, root)
    .filter((element) => keyOf(element) === name.key);

function nameOf(element, root) {
	const name = { tag: element.localName, key: keyOf(element) };
	name.at = alike(name, root).indexOf(element);
	return name;
}

function swap(main, fresh) {
	const { activeElement } = document;
	const focused = main.contains(activeElement) &&
	    nameOf(activeElement, main);
	const kept = find('details', main).map(({ open, firstElementChild }) =>
	    [open, nameOf(firstElementChild, main)]);
	main.replaceChildren(...document.importNode(fresh, true).childNodes);
	for (const [open, name] of kept) {
		const summary = alike(name, main)[name.at];
		if (summary)
			summary.parentElement.open = open;
	}
	enliven();
	showLive();
	if (focused)
		alike(focused, main)[focused.at]?.focus({ preventScroll: true });
}

// A document that is fetched so runs no script, and needs no trusted HTML.
const fetchMain = () => new Promise((resolve, reject) => {
	const request = new XMLHttpRequest();
	request.open('GET', location.href);
	request.responseType = 'document';
	request.timeout = 10000;
	request.onload = () => {
		const main = request.response?.querySelector('main');
		if (main && request.status === 200 &&
		    request.responseURL === location.href.split('#')[0])
			resolve(main);
		else
			reject();
	};
	request.onerror = request.ontimeout = reject;
	request.send();
});

function showLive() {
	const hasStopped = live.failures >= FAILURES_MAX;
	const [shape, text, act] =
	    hasStopped ? ['bad', 'No answer: not updated any more', 'Try again'] :
	    live.isPaused ? ['none', 'Updates are paused', 'Go on'] :
	    ['good', 'Updates by itself', 'Pause'];
	const mark = document.createElement('span');
	const button = document.createElement('button');
	Object.assign(mark, { className: `mark ${shape}`, textContent: text });
	if (hasStopped)
		mark.role = 'alert';
	Object.assign(button, { type: 'button', id: 'live', textContent: act });
	button.addEventListener('click', () => {
		live.isPaused = !hasStopped && !live.isPaused;
		live.failures = 0;
		showLive();
		document.getElementById('live').focus();
		refresh();
	});
	liveNote()?.replaceChildren(mark, ' ', button);
}

async function refresh() {
	const main = document.querySelector('main');
	if (!liveNote() || live.isPaused || live.failures >= FAILURES_MAX)
		return;
	clearTimeout(live.timer);
	if (!document.hidden && !isAtWork(main)) {
		try {
			const fresh = await fetchMain();
			live.failures = 0;
			if (!live.isPaused && !isAtWork(main))
				swap(main, fresh);
		} catch {
			if (++live.failures === FAILURES_MAX)
				showLive();
		}
	}
	wait();
}

function wait() {
	clearTimeout(live.timer);
	if (liveNote())
		live.timer = setTimeout(refresh,
		    liveNote().dataset.refresh * 1000);
}

// What was typed or ticked would be lost.
document.addEventListener('input', ({ target }) => {
	if (liveNote() && document.querySelector('main').contains(target)) {
		live.isPaused = true;
		showLive();
	}
});

// ---- at the start

enliven();
setInterval(showTimes, 5000);
showLive();
wait();
document.addEventListener('visibilitychange', () => {
	if (!document.hidden)
		refresh();
});
for (const form of find('form[data-continue]'))
	setTimeout(() => form.requestSubmit(), 250);
