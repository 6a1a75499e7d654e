// The dashboard in a browser: signing in, the list, addresses, numbers that change, days and zones.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DAY_MS, fresh, startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, pictureForDocs, until } from './browser.mjs';
import {
  addressFor, addressOf, dayBefore, describe, figureOf, heading, KEY, listingOf, market, parametersOf, record, rowOf, shownListings,
  signedIn, tokenOf, totalOf, withKey,
} from './dashboard.mjs';

const server = await startServer(withKey);
const agent = await market(server, { user: 'north-quay' });
const REFUSED = /status of 401/;

/* ---- signing in ---- */

pageTest('one signs in with a token, stays so over a reload, and signs out', async ({ open }) => {
  const page = await open(server.url, { expect: [REFUSED] });
  await heading(page, 'See how your listings are doing').waitFor();
  await isAccessible(page, 'signing in');
  await picture(page, 'dashboard-sign-in');
  const token = page.getByLabel('Token');
  for (const [text, words] of [
    ['not-a-token', /does not know this token/], [KEY, /service key/], [await tokenOf(server, agent, 'record'), /may record events/],
  ]) {
    await token.fill(text);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: words }).waitFor();
  }
  await picture(page, 'dashboard-sign-in-refused');
  assert.deepEqual(await page.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0], 'what was refused is not kept');

  await token.fill(` ${await tokenOf(server, agent)}\n`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, 'Listings').waitFor();
  assert.equal(parametersOf(page).user, agent);
  assert.deepEqual(await page.evaluate(() => [sessionStorage.length, localStorage.length]), [1, 0]);
  await page.reload();
  await heading(page, 'Listings').waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'See how your listings are doing').waitFor();
  assert.deepEqual(await page.evaluate(() => [sessionStorage.length, localStorage.length]), [0, 0]);
  await page.reload();
  await heading(page, 'See how your listings are doing').waitFor();
});

pageTest('by choice the token stays on the device, until one signs out', async ({ open, context }) => {
  const shared = await context();
  const first = await open(server.url, { context: shared });
  await first.getByLabel('Token').fill(await tokenOf(server, agent));
  await first.getByLabel('Stay signed in on this device').check();
  await first.getByRole('button', { name: 'Sign in' }).click();
  await heading(first, 'Listings').waitFor();
  const second = await open(server.url, { context: shared });
  await heading(second, 'Listings').waitFor();
  await second.getByRole('button', { name: 'Sign out' }).click();
  await heading(second, 'See how your listings are doing').waitFor();
  const third = await open(server.url, { context: shared });
  await heading(third, 'See how your listings are doing').waitFor();
});

pageTest('a link may carry the token, which leaves the address at once', async ({ open }) => {
  const page = await open(`${addressFor(server, { user: agent, listing: listingOf(2) })}#token=${await tokenOf(server, agent)}`);
  await heading(page, addressOf(2)).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.reload();
  await heading(page, addressOf(2)).waitFor();
});

pageTest('a token that ends leads back, with words', async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent }), { ...(await signedIn(context, server, agent)), expect: [REFUSED] });
  await rowOf(page, listingOf(1)).waitFor();
  await page.route('**/v1/**', (route) => route.fulfill({
    status: 401, contentType: 'application/json', body: '{"success":false,"code":"token_expired","error":"the token has expired"}',
  }));
  // the page may be told before this by what it asks by itself, and is gone then
  page.getByRole('radio', { name: '30 days' }).click().catch(() => {});
  await page.getByRole('alert').filter({ hasText: 'Your token has expired' }).waitFor();
  await heading(page, 'See how your listings are doing').waitFor();
});

pageTest("another user's address is said to be so", async ({ open, context }) => {
  const page = await open(addressFor(server, { user: 'somebody-else' }), await signedIn(context, server, agent));
  await heading(page, 'These are another user’s listings').waitFor();
  await isAccessible(page, "another user's address");
  await page.getByRole('link', { name: `Show the listings of ${agent}` }).click();
  await rowOf(page, listingOf(1)).waitFor();
});

/* ---- the list ---- */

