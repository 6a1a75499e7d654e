// How <listing-metrics-display> looks and is used: pictures of each state, no serious violation in
// either theme, nothing cut off at 320 pixels, all of it by keyboard, small.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, until } from './browser.mjs';
import { badgeSays, reads, startListingSite } from './listing.mjs';
import { client } from './site.mjs';
import { traffic } from './traffic.mjs';

const BYTES_MAX = 60_000;
const site = await startListingSite();
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
site.connect.push(server.url);
const user = fresh('agent');
const listing = '12 Hill Road, Denver';
await server.record(traffic(user, listing));
const show = (more, options) => site.show({ 'base-url': server.url, 'user-id': user, 'listing-id': listing, ...more }, options);
const element = (page) => page.locator('listing-metrics-display');
const loaded = (page) => until(page, 'numbers', () => document.querySelector('listing-metrics-display')?.metrics != null);

const STATES = {
  week: { attributes: { live: true }, ready: (page) => badgeSays(page, 'Live') },
  month: {
    attributes: { period: 'monthly' },
    ready: async (page) => {
      await loaded(page);
      const box = await page.locator('.canvas').boundingBox();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 100);
      await page.locator('.tip').waitFor();
    },
  },
  today: { attributes: { period: 'daily' }, ready: loaded },
  inquiries: {
    attributes: {},
    ready: async (page) => {
      await loaded(page);
      await page.getByRole('button', { name: /^Inquiries/ }).click();
    },
  },
  custom: {
    attributes: { period: 'custom', 'start-date': '2026-02-02', 'end-date': '2026-02-01' },
    ready: (page) => page.getByLabel('From', { exact: true }).waitFor(),
  },
  empty: { attributes: { 'listing-id': 'nobody has seen it' }, ready: loaded },
  error: { attributes: { timezone: 'Mars/Olympus' }, expect: [/status of 400/], ready: (page) => page.getByText('The numbers could not be loaded').waitFor() },
  waiting: { attributes: { 'user-id': undefined }, ready: (page) => page.locator('.bone').first().waitFor() },
};

