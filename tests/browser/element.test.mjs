// <listing-metrics-display> in a page of another origin: what it shows is what was counted, and stays so.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import { DAY_MS, fresh, onOneDay, parseExposition, startServer, stopsCleanlyAtTheEnd, utcDate } from '../integration/server.mjs';
import { pageTest, SHOW_MS_MAX, until } from './browser.mjs';
import { badgeSays, reads, shows, startListingSite } from './listing.mjs';

const key = 'the-service-key-of-these-tests-0123456789';
const site = await startListingSite();
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
const guarded = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key }, flags: ['--cors-origin', site.url] });
after(() => guarded.close());
site.connect.push(server.url, guarded.url);

const view = (userId, listingId, more) => ({ userId, listingId, eventType: 'view', ...more });
const show = (user, listing, more, options) =>
  site.show({ 'base-url': server.url, 'user-id': user, 'listing-id': listing, ...more }, options);
const daysAgo = (count) => Date.now() - count * DAY_MS;
/** In the middle of that day: a test that runs near midnight still means the day it named. */
const noon = (count) => daysAgo(count) - (daysAgo(count) % DAY_MS) + DAY_MS / 2;
const heard = (page, name) => page.evaluate((wanted) => globalThis.heard.filter((each) => each.name === wanted), name);
const element = (page) => page.locator('listing-metrics-display');

pageTest('what a page records shows in it without reload', async ({ open }) => {
  await onOneDay(async () => {
    const user = fresh('agent');
    await server.record([view(user, 'l', { timestamp: noon(1) })]);
    const page = await open(show(user, 'l', { live: true }));
    await shows(page, ['1', '0', '0']);
    await badgeSays(page, 'Live');
    await page.evaluate(async ([baseUrl, userId]) => {
      globalThis.stayed = true;
      const client = new globalThis.footfall.Footfall({ baseUrl });
      await client.recordViewEvent(userId, 'l', 'facebook');
      await client.recordShareEvent(userId, 'l', 'instagram');
      await client.recordInquiryEvent(userId, 'l', 'facebook');
    }, [server.url, user]);
    await shows(page, ['2', '1', '1']);
    const seen = await reads(page);
    assert.deepEqual(seen.totals, ['2', '1', '1', '50%']);
    assert.deepEqual(seen.platforms, [['Facebook', '1', '0', '1'], ['Instagram', '0', '1', '0'], ['Direct and other', '1', '0', '0']]);
    assert.deepEqual(seen.days[0].slice(1), ['1', '1', '1']);
    assert.equal(await page.evaluate(() => globalThis.stayed), true);
    const loaded = await heard(page, 'metrics-loaded');
    assert.deepEqual([loaded[0].cause, loaded.at(-1).cause, loaded.at(-1).metrics.totalViews], ['load', 'live', 2]);
    // and the same as the server says
    const { dailyBreakdown, byPlatform } = await server.metrics(user, 'l');
    assert.deepEqual(loaded.at(-1).metrics.dailyBreakdown, dailyBreakdown);
    assert.deepEqual(loaded.at(-1).metrics.byPlatform, byPlatform);
    await until(page, 'totals read out', () =>
      document.querySelector('listing-metrics-display').shadowRoot.querySelector('[aria-live]').textContent.includes('Views 2, shares 1, inquiries 1'));
  });
});

pageTest('each period shows its days, and says that it was chosen', async ({ open }) => {
  await onOneDay(async () => {
    const user = fresh('agent');
    await server.record([
      view(user, 'l'), view(user, 'l', { timestamp: noon(1) }), view(user, 'l', { timestamp: noon(1) }),
      view(user, 'l', { timestamp: noon(5) }), view(user, 'l', { timestamp: noon(20) }), view(user, 'l', { timestamp: noon(9) }),
    ]);
    const page = await open(show(user, 'l'));
    await shows(page, ['4', '0', '0']);
    assert.deepEqual((await reads(page)).changes, ['300%up 300%1 before', 'no change', 'no change']);
    const rows = [
      ['Today', 'daily', '1', '50%down 50%2 yesterday', 14],
      ['30 days', 'monthly', '6', 'new0 before', 30],
      ['7 days', 'weekly', '4', '300%up 300%1 before', 7],
    ];
    for (const [label, period, views, change, days] of rows) {
      await page.getByRole('radio', { name: label }).click();
      await shows(page, [views, '0', '0']);
      const seen = await reads(page);
      assert.equal(seen.changes[0], change, label);
      assert.equal(seen.days.length, days, label);
      assert.equal(await element(page).getAttribute('period'), period);
    }
    assert.deepEqual((await heard(page, 'period-change')).map(({ period }) => period), ['daily', 'monthly', 'weekly']);
  });
});

