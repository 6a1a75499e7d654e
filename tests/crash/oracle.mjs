// oracle.mjs - what a server that died may and must remember.
//
// Every event sent is written down with what became of it:
//
//   acknowledged   answered with 200: must be counted, once
//   open           sent, and the server died before it answered: may be counted, once
//
// From that follow a lower and an upper bound for every count, at any moment; after every id has
// been sent again there is nothing open, and the bounds meet. What a question showed is a lower
// bound as well: only what is durable is counted.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';

const TYPES = ['view', 'share', 'inquiry'];

/** A random generator that its seed repeats (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  };
  return {
    below: (bound) => Math.floor(next() * bound),
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (part) => next() < part,
  };
}

const zero = () => ({ sent: [0, 0, 0], acknowledged: [0, 0, 0], shown: [0, 0, 0] });

export class Oracle {
  constructor() {
    this.counts = new Map(); // "user listing" -> {sent, acknowledged, shown}, each by type
    this.events = new Map(); // id -> {event, acknowledged}; only events that bear an id
    this.details = new Map(); // "user listing" -> {known, open}: known is what is surely kept
  }

  static key(userId, listingId) {
    return `${userId} ${listingId}`;
  }

  /** All zero for a listing that was only asked about: it is none of listingsOf(). */
  countsOf(userId, listingId) {
    return this.counts.get(Oracle.key(userId, listingId)) ?? zero();
  }

  /** Before the events go out. */
  sending(events) {
    for (const event of events) {
      const key = Oracle.key(event.userId, event.listingId);
      if (!this.counts.has(key)) this.counts.set(key, zero());
      this.counts.get(key).sent[TYPES.indexOf(event.eventType)] += 1;
      if (event.id !== undefined) this.events.set(event.id, { event, acknowledged: false });
    }
  }

  /** After a 200. */
  acknowledged(events) {
    for (const event of events) {
      const entry = this.events.get(event.id);
      if (entry?.acknowledged) continue;
      if (entry !== undefined) entry.acknowledged = true;
      this.countsOf(event.userId, event.listingId).acknowledged[TYPES.indexOf(event.eventType)] += 1;
    }
  }

  /** A copy of the lower bounds, to be taken before a question is asked. */
  floor(userId, listingId) {
    const { acknowledged, shown } = this.countsOf(userId, listingId);
    return acknowledged.map((count, i) => Math.max(count, shown[i]));
  }

  /** An answer gave these counts. */
  shown(counted, userId, listingId) {
    const { shown } = this.countsOf(userId, listingId);
    for (const i of shown.keys()) shown[i] = Math.max(shown[i], counted[i]);
  }

  /** Fails unless the counts that an answer gave lie between the floor and what was ever sent. */
  assertBetween(floor, counted, userId, listingId, when) {
    const { sent } = this.countsOf(userId, listingId);
    for (const [i, type] of TYPES.entries()) {
      const words = `${when}: ${userId} ${listingId}: ${counted[i]} ${type}s counted`;
      assert.ok(counted[i] >= floor[i], `${words}, ${floor[i]} acknowledged or shown before the question`);
      assert.ok(counted[i] <= sent[i], `${words}, only ${sent[i]} ever sent`);
    }
  }

  /** [events with an id that are acknowledged, those that are open]. */
  split() {
    const acknowledged = [];
    const open = [];
    for (const entry of this.events.values()) {
      (entry.acknowledged ? acknowledged : open).push(entry.event);
    }
    return [acknowledged, open];
  }

  /** Events with an id that bear the field, by type. */
  sentWith(userId, listingId, field) {
    const counts = [0, 0, 0];
    for (const { event } of this.events.values()) {
      if (event.userId === userId && event.listingId === listingId && event[field] !== undefined) {
        counts[TYPES.indexOf(event.eventType)] += 1;
      }
    }
    return counts;
  }

  users() {
    return [...new Set([...this.counts.keys()].map((key) => key.split(' ')[0]))];
  }

  listingsOf(userId) {
    return [...this.counts.keys()].map((key) => key.split(' ')).filter(([user]) => user === userId).map(([, listing]) => listing);
  }

  inquiriesOf(userId) {
    return [...this.events.values()].filter(
      ({ event }) => event.userId === userId && event.eventType === 'inquiry',
    );
  }
}
