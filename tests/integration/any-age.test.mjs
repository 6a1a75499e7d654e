// Imports bring events of any age: `oldest` lets them in, and they are counted like all others.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, startServer, stopsCleanlyAtTheEnd, test, utcDate } from './server.mjs';

const server = await startServer();
const dates = ['0001-01-01', '1582-10-15', '1900-02-28', '1969-12-31', '1970-01-01', '2000-02-29', utcDate(Date.now())];

const at = (date, time = '12:00:00Z') => `${date}T${time}`;
const post = (query, events) => server.request('POST', `/v1/events${query}`, { body: events });

test('without `oldest` events older than 400 days are refused, with it those before that date', async () => {
  const event = { userId: fresh('agent'), listingId: 'l', eventType: 'view' };
  const old = utcDate(Date.now() - 401 * DAY_MS);
  const rows = [
    { name: 'too old', query: '', timestamp: at(old), code: 'invalid_timestamp', says: '400 days' },
    { name: 'let in', query: `?oldest=${old}`, timestamp: at(old, '00:00:00Z') },
    { name: 'a moment before it', query: `?oldest=${old}`, timestamp: at(utcDate(Date.now() - 402 * DAY_MS), '23:59:59.999Z'), code: 'invalid_timestamp', says: old },
    { name: 'seconds for milliseconds', query: '?oldest=2000-01-01', timestamp: 1769860800, code: 'invalid_timestamp', says: '2000-01-01' },
    { name: 'ahead all the same', query: '?oldest=2000-01-01', timestamp: Date.now() + DAY_MS, code: 'invalid_timestamp', says: 'ahead' },
    { name: 'stricter than the 400 days', query: `?oldest=${utcDate(Date.now())}`, timestamp: Date.now() - 2 * DAY_MS, code: 'invalid_timestamp', says: 'before' },
    { name: 'the request after is held to its own', query: '', timestamp: at(old), code: 'invalid_timestamp', says: '400 days' },
    { name: 'no date', query: '?oldest=any', timestamp: at(old), code: 'invalid_date', says: 'YYYY-MM-DD' },
    { name: 'a day that does not exist', query: '?oldest=1999-02-29', timestamp: at(old), code: 'invalid_date', says: 'exists' },
    { name: 'empty', query: '?oldest=', timestamp: at(old), code: 'invalid_date', says: 'YYYY-MM-DD' },
  ];
  for (const { name, query, timestamp, code, says } of rows) {
    const answer = await post(query, { ...event, timestamp });
    assert.equal(answer.status, code === undefined ? 200 : 400, `${name}: ${answer.text}`);
    assert.equal(answer.body.code, code, name);
    if (says !== undefined) assert.ok(answer.body.error.includes(says), `${name}: ${answer.text}`);
  }
});

test('days of every age are counted, asked for and found again after a restart', async () => {
  const user = fresh('agent');
  const events = dates.flatMap((date) => [
    { userId: user, listingId: 'l', eventType: 'view', source: 'archive', timestamp: at(date, '00:00:00Z') },
    { userId: user, listingId: 'l', eventType: 'view', platform: 'facebook', timestamp: at(date, '00:10:00Z') },
    { userId: user, listingId: 'l', eventType: 'inquiry', inquiry: { date }, timestamp: at(date, '00:00:00Z') },
  ]);
  const answer = await post('?oldest=0001-01-01', events);
  assert.deepEqual(answer.body, { success: true, recorded: events.length, duplicates: 0 });

  const check = async (when) => {
    for (const date of dates) {
      const one = { startDate: date, endDate: date };
      assert.deepEqual(await server.totals(user, 'l', one), [2, 0, 1], `${date} ${when}`);
      const found = await server.metrics(user, 'l', one);
      assert.deepEqual(found.bySource, { archive: { views: 1, shares: 0, inquiries: 0 } }, `${date} ${when}`);
      assert.equal(found.byPlatform.facebook.views, 1, `${date} ${when}`);
      const listed = await server.get(`/v1/users/${user}/metrics?startDate=${date}&endDate=${date}`);
      assert.deepEqual(listed.body.order, ['l'], `${date} ${when}: ${listed.text}`);
    }
    const inquiries = await server.get(`/v1/users/${user}/inquiries`);
    assert.deepEqual(inquiries.body.inquiries.map(({ inquiry }) => inquiry.date), [...dates].reverse(), when);
    const old = await server.get(`/v1/users/${user}/inquiries?startDate=1900-02-28&endDate=1900-03-01`);
    assert.deepEqual(old.body.inquiries.map(({ inquiry }) => inquiry.date), ['1900-02-28'], when);
    // the evening before, in a zone behind UTC
    const zone = { startDate: '1969-12-31', endDate: '1969-12-31', timezone: 'America/Denver' };
    assert.deepEqual(await server.totals(user, 'l', zone), [2, 0, 1], `Denver ${when}`);
  };
  await check('in memory');
  await server.restart();
  await check('after a restart');
  await server.restart();
  await check('after another');
});

stopsCleanlyAtTheEnd(server);
