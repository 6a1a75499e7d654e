// kill -9 under load, again and again: nothing acknowledged is lost, nothing counts twice.
//
// Small segments and quick seals, so that the server dies while it rotates, seals, applies and
// recycles as well. Rounds: script/test --rounds N (10); a failed run's seed: --seed N.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DAY_MS, listingPath, startServer, test, withQuery } from '../integration/server.mjs';
import { Oracle, randomOf } from './oracle.mjs';

const rounds = Number(process.env.FOOTFALL_CRASH_ROUNDS ?? 10);
const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);
const flags = ['--journal-segment-bytes', '1048576', '--seal-interval-ms', '150'];

const USERS = ['agent-0', 'agent-1', 'agent-2'];
const LISTINGS = 12;
const RESEND = 2_000; // events an array: a group of them fits into a segment

const random = randomOf(seed);
const oracle = new Oracle();
let serial = 0;

function makeEvent({ bare = false } = {}) {
  serial += 1;
  const eventType = random.pick(['view', 'view', 'view', 'view', 'share', 'inquiry']);
  const event = {
    userId: random.pick(USERS),
    // events without an id cannot be sent again, so they have a listing of their own
    listingId: bare ? 'bare' : `listing-${random.below(LISTINGS)}`,
    eventType: bare ? 'view' : eventType,
  };
  if (!bare) event.id = `e-${serial}`;
  if (random.chance(0.6)) event.platform = random.pick(['facebook', 'instagram', 'linkedin', 'tiktok']);
  if (random.chance(0.6)) event.source = random.pick(['website', 'email', 'social-post']);
  if (random.chance(0.5)) event.timestamp = Date.now() - random.below(20 * DAY_MS);
  if (event.eventType === 'inquiry' && random.chance(0.8)) event.inquiry = { is: event.id, words: 'w'.repeat(random.below(200)) };
  return event;
}

const makeEvents = (count, options) => Array.from({ length: count }, () => makeEvent(options));

/** Anything that shows the server is gone; every other failure is one. */
function isGone(error) {
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_SOCKET_CLOSED'].includes(error.code) || /socket hang up|aborted/.test(error.message);
}

async function sendJson(server, events, body) {
  oracle.sending(events);
  const answer = await server.request('POST', '/v1/events', { body });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.recorded + answer.body.duplicates, events.length);
  oracle.acknowledged(events);
}

async function sendStream(server, events) {
  oracle.sending(events);
  const answer = await server.ndjson(events);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.recorded + answer.body.duplicates, events.length);
  oracle.acknowledged(events);
}

async function askOne(server) {
  const userId = random.pick(USERS);
  const listingId = `listing-${random.below(LISTINGS)}`;
  const floor = oracle.floor(userId, listingId);
  const query = random.chance(0.3) ? { timezone: 'Asia/Kathmandu' } : {};
  const counted = await server.totals(userId, listingId, { period: 'monthly', ...query });
  oracle.assertBetween(floor, counted, userId, listingId, 'one listing');
}

async function askAll(server) {
  const userId = random.pick(USERS);
  const floors = new Map(oracle.listingsOf(userId).map((listing) => [listing, oracle.floor(userId, listing)]));
  const counted = await countsOfAll(server, userId);
  for (const [listing, floor] of floors) {
    oracle.assertBetween(floor, counted.get(listing) ?? [0, 0, 0], userId, listing, 'all listings');
  }
}

async function countsOfAll(server, userId) {
  const answer = await server.get(`/v1/users/${userId}/metrics?period=monthly&limit=1000`);
  assert.equal(answer.status, 200, answer.text);
  return new Map(Object.entries(answer.body.metricsByListing).map(([listing, metrics]) => [
    listing, [metrics.totalViews, metrics.totalShares, metrics.totalInquiries],
  ]));
}

/** Sets or removes details of a listing that is this client's alone. */
async function changeDetails(server, client) {
  const [userId, listingId] = [USERS[0], `details-${client}`];
  const key = Oracle.key(userId, listingId);
  if (!oracle.details.has(key)) oracle.details.set(key, { userId, listingId, known: null, open: undefined });
  const entry = oracle.details.get(key);
  serial += 1;
  entry.open = random.chance(0.2) ? null : `address ${serial}`;
  const answer = entry.open === null
    ? await server.request('DELETE', listingPath(userId, listingId))
    : await server.request('PUT', listingPath(userId, listingId), { body: { address: entry.open } });
  assert.ok(answer.status === 200 || (entry.open === null && answer.status === 404), answer.text);
  entry.known = entry.open;
  entry.open = undefined;
}