pageTest('the list shows every listing, and adds up to its totals', async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent, period: 'monthly' }), await signedIn(context, server, agent, { height: 780 }));
  await rowOf(page, listingOf(1)).waitFor();
  const answer = await server.get(`/v1/users/${agent}/metrics?period=monthly`, { Authorization: `Bearer ${await tokenOf(server, agent)}` });
  const all = Object.values(answer.body.metricsByListing);
  const sum = (name) => all.reduce((total, each) => total + each[name], 0);
  assert.equal(await totalOf(page, 'views'), sum('totalViews'));
  assert.equal(await totalOf(page, 'shares'), sum('totalShares'));
  assert.equal(await totalOf(page, 'inquiries'), sum('totalInquiries'));
  assert.deepEqual(await shownListings(page), answer.body.order.slice(0, 20));
  for (const id of answer.body.order.slice(0, 3)) {
    const { totalViews, totalShares, totalInquiries } = answer.body.metricsByListing[id];
    for (const [metric, count] of [['views', totalViews], ['shares', totalShares], ['inquiries', totalInquiries]])
      assert.equal(await figureOf(page, id, metric).innerText(), count.toLocaleString('en-GB'), `${metric} of ${id}`);
  }
  await page.locator('.of-inquiries .spark').waitFor(); // the days of all have come
  await page.locator(`tr[data-listing="${listingOf(1)}"] .spark`).waitFor();
  await picture(page, 'dashboard-listings');
  await pictureForDocs(page, 'dashboard-listings');
});

pageTest('it is sorted, searched and paged; the address says how; back goes back', async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent, zone: 'UTC' }), await signedIn(context, server, agent));
  await rowOf(page, listingOf(1)).waitFor();
  assert.equal((await shownListings(page)).length, 20);

  await page.getByRole('link', { name: 'Next page' }).click();
  await until(page, 'the second page', () => document.querySelectorAll('tr[data-listing]').length === 6);
  assert.equal(parametersOf(page).page, '2');

  await page.getByRole('columnheader', { name: 'Listing' }).getByRole('link').click();
  await until(page, 'an order by name', () => document.querySelector('th[aria-sort=ascending]') !== null);
  assert.deepEqual(parametersOf(page), { user: agent, zone: 'UTC', sort: 'listing' });
  const names = await page.locator('tr[data-listing] .who-words a').allInnerTexts();
  assert.deepEqual(names, [...names].sort(new Intl.Collator('en-GB', { numeric: true }).compare));
  await page.getByRole('columnheader', { name: 'Listing' }).getByRole('link').click();
  await until(page, 'the order turned round', () => document.querySelector('th[aria-sort=descending]') !== null);
  assert.equal(parametersOf(page).order, 'desc');

  await page.getByLabel('Search by address or id').fill('HERON');
  await until(page, 'what matches', () => [...document.querySelectorAll('.who-words a')].every((link) => link.textContent.includes('Heron Bank')));
  const found = await shownListings(page);
  assert.ok(found.length >= 3 && found.length < 6, String(found));
  await page.getByLabel('Search by address or id').fill('home-07');
  await until(page, 'one id', () => document.querySelectorAll('tr[data-listing]').length === 1);
  await page.reload();
  await until(page, 'the same after a reload', () => document.querySelector('tr[data-listing=home-07]') !== null
    && document.querySelectorAll('tr[data-listing]').length === 1 && document.querySelector('input[type=search]').value === 'home-07');
  await page.getByLabel('Search by address or id').fill('nowhere');
  await page.getByRole('heading', { name: 'No listing matches “nowhere”' }).waitFor();
  await isAccessible(page, 'no match');
  await picture(page, 'dashboard-no-match');
  await page.getByRole('button', { name: 'Show all listings' }).click();
  await rowsCame(page);

  await page.goBack(); // searching is one step, not one a letter
  await page.getByRole('heading', { name: 'No listing matches “nowhere”' }).waitFor();
  await page.goBack();
  await until(page, 'the order before', () => document.querySelector('th[aria-sort=ascending]') !== null);
  await page.goBack();
  await until(page, 'the second page', () => document.querySelectorAll('tr[data-listing]').length === 6);
  await page.goForward();
  await until(page, 'forward again', () => document.querySelector('th[aria-sort=ascending]') !== null);
});

pageTest('the list as CSV: what is found, in its order, and no formula', async ({ open, context }) => {
  const user = fresh('agent');
  await describe(server, user, 'a', { address: '=HYPERLINK("http://evil.example")', status: 'active' });
  await describe(server, user, 'b', { address: '1 "Quoted" Road, Town' });
  await record(server, [
    { userId: user, listingId: 'a', eventType: 'view' }, { userId: user, listingId: 'b', eventType: 'view' },
    { userId: user, listingId: 'b', eventType: 'view' }, { userId: user, listingId: 'b', eventType: 'inquiry' },
  ]);
  const page = await open(addressFor(server, { user, zone: 'UTC', period: 'daily' }), await signedIn(context, server, user));
  await rowOf(page, 'a').waitFor();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const download = await coming;
  const today = dayBefore(0);
  assert.equal(download.suggestedFilename(), `listings-${today}-${today}.csv`);
  assert.equal(readFileSync(await download.path(), 'utf8'), [
    '\ufefflistingId,address,status,views,shares,inquiries,conversionRate,startDate,endDate,timezone',
    `b,"1 ""Quoted"" Road, Town",,2,0,1,50,${today},${today},UTC`,
    `a,"'=HYPERLINK(""http://evil.example"")",active,1,0,0,0,${today},${today},UTC`, '',
  ].join('\r\n'));
});

