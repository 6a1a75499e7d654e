// Requirement 4.2: a share adds one, under its platform, and increments are atomic.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fresh, inParallel, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const server = await startServer();

test('4.2 a share adds one to the shares and to its platform', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  await server.record({ userId, listingId, eventType: 'share', platform: 'instagram' });
  await server.record({ userId, listingId, eventType: 'share', platform: 'instagram' });
  await server.record({ userId, listingId, eventType: 'share', platform: 'linkedin' });
  const metrics = await server.metrics(userId, listingId);
  assert.deepEqual([metrics.totalViews, metrics.totalShares, metrics.totalInquiries], [0, 3, 0]);
  assert.equal(metrics.byPlatform.instagram.shares, 2);
  assert.equal(metrics.byPlatform.linkedin.shares, 1);
});

test('4.2 no share is lost between many clients', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const share = { userId, listingId, eventType: 'share', platform: 'facebook' };
  await inParallel(32, Array.from({ length: 640 }, () => () => server.record(share)));
  assert.deepEqual(await server.totals(userId, listingId), [0, 640, 0]);
});

test('64 clients adding 1,000 views each to one listing make 64,000', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const view = { userId, listingId, eventType: 'view' };
  const client = async () => {
    for (let i = 0; i < 1000; i++) {
      const answer = await server.record(view);
      assert.equal(answer.recorded, 1);
    }
  };
  await Promise.all(Array.from({ length: 64 }, client));
  assert.deepEqual(await server.totals(userId, listingId), [64_000, 0, 0]);
});

stopsCleanlyAtTheEnd(server);
