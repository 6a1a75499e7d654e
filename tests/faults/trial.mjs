// trial.mjs - a short life of a server in which one thing goes wrong, and the reckoning after it.
//
// The life records by every road (single, array, NDJSON, inquiries, listing details), repeats an
// id, asks, rotates segments, seals, and stops. Whatever the fault, during it:
//
//   - every answer is 200, or a refusal with words and a stable code; none is missing while the
//     server lives;
//   - after a write or a sync of the journal failed nothing is acknowledged any more;
//   - no answer shows less than was acknowledged before the question;
//   - the server starts, or refuses with words; it ends by exit, not by a signal of its own.
//
// The reckoning, without the fault: it starts; every acknowledged event is counted once and no
// other more than once; every id sent again counts exactly once in the end.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Oracle } from '../crash/oracle.mjs';
import { listingPath, program, startServer, withQuery } from '../integration/server.mjs';

export const shim = join(dirname(program), 'tests/faults/faults.so');
/** 'address', 'thread' or undefined: script/test names the folders of such builds so. */
export const sanitizer = /-(address|thread)\b/.exec(dirname(program))?.[1];

const USERS = ['agent-0', 'agent-1'];
const LISTINGS = ['house', 'flat', 'barn'];
const ANSWER_MS_MAX = 30_000; // beyond it the server hangs

/** What an event may be refused with when a disk fails; http/respond.c. */
const REFUSALS = {
  503: ['outcome_unknown', 'stopped', 'disk_full', 'store_behind', 'overloaded', 'no_memory'],
};
/** A question may also meet a store that cannot be read. */
const QUESTION_REFUSALS = { ...REFUSALS, 500: ['io_error', 'io', 'corrupt'] };

export function environmentOf({ under, call, at, what, count = 1, report }) {
  return {
    LD_PRELOAD: shim,
    FAULT_UNDER: under,
    FAULT_CALL: call,
    FAULT_AT: String(at),
    FAULT_DO: what ?? '',
    FAULT_FOR: String(count),
    FAULT_REPORT: report,
    // sanitizer builds: the shim comes before their runtime
    ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
  };
}

/** What the shim wrote down: {calls, hits, call, path}. */
export function readReport(path) {
  if (!existsSync(path)) return { calls: 0, hits: 0, call: '', path: '' };
  const bytes = readFileSync(path);
  const words = (from, to) => bytes.subarray(from, to).toString('utf8').replace(/\0[^]*$/, '');
  return {
    calls: Number(bytes.readBigUInt64LE(0)),
    hits: Number(bytes.readBigUInt64LE(8)),
    call: words(16, 32),
    path: words(32, bytes.length),
  };
}

/** What was sent and what became of it, through several servers over one data folder. */
export class Ledger {
  constructor() {
    this.oracle = new Oracle();
    this.serial = 0;
  }

  /** A ledger that begins where this one is. */
  copy() {
    const copy = new Ledger();
    copy.serial = this.serial;
    for (const name of ['counts', 'events', 'details']) copy.oracle[name] = structuredClone(this.oracle[name]);
    return copy;
  }

  makeEvent(eventType = 'view') {
    this.serial += 1;
    const event = {
      userId: USERS[this.serial % USERS.length],
      listingId: LISTINGS[this.serial % LISTINGS.length],
      eventType,
      id: `e-${this.serial}`,
    };
    if (this.serial % 2 === 0) event.platform = 'facebook';
    if (this.serial % 3 === 0) event.source = 'website';
    if (eventType === 'inquiry') event.inquiry = { is: event.id, words: 'w'.repeat(100) };
    return event;
  }

  makeEvents(count) {
    const types = ['view', 'share', 'inquiry', 'view'];
    return Array.from({ length: count }, (_, i) => this.makeEvent(types[i % types.length]));
  }
}

class Gone extends Error {}

/** One server's life: requests whose every outcome is judged. */
export class Life {
  constructor(server, ledger) {
    this.server = server;
    this.ledger = ledger;
    this.refused = []; // codes, in order
    this.over = false; // a failed sync was admitted
  }

  /** The answer, or Gone when the process ended. Nothing else may stay without an answer. */
  async ask(method, path, options) {
    try {
      return await this.server.request(method, path, { timeoutMs: ANSWER_MS_MAX, ...options });
    } catch (error) {
      assert.ok(!/no answer within/.test(error.message), `a hang: ${error.message}`);
      const end = await Promise.race([this.server.exited, inMs(ANSWER_MS_MAX)]);
      assert.ok(end, `${method} ${path}: ${error.message}, and the server lives`);
      throw new Gone(error.message);
    }
  }