pageTest('a range of one\'s own: wrong dates are said, right ones shown', async ({ open }) => {
  const user = fresh('agent');
  await server.record([view(user, 'l', { timestamp: noon(40) }), view(user, 'l', { timestamp: noon(42) })]);
  const page = await open(show(user, 'l'));
  await shows(page, ['0', '0', '0']);
  await page.getByRole('radio', { name: 'Custom' }).click();
  const from = page.getByLabel('From', { exact: true });
  const to = page.getByLabel('To', { exact: true });
  const faults = [
    ['', utcDate(noon(40)), 'Choose both dates.'],
    [utcDate(noon(40)), utcDate(noon(42)), 'The first day must not be after the last.'],
    ['2020-01-01', utcDate(noon(40)), 'At most 400 days can be shown.'],
  ];
  for (const [start, end, words] of faults) {
    await from.fill(start);
    await to.fill(end);
    await page.getByRole('button', { name: 'Show' }).click();
    assert.equal(await page.getByRole('alert').textContent(), words);
  }
  await from.fill(utcDate(noon(42)));
  await to.fill(utcDate(noon(40)));
  await page.getByRole('button', { name: 'Show' }).click();
  await shows(page, ['2', '0', '0']);
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.deepEqual((await reads(page)).days.map(([, views]) => views), ['1', '0', '1']);
  assert.deepEqual(await heard(page, 'period-change').then((all) => all.at(-1)), {
    name: 'period-change', period: 'custom', startDate: utcDate(noon(42)), endDate: utcDate(noon(40)),
  });
  // it can begin so, too
  const again = await open(show(user, 'l', { period: 'custom', 'start-date': utcDate(noon(40)), 'end-date': utcDate(noon(40)) }));
  await shows(again, ['1', '0', '0']);
});

pageTest('a day is one of the zone that is named', async ({ open }) => {
  const user = fresh('agent');
  const evening = noon(3) + 10 * 3600_000; // 22:00 UTC: the next day in Tokyo
  await server.record([view(user, 'l', { timestamp: evening })]);
  const page = await open(show(user, 'l'), { expect: [/status of 400/] });
  const at = async () => {
    await shows(page, ['1', '0', '0']);
    const { foot } = await reads(page);
    return [foot.replace(/ ?Updated.*/, ''), await element(page).evaluate((each) => each.metrics.dailyBreakdown.find(({ views }) => views > 0).date)];
  };
  assert.deepEqual(await at(), ['Days in UTC', utcDate(noon(3))]);
  await element(page).evaluate((each) => (each.timezone = 'Asia/Tokyo'));
  await until(page, 'the zone', () => document.querySelector('listing-metrics-display').metrics?.timezone === 'Asia/Tokyo');
  assert.deepEqual(await at(), ['Days in Asia/Tokyo', utcDate(noon(2))]);
  await element(page).evaluate((each) => each.setAttribute('timezone', 'Mars/Olympus'));
  await until(page, 'the refusal', () => globalThis.heard.some(({ code }) => code === 'unknown_timezone'));
});

