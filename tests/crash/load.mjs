// load.mjs - mixed load on one server, and the reckoning after it died.
//
// Twelve clients record single events, arrays and NDJSON streams, inquiries among them, set and
// remove listing details, and ask questions. The oracle writes down what was sent, what was
// acknowledged and what questions showed; after each death the server has to remember it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DAY_MS, listingPath, withQuery } from '../integration/server.mjs';
import { Oracle, randomOf } from './oracle.mjs';

/** Small segments and quick seals: it dies while it rotates, seals, applies and recycles, too. */
export const FLAGS = ['--journal-segment-bytes', '1048576', '--seal-interval-ms', '150'];

const CLIENTS = 12;
const USERS = ['agent-0', 'agent-1', 'agent-2'];
const LISTINGS = 12;
const RESEND = 2_000; // events an array: a group of them fits into a segment

/** Anything that shows the server is gone; every other failure is one. */
function isGone(error) {
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_SOCKET_CLOSED'].includes(error.code) || /socket hang up|aborted/.test(error.message);
}

function sumOf(parts) {
  return ['views', 'shares', 'inquiries'].map((name) => parts.reduce((sum, part) => sum + part[name], 0));
}

/** What is sent to one data folder, however often its server dies. */
export class Load {
  constructor(seed) {
    this.random = randomOf(seed);
    this.oracle = new Oracle();
    this.serial = 0;
    this.over = false;
  }