/* ---- a listing ---- */

pageTest("a listing's page: what it is, its numbers, who asked; and back", async ({ open, context }) => {
  const page = await open(addressFor(server, { user: agent, zone: 'UTC', period: 'monthly', page: '2' }), await signedIn(context, server, agent));
  const listing = (await (await rowsCame(page), shownListings(page)))[0];
  await rowOf(page, listing).getByRole('link').click();
  await page.getByText('US$').waitFor();
  assert.equal(parametersOf(page).listing, listing);
  assert.ok(await page.evaluate(() => document.activeElement?.tagName === 'H1'), 'the heading has the focus');
  assert.ok(await page.locator('listing-metrics-display').getByRole('radio', { name: '30 days' }).isChecked());
  await page.locator('listing-metrics-display').getByText('Live', { exact: true }).waitFor();
  await picture(page, 'dashboard-listing-small');

  // the element's period is the address's
  await page.locator('listing-metrics-display').getByRole('radio', { name: '7 days' }).check();
  await until(page, 'the period in the address', () => !location.search.includes('period=monthly'));
  await page.goBack();
  await until(page, 'the period before', () => location.search.includes('period=monthly'));
  await until(page, 'the element follows', () => document.querySelector('listing-metrics-display')?.period === 'monthly');
  await page.goBack();
  await heading(page, 'Listings').waitFor();
  assert.equal(parametersOf(page).page, '2');
});

function rowsCame(page) {
  return page.locator('tr[data-listing]').first().waitFor();
}

pageTest('inquiries come ten at a time, newest first, with all that was sent', async ({ open, context }) => {
  const user = fresh('agent');
  const events = Array.from({ length: 23 }, (_, i) => ({
    userId: user, listingId: 'l', eventType: 'inquiry', timestamp: Date.now() - (i + 1) * 1000, platform: i === 0 ? 'linkedin' : undefined,
    inquiry: { name: `Person ${i}`, email: `p${i}@example.com`, phone: '+1 555 0100', message: `Question ${i}`, preferredDay: 'Saturday', budget: { from: 1, to: 2 } },
  }));
  await record(server, events);
  const page = await open(addressFor(server, { user, listing: 'l', zone: 'UTC', period: 'monthly' }), await signedIn(context, server, user));
  const cards = page.locator('.inquiry');
  await cards.nth(9).waitFor();
  assert.equal(await cards.count(), 10);
  const first = cards.first();
  for (const words of ['Person 0', 'Question 0', 'linkedin', 'Preferred day', 'Saturday', '{"from":1,"to":2}']) await first.getByText(words).waitFor();
  assert.equal(await first.getByRole('link', { name: 'p0@example.com' }).getAttribute('href'), 'mailto:p0@example.com');
  assert.equal(await first.getByRole('link', { name: '+1 555 0100' }).getAttribute('href'), 'tel:+15550100');
  await page.getByRole('button', { name: 'Older inquiries' }).click();
  await cards.nth(19).waitFor();
  await page.getByRole('button', { name: 'Older inquiries' }).click();
  await cards.nth(22).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Older inquiries' }).count(), 0);
  assert.deepEqual(await cards.locator('h3').allInnerTexts(), events.map((_, i) => `Person ${i}`));
});

/* ---- numbers that change ---- */

pageTest('numbers change without a reload: in the list, its totals, and a listing nobody knew', async ({ open, context }) => {
  const user = fresh('agent');
  await describe(server, user, 'known', { address: '1 Known Road' });
  await record(server, [{ userId: user, listingId: 'known', eventType: 'view', timestamp: Date.now() - 2 * DAY_MS }]);
  const page = await open(addressFor(server, { user, zone: 'UTC' }), await signedIn(context, server, user));
  await until(page, 'the first number', () => document.querySelector('tr[data-listing=known] [data-metric=views]')?.textContent === '1');
  await page.getByText('Live', { exact: true }).waitFor();
  const view = { userId: user, listingId: 'known', eventType: 'view' };
  await record(server, [view, view, { ...view, eventType: 'share' }, { ...view, listingId: 'new', eventType: 'inquiry' }]);
  await until(page, 'two more views', () => document.querySelector('tr[data-listing=known] [data-metric=views]')?.textContent === '3');
  await until(page, 'a share', () => document.querySelector('tr[data-listing=known] [data-metric=shares]')?.textContent === '1');
  await until(page, 'a new listing', () => document.querySelector('tr[data-listing=new] [data-metric=inquiries]')?.textContent === '1');
  assert.deepEqual([await totalOf(page, 'views'), await totalOf(page, 'shares'), await totalOf(page, 'inquiries')], [3, 1, 1]);

  await rowOf(page, 'known').getByRole('link').click();
  await page.getByRole('heading', { name: 'Inquiries', exact: true }).waitFor();
  await page.getByText('Nobody has asked in these days.').waitFor();
  await record(server, [view, { ...view, eventType: 'inquiry', inquiry: { name: 'Sam Rivers' } }]);
  await page.getByRole('heading', { name: 'Sam Rivers' }).waitFor();
  await until(page, 'the element counts it', () => document.querySelector('listing-metrics-display')?.metrics?.totalViews === 4);
});

