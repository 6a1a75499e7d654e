// The dashboard's other sides: comparing, empty, failing, lost and back, hostile names, keys, small
// screens, both themes.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fresh, startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, pictureForDocs, until } from './browser.mjs';
import {
  addressFor, addressOf, dayBefore, describe, figureOf, heading, listingOf, market, parametersOf, record, rowOf, signedIn, withKey,
} from './dashboard.mjs';

const server = await startServer(withKey);
const agent = await market(server, { listings: 8, user: 'north-quay' });
const view = (userId, listingId) => ({ userId, listingId, eventType: 'view' });

/* ---- comparing ---- */

pageTest('two to five listings are picked from the list and compared', async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent, zone: 'UTC', period: 'monthly' }), await signedIn(context, server, agent, { height: 760 }));
  const box = (n) => page.getByRole('checkbox', { name: `Compare ${addressOf(n)}` });
  await box(1).check();
  await page.getByText('Pick another listing to compare').waitFor();
  await box(3).check();
  const bar = page.getByRole('region', { name: 'Comparison' });
  await picture(page, 'dashboard-picked');
  await bar.getByRole('link', { name: 'Compare' }).click();
  await heading(page, 'Comparison').waitFor();
  assert.deepEqual(parametersOf(page).compare, [listingOf(1), listingOf(3)]);
  await page.locator('compare-chart canvas').waitFor();
  assert.equal(await page.locator('.legend li').count(), 2);

  await page.getByLabel('Add a listing').fill(listingOf(5));
  await until(page, 'a third', () => document.querySelectorAll('.legend li').length === 3);
  const found = await server.get(`/v1/users/${agent}/compare?listing=${listingOf(1)}&listing=${listingOf(3)}&listing=${listingOf(5)}&period=monthly`,
    { Authorization: `Bearer ${(await page.evaluate(() => sessionStorage.getItem('footfall.token')))}` });
  for (const { listingId, metrics } of found.body.listings) {
    const cells = await rowOf(page, listingId).locator('.cell-figure').allInnerTexts();
    assert.deepEqual(cells.slice(0, 3).map((text) => Number(text.replace(/\D/g, ''))), [metrics.totalViews, metrics.totalShares, metrics.totalInquiries]);
  }
  await page.getByRole('radio', { name: 'Inquiries' }).check();
  await page.getByRole('heading', { name: 'Inquiries a day' }).waitFor();
  await page.getByRole('radio', { name: 'Views' }).check();
  await page.locator('compare-chart').hover({ position: { x: 400, y: 100 } });
  await page.locator('.compare-tip').getByText(addressOf(5)).waitFor();
  await picture(page, 'dashboard-compare');
  await page.getByText('Day by day').click();
  assert.equal(await page.locator('.day-by-day tbody tr').count(), 30);

  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const lines = readFileSync(await (await coming).path(), 'utf8').trimEnd().split('\r\n');
  assert.equal(lines.length, 1 + 3 * 30);

  await page.reload();
  await until(page, 'the same after a reload', () => document.querySelectorAll('.legend li').length === 3);
  await page.getByRole('button', { name: `Remove ${addressOf(3)}` }).click();
  await until(page, 'one less', () => document.querySelectorAll('.legend li').length === 2);
  await page.getByRole('button', { name: `Remove ${addressOf(1)}` }).click();
  await page.getByRole('heading', { name: 'And which other?' }).waitFor();
  await picture(page, 'dashboard-compare-one');
  await isAccessible(page, 'one listing to compare');
  await page.goBack();
  await until(page, 'back with two', () => document.querySelectorAll('.legend li').length === 2);
});