  judgeRefusal(what, answer, allowed) {
    assert.ok(allowed[answer.status]?.includes(answer.body?.code), `${what}: ${answer.status} ${answer.text}`);
    assert.equal(answer.body.success, false, answer.text);
    assert.ok(answer.body.error.length > 10, answer.text);
    this.refused.push(answer.body.code);
    if (['outcome_unknown', 'stopped'].includes(answer.body.code)) this.over = true;
    if (answer.status === 503 && !['outcome_unknown', 'stopped'].includes(answer.body.code)) {
      assert.ok(answer.headers['retry-after'], `${answer.body.code} without Retry-After`);
    }
  }

  /** Sends what changes something; true if it was acknowledged. */
  async change(method, path, options) {
    const answer = await this.ask(method, path, options);
    if (answer.status === 404 && method === 'DELETE') return answer; // nothing to remove
    if (answer.status === 200) {
      assert.ok(!this.over, `acknowledged after a failed sync: ${answer.text}`);
      return answer;
    }
    // removing details looks first whether there are any
    this.judgeRefusal(`${method} ${path}`, answer, method === 'DELETE' ? QUESTION_REFUSALS : REFUSALS);
    return { ...answer, refused: true };
  }

  async record(events, body) {
    this.ledger.oracle.sending(events);
    const answer = await this.change('POST', '/v1/events', { body });
    if (answer.refused) return;
    assert.equal(answer.body.recorded, events.length, answer.text);
    this.ledger.oracle.acknowledged(events);
  }

  async recordStream(events) {
    this.ledger.oracle.sending(events);
    const answer = await this.change('POST', '/v1/events', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
    });
    const counted = answer.refused ? (answer.body.nextLine ?? 1) - 1 : events.length;
    if (!answer.refused) assert.equal(answer.body.recorded, events.length, answer.text);
    this.ledger.oracle.acknowledged(events.slice(0, counted));
  }

  /** An id that was acknowledged is sent again, with other content. */
  async repeat() {
    const [acknowledged] = this.ledger.oracle.split();
    if (acknowledged.length === 0) return;
    const event = { ...acknowledged.at(-1), listingId: 'elsewhere' };
    const answer = await this.change('POST', '/v1/events', { body: event });
    if (!answer.refused) assert.deepEqual([answer.body.recorded, answer.body.duplicates], [0, 1], answer.text);
  }

  async details(address) {
    const [userId, listingId] = [USERS[0], LISTINGS[0]];
    const key = Oracle.key(userId, listingId);
    const entry = this.ledger.oracle.details.get(key) ?? { userId, listingId, allowed: [null] };
    this.ledger.oracle.details.set(key, entry);
    const before = entry.allowed;
    entry.allowed = [...before, address];
    const answer = address === null
      ? await this.change('DELETE', listingPath(userId, listingId), {})
      : await this.change('PUT', listingPath(userId, listingId), { body: { address } });
    if (answer.status === 404) {
      // nothing is there to remove now; a change that nobody could answer may still turn up
      assert.ok(before.includes(null), `details ${before} are gone`);
      entry.allowed = before;
    } else if (!answer.refused) entry.allowed = [address];
  }

  async question(path) {
    const answer = await this.ask('GET', path, {});
    if (answer.status === 200) return answer.body;
    this.judgeRefusal(`GET ${path}`, answer, QUESTION_REFUSALS);
    return undefined;
  }

  async askOne(userId, listingId, query = {}) {
    const floor = this.ledger.oracle.floor(userId, listingId);
    const path = withQuery(`${listingPath(userId, listingId)}/metrics`, { period: 'weekly', ...query });
    const found = (await this.question(path))?.metrics;
    if (found === undefined) return;
    const counted = [found.totalViews, found.totalShares, found.totalInquiries];
    this.ledger.oracle.assertBetween(floor, counted, userId, listingId, 'one listing');
  }

  async askAll(userId) {
    const { oracle } = this.ledger;
    const floors = new Map(LISTINGS.map((listing) => [listing, oracle.floor(userId, listing)]));
    const found = await this.question(`/v1/users/${userId}/metrics?period=weekly`);
    if (found === undefined) return;
    for (const [listing, floor] of floors) {
      const metrics = found.metricsByListing[listing];
      const counted = metrics ? [metrics.totalViews, metrics.totalShares, metrics.totalInquiries] : [0, 0, 0];
      oracle.assertBetween(floor, counted, userId, listing, 'all listings');
    }
  }

  async live() {
    try {
      for (let round = 0; round < 3; round++) {
        const single = this.ledger.makeEvent(round === 1 ? 'inquiry' : 'view');
        await this.record([single], single);
        const several = this.ledger.makeEvents(5);
        await this.record(several, several);
        await this.details(round === 2 ? null : `address ${this.ledger.serial}`);
        await this.recordStream(this.ledger.makeEvents(6));
        await this.repeat();
        await this.askOne(USERS[round % 2], LISTINGS[round]);
        await this.askOne(USERS[round % 2], LISTINGS[round], { timezone: 'Asia/Kathmandu' });
        await this.askAll(USERS[round % 2]);
        await this.question(`/v1/users/${USERS[0]}/inquiries?limit=10`);
      }
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      return false;
    }
    return true;
  }
}