async function client(server, number) {
  try {
    for (;;) {
      const what = random.below(100);
      if (what < 45) {
        const event = makeEvent({ bare: random.chance(0.2) });
        await sendJson(server, [event], event);
      } else if (what < 65) {
        const events = makeEvents(random.between(1, 60));
        await sendJson(server, events, events);
      } else if (what < 75) await sendStream(server, makeEvents(random.between(1, 400)));
      else if (what < 88) await askOne(server);
      else if (what < 94) await askAll(server);
      else await changeDetails(server, number);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** What must hold the moment a server is back. */
async function assertRemembered(server, when) {
  for (const userId of oracle.users()) {
    const floors = new Map(oracle.listingsOf(userId).map((listing) => [listing, oracle.floor(userId, listing)]));
    const counted = await countsOfAll(server, userId);
    for (const [listing, floor] of floors) {
      oracle.assertBetween(floor, counted.get(listing) ?? [0, 0, 0], userId, listing, when);
    }
    await assertInquiries(server, userId, when);
  }
  for (const entry of oracle.details.values()) {
    const answer = await server.get(listingPath(entry.userId, entry.listingId));
    const kept = answer.status === 404 ? null : answer.body.listing.address;
    const allowed = entry.open === undefined ? [entry.known] : [entry.known, entry.open];
    assert.ok(allowed.includes(kept), `${when}: details of ${entry.listingId}: ${kept}, not ${allowed.join(' or ')}`);
    entry.known = kept; // it is settled now
    entry.open = undefined;
  }
}

async function assertInquiries(server, userId, when) {
  const seen = new Map();
  let cursor;
  do {
    const answer = await server.get(withQuery(`/v1/users/${userId}/inquiries`, { limit: 1000, ...(cursor ? { cursor } : {}) }));
    assert.equal(answer.status, 200, answer.text);
    for (const { id, inquiry } of answer.body.inquiries) {
      assert.ok(!seen.has(id), `${when}: inquiry ${id} is there twice`);
      seen.set(id, inquiry);
    }
    cursor = answer.body.nextCursor;
  } while (cursor !== null);
  for (const { event, acknowledged } of oracle.inquiriesOf(userId)) {
    if (acknowledged) assert.ok(seen.has(event.id), `${when}: inquiry ${event.id} is lost`);
    if (seen.has(event.id)) assert.deepEqual(seen.get(event.id) ?? undefined, event.inquiry, `${when}: ${event.id}`);
  }
  const sent = new Set(oracle.inquiriesOf(userId).map(({ event }) => event.id));
  for (const id of seen.keys()) assert.ok(sent.has(id), `${when}: nobody sent inquiry ${id}`);
}

function sumOf(parts) {
  return ['views', 'shares', 'inquiries'].map((name) => parts.reduce((sum, part) => sum + part[name], 0));
}

async function resend(server, events) {
  const sums = { recorded: 0, duplicates: 0 };
  for (let at = 0; at < events.length; at += RESEND) {
    const answer = await server.record(events.slice(at, at + RESEND));
    sums.recorded += answer.recorded;
    sums.duplicates += answer.duplicates;
  }
  return sums;
}

/** Sends every id again; afterwards nothing is open and the counts are exact. */
async function assertExactAfterResending(server, when) {
  const [acknowledged, open] = oracle.split();
  const known = await resend(server, acknowledged);
  assert.deepEqual(known, { recorded: 0, duplicates: acknowledged.length }, `${when}: acknowledged ids were sent again`);
  const rest = await resend(server, open);
  assert.equal(rest.recorded + rest.duplicates, open.length);
  oracle.acknowledged(open);
  assert.deepEqual(await resend(server, open), { recorded: 0, duplicates: open.length }, when);
  await assertRemembered(server, `${when}, after resending`);

  for (const userId of oracle.users()) {
    const counted = await countsOfAll(server, userId);
    for (const listing of oracle.listingsOf(userId)) {
      if (listing === 'bare') continue;
      const { sent } = oracle.countsOf(userId, listing);
      assert.deepEqual(counted.get(listing), sent, `${when}: ${userId} ${listing}: every id once`);
      const metrics = await server.metrics(userId, listing, { period: 'monthly' });
      assert.deepEqual(sumOf(metrics.dailyBreakdown), sent, `${when}: ${userId} ${listing}: days`);
      for (const [field, found] of [['platform', metrics.byPlatform], ['source', metrics.bySource]]) {
        const want = oracle.sentWith(userId, listing, field);
        assert.deepEqual(sumOf(Object.values(found)), want, `${when}: ${userId} ${listing}: ${field}s`);
      }
    }
  }
  return { acknowledged: acknowledged.length, open: open.length, kept: rest.duplicates };
}

test(`kill -9 under load, ${rounds} rounds (seed ${seed})`, { timeout: 120_000 + rounds * 60_000 }, async (t) => {
  t.diagnostic(`FOOTFALL_SEED=${seed}`);
  console.log(`FOOTFALL_SEED=${seed}`);
  const server = await startServer({ flags });
  try {
    for (let round = 1; round <= rounds; round++) {
      const clients = Array.from({ length: 12 }, (_, number) => client(server, number));
      await Promise.race([delay(random.between(150, 1200)), Promise.all(clients)]);
      await server.kill9();
      await Promise.all(clients);

      for (let i = random.below(3); i > 0; i--) {
        // dies again while it recovers
        const starting = server.start().catch(() => null);
        await delay(random.below(40));
        await server.kill9();
        await starting;
      }
      await server.start();
      await assertRemembered(server, `round ${round}`);
      const found = await assertExactAfterResending(server, `round ${round}`);
      console.log(`round ${round}: ${found.acknowledged} acknowledged and kept, ${found.open} open of which ${found.kept} had been kept`);
      if (random.chance(0.3)) await server.restart();
    }
    await assertRemembered(server, 'at the end');
    await server.stopsCleanly();
  } finally {
    await server.close();
  }
});