for (const theme of ['light', 'dark']) {
  pageTest(`each state in ${theme}, at 320, 700 and 1100 pixels`, async ({ open }) => {
    for (const [state, { attributes, expect, ready }] of Object.entries(STATES)) {
      for (const width of [320, 700, 1100]) {
        const page = await open(show(attributes), { theme, width, expect });
        await ready(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${state} at ${width}: ${wide} pixels wide`);
        await isAccessible(page, `${state} in ${theme} at ${width}`);
        await picture(page, `element-${state}-${theme}-${width}`);
        await page.close();
      }
    }
  });
}

pageTest('the theme attribute is stronger than the system, and changes while it is shown', async ({ open }) => {
  const page = await open(show({ theme: 'dark' }), { theme: 'light' });
  await loaded(page);
  const background = () => page.locator('.frame').evaluate((frame) => getComputedStyle(frame).backgroundColor);
  const bars = (colour) => until(page, `bars of ${colour}`, (wanted) => {
    const canvas = document.querySelector('listing-metrics-display').shadowRoot.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] !== 255) continue;
      const found = `${data[i]},${data[i + 1]},${data[i + 2]}`;
      counts.set(found, (counts.get(found) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] === wanted;
  }, colour);
  assert.equal(await background(), 'rgb(18, 24, 30)');
  await bars('94,196,218');
  await element(page).evaluate((each) => (each.theme = 'light'));
  await bars('13,98,118');
  assert.equal(await background(), 'rgb(255, 255, 255)');
  await element(page).evaluate((each) => each.removeAttribute('theme'));
  await page.emulateMedia({ colorScheme: 'dark' });
  await bars('94,196,218');
  assert.equal(await background(), 'rgb(18, 24, 30)');
});

pageTest('all of it by keyboard, and where one is can be seen', async ({ open }) => {
  const page = await open(show({ live: true }));
  await loaded(page);
  const at = () => page.evaluate(() => {
    const focused = document.querySelector('listing-metrics-display').shadowRoot.activeElement;
    const shown = focused?.matches('.periods input') ? focused.nextElementSibling : focused;
    const heading = focused?.closest('section')?.querySelector('h3');
    return { name: heading?.textContent || focused?.getAttribute('aria-label') || focused?.value || focused?.textContent.trim(), outline: shown && getComputedStyle(shown).outlineStyle };
  });
  const stops = [];
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    const { name, outline } = await at();
    assert.equal(outline, 'solid', name);
    stops.push(name.replace(/[\d,.%·\n].*/s, '').trim());
  }
  assert.deepEqual(stops, ['weekly', 'Download as CSV', 'Views', 'Shares', 'Inquiries', 'Views per day', 'Where they came from', 'Day by day']);
  await page.getByRole('slider').focus();
  const says = () => page.getByRole('slider').getAttribute('aria-valuetext');
  const { days } = await reads(page);
  const newest = await says();
  assert.ok(newest.includes('Today') && newest.includes(`: ${days[0][1]} views`), newest);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.ok((await says()).includes(`: ${days[1][1]} views`), await says());
  await page.keyboard.press('Home');
  assert.ok((await says()).includes(`: ${days.at(-1)[1]} views`), await says());
  assert.equal(await page.locator('.tip').isVisible(), true);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.tip').isVisible(), false);
  await page.getByRole('radio', { name: '7 days' }).focus();
  await page.keyboard.press('ArrowRight');
  await until(page, 'the month', () => document.querySelector('listing-metrics-display').metrics?.period === 'monthly');
  await page.getByRole('button', { name: /^Shares/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('slider', { name: /^Shares per day/ }).waitFor();
});

pageTest('nothing moves for those who asked for that', async ({ open }) => {
  for (const [reducedMotion, name] of [['reduce', 'none'], ['no-preference', 'beat']]) {
    const page = await open(show({ live: true }), { reducedMotion });
    await badgeSays(page, 'Live');
    await loaded(page);
    assert.equal(await page.locator('.badge').evaluate((badge) => getComputedStyle(badge, '::before').animationName), name);
    // a number that is pushed lights up, or does not
    await page.evaluate(() => void (globalThis.lights = new Promise((done) => {
      const each = document.querySelector('listing-metrics-display');
      each.addEventListener('metrics-loaded', async () => {
        await each.updateComplete;
        await new Promise((next) => requestAnimationFrame(next));
        done(each.shadowRoot.querySelector('[part~="value-views"]').getAnimations().length);
      }, { once: true });
    })));
    await server.record({ userId: user, listingId: listing, eventType: 'view' });
    assert.equal(await page.evaluate(() => globalThis.lights), name === 'none' ? 0 : 1);
  }
});

pageTest('the page\'s language writes numbers and dates, and its words can be set', async ({ open }) => {
  const page = await open(show({ period: 'monthly' }, { lang: 'de' }));
  await loaded(page);
  await element(page).evaluate((each) => (each.messages = { views: 'Aufrufe', weekly: '7 Tage' }));
  await page.getByRole('radio', { name: '7 Tage' }).waitFor();
  const { totals, range, days } = await reads(page);
  assert.match(totals[3], /^\d+(,\d)?\s%$/);
  assert.match(range, /\d\d\.\d\d\.\d{4}|\d+\. [A-ZÄ]\w+\.? (\d{4} )?–/);
  assert.match(days[1][0], /^(Mo|Di|Mi|Do|Fr|Sa|So)/);
  assert.match(await page.getByRole('slider').getAttribute('aria-label'), /^Aufrufe per day/);
  await element(page).evaluate((each) => (each.locale = 'ar-EG'));
  await until(page, 'another language', () => /[٠-٩]/.test(document.querySelector('listing-metrics-display').shadowRoot.querySelector('.total .value').textContent));
});

pageTest('what the page sets is how it looks', async ({ open }) => {
  const url = show({});
  site.pages['/style.css'] = { type: 'text/css', body: `${site.pages['/style.css'].body}
    .own { --footfall-accent: rgb(120, 40, 160); --footfall-radius: 0; } .own::part(heading) { text-transform: uppercase; }` };
  const page = await open(url);
  await loaded(page);
  await element(page).evaluate((each) => each.classList.add('own'));
  const style = (selector, name) => page.locator(selector).first().evaluate((each, property) => getComputedStyle(each)[property], name);
  assert.deepEqual(
    [await style('.share .part', 'fill'), await style('.frame', 'borderRadius'), await style('.heading', 'textTransform')],
    ['rgb(120, 40, 160)', '0px', 'uppercase'],
  );
});

test('the element with its chart is small', (t) => {
  const bytes = readFileSync(join(client, 'dist/element-class.js'));
  const [gzip, brotli] = [gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  t.diagnostic(`element-class.js: ${bytes.length} bytes, ${gzip} by gzip, ${brotli} by brotli`);
  assert.ok(gzip < BYTES_MAX && brotli < BYTES_MAX, `${gzip} by gzip, ${brotli} by brotli`);
});

stopsCleanlyAtTheEnd(server);