pageTest('any of many listings can be added, also one whose id begins another’s', async ({ open, context }) => {
  const user = fresh('agent');
  for (let n = 1; n <= 60; n++) await describe(server, user, `lot-${n}`, { address: `${n} Lot Lane` });
  const page = await open(addressFor(server, { user, zone: 'UTC', view: 'compare' }), await signedIn(context, server, user));
  const field = page.getByLabel('Add a listing');
  const compared = (ids) => until(page, `compared: ${ids}`, (want) => `${new URLSearchParams(location.search).getAll('compare')}` === want, `${ids}`);
  const count = (n) => until(page, `${n} in the header`, (want) => document.querySelector('.count')?.textContent === want, `${n}`);
  await field.pressSequentially('lot-5');
  await until(page, 'what matches is offered', () =>
    `${[...document.querySelectorAll('#others option')].map(({ value }) => value)}` === 'lot-5,lot-50,lot-51,lot-52,lot-53,lot-54,lot-55,lot-56,lot-57,lot-58,lot-59');
  await field.pressSequentially('7');
  await compared(['lot-57']);
  await count(1);
  assert.equal(await field.inputValue(), '', 'the field is ready for another');
  await field.pressSequentially('lot-5');
  await field.press('Enter');
  await compared(['lot-57', 'lot-5']);
});

