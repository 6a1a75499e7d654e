// Requirement 4.5: daily, weekly and monthly periods, and ranges of one's own.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, onOneDay, startServer, stopsCleanlyAtTheEnd, test, utcDate } from './server.mjs';

const server = await startServer();

test('4.5 a period holds its days and no other', () =>
  onOneDay(async (today) => {
    const [userId, listingId] = [fresh('agent'), fresh('listing')];
    const noon = Date.parse(`${today}T12:00:00Z`);
    const at = (ago) => (ago === 0 ? Date.now() : noon - ago * DAY_MS);
    for (const ago of [0, 1, 6, 7, 29, 30]) {
      await server.record({ userId, listingId, eventType: 'view', timestamp: at(ago) });
    }
    const cases = [
      { query: { period: 'daily' }, days: 1, views: 1 },
      { query: { period: 'weekly' }, days: 7, views: 3 },
      { query: { period: 'monthly' }, days: 30, views: 5 },
      { query: {}, days: 7, views: 3, period: 'weekly' },
    ];
    for (const row of cases) {
      const name = JSON.stringify(row.query);
      const metrics = await server.metrics(userId, listingId, row.query);
      assert.equal(metrics.period, row.period ?? row.query.period, name);
      assert.equal(metrics.totalViews, row.views, name);
      assert.equal(metrics.dailyBreakdown.length, row.days, name);
      assert.equal(metrics.endDate, today, name);
      assert.equal(metrics.startDate, utcDate(Date.parse(today) - (row.days - 1) * DAY_MS), name);
    }
  }));

test('4.5 a custom range includes both its ends', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const day = (ago) => utcDate(Date.now() - ago * DAY_MS);
  const first = Date.parse(day(20));
  const behind = Date.parse(day(15)); // the first moment after a range that ends on day 16
  await server.record([first - 1, first, behind - 1, behind].map((timestamp) => ({
    userId, listingId, eventType: 'view', timestamp,
  })));
  const metrics = await server.metrics(userId, listingId, { startDate: day(20), endDate: day(16) });
  assert.equal(metrics.period, 'custom');
  assert.equal(metrics.totalViews, 2);
  assert.deepEqual([metrics.startDate, metrics.endDate], [day(20), day(16)]);
  assert.equal(metrics.dailyBreakdown.length, 5);
  const one = await server.metrics(userId, listingId, { startDate: day(20), endDate: day(20) });
  assert.equal(one.totalViews, 1);
});

test('4.5 ranges cross months, years and a leap day', async () => {
  // a server that takes events of any age is not needed: 400 days back reach the last new year
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const newYear = Date.parse(`${new Date().getUTCFullYear()}-01-01`);
  await server.record([newYear - 1, newYear].map((timestamp) => ({
    userId, listingId, eventType: 'share', timestamp,
  })));
  const metrics = await server.metrics(userId, listingId, {
    startDate: utcDate(newYear - 2 * DAY_MS),
    endDate: utcDate(newYear + DAY_MS),
  });
  assert.deepEqual(metrics.dailyBreakdown.map((entry) => entry.shares), [0, 1, 1, 0]);

  const leap = await server.metrics(userId, listingId, { startDate: '2024-02-28', endDate: '2024-03-01' });
  assert.deepEqual(
    leap.dailyBreakdown.map((entry) => entry.date),
    ['2024-02-28', '2024-02-29', '2024-03-01'],
  );
});

test('4.5 a range of 400 days is answered', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const now = Date.now();
  await server.record({ userId, listingId, eventType: 'view', timestamp: now - 399 * DAY_MS });
  const metrics = await server.metrics(userId, listingId, {
    startDate: utcDate(now - 399 * DAY_MS),
    endDate: utcDate(now),
  });
  assert.equal(metrics.dailyBreakdown.length, 400);
  assert.equal(metrics.dailyBreakdown[0].views, 1);
});

stopsCleanlyAtTheEnd(server);
