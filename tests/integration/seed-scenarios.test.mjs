// The examples of the document that asked for Footfall: recording, periods, all listings, journeys.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const server = await startServer();

test('usage: recordViewEvent, recordShareEvent, recordInquiryEvent, getAggregatedMetrics', async () => {
  const [userId, listingId] = [fresh('user'), 'listing-123'];
  await server.record({ userId, listingId, eventType: 'view', platform: 'facebook', source: 'social-media' });
  await server.record({ userId, listingId, eventType: 'share', platform: 'instagram' });
  await server.record({
    userId, listingId, eventType: 'inquiry', platform: 'linkedin',
    inquiry: { name: 'John Doe', email: 'john@example.com' },
  });
  const metrics = await server.metrics(userId, listingId, { period: 'weekly' });
  assert.deepEqual([metrics.totalViews, metrics.totalShares, metrics.totalInquiries], [1, 1, 1]);
  assert.deepEqual(Object.keys(metrics.byPlatform).sort(), ['facebook', 'instagram', 'linkedin']);
  assert.equal(metrics.conversionRate, 100);
});

test('the same with curl, as a newcomer types it', async () => {
  const run = promisify(execFile);
  const userId = fresh('user');
  const curl = async (...args) => JSON.parse((await run('curl', ['-sS', ...args])).stdout);
  const event = JSON.stringify({ userId, listingId: 'listing-123', eventType: 'view', platform: 'facebook' });
  assert.deepEqual(await curl('--json', event, `${server.url}/v1/events`), {
    success: true, recorded: 1, duplicates: 0,
  });
  const answer = await curl(`${server.url}/v1/users/${userId}/listings/listing-123/metrics?period=weekly`);
  assert.equal(answer.success, true);
  assert.equal(answer.metrics.totalViews, 1);
});

test('metrics of all listings, the most viewed first', async () => {
  const userId = fresh('user');
  const views = { 'listing-1': 3, 'listing-2': 5, 'listing-3': 1 };
  for (const [listingId, count] of Object.entries(views)) {
    await server.record(Array.from({ length: count }, () => ({ userId, listingId, eventType: 'view' })));
  }
  const answer = await server.get(`/v1/users/${userId}/metrics?period=weekly`);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body.order, ['listing-2', 'listing-1', 'listing-3']);
  for (const [listingId, count] of Object.entries(views)) {
    assert.equal(answer.body.metricsByListing[listingId].totalViews, count);
  }
  assert.equal(answer.body.nextCursor, null);
});

test('a complete journey: seen on a platform, shared, seen again, asked about', async () => {
  const [userId, listingId] = [fresh('user'), fresh('listing')];
  const visitor = 'visitor-1';
  const journey = [
    { eventType: 'view', platform: 'facebook', source: 'social-post' },
    { eventType: 'share', platform: 'facebook' },
    { eventType: 'view', platform: 'instagram', source: 'social-post' },
    { eventType: 'view', source: 'website' },
    { eventType: 'inquiry', source: 'website', inquiry: { name: 'Jane', phone: '555-0100' } },
  ];
  for (const step of journey) await server.record({ userId, listingId, visitor, ...step });

  const metrics = await server.metrics(userId, listingId, { period: 'weekly' });
  assert.deepEqual([metrics.totalViews, metrics.totalShares, metrics.totalInquiries], [3, 1, 1]);
  assert.equal(metrics.byPlatform.facebook.views, 1);
  assert.equal(metrics.byPlatform.facebook.shares, 1);
  assert.equal(metrics.byPlatform.instagram.views, 1);
  assert.equal(metrics.bySource.website.views, 1);
  assert.equal(metrics.bySource.website.inquiries, 1);
  assert.equal(metrics.conversionRate, (1 / 3) * 100);
  const { body } = await server.get(`/v1/users/${userId}/inquiries?listingId=${listingId}`);
  assert.deepEqual(body.inquiries[0].inquiry, { name: 'Jane', phone: '555-0100' });
});

test("users do not see each other's numbers", async () => {
  const listingId = fresh('listing');
  const [one, other] = [fresh('user'), fresh('user')];
  await server.record({ userId: one, listingId, eventType: 'view' });
  assert.deepEqual(await server.totals(other, listingId), [0, 0, 0]);
  const all = await server.get(`/v1/users/${other}/metrics`);
  assert.deepEqual(all.body.order, []);
});

stopsCleanlyAtTheEnd(server);
