import { launch, open, views, overflow, picture } from './page.js';
const [url, ...paths] = process.argv.slice(2);
const browser = await launch();
for (const [i, v] of views.entries()) {
  if (process.env.ONLY && !process.env.ONLY.split(',').includes(String(i))) continue;
  const { page, complaints } = await open(browser, url, v);
  for (const p of paths) {
    await page.goto(url + p); await page.waitForTimeout(300);
    console.log(p, v.viewport.width, v.colorScheme, 'overflow', await overflow(page), complaints.splice(0));
    await picture(page, p.replace(/[^a-z0-9]+/gi, '_').slice(0, 40), v);
  }
}
await browser.close();
