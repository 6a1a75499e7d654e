import { chromium } from 'playwright-core';
const base = 'http://127.0.0.1:18431/';
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const all = process.argv.slice(2);
for (const spec of all) {
  const [name, query, width, theme, extra] = spec.split('|');
  const context = await browser.newContext({ viewport: { width: Number(width), height: 900 }, colorScheme: theme, locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !/images\.example|ERR_NAME/.test(m.text())) console.log(name, m.type(), m.text().slice(0, 300)); });
  page.on('pageerror', (e) => console.log(name, 'uncaught', e.stack));
  await page.goto(base + query);
  await page.waitForTimeout(1500);
  if (extra) await page.evaluate(extra);
  if (extra) await page.waitForTimeout(600);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > Number(width)) console.log(name, 'overflows', wide);
  await page.screenshot({ path: `/tmp/dashdemo/shots/${name}.png`, fullPage: true });
  await context.close();
}
await browser.close();