pageTest('what is set later is shown: another listing, another user, none', async ({ open }) => {
  const [user, other] = [fresh('agent'), fresh('agent')];
  await server.record([view(user, 'a'), view(user, 'b'), view(user, 'b'), view(other, 'b'), view(other, 'b'), view(other, 'b')]);
  const page = await open(show(undefined, 'a', { live: true }));
  assert.deepEqual((await reads(page)).platforms, []);
  const set = (name, value) => element(page).evaluate((each, [key_, text]) => each.setAttribute(key_, text), [name, value]);
  await set('user-id', user);
  await shows(page, ['1', '0', '0']);
  await set('listing-id', 'b');
  await shows(page, ['2', '0', '0']);
  assert.equal((await reads(page)).heading, 'b');
  await set('user-id', other);
  await shows(page, ['3', '0', '0']);
  await server.record([view(other, 'b')]);
  await shows(page, ['4', '0', '0']);
  await server.record([view(user, 'b')]); // whom it showed before
  await set('heading', '8 Mill Lane');
  await until(page, 'the heading', () => document.querySelector('listing-metrics-display').shadowRoot.querySelector('.heading').textContent === '8 Mill Lane');
  assert.equal((await reads(page)).totals[0], '4');
  // moved in its page, it goes on
  await element(page).evaluate((each) => document.querySelector('main').prepend(each));
  await server.record([view(other, 'b')]);
  await shows(page, ['5', '0', '0']);
  // taken out, it listens no more
  const watchers = async () => {
    const samples = parseExposition((await server.get('/metrics')).text);
    return [...samples].filter(([name]) => name.startsWith('footfall_live_subscribers')).reduce((sum, [, count]) => sum + count, 0);
  };
  assert.equal(await watchers(), 1);
  await element(page).evaluate((each) => ((globalThis.kept = each), each.remove()));
  const end = Date.now() + SHOW_MS_MAX;
  while ((await watchers()) > 0) assert.ok(Date.now() < end, 'it still listens');
});

pageTest('a lost server is said, and shown numbers stay; when it is back they are right', async ({ open }) => {
  const user = fresh('agent');
  const own = await startServer({ flags: ['--cors-origin', site.url] });
  const { port } = own;
  site.connect.push(own.url);
  try {
    await own.record([view(user, 'l')]);
    const page = await open(show(user, 'l', { 'base-url': own.url, live: true }), { expect: [/ERR_/] });
    await shows(page, ['1', '0', '0']);
    await badgeSays(page, 'Live');
    await own.kill9();
    await badgeSays(page, 'Reconnecting');
    assert.equal((await reads(page)).totals[0], '1');
    await own.start(); // elsewhere: what happens now to days before today nobody will push
    await own.record([view(user, 'l', { timestamp: noon(3) })]);
    await own.stop();
    own.flags.push('--listen', `127.0.0.1:${port}`);
    await own.start();
    await badgeSays(page, 'Live');
    await shows(page, ['2', '0', '0']);
    assert.deepEqual(await heard(page, 'metrics-error'), []);

    await own.kill9();
    await badgeSays(page, 'Reconnecting');
    await page.getByRole('radio', { name: '30 days' }).click();
    await page.getByText('Not up to date').waitFor();
    assert.equal((await reads(page)).totals[0], '2');
    await own.start();
    await own.record([view(user, 'l'), view(user, 'l', { timestamp: noon(20) })]);
    await badgeSays(page, 'Live');
    await shows(page, ['4', '0', '0']);
    assert.equal(await page.getByText('Not up to date').count(), 0);
    const [error] = await heard(page, 'metrics-error');
    assert.equal(error.code, 'network_error');
  } finally {
    await own.close();
  }
});

pageTest('a server that is not there: an error, a retry, then the numbers', async ({ open }) => {
  const user = fresh('agent');
  const own = await startServer({ flags: ['--cors-origin', site.url] });
  site.connect.push(own.url);
  try {
    await own.record([view(user, 'l')]);
    await own.kill9();
    const page = await open(show(user, 'l', { 'base-url': own.url }), { expect: [/ERR_/] });
    await page.getByText('The numbers could not be loaded').waitFor();
    assert.match((await reads(page)).error, /The server cannot be reached/);
    own.flags.push('--listen', `127.0.0.1:${own.port}`);
    await own.start();
    await page.getByRole('button', { name: 'Try again' }).click();
    await shows(page, ['1', '0', '0']);
  } finally {
    await own.close();
  }
});