pageTest('a comparison changes while it is looked at; five are the most', async ({ open, context }) => {
  const user = fresh('agent');
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  await record(server, ids.map((id) => view(user, id)));
  const page = await open(addressFor(server, { user, view: 'compare', compare: ids, zone: 'UTC', period: 'daily' }), await signedIn(context, server, user));
  await until(page, 'five', () => document.querySelectorAll('.legend li').length === 5);
  await page.getByText('Live', { exact: true }).waitFor();
  await record(server, [view(user, 'b'), view(user, 'b')]);
  await until(page, 'two more', () => document.querySelector('tr[data-listing=b] .cell-figure')?.textContent === '3');

  await page.getByRole('link', { name: 'Listings', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Compare f' }).click({ force: true });
  await page.getByText('At most 5 listings can be compared.').waitFor({ state: 'attached' });
  assert.equal(await page.getByRole('checkbox', { name: 'Compare f' }).isChecked(), false);
});

/* ---- nothing there ---- */

pageTest('where nothing was counted, a line for the shell; run, it shows by itself', async ({ open }) => {
  const plain = await startServer();
  try {
    const page = await open(plain.url);
    await heading(page, 'Whose listings?').waitFor();
    await isAccessible(page, 'the question for a user');
    await picture(page, 'dashboard-user');
    const user = "O'Neill & Söhne";
    await page.getByLabel('User').fill(user);
    await page.getByRole('button', { name: 'Show listings' }).click();
    await page.getByRole('heading', { name: 'Nothing counted yet' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await isAccessible(page, 'nothing counted');
    await picture(page, 'dashboard-empty');
    const line = await page.locator('.command code').innerText();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), line);

    const { stdout } = await promisify(execFile)('sh', ['-ec', line]);
    assert.deepEqual(JSON.parse(stdout), { success: true, recorded: 1, duplicates: 0 });
    await until(page, 'the first view', () => document.querySelector('[data-metric=views]')?.textContent === '1');
    assert.equal(parametersOf(page).user, user);
    await page.getByRole('button', { name: 'Change user' }).click();
    await heading(page, 'Whose listings?').waitFor();
    await page.goBack();
    await rowOf(page, 'listing-123').waitFor();
    await page.close(); // or it would look for the server, and say that there is none
  } finally {
    await plain.close();
  }
});

pageTest('with a key the line for the shell says where it goes', async ({ open, context }) => {
  const user = fresh('agent');
  const page = await open(addressFor(server, { user }), await signedIn(context, server, user));
  const line = await page.locator('.command code').innerText();
  assert.match(line, /-H "Authorization: Bearer \$FOOTFALL_SERVICE_KEY"/);
  assert.ok(line.includes(`'${server.url}/v1/events'`), line);
});

/* ---- failing ---- */

const NETWORK = /Failed to load resource|net::ERR/;

pageTest('what cannot be loaded says why, and is tried again', async ({ open, context }) => {
  const shared = await signedIn(context, server, agent);
  let fails = true;
  await shared.context.route('**/v1/users/**', (route) => (fails
    ? route.fulfill({ status: 500, contentType: 'application/json', body: '{"success":false,"code":"corrupt","error":"stored data is damaged; the server’s log says where"}' })
    : route.continue()));
  const page = await open(addressFor(server, { user: agent }), { ...shared, expect: [NETWORK] });
  await page.getByRole('alert').filter({ hasText: 'stored data is damaged' }).waitFor();
  await isAccessible(page, 'a failure');
  await picture(page, 'dashboard-failed');
  fails = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await rowOf(page, listingOf(1)).waitFor();
});

pageTest('while it loads, its shape is there', async ({ open, context }) => {
  const shared = await signedIn(context, server, agent);
  let release;
  const released = new Promise((done) => (release = done));
  await shared.context.route('**/v1/users/**', async (route) => { await released; await route.continue(); });
  const page = await open(addressFor(server, { user: agent }), shared);
  await page.locator('[aria-busy=true] .bone').first().waitFor();
  await isAccessible(page, 'loading');
  await picture(page, 'dashboard-loading');
  release();
  await rowOf(page, listingOf(1)).waitFor();
});

pageTest('a lost server is said to be lost, and back by itself, with what was missed', async ({ open, context }) => {
  const own = await startServer(withKey);
  try {
    const user = fresh('agent');
    await record(own, view(user, 'l'));
    const page = await open(addressFor(own, { user, zone: 'UTC' }), { ...(await signedIn(context, own, user)), expect: [NETWORK] });
    await until(page, 'a number', () => document.querySelector('[data-metric=views]')?.textContent === '1');
    await page.getByText('Live', { exact: true }).waitFor();
    await own.stop();
    await page.getByText('The server cannot be reached.', { exact: true }).waitFor();
    assert.equal(await figureOf(page, 'l').innerText(), '1', 'what was known stays');
    await isAccessible(page, 'a lost server');
    await picture(page, 'dashboard-lost');
    await own.restart({ flags: ['--listen', `127.0.0.1:${own.port}`] });
    await record(own, view(user, 'l'));
    await until(page, 'the banner goes', () => document.querySelector('.banner.shown') === null);
    await until(page, 'the new number', () => document.querySelector('[data-metric=views]')?.textContent === '2');
    await page.getByText('Live', { exact: true }).waitFor();
    await record(own, view(user, 'l'));
    await until(page, 'live again', () => document.querySelector('[data-metric=views]')?.textContent === '3');
  } finally {
    await own.close();
  }
});

/* ---- hostile names ---- */

pageTest('names, addresses and inquiries of visitors are text, whatever they say', async ({ open, context }) => {
  const evil = '<img src=x onerror="globalThis.hurt=1">';
  const quote = `"><script>globalThis.hurt=1</script>`;
  const user = `u${evil}`;
  await describe(server, user, evil, { address: `${quote}${evil}`, status: '<b>sold</b>', image: 'http://127.0.0.1:1/x.png' });
  await describe(server, user, 'plain', { address: 'javascript:globalThis.hurt=1', image: 'https://images.example/"onerror="hurt=1' });
  await record(server, [
    view(user, evil), view(user, 'plain'),
    { ...view(user, evil), eventType: 'inquiry', source: '<svg/onload=hurt=1>',
      inquiry: { name: evil, message: quote, email: 'x"onmouseover=hurt=1@example.com', [evil]: { deep: quote }, phone: 'javascript:hurt=1', __proto__x: 1 } },
  ]);
  const shared = await signedIn(context, server, user);
  await shared.context.route('https://images.example/**', (route) => route.fulfill({ status: 404 }));
  await shared.context.addInitScript(() => {
    globalThis.broken = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  for (const [name, parameters, shown] of [
    ['list', { user, period: 'daily' }, evil], ['search', { user, search: `${evil} nowhere` }, 'No listing'], ['listing', { user, listing: evil }, 'Inquiries'],
    ['compare', { user, view: 'compare', compare: [evil, 'plain'] }, 'Comparison'],
  ]) {
    const page = await open(addressFor(server, { ...parameters, zone: 'UTC' }), { ...shared, expect: [/status of 404/] });
    await page.getByText(shown, { exact: false }).first().waitFor();
    if (name === 'listing') await page.getByRole('heading', { name: evil, level: 3 }).waitFor();
    if (name === 'compare') await page.locator('compare-chart canvas').waitFor();
    assert.deepEqual(await page.evaluate(() => [globalThis.hurt, globalThis.broken]), [undefined, []], name);
    assert.equal(await page.locator('main img:not(.thumbnail img), main script, main svg[onload], main b:not(.compare-tip b)').count(), 0, name);
    assert.equal(await page.locator('a[href^="javascript:"]').count(), 0, name);
    await picture(page, `dashboard-hostile-${name}`);
  }
});

pageTest('nothing is asked of anybody else, but pictures of listings; one that is missing is a house', async ({ open, context }) => {
  const user = fresh('agent');
  await describe(server, user, 'pictured', { address: '1 Pictured Road', image: 'https://images.example/here.svg' });
  await describe(server, user, 'missing', { address: '2 Missing Road', image: 'https://images.example/missing.jpg' });
  await describe(server, user, 'insecure', { address: '3 Insecure Road', image: 'http://images.example/insecure.svg' });
  await describe(server, user, 'port', { address: '4 Port Road', image: 'http://images.example:8080/port.jpg' });
  await record(server, [view(user, 'pictured'), view(user, 'missing')]);
  const shared = await signedIn(context, server, user);
  const asked = new Set();
  const referrers = [];
  shared.context.on('request', (request) => {
    asked.add(new URL(request.url()).origin);
    if (request.url().startsWith('https://images')) referrers.push(request.headers().referer);
  });
  await shared.context.route(/^https:\/\/images\.example\/(here|insecure)\.svg$/, (route) => route.fulfill({
    contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4" fill="#48a"/></svg>',
  }));
  await shared.context.route('https://images.example/missing.jpg', (route) => route.fulfill({ status: 404 }));
  const page = await open(addressFor(server, { user }), { ...shared, expect: [/status of 404/] });
  for (const id of ['pictured', 'insecure']) {
    await until(page, `the picture of ${id}`, (of) => document.querySelector(`tr[data-listing=${of}] img`)?.naturalWidth > 0, id);
  }
  await until(page, 'a house instead', () => document.querySelector('tr[data-listing=missing] img.missing') !== null);
  assert.equal(await rowOf(page, 'port').locator('img').count(), 0, 'http is not asked for');
  assert.deepEqual([...asked].sort(), [server.url, 'https://images.example'].sort());
  assert.deepEqual(referrers, [undefined, undefined, undefined]);
});

/* ---- keys, sizes, themes ---- */

pageTest('by keys alone: past the header, into a listing; and back', async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent, zone: 'UTC' }), await signedIn(context, server, agent));
  await rowOf(page, listingOf(1)).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim());
  let steps = 0;
  while ((await focused()) !== addressOf(1) && steps++ < 40) await page.keyboard.press('Tab');
  assert.equal(await focused(), addressOf(1));
  await page.keyboard.press('Enter');
  await heading(page, addressOf(1)).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  assert.equal(await page.title(), `${addressOf(1)} · Footfall`);
  await page.goBack();
  await heading(page, 'Listings').waitFor();
  assert.equal(await page.title(), `Listings of ${agent} · Footfall`);
});

