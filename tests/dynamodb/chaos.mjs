// chaos.mjs - four nodes, one table, a bad network and kill -9: what was acknowledged counts once.
//
// A round lets clients record on all nodes, about the same users and listings everywhere, while the
// network between each node and the engine loses, delays, repeats and falsifies (proxy.mjs), and is
// cut for a while; then some nodes are killed and started again. Questions under way must lie
// between the ledger's bounds, `freshAsOf` included. At the end the network is good again, the
// nodes stop, and
//
//   1. the table itself, read by Amazon's SDK, lies between the bounds, day by day and platform
//      by platform;
//   2. what was open is sent again to its node: nothing acknowledged counts a second time, and
//      the table is exact;
//   3. a fifth node that recorded nothing gives exact answers in several time zones, by day,
//      platform and source: its cells agree with the totals.
//
// With movesIds the nodes share ids, clients send the same event to any of them (moving.mjs), and
// in 2. everything goes to a node that is chosen anew.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../crash/oracle.mjs';
import { DAY_MS, listingPath, utcDate, withQuery } from '../integration/server.mjs';
import { startCluster } from './cluster.mjs';
import { Ledger, compare, countsOf, dateIn } from './ledger.mjs';
import { MovingClients, isGone } from './moving.mjs';
import { METRICS_KEY, itemsOf } from './table.mjs';

const NODES = 4;
const CLIENTS = 20;
const USERS = ['agent-0', 'agent-1'];
const LISTINGS = 8;
const DAYS_BACK = 2;
const CUT_MS = [50, 600];
const RESEND = 2_000;
const ARRAY = 60;
const BURST = 300; // events about one day: more than one guarded update can hold
const ROUND_MS = [150, 700];
const SIZES = { RESEND, ARRAY, BURST, ROUND_MS };
// every id is a write before the answer: fewer events at once, and more time
const MOVING_SIZES = { RESEND: 200, ARRAY: 12, BURST: 40, ROUND_MS: [500, 1500] };
const IN_PEACE_MS = 60_000;
const CROWDED = 'crowded'; // a listing with more sources than a day has places for
const CROWD = 90;
const SOURCES_MAX = 64;
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Kiritimati'];
const PLATFORMS = ['facebook', 'instagram', 'linkedin', 'tiktok'];
const SOURCES = ['website', 'email', 'social-post'];

class Chaos {
  constructor(seed, cluster, movesIds) {
    this.random = randomOf(seed);
    this.cluster = cluster;
    this.ledger = new Ledger();
    if (movesIds) this.moving = new MovingClients({ random: this.random, ledger: this.ledger, nodes: cluster.nodes.slice(0, NODES) });
    this.sizes = movesIds ? MOVING_SIZES : SIZES;
    this.serial = 0;
    this.kills = 0;
    this.asked = 0;
    this.fresh = 0; // answers that said how fresh they are
    this.refused = 0; // answers of 503
  }

  makeEvent() {
    const { random } = this;
    this.serial += 1;
    const event = {
      userId: random.pick(USERS),
      // one listing in three events is the same, so that writers meet
      listingId: `listing-${random.chance(0.3) ? 0 : random.below(LISTINGS)}`,
      eventType: random.pick(['view', 'view', 'view', 'share', 'inquiry']),
      id: `e-${this.serial}`,
      timestamp: Date.now() - random.below(DAYS_BACK * DAY_MS),
    };
    if (random.chance(0.7)) event.platform = random.pick(PLATFORMS);
    if (random.chance(0.6)) event.source = random.pick(SOURCES);
    if (event.eventType === 'inquiry' && random.chance(0.7)) event.inquiry = { is: event.id };
    return event;
  }

