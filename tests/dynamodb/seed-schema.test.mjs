// The table as the specification's application sees it: it reads what Footfall wrote, by its own
// keys and code, and what it wrote before Footfall came is adopted and counted on.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { DAY_MS, fresh, listingPath, test, utcDate, withQuery } from '../integration/server.mjs';
import { startCluster } from './cluster.mjs';
import { SeedApplication } from './seed_application.mjs';

const DATES = [3, 2, 1].map((back) => utcDate(Date.now() - back * DAY_MS));
const noonOf = (date) => Date.parse(`${date}T12:00:00Z`);

let cluster;
let application;
before(async () => {
  cluster = await startCluster({ nodes: 0 });
  application = new SeedApplication(cluster.client, cluster.table);
});
after(() => cluster.close());

/** Runs a node, lets it do something, and ends it: everything is in the table then. */
let number = 0;
async function withNode(body) {
  number += 1;
  const node = await cluster.addNode(number);
  const result = await body(node.server);
  await node.stop();
  return result;
}

function eventsOf(userId, listingId, rows) {
  return rows.flatMap(([date, eventType, platform, count]) => Array.from({ length: count }, () => ({
    userId, listingId, eventType, timestamp: noonOf(date), ...(platform ? { platform } : {}),
  })));
}

/** What the node answers about the three days, of one listing. */
async function answerOf(server, userId, listingId, query = {}) {
  const answer = await server.get(withQuery(`${listingPath(userId, listingId)}/metrics`, { startDate: DATES[0], endDate: DATES[2], ...query }));
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

test('a plain script reads items that Footfall wrote: GetItem, and Query begins_with METRICS#listing-123#', async () => {
  const userId = fresh('agent');
  const began = Date.now();
  const answer = await withNode(async (server) => {
    await server.record([
      ...eventsOf(userId, 'listing-123', [
        [DATES[0], 'view', 'facebook', 3], [DATES[0], 'share', 'instagram', 2], [DATES[0], 'inquiry', 'linkedin', 1], [DATES[0], 'view', undefined, 4],
        [DATES[1], 'view', 'facebook', 1], [DATES[2], 'inquiry', undefined, 1],
      ]),
      ...eventsOf(userId, 'listing-1234', [[DATES[0], 'view', undefined, 50]]),
      ...eventsOf(userId, 'listing-12', [[DATES[0], 'view', undefined, 60]]),
    ]);
    return answerOf(server, userId, 'listing-123');
  });

  const { Item } = await cluster.client.send(new GetCommand({
    TableName: cluster.table, Key: { PK: `USER#${userId}`, SK: `METRICS#listing-123#${DATES[0]}` },
  }));
  const now = Date.now();
  for (const moment of [Item.updatedAt, ...Object.values(Item.platforms).map(({ lastUpdated }) => lastUpdated)]) {
    assert.ok(moment >= began && moment <= now, `a moment of recording: ${moment}`);
  }
  const platform = (views, shares, inquiries, name) => ({ views, shares, inquiries, lastUpdated: Item.platforms[name].lastUpdated });
  const own = Object.fromEntries(Object.entries(Item).filter(([name]) => !name.startsWith('_')));
  assert.deepEqual(own, {
    PK: `USER#${userId}`, SK: `METRICS#listing-123#${DATES[0]}`, listingId: 'listing-123', date: DATES[0],
    views: 7, shares: 2, inquiries: 1,
    platforms: { facebook: platform(3, 0, 0, 'facebook'), instagram: platform(0, 2, 0, 'instagram'), linkedin: platform(0, 0, 1, 'linkedin') },
    updatedAt: Item.updatedAt,
  });

  const { Items } = await cluster.client.send(new QueryCommand({
    TableName: cluster.table,
    KeyConditionExpression: 'PK = :pk AND begins_with(SK, :sk)',
    ExpressionAttributeValues: { ':pk': `USER#${userId}`, ':sk': 'METRICS#listing-123#' },
  }));
  assert.deepEqual(Items.map(({ date, views, shares, inquiries }) => [date, views, shares, inquiries]), [
    [DATES[0], 7, 2, 1], [DATES[1], 1, 0, 0], [DATES[2], 0, 0, 1],
  ]);

  const { totalViews, totalShares, totalInquiries, byPlatform } = answer.metrics;
  const theirs = SeedApplication.aggregate(await application.queryPerformanceMetrics(userId, 'listing-123'));
  assert.deepEqual([theirs.totalViews, theirs.totalShares, theirs.totalInquiries], [totalViews, totalShares, totalInquiries]);
  for (const [name, counts] of Object.entries(theirs.byPlatform)) {
    const { views, shares, inquiries } = byPlatform[name];
    assert.deepEqual(counts, { views, shares, inquiries });
  }
});

test('items that the application wrote before are adopted, counted on, and still its own to read', async () => {
  const userId = fresh('agent');
  for (let i = 0; i < 4; i++) await application.record(userId, 'listing-123', 'view', { platform: i % 2 ? 'facebook' : undefined, at: noonOf(DATES[0]) });
  await application.record(userId, 'listing-123', 'inquiry', { platform: 'linkedin', at: noonOf(DATES[1]) });
  // as other versions of it may have left them: no platforms, an attribute that nobody knows
  await application.savePerformanceMetrics(userId, { listingId: 'listing-123', date: DATES[2], views: 5, shares: 0, inquiries: 0, updatedAt: noonOf(DATES[2]), entityType: 'PerformanceMetrics' });

  await withNode(async (server) => {
    const found = await answerOf(server, userId, 'listing-123');
    assert.deepEqual([found.metrics.totalViews, found.metrics.totalInquiries], [9, 1], 'adopted as they stand');
    await server.record(eventsOf(userId, 'listing-123', [
      [DATES[0], 'view', 'facebook', 10], [DATES[0], 'share', 'tiktok', 1], [DATES[2], 'view', 'instagram', 2], [DATES[2], 'view', undefined, 1],
    ]));
    const both = await answerOf(server, userId, 'listing-123');
    assert.deepEqual([both.metrics.totalViews, both.metrics.totalShares, both.metrics.totalInquiries], [22, 1, 1], 'counted on at once');
    assert.equal(both.approximate, undefined, 'a day in UTC is exact');
    const elsewhere = await answerOf(server, userId, 'listing-123', { timezone: 'Asia/Kathmandu' });
    assert.equal(elsewhere.approximate, true, 'nobody knows the hours of what the application counted');
    assert.equal(elsewhere.metrics.totalViews, 22);
  });

  const days = await application.queryPerformanceMetrics(userId, 'listing-123');
  assert.deepEqual(days.map(({ views, shares, inquiries }) => [views, shares, inquiries]), [[14, 1, 0], [0, 0, 1], [8, 0, 0]]);
  assert.deepEqual(days.map(({ platforms = {} }) => Object.fromEntries(Object.entries(platforms).map(([name, { views, shares, inquiries }]) => [name, [views, shares, inquiries]]))), [
    { facebook: [12, 0, 0], tiktok: [0, 1, 0] }, { linkedin: [0, 0, 1] }, { instagram: [2, 0, 0] },
  ]);
  assert.equal(days[2].entityType, 'PerformanceMetrics', 'what Footfall does not know it leaves alone');
});

test('an application that adds by UpdateItem beside a node loses nothing and takes nothing away', async () => {
  const userId = fresh('agent');
  await withNode(async (server) => {
    for (let i = 0; i < 30; i++) {
      await server.record(eventsOf(userId, 'listing-9', [[DATES[1], 'view', 'facebook', 3]]));
      await cluster.client.send(new UpdateCommand({
        TableName: cluster.table, Key: { PK: `USER#${userId}`, SK: `METRICS#listing-9#${DATES[1]}` },
        UpdateExpression: 'ADD #views :one', ExpressionAttributeNames: { '#views': 'views' }, ExpressionAttributeValues: { ':one': 1 },
      }));
    }
  });
  const item = await application.getPerformanceMetrics(userId, 'listing-9', DATES[1]);
  assert.equal(item.views, 120);
  assert.equal(item.platforms.facebook.views, 90);
});