const VIEWS = [
  ['listings', { period: 'monthly' }, `tr[data-listing="${listingOf(8)}"] .spark`],
  ['listing', { listing: listingOf(1), period: 'monthly' }, '.inquiry'],
  ['compare', { view: 'compare', compare: [listingOf(1), listingOf(2), listingOf(4)], period: 'custom', start: dayBefore(40), end: dayBefore(3) }, 'compare-chart canvas'],
  ['compare-nothing', { view: 'compare' }, '.notice .add'],
];

for (const theme of ['light', 'dark']) {
  pageTest(`every view fits from 320 px on, and axe finds nothing serious, ${theme}`, async ({ open, context }) => {
    for (const width of [320, 768, 1280]) {
      const shared = await signedIn(context, server, agent, { width, theme });
      for (const [name, parameters, sign] of VIEWS) {
        const page = await open(addressFor(server, { user: agent, zone: 'UTC', ...parameters }), shared);
        await page.locator(sign).first().waitFor({ state: 'attached' });
        await page.locator('listing-metrics-display').waitFor({ state: name === 'listing' ? 'visible' : 'detached' });
        const where = `${name}, ${theme}, ${width} px`;
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${where}: it is as wide as the screen`);
        await isAccessible(page, where);
        await picture(page, `dashboard-${name}-${width}-${theme}`);
        if (name === 'listing' && width === 1280 && theme === 'dark') await pictureForDocs(page, 'dashboard-listing-dark');
        await page.close();
      }
    }
  });
}

stopsCleanlyAtTheEnd(server);