pageTest('of many listings, too, every change is counted, also of those that nobody sees', async ({ open, context }) => {
  const user = fresh('agent');
  const ids = Array.from({ length: 140 }, (_, i) => `l-${i}`);
  await record(server, ids.map((listingId) => ({ userId: user, listingId, eventType: 'view', timestamp: Date.now() - 2 * DAY_MS })));
  const page = await open(addressFor(server, { user, zone: 'UTC', sort: 'listing' }), await signedIn(context, server, user));
  await rowsCame(page);
  await page.getByText('Live', { exact: true }).waitFor();
  assert.equal(await totalOf(page, 'views'), 140);
  const more = (listingId) => record(server, [{ userId: user, listingId, eventType: 'view' }]);
  const shows = (count) => until(page, `${count} views`, (number) => document.querySelector('.of-views .figure')?.textContent === number, String(count));
  await more('l-130'); // among the first messages
  await shows(141);
  await more('l-131'); // later, of a listing that is on another page and has counted nothing today
  await shows(142);
  await more('l-131');
  await shows(143);
  await more('l-1'); // on the screen
  await shows(144);
  await page.getByLabel('Search by address or id').fill('l-131');
  await until(page, 'its number', () => document.querySelector('tr[data-listing=l-131] [data-metric=views]')?.textContent === '3');
});

/* ---- days and zones ---- */

pageTest('periods, dates and time zones choose the days', async ({ open, context }) => {
  const user = fresh('agent');
  const midnight = Date.parse(dayBefore(0));
  const at = (timestamp) => ({ userId: user, listingId: 'l', eventType: 'view', timestamp });
  // one today, one on the evening before, one ten days ago, one forty days ago
  await record(server, [at(Math.min(midnight + 60_000, Date.now())), at(midnight - 3_600_000), at(midnight - 10 * DAY_MS), at(midnight - 40 * DAY_MS)]);
  const page = await open(addressFor(server, { user }), await signedIn(context, server, user, { timezone: 'Africa/Johannesburg' }));
  const shows = (count, words) => until(page, words, (number) => document.querySelector('.of-views .figure')?.textContent === String(number), count);
  await shows(2, 'a week');
  assert.equal(parametersOf(page).zone, 'Africa/Johannesburg', "the browser's own, said in the address");
  await page.getByLabel('Time zone of the days').selectOption('UTC');
  await page.getByRole('radio', { name: '30 days' }).check();
  await shows(3, 'a month');
  await page.getByRole('radio', { name: 'Today' }).check();
  await shows(1, 'today in UTC');
  await page.getByRole('radio', { name: 'Custom' }).check();
  await page.getByLabel('From').waitFor();
  assert.equal(await page.getByLabel('From').inputValue(), dayBefore(0), 'it begins with the days that were shown');
  await page.getByLabel('From').fill(dayBefore(45));
  await page.getByLabel('From').dispatchEvent('change');
  await shows(4, 'forty-five days');
  await page.getByLabel('From').fill(dayBefore(-3));
  await page.getByLabel('From').dispatchEvent('change');
  await page.getByRole('alert').filter({ hasText: 'The first day is after the last.' }).waitFor();
  await page.getByLabel('From').fill(dayBefore(0));
  await page.getByLabel('From').dispatchEvent('change');
  await shows(1, 'one day in UTC');
  // an hour before midnight in UTC is today already, two hours east
  await page.getByLabel('Time zone of the days').selectOption('Africa/Johannesburg');
  await shows(2, 'the same day two hours east');
  const { href } = new URL(page.url());
  await page.reload();
  await shows(2, 'the same after a reload');
  assert.equal(page.url(), href);
  await page.goBack();
  await shows(1, 'back in UTC');
  await picture(page, 'dashboard-custom-days');
});

pageTest('an address that was typed wrong shows the usual', async ({ open, context }) => {
  const page = await open(
    addressFor(server, { user: agent, period: 'yearly', sort: 'beauty', page: '-4', zone: 'Mars/Base', start: 'x', metric: '?' }),
    await signedIn(context, server, agent, { timezone: 'Europe/Berlin' }),
  );
  await rowOf(page, listingOf(1)).waitFor();
  assert.deepEqual(parametersOf(page), { user: agent, zone: 'Europe/Berlin' });
});

stopsCleanlyAtTheEnd(server);