  /** Records, asks, and goes on until its node dies or the round ends. */
  async client(number) {
    const node = this.cluster.nodes[number % NODES];
    try {
      while (!this.over && node.isUp) {
        const what = this.random.below(10);
        if (what < 5) await this.send(node, [this.makeEvent()]);
        else if (what < 8) await this.send(node, this.makeEvents(this.random.between(2, this.sizes.ARRAY)));
        else if (this.random.chance(0.5)) await this.ask(node);
        else await this.send(node, this.makeBurst());
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  makeEvents(count) {
    return Array.from({ length: count }, () => this.makeEvent());
  }

  /** Much about one listing: of one day, or from a crowd of sources. */
  makeBurst() {
    const { random, sizes } = this;
    const events = this.makeEvents(random.between(sizes.BURST / 2, sizes.BURST));
    const { userId, timestamp } = events[0];
    const midnight = Math.floor(timestamp / DAY_MS - 1) * DAY_MS;
    const isCrowd = random.chance(0.5);
    for (const event of events) {
      event.userId = userId;
      event.listingId = isCrowd ? CROWDED : 'listing-1';
      event.timestamp = midnight + random.below(DAY_MS);
      if (isCrowd) event.source = `source-${random.below(CROWD)}`;
    }
    return events;
  }

  async send(node, events) {
    if (this.moving) {
      await this.moving.send(node, events);
      return;
    }
    const count = events.length;
    const entries = this.ledger.sending(events, node);
    const answer = await node.server.request('POST', '/v1/events', { body: events });
    if (answer.status === 503) this.refused += 1;
    else {
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.body, { success: true, recorded: count, duplicates: 0 });
      this.ledger.acknowledge(entries, node);
      return;
    }
    await delay(20);
  }

  /**
   * What a node answers counts all that it recorded and acknowledged before, all that others acknowledged before
   * `freshAsOf`, and nothing that nobody sent.
   */
  async ask(node) {
    const userId = this.random.pick(USERS);
    const timezone = this.random.pick(ZONES);
    const own = new Set(this.ledger.of(userId).filter((entry) => entry.recordedBy === node));
    const answer = await node.server.get(withQuery(`/v1/users/${userId}/metrics`, { period: 'monthly', timezone, limit: 1000 }));
    if (answer.status >= 500) {
      this.refused += 1;
      return;
    }
    assert.equal(answer.status, 200, answer.text);
    const { metricsByListing, freshAsOf } = answer.body;
    const bounds = Ledger.bounds(this.ledger.of(userId), ({ listingId }) => listingId,
      (entry) => own.has(entry) || entry.ackAt < (freshAsOf ?? 0));
    const counted = new Map(Object.entries(metricsByListing).map(([listing, metrics]) => [
      listing, [metrics.totalViews, metrics.totalShares, metrics.totalInquiries],
    ]));
    const differences = [];
    compare(`node ${node.number}, ${userId}, ${timezone}, fresh as of ${freshAsOf}`, bounds, counted, differences);
    this.mustBeEmpty(differences);
    this.asked += 1;
    if (freshAsOf !== undefined) this.fresh += 1; // absent while a node knows no other writer
  }

  mustBeEmpty(differences) {
    if (this.isDriftExpected) return;
    assert.equal(differences.length, 0, differences.slice(0, 20).map(({ where }) => where).join('\n'));
  }

  async round() {
    const { random, cluster } = this;
    this.over = false;
    this.moving?.beginRound();
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.client(number));
    const all = Promise.all(clients);
    all.catch(() => {}); // looked at below
    if (random.chance(0.5)) {
      const { proxy } = random.pick(cluster.nodes);
      proxy.isCut = true;
      delay(random.between(...CUT_MS)).then(() => (proxy.isCut = false));
    }
    await Promise.race([delay(random.between(...this.sizes.ROUND_MS)), all]);
    const victims = cluster.nodes.filter(() => random.chance(0.4));
    await Promise.all(victims.map((node) => node.kill9()));
    this.kills += victims.length;
    this.over = true;
    this.moving?.endRound();
    if (!this.moving) await all;
    const back = Promise.all(victims.map((node) => this.comeBack(node)));
    await Promise.allSettled([back, all]);
    await Promise.all([back, all]);
  }

  /** It may die while it starts, too: it resumes its unacknowledged batches again and again. */
  async comeBack(node) {
    await node.start();
    if (!this.random.chance(0.3)) return;
    await delay(this.random.below(120));
    await node.kill9();
    this.kills += 1;
    await node.start();
  }

  /** The listing days of the table: by (user, listing, date), and by platform as well. */
  async readTable() {
    const days = new Map();
    const platforms = new Map();
    for (const userId of USERS) {
      for (const item of await itemsOf(this.cluster.client, this.cluster.table, userId, 'METRICS#')) {
        const { listingId, date } = METRICS_KEY.exec(item.SK).groups;
        days.set(`${userId} ${listingId} ${date}`, countsOf(item));
        for (const [name, counts] of Object.entries(item.platforms ?? {})) {
          platforms.set(`${userId} ${listingId} ${date} ${name}`, countsOf(counts));
        }
      }
    }
    return { days, platforms };
  }

  /** Differences between the table and the ledger's bounds. */
  async differencesOfTable(when) {
    const { days, platforms } = await this.readTable();
    const { entries } = this.ledger;
    const differences = [];
    const dayOf = ({ userId, listingId, timestamp }) => `${userId} ${listingId} ${utcDate(timestamp)}`;
    compare(`${when}, the table's days`, Ledger.bounds(entries, dayOf), days, differences);
    compare(`${when}, the table's platforms`,
      Ledger.bounds(entries, (event) => (event.platform === undefined ? undefined : `${dayOf(event)} ${event.platform}`)), platforms, differences);
    return differences;
  }

  /** Sends everything again, to where it was sent or to any node; resolves with how much of what was open had been kept. */
  async settle() {
    const { nodes } = this.cluster;
    const target = new Map(this.ledger.entries.map((entry) => [entry, this.moving ? this.random.pick(nodes) : entry.node]));
    let kept = 0;
    for (const node of nodes) {
      const known = this.ledger.acknowledged().filter((entry) => target.get(entry) === node);
      const open = this.ledger.open().filter((entry) => target.get(entry) === node);
      const twice = await this.resend(node, known);
      assert.deepEqual(twice, { recorded: 0, duplicates: known.length }, `node ${node.number} knows what it acknowledged`);
      kept += (await this.resend(node, open)).duplicates;
      this.ledger.acknowledge(open);
    }
    return kept;
  }

  async resend(node, entries) {
    const sums = { recorded: 0, duplicates: 0 };
    for (let at = 0; at < entries.length; at += this.sizes.RESEND) {
      const events = entries.slice(at, at + this.sizes.RESEND).map(({ event }) => event);
      const answer = await (this.moving ? this.recordInTime(node, events) : node.server.record(events));
      sums.recorded += answer.recorded;
      sums.duplicates += answer.duplicates;
    }
    return sums;
  }

  /** A table that is slow for a while may cost a claim its time, and the try nothing else. */
  async recordInTime(node, events) {
    for (const endsAt = Date.now() + IN_PEACE_MS; ; await delay(100)) {
      const answer = await node.server.request('POST', '/v1/events', { body: events });
      if (answer.status === 200) return answer.body;
      if (answer.status !== 503 || Date.now() > endsAt) assert.fail(`node ${node.number} in peace: ${answer.text}`);
    }
  }

  /** A node's answers against the ledger, in each zone by day, platform and source; and inquiries. */
  async differencesOfAnswers(node) {
    const differences = [];
    const now = Date.now();
    for (const zone of ZONES) {
      const date = dateIn(zone);
      for (const userId of USERS) {
        const answer = await node.server.get(withQuery(`/v1/users/${userId}/metrics`, {
          startDate: date(now - (DAYS_BACK + 3) * DAY_MS), endDate: date(now + DAY_MS), timezone: zone, include: 'dailyBreakdown', limit: 1000,
        }));
        assert.equal(answer.status, 200, answer.text);
        const found = { day: new Map(), platform: new Map(), source: new Map() };
        for (const [listingId, metrics] of Object.entries(answer.body.metricsByListing)) {
          for (const day of metrics.dailyBreakdown) found.day.set(`${listingId} ${day.date}`, countsOf(day));
          for (const [name, counts] of Object.entries(metrics.byPlatform)) found.platform.set(`${listingId} ${name}`, countsOf(counts));
          if (listingId === CROWDED) found.source.set(CROWDED, sumOf(Object.values(metrics.bySource).map(countsOf)));
          else for (const [name, counts] of Object.entries(metrics.bySource)) found.source.set(`${listingId} ${name}`, countsOf(counts));
        }
        const keys = {
          day: ({ listingId, timestamp }) => `${listingId} ${date(timestamp)}`,
          platform: ({ listingId, platform }) => platform && `${listingId} ${platform}`,
          // which names of a crowd have places depends on who came first; their sum does not
          source: ({ listingId, source }) => source && (listingId === CROWDED ? CROWDED : `${listingId} ${source}`),
        };
        for (const [kind, keyOf] of Object.entries(keys)) {
          compare(`the fifth node, ${zone}, ${userId}, by ${kind}`, Ledger.bounds(this.ledger.of(userId), keyOf), found[kind], differences);
        }
      }
    }
    return differences;
  }

  /** However many writers met on it, no day has more sources than places. */
  async assertPlaces(node) {
    for (const userId of USERS) {
      const dates = new Set(this.ledger.of(userId, CROWDED).map(({ event }) => utcDate(event.timestamp)));
      for (const date of dates) {
        const answer = await node.server.metrics(userId, CROWDED, { startDate: date, endDate: date });
        const names = Object.keys(answer.bySource).filter((name) => name !== '(other)');
        assert.ok(names.length <= SOURCES_MAX, `${userId} ${date}: ${names.length} sources`);
      }
    }
  }

  async assertInquiries(node) {
    for (const userId of USERS) {
      const seen = new Map();
      let cursor;
      do {
        const answer = await node.server.get(withQuery(`/v1/users/${userId}/inquiries`, { limit: 1000, ...(cursor ? { cursor } : {}) }));
        assert.equal(answer.status, 200, answer.text);
        for (const { id, inquiry } of answer.body.inquiries) {
          assert.ok(!seen.has(id), `inquiry ${id} is there twice`);
          seen.set(id, inquiry ?? undefined);
        }
        cursor = answer.body.nextCursor;
      } while (cursor !== null);
      const sent = this.ledger.of(userId).filter(({ event }) => event.eventType === 'inquiry');
      assert.deepEqual([...seen.keys()].sort(), sent.map(({ event }) => event.id).sort(), `inquiries of ${userId}`);
      for (const { event } of sent) assert.deepEqual(seen.get(event.id), event.inquiry);
    }
  }

  /** Every node sets a listing's details in turn; whoever asks gets the last that was set. */
  async assertDetails(fifth) {
    const path = listingPath(USERS[0], 'listing-0');
    for (const node of this.cluster.nodes.slice(0, NODES)) {
      const answer = await node.server.request('PUT', path, { body: { address: `by node ${node.number}` } });
      assert.equal(answer.status, 200, answer.text);
      await delay(2); // the newer receive time wins
    }
    return async () => {
      const { body } = await fifth.server.get(path);
      assert.equal(body.listing.address, `by node ${NODES}`);
    };
  }
}

const sumOf = (rows) => rows.reduce((sum, row) => sum.map((count, i) => count + row[i]), [0, 0, 0]);
const driftOf = (differences) => differences.reduce((sum, { lost, surplus }) => sum + lost + surplus, 0);

/** Leaves all that a failed chain was about, and says where: in words, and as error.kept. */
async function keep(chaos, seed, keepIn, error) {
  const path = join(keepIn, `footfall-chaos-${seed}-${process.hrtime.bigint()}`);
  const ledger = chaos.ledger.entries.map(({ event, node, ackAt, recordedBy }) => (
    `${JSON.stringify({ node: node.number, ackAt: ackAt ?? null, recordedBy: recordedBy?.number, event })}\n`));
  try {
    await chaos.cluster.keepAt(path, { 'ledger.ndjson': ledger.join(''), 'error.txt': `${error.stack}\n` });
    error.kept = path;
    console.error(`The data of the nodes, their logs, the table and the ledger are kept at ${path}`);
  } catch (second) {
    console.error('The data could not be kept:', second);
  }
}

/**
 * One chain of rounds over one table: {acknowledged, open, kept, kills, asked, fresh, refused, faults, drift}, and what the
 * clients met if their ids move.
 * Throws at the first wrong count, unless isDriftExpected: then it says how large the drift is. What
 * a failed chain was about is kept in the folder keepIn; error.kept says where.
 */
export async function chaosChain({
  seed, rounds, rate = 0.3, program, under, movesIds = false, flags = movesIds ? ['--dedupe', 'shared'] : [],
  isDriftExpected = false, keepIn = tmpdir(), say = () => {},
}) {
  const cluster = await startCluster({ nodes: NODES, seed, randomOf, rate, program, under, flags });
  const chaos = new Chaos(seed, cluster, movesIds);
  chaos.isDriftExpected = isDriftExpected;
  const found = () => ({
    acknowledged: chaos.ledger.acknowledged().length, open: chaos.ledger.open().length,
    kills: chaos.kills, asked: chaos.asked, fresh: chaos.fresh, refused: chaos.refused, ...chaos.moving?.counts,
  });
  try {
    for (let round = 1; round <= rounds; round++) {
      await chaos.round();
      say(`round ${round}: ${JSON.stringify(found())}`);
    }
    const sums = { ...found(), faults: cluster.faults() };
    await cluster.calm();
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    const before = await chaos.differencesOfTable('before anything is sent again');
    chaos.mustBeEmpty(before);
    if (isDriftExpected) return { ...sums, drift: driftOf(before) };

    await Promise.all(cluster.nodes.map((node) => node.start()));
    sums.kept = await chaos.settle();
    const fifth = await cluster.addNode(NODES + 1);
    const agree = await chaos.assertDetails(fifth);
    await Promise.all(cluster.nodes.slice(0, NODES).map((node) => node.stop()));
    chaos.mustBeEmpty(await chaos.differencesOfTable('after all'));
    chaos.mustBeEmpty(await chaos.differencesOfAnswers(fifth));
    await chaos.assertPlaces(fifth);
    await chaos.assertInquiries(fifth);
    await agree();
    await fifth.stop();
    return { ...sums, drift: 0 };
  } catch (error) {
    cluster.printLogs();
    await keep(chaos, seed, keepIn, error);
    throw error;
  } finally {
    await cluster.close();
  }
}
