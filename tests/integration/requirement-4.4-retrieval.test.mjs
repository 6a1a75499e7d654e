// Requirement 4.4: an answer holds every kind of metric, by platform, by source and by day.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, listingPath, onOneDay, startServer, stopsCleanlyAtTheEnd, test, utcDate } from './server.mjs';

const server = await startServer();

test('4.4 AggregatedMetrics has every field, zeros included', () =>
  onOneDay(async (today) => {
    const [userId, listingId] = [fresh('agent'), fresh('listing')];
    const empty = await server.metrics(userId, listingId);
    assert.deepEqual(Object.keys(empty).sort(), [
      'byPlatform', 'bySource', 'conversionRate', 'dailyBreakdown', 'endDate', 'period', 'startDate',
      'timezone', 'totalInquiries', 'totalShares', 'totalViews', 'trends',
    ]);
    assert.equal(empty.period, 'weekly');
    assert.equal(empty.timezone, 'UTC');
    assert.equal(empty.endDate, today);
    assert.equal(empty.startDate, utcDate(Date.parse(today) - 6 * DAY_MS));
    assert.deepEqual(empty.trends, { viewsChange: 0, sharesChange: 0, inquiriesChange: 0 });
    assert.equal(empty.conversionRate, 0);
    assert.deepEqual(empty.byPlatform, {});
    assert.equal(empty.dailyBreakdown.length, 7);
    for (const [i, day] of empty.dailyBreakdown.entries()) {
      assert.equal(day.date, utcDate(Date.parse(today) - (6 - i) * DAY_MS));
      assert.deepEqual([day.views, day.shares, day.inquiries], [0, 0, 0]);
    }
  }));

test('4.4 totals are the sums of days, of platforms and of sources', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const now = Date.now();
  const types = ['view', 'view', 'view', 'share', 'inquiry'];
  const platforms = ['facebook', 'instagram', 'linkedin', undefined];
  const sources = ['website', 'email', undefined];
  const events = Array.from({ length: 600 }, (_, i) => ({
    userId,
    listingId,
    eventType: types[i % 5],
    platform: platforms[i % 4],
    source: sources[i % 3],
    timestamp: now - (i % 12) * DAY_MS,
  }));
  await server.record(events);

  const metrics = await server.metrics(userId, listingId, { period: 'monthly' });
  const totals = [metrics.totalViews, metrics.totalShares, metrics.totalInquiries];
  assert.deepEqual(totals, [360, 120, 120]);
  const sum = (parts) =>
    parts.reduce(
      (all, part) => [all[0] + part.views, all[1] + part.shares, all[2] + part.inquiries],
      [0, 0, 0],
    );
  assert.deepEqual(sum(metrics.dailyBreakdown), totals);
  assert.deepEqual(Object.keys(metrics.byPlatform).sort(), ['facebook', 'instagram', 'linkedin']);
  assert.deepEqual(Object.keys(metrics.bySource).sort(), ['email', 'website']);
  // events without a platform or a source stand in the totals alone, as the specification has it
  const none = (field) =>
    ['view', 'share', 'inquiry'].map(
      (type) => events.filter((event) => event[field] === undefined && event.eventType === type).length,
    );
  const add = (left, right) => left.map((value, i) => value + right[i]);
  assert.deepEqual(add(sum(Object.values(metrics.byPlatform)), none('platform')), totals, 'platforms');
  assert.deepEqual(add(sum(Object.values(metrics.bySource)), none('source')), totals, 'sources');
  assert.equal(metrics.conversionRate, (120 / 360) * 100);
});

test('4.4 trends compare with the equally long range before', async () => {
  const now = Date.now();
  const range = { startDate: utcDate(now - 3 * DAY_MS), endDate: utcDate(now - 2 * DAY_MS) };
  const cases = [
    { name: 'from 4 to 6', before: 4, in: 6, want: 50 },
    { name: 'from 4 to 1', before: 4, in: 1, want: -75 },
    { name: 'from nothing', before: 0, in: 2, want: 100 },
    { name: 'to nothing', before: 3, in: 0, want: -100 },
    { name: 'nothing at all', before: 0, in: 0, want: 0 },
  ];
  for (const row of cases) {
    const [userId, listingId] = [fresh('agent'), fresh('listing')];
    const view = (timestamp) => ({ userId, listingId, eventType: 'view', timestamp });
    const events = [
      ...Array.from({ length: row.before }, (_, i) => view(now - (4 + (i % 2)) * DAY_MS)),
      ...Array.from({ length: row.in }, (_, i) => view(now - (2 + (i % 2)) * DAY_MS)),
      view(now - 6 * DAY_MS), // outside both
      view(now - DAY_MS),
    ];
    await server.record(events);
    const metrics = await server.metrics(userId, listingId, range);
    assert.equal(metrics.totalViews, row.in, row.name);
    assert.equal(metrics.trends.viewsChange, row.want, row.name);
  }
});

test('4.4 days answers a PerformanceMetrics for every day of the range', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const now = Date.now();
  await server.record([
    { userId, listingId, eventType: 'view', platform: 'facebook', timestamp: now - 2 * DAY_MS },
    { userId, listingId, eventType: 'share', timestamp: now - 2 * DAY_MS },
  ]);
  const [startDate, endDate] = [utcDate(now - 3 * DAY_MS), utcDate(now - DAY_MS)];
  const answer = await server.get(
    `${listingPath(userId, listingId)}/days?startDate=${startDate}&endDate=${endDate}`,
  );
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(
    answer.body.metrics.map((day) => [day.listingId, day.date, day.views, day.shares, day.inquiries]),
    [3, 2, 1].map((ago) => {
      const some = ago === 2 ? 1 : 0;
      return [listingId, utcDate(now - ago * DAY_MS), some, some, 0];
    }),
  );
  assert.equal(answer.body.metrics[1].platforms.facebook.views, 1);
});

stopsCleanlyAtTheEnd(server);
