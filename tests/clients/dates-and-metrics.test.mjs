// The client's pure functions: dates are UTC, what is passed in is not changed, days add up.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aggregateMetrics, createEmptyMetrics, createEmptyPlatformMetrics, formatDate, getCurrentDate,
  getDateRange, getStartDate, incrementMetric, parseDate,
} from '../../clients/js/dist/index.js';

test('formatDate and parseDate are each other’s inverse', () => {
  for (const day of ['2024-01-15', '2024-02-29', '1970-01-01', '1969-12-31', '9999-12-31']) {
    assert.equal(formatDate(parseDate(day)), day);
  }
  assert.equal(formatDate(new Date('2024-01-15T23:59:59.999Z')), '2024-01-15');
  assert.equal(formatDate(new Date('2024-01-15T23:30:00-02:00')), '2024-01-16');
  assert.equal(parseDate('2024-01-15').toISOString(), '2024-01-15T00:00:00.000Z');
});

test('parseDate takes days that exist, written in full', () => {
  const rows = ['2024-02-30', '2023-02-29', '2024-13-01', '2024-1-5', '15.01.2024', '2024-01-15T00:00:00Z', ''];
  for (const text of rows) assert.ok(Number.isNaN(parseDate(text).getTime()), text);
});

test('formatDate refuses an invalid date', () => {
  assert.throws(() => formatDate(new Date(NaN)), RangeError);
});

test('getCurrentDate is today', () => {
  const before = formatDate(new Date());
  const today = getCurrentDate();
  assert.ok([before, formatDate(new Date())].includes(today));
});

test('getStartDate counts back with the last day included', () => {
  const end = new Date('2024-03-02T10:20:30.000Z');
  const rows = [['daily', '2024-03-02'], ['weekly', '2024-02-25'], ['monthly', '2024-02-02']];
  for (const [period, want] of rows) {
    const start = getStartDate(period, end);
    assert.equal(formatDate(start), want, period);
    assert.equal(getDateRange(start, end).length, { daily: 1, weekly: 7, monthly: 30 }[period]);
  }
  assert.equal(end.toISOString(), '2024-03-02T10:20:30.000Z', 'unchanged');
  assert.equal(formatDate(getStartDate('daily')), getCurrentDate());
});

test('getDateRange has both ends, across months, years and clock changes', () => {
  const range = (from, to) => getDateRange(parseDate(from), parseDate(to));
  assert.deepEqual(range('2024-02-28', '2024-03-01'), ['2024-02-28', '2024-02-29', '2024-03-01']);
  assert.deepEqual(range('2023-12-31', '2024-01-01'), ['2023-12-31', '2024-01-01']);
  assert.deepEqual(range('2024-01-01', '2024-01-01'), ['2024-01-01']);
  assert.deepEqual(range('2024-01-02', '2024-01-01'), []);
  assert.equal(range('2024-03-01', '2024-04-30').length, 61);
  const late = getDateRange(new Date('2024-01-01T23:59:00Z'), new Date('2024-01-02T00:01:00Z'));
  assert.deepEqual(late, ['2024-01-01', '2024-01-02']);
});

test('empty metrics are zeros of now', () => {
  const before = Date.now();
  const day = createEmptyMetrics('l', '2024-01-15');
  const platform = createEmptyPlatformMetrics();
  assert.ok(day.updatedAt >= before && day.updatedAt <= Date.now());
  assert.ok(platform.lastUpdated >= before && platform.lastUpdated <= Date.now());
  assert.deepEqual({ ...day, updatedAt: 0 }, {
    listingId: 'l', date: '2024-01-15', views: 0, shares: 0, inquiries: 0, platforms: {}, updatedAt: 0,
  });
  assert.deepEqual({ ...platform, lastUpdated: 0 }, { views: 0, shares: 0, inquiries: 0, lastUpdated: 0 });
});

test('incrementMetric counts in a copy', () => {
  const start = Object.freeze({ ...createEmptyMetrics('l', '2024-01-15'), platforms: Object.freeze({}) });
  let day = incrementMetric(start, 'view');
  assert.deepEqual([day.views, day.shares, day.inquiries], [1, 0, 0]);
  assert.deepEqual(day.platforms, {}, 'without a platform only the totals');
  const frozen = Object.freeze(day);
  day = incrementMetric(frozen, 'share', 'instagram');
  day = incrementMetric(day, 'inquiry', 'instagram');
  day = incrementMetric(day, 'view', 'facebook');
  assert.deepEqual([day.views, day.shares, day.inquiries], [2, 1, 1]);
  assert.deepEqual([day.platforms.instagram.views, day.platforms.instagram.shares, day.platforms.instagram.inquiries], [0, 1, 1]);
  assert.equal(day.platforms.facebook.views, 1);
  assert.deepEqual([start.views, frozen.shares], [0, 0]);
});

test('aggregateMetrics adds days up, by platform too', () => {
  const day = (date, views, platforms) =>
    ({ listingId: 'l', date, views, shares: 1, inquiries: 2, platforms, updatedAt: 5 });
  const of = (views, lastUpdated) => ({ views, shares: 1, inquiries: 0, lastUpdated });
  const days = [
    day('2024-01-31', 10, { facebook: of(4, 200), linkedin: of(1, 90) }),
    day('2024-02-01', 5, { facebook: of(3, 100) }),
  ];
  const sum = aggregateMetrics(days, 'weekly', '2024-01-26', parseDate('2024-02-01'));
  assert.deepEqual(sum, {
    period: 'weekly', startDate: '2024-01-26', endDate: '2024-02-01',
    totalViews: 15, totalShares: 2, totalInquiries: 4,
    byPlatform: {
      facebook: { views: 7, shares: 2, inquiries: 0, lastUpdated: 200 },
      linkedin: { views: 1, shares: 1, inquiries: 0, lastUpdated: 90 },
    },
    dailyBreakdown: days,
  });
  const none = aggregateMetrics([], 'daily', '2024-01-01', '2024-01-01');
  assert.deepEqual([none.totalViews, none.totalShares, none.totalInquiries], [0, 0, 0]);
  assert.deepEqual([none.byPlatform, none.dailyBreakdown], [{}, []]);
});