pageTest('the CSV is what is shown, and no formula', async ({ open }) => {
  await onOneDay(async (day) => {
    const user = fresh('agent');
    const listing = '=cmd|"x", /c';
    await server.record([view(user, listing, { platform: 'facebook' }), view(user, listing), { ...view(user, listing, { platform: 'x' }), eventType: 'share' }]);
    const page = await open(show(user, listing, { period: 'daily' }));
    await shows(page, ['2', '1', '0']);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as CSV' }).click()]);
    assert.equal(download.suggestedFilename(), `cmd-x-c-${day}-${day}.csv`);
    const text = await readFile(await download.path(), 'utf8');
    assert.equal(text, '\uFEFFlistingId,date,views,shares,inquiries,facebook views,facebook shares,facebook inquiries,x views,x shares,x inquiries\r\n' +
      `"'=cmd|""x"", /c",${day},2,1,0,1,0,0,0,1,0\r\n`);
    await page.getByRole('radio', { name: '7 days' }).click();
    await until(page, 'seven lines', () => document.querySelector('listing-metrics-display').toCsv().split('\r\n').length === 9);
  });
});

pageTest('a listing called <img onerror> is a name like others', async ({ open }) => {
  const user = fresh('agent');
  const listing = '<img src=x onerror=globalThis.hit=1>';
  await server.record([view(user, listing), view(user, 'l')]);
  for (const attributes of [{}, { 'listing-id': 'l', heading: listing }]) {
    const page = await open(show(user, listing, { live: true, ...attributes }));
    await shows(page, ['1', '0', '0']);
    assert.equal((await reads(page)).heading, listing);
    assert.equal(await element(page).evaluate((each) => each.shadowRoot.querySelectorAll('img').length), 0);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  }
});

/** A token as the server would have signed it, of any time. */
function tokenUntil(user, exp) {
  const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
  const derived = createHmac('sha256', key).update('footfall user tokens, version 1').digest();
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ aud: 'footfall', sub: user, access: 'read', iat: exp - 600, exp })}`;
  return `${text}.${createHmac('sha256', derived).update(text).digest('base64url')}`;
}

pageTest('a token opens what is its user\'s; a wrong, foreign or expired one is said', async ({ open }) => {
  const user = fresh('agent');
  await guarded.request('POST', '/v1/events', { body: [view(user, 'l')], headers: { Authorization: `Bearer ${key}` } });
  const now = Math.floor(Date.now() / 1000);
  const rows = [
    ['none', undefined, 'unauthorized', /Your sign-in has ended/],
    ['no token', 'nonsense', 'unauthorized', /Your sign-in has ended/],
    ['expired', tokenUntil(user, now - 5), 'token_expired', /Your sign-in has ended/],
    ['of another user', tokenUntil('somebody', now + 600), 'other_user', /You may not see/],
  ];
  for (const [name, token, code, words] of rows) {
    const live = code === 'unauthorized';
    const page = await open(show(user, 'l', { 'base-url': guarded.url, token, live }), { expect: [/status of 40[13]/] });
    await page.getByText('The numbers could not be loaded').waitFor();
    assert.match((await reads(page)).error, words, name);
    assert.equal((await heard(page, 'metrics-error'))[0].code, code, name);
    if (live) await badgeSays(page, 'Not live');
    // with a good one it goes on
    await element(page).evaluate((each, good) => (each.token = good), tokenUntil(user, now + 600));
    await shows(page, ['1', '0', '0']);
    if (live) await badgeSays(page, 'Live');
    await page.close();
  }
});

pageTest('a token that ends while one looks: the numbers stay, and it is said', async ({ open }) => {
  const user = fresh('agent');
  await guarded.request('POST', '/v1/events', { body: [view(user, 'l')], headers: { Authorization: `Bearer ${key}` } });
  const exp = Math.floor(Date.now() / 1000) + 8;
  const page = await open(show(user, 'l', { 'base-url': guarded.url, token: tokenUntil(user, exp) }), { expect: [/status of 401/] });
  await shows(page, ['1', '0', '0']);
  await element(page).evaluate(async (each) => {
    const end = Date.now() + 60_000;
    while (!globalThis.heard.some(({ code }) => code === 'token_expired') && Date.now() < end) await each.refresh();
  });
  await page.getByText('Not up to date').waitFor();
  assert.equal((await reads(page)).totals[0], '1');
});

stopsCleanlyAtTheEnd(server);