function inMs(ms) {
  return new Promise((done) => setTimeout(done, ms).unref());
}

/** Nothing acknowledged is lost and nothing counts twice: on a server without faults. */
export async function reckon(server, ledger) {
  const { oracle } = ledger;
  const life = new Life(server, ledger);
  for (const userId of USERS) {
    await life.askAll(userId);
    await assertInquiries(server, oracle, userId);
  }
  for (const entry of oracle.details.values()) {
    const answer = await server.get(listingPath(entry.userId, entry.listingId));
    const kept = answer.status === 404 ? null : answer.body.listing.address;
    assert.ok(entry.allowed.includes(kept), `details: ${kept}, not one of ${JSON.stringify(entry.allowed)}`);
  }

  const [acknowledged, open] = oracle.split();
  if (acknowledged.length > 0) {
    const known = await server.record(acknowledged);
    assert.deepEqual([known.recorded, known.duplicates], [0, acknowledged.length], 'acknowledged ids, sent again');
  }
  if (open.length > 0) await server.record(open);
  oracle.acknowledged(open);
  for (const userId of USERS) {
    const answer = await server.get(`/v1/users/${userId}/metrics?period=weekly`);
    assert.equal(answer.status, 200, answer.text);
    for (const listing of [...LISTINGS, 'elsewhere']) {
      const metrics = answer.body.metricsByListing[listing];
      const counted = metrics ? [metrics.totalViews, metrics.totalShares, metrics.totalInquiries] : [0, 0, 0];
      assert.deepEqual(counted, oracle.countsOf(userId, listing).sent, `${userId} ${listing}: every id once`);
    }
    await assertInquiries(server, oracle, userId);
  }
  return { acknowledged: acknowledged.length, open: open.length };
}

async function assertInquiries(server, oracle, userId) {
  const answer = await server.get(`/v1/users/${userId}/inquiries?limit=1000`);
  assert.equal(answer.status, 200, answer.text);
  const seen = new Set();
  for (const { id, inquiry } of answer.body.inquiries) {
    assert.ok(!seen.has(id), `inquiry ${id} is there twice`);
    assert.equal(inquiry.is, id);
    seen.add(id);
  }
  for (const { event, acknowledged } of oracle.inquiriesOf(userId)) {
    if (acknowledged) assert.ok(seen.has(event.id), `inquiry ${event.id} is lost`);
  }
}

/**
 * A life in this data folder with the given environment. Resolves with {started, end, refused}:
 * how far it came, how the process ended, which codes were given.
 */
export async function liveWith({ data, ledger, flags, env, under, killed = false }) {
  const server = unstarted({ data, flags, env, under });
  try {
    try {
      await server.start();
    } catch (error) {
      const end = await Promise.race([server.exited, inMs(1000)]);
      assert.ok(end, error.message);
      await assertEnd(server, end, killed);
      if (end.signal === null) assert.notEqual(end.code, 0, 'it ended before it began, with 0');
      return { started: false, end, refused: [], log: server.log };
    }
    const life = new Life(server, ledger);
    await life.live();
    const end = await server.stop();
    await assertEnd(server, end, killed);
    return { started: true, end, refused: life.refused, over: life.over, log: server.log };
  } catch (error) {
    server.printLog();
    throw error;
  } finally {
    await server.close();
  }
}

function unstarted(options) {
  // startServer() throws the server away when it does not start; here that is an outcome
  const { constructor: Server } = probe;
  return new Server(options);
}

let probe;
/** To be called once, before all else. */
export async function prepare() {
  probe = await startServer();
  await probe.close();
}

async function assertEnd(server, end, killed) {
  if (killed && end.signal === 'SIGKILL') return;
  assert.equal(end.signal, null, `it ended by ${end.signal}`);
  server.hasNoSanitizerReport();
  if (end.code !== 0) {
    // the last lines may still be on their way through the pipe
    const hasWords = () => server.log.some((line) => /^footfall: .{10}/.test(line));
    for (let i = 0; i < 100 && !hasWords(); i++) await delay(20);
    assert.ok(hasWords(), `exit code ${end.code} without words`);
  }
}
