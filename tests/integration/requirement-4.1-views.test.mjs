// Requirement 4.1: a view is recorded with its time and source, by platform, on its day.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, listingPath, startServer, stopsCleanlyAtTheEnd, test, utcDate } from './server.mjs';

const server = await startServer();

test('4.1 a view counts in the totals, under its platform and under its source', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const answer = await server.record({
    userId, listingId, eventType: 'view', platform: 'facebook', source: 'social-media',
  });
  assert.deepEqual(answer, { success: true, recorded: 1, duplicates: 0 });

  const metrics = await server.metrics(userId, listingId);
  assert.equal(metrics.totalViews, 1);
  assert.equal(metrics.totalShares, 0);
  assert.equal(metrics.totalInquiries, 0);
  const { lastUpdated, ...facebook } = metrics.byPlatform.facebook;
  assert.deepEqual(facebook, { views: 1, shares: 0, inquiries: 0 });
  assert.ok(Math.abs(lastUpdated - Date.now()) < 600_000, `lastUpdated ${lastUpdated}`);
  assert.equal(metrics.bySource['social-media'].views, 1);
});

test('4.1 without a platform only the totals count', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  await server.record({ userId, listingId, eventType: 'view', source: 'website' });
  const metrics = await server.metrics(userId, listingId);
  assert.equal(metrics.totalViews, 1);
  for (const platform of ['facebook', 'instagram', 'linkedin']) {
    assert.equal(metrics.byPlatform[platform], undefined, platform);
  }
  assert.equal(metrics.bySource.website.views, 1);
});

test('4.1 a view counts on the day it happened, whichever way its time is written', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const moment = Math.floor(Date.now() / 1000) * 1000 - 3 * DAY_MS;
  const date = utcDate(moment);
  const event = { userId, listingId, eventType: 'view', platform: 'instagram' };
  await server.record({ ...event, timestamp: moment });
  await server.record({ ...event, timestamp: new Date(moment).toISOString() });
  await server.record({ ...event, timestamp: new Date(moment).toISOString().replace('.000Z', '+00:00') });

  const answer = await server.get(`${listingPath(userId, listingId)}/metrics/${date}`);
  assert.equal(answer.status, 200, answer.text);
  const { metrics } = answer.body;
  assert.equal(metrics.listingId, listingId);
  assert.equal(metrics.date, date);
  assert.deepEqual([metrics.views, metrics.shares, metrics.inquiries], [3, 0, 0]);
  assert.equal(metrics.platforms.instagram.views, 3);
  assert.ok(metrics.updatedAt >= moment + 2 * DAY_MS, 'updatedAt is when it was received');

  const dayAfter = utcDate(moment + DAY_MS);
  const other = await server.get(`${listingPath(userId, listingId)}/metrics/${dayAfter}`);
  assert.deepEqual(
    [other.body.metrics.views, other.body.metrics.updatedAt, other.body.metrics.platforms],
    [0, 0, {}],
  );
});

stopsCleanlyAtTheEnd(server);