  /** Runs the clients on the server for so long; then kill() has to end it. */
  async runAndKill(server, ms, kill) {
    this.over = false;
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.client(server, number));
    const all = Promise.all(clients);
    await Promise.race([delay(ms), all]);
    await Promise.race([kill(), all.then(() => new Promise(() => {}))]);
    await all;
  }

  /** From now on no answer counts: what is under way stays open. */
  endOfAcknowledgements() {
    this.over = true;
  }

  async client(server, number) {
    const { random } = this;
    try {
      while (!this.over) {
        const what = random.below(100);
        if (what < 45) {
          const event = this.makeEvent({ bare: random.chance(0.2) });
          await this.sendJson(server, [event], event);
        } else if (what < 65) {
          const events = this.makeEvents(random.between(1, 60));
          await this.sendJson(server, events, events);
        } else if (what < 75) await this.sendStream(server, this.makeEvents(random.between(1, 400)));
        else if (what < 88) await this.askOne(server);
        else if (what < 94) await this.askAll(server);
        else await this.changeDetails(server, number);
      }
    } catch (error) {
      if (!this.over && !isGone(error)) throw error;
    }
  }

  makeEvent({ bare = false } = {}) {
    const { random } = this;
    this.serial += 1;
    const eventType = random.pick(['view', 'view', 'view', 'view', 'share', 'inquiry']);
    const event = {
      userId: random.pick(USERS),
      // events without an id cannot be sent again, so they have a listing of their own
      listingId: bare ? 'bare' : `listing-${random.below(LISTINGS)}`,
      eventType: bare ? 'view' : eventType,
    };
    if (!bare) event.id = `e-${this.serial}`;
    if (random.chance(0.6)) event.platform = random.pick(['facebook', 'instagram', 'linkedin', 'tiktok']);
    if (random.chance(0.6)) event.source = random.pick(['website', 'email', 'social-post']);
    if (random.chance(0.5)) event.timestamp = Date.now() - random.below(20 * DAY_MS);
    if (event.eventType === 'inquiry' && random.chance(0.8)) event.inquiry = { is: event.id, words: 'w'.repeat(random.below(200)) };
    return event;
  }

  makeEvents(count) {
    return Array.from({ length: count }, () => this.makeEvent());
  }

  async sendJson(server, events, body) {
    this.oracle.sending(events);
    this.judgeRecorded(events, await server.request('POST', '/v1/events', { body }));
  }

  async sendStream(server, events) {
    this.oracle.sending(events);
    this.judgeRecorded(events, await server.ndjson(events));
  }

  judgeRecorded(events, answer) {
    if (this.over) return;
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.recorded + answer.body.duplicates, events.length);
    this.oracle.acknowledged(events);
  }

  /** A question's answer lies between the bounds, and what it shows is durable from then on. */
  judgeCounted(floor, counted, userId, listingId, when) {
    if (this.over) return;
    this.oracle.assertBetween(floor, counted, userId, listingId, when);
    this.oracle.shown(counted, userId, listingId);
  }

  async askOne(server) {
    const userId = this.random.pick(USERS);
    const listingId = `listing-${this.random.below(LISTINGS)}`;
    const floor = this.oracle.floor(userId, listingId);
    const query = this.random.chance(0.3) ? { timezone: 'Asia/Kathmandu' } : {};
    const counted = await server.totals(userId, listingId, { period: 'monthly', ...query });
    this.judgeCounted(floor, counted, userId, listingId, 'one listing');
  }

  async askAll(server, userId = this.random.pick(USERS), when = 'all listings') {
    const floors = new Map(this.oracle.listingsOf(userId).map((listing) => [listing, this.oracle.floor(userId, listing)]));
    const counted = await this.countsOfAll(server, userId);
    for (const [listing, floor] of floors) {
      this.judgeCounted(floor, counted.get(listing) ?? [0, 0, 0], userId, listing, when);
    }
  }

  async countsOfAll(server, userId) {
    const answer = await server.get(`/v1/users/${userId}/metrics?period=monthly&limit=1000`);
    assert.equal(answer.status, 200, answer.text);
    return new Map(Object.entries(answer.body.metricsByListing).map(([listing, metrics]) => [
      listing, [metrics.totalViews, metrics.totalShares, metrics.totalInquiries],
    ]));
  }

  /** Sets or removes details of a listing that is this client's alone. */
  async changeDetails(server, client) {
    const [userId, listingId] = [USERS[0], `details-${client}`];
    const key = Oracle.key(userId, listingId);
    const { details } = this.oracle;
    if (!details.has(key)) details.set(key, { userId, listingId, known: null, open: undefined });
    const entry = details.get(key);
    this.serial += 1;
    entry.open = this.random.chance(0.2) ? null : `address ${this.serial}`;
    const answer = entry.open === null
      ? await server.request('DELETE', listingPath(userId, listingId))
      : await server.request('PUT', listingPath(userId, listingId), { body: { address: entry.open } });
    if (this.over) return;
    assert.ok(answer.status === 200 || (entry.open === null && answer.status === 404), answer.text);
    entry.known = entry.open;
    entry.open = undefined;
  }

  /** What must hold the moment a server is back. */
  async assertRemembered(server, when) {
    this.over = false;
    for (const userId of this.oracle.users()) {
      await this.askAll(server, userId, when);
      await this.assertInquiries(server, userId, when);
    }
    for (const entry of this.oracle.details.values()) {
      const answer = await server.get(listingPath(entry.userId, entry.listingId));
      const kept = answer.status === 404 ? null : answer.body.listing.address;
      const allowed = entry.open === undefined ? [entry.known] : [entry.known, entry.open];
      assert.ok(allowed.includes(kept), `${when}: details of ${entry.listingId}: ${kept}, not ${allowed.join(' or ')}`);
      entry.known = kept; // it is settled now
      entry.open = undefined;
    }
  }

  async assertInquiries(server, userId, when) {
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
    const sent = this.oracle.inquiriesOf(userId);
    for (const { event, acknowledged } of sent) {
      if (acknowledged) assert.ok(seen.has(event.id), `${when}: inquiry ${event.id} is lost`);
      if (seen.has(event.id)) assert.deepEqual(seen.get(event.id) ?? undefined, event.inquiry, `${when}: ${event.id}`);
    }
    const ids = new Set(sent.map(({ event }) => event.id));
    for (const id of seen.keys()) assert.ok(ids.has(id), `${when}: nobody sent inquiry ${id}`);
  }

  async resend(server, events) {
    const sums = { recorded: 0, duplicates: 0 };
    for (let at = 0; at < events.length; at += RESEND) {
      const answer = await server.record(events.slice(at, at + RESEND));
      sums.recorded += answer.recorded;
      sums.duplicates += answer.duplicates;
    }
    return sums;
  }

  /**
   * Sends every id again; afterwards nothing is open and the counts are exact. Resolves with how
   * many ids were acknowledged before, how many were open, and how many of these had been kept.
   */
  async assertExactAfterResending(server, when) {
    const [acknowledged, open] = this.oracle.split();
    const known = await this.resend(server, acknowledged);
    assert.deepEqual(known, { recorded: 0, duplicates: acknowledged.length }, `${when}: acknowledged ids were sent again`);
    const rest = await this.resend(server, open);
    assert.equal(rest.recorded + rest.duplicates, open.length);
    this.oracle.acknowledged(open);
    assert.deepEqual(await this.resend(server, open), { recorded: 0, duplicates: open.length }, when);
    await this.assertRemembered(server, `${when}, after resending`);
    for (const userId of this.oracle.users()) await this.assertExact(server, userId, when);
    return { acknowledged: acknowledged.length, open: open.length, kept: rest.duplicates };
  }

  async assertExact(server, userId, when) {
    const counted = await this.countsOfAll(server, userId);
    for (const listing of this.oracle.listingsOf(userId)) {
      if (listing === 'bare') continue;
      const { sent } = this.oracle.countsOf(userId, listing);
      assert.deepEqual(counted.get(listing), sent, `${when}: ${userId} ${listing}: every id once`);
      const metrics = await server.metrics(userId, listing, { period: 'monthly' });
      assert.deepEqual(sumOf(metrics.dailyBreakdown), sent, `${when}: ${userId} ${listing}: days`);
      for (const [field, found] of [['platform', metrics.byPlatform], ['source', metrics.bySource]]) {
        const want = this.oracle.sentWith(userId, listing, field);
        assert.deepEqual(sumOf(Object.values(found)), want, `${when}: ${userId} ${listing}: ${field}s`);
      }
    }
  }

  /** Remembered, then exact; resolves as assertExactAfterResending(). */
  async reckon(server, when) {
    await this.assertRemembered(server, when);
    return this.assertExactAfterResending(server, when);
  }
}
