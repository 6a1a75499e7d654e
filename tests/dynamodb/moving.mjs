// moving.mjs - clients that are tied to no node: they send an event again at another one.
//
// An event of theirs goes to a node, or to two at once. When the answer is lost, comes too late or
// says 503, the same event goes to another node, until one acknowledges it: as recorded, or as a
// duplicate of what any node recorded. So it must count once, whoever says so (--dedupe shared):
// a duplicate that nobody counted is lost, and the ledger's bounds tell. Now and then a client
// gives up: what it sent counts once or not at all.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const AT_TWO_NODES = 0.2;
const IMPATIENT = 0.3; // of the tries that wait for a short time only
const IMPATIENCE_MS = [20, 300];
const PATIENCE_MS = 60_000;
const GIVES_UP = 0.02; // after a try without an answer of 200
const PAUSE_MS = [5, 50];
const AFTER_A_ROUND_MS = 10_000; // then what is open stays open

export function isGone(error) {
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_SOCKET_CLOSED'].includes(error.code) || /socket hang up|aborted|no answer within/.test(error.message);
}

export class MovingClients {
  constructor({ random, ledger, nodes }) {
    Object.assign(this, { random, ledger, nodes });
    this.counts = { moved: 0, duplicates: 0, undecided: 0, unavailable: 0, unanswered: 0 };
  }

  beginRound() {
    this.endsAt = Infinity;
  }

  endRound() {
    this.endsAt = Date.now() + AFTER_A_ROUND_MS;
  }

  /** Until they are acknowledged, first at that node. */
  async send(first, events) {
    const { random } = this;
    const entries = this.ledger.sending(events, first);
    let nodes = [first];
    if (random.chance(AT_TWO_NODES)) nodes.push(this.otherThan(first) ?? first);
    for (;;) {
      const last = nodes.at(-1);
      const answers = await Promise.all(nodes.map((node) => this.isAcknowledged(node, entries)));
      if (answers.includes(true) || random.chance(GIVES_UP)) return;
      do {
        if (Date.now() > this.endsAt) return;
        await delay(random.between(...PAUSE_MS));
        nodes = [this.otherThan(last)];
      } while (nodes[0] === undefined);
      this.counts.moved += 1;
    }
  }

  /** A node that is up; undefined while there is none. */
  otherThan(last) {
    const others = this.nodes.filter((node) => node.isUp && node !== last);
    return others.length === 0 ? undefined : this.random.pick(others);
  }

  async isAcknowledged(node, entries) {
    const { random, counts } = this;
    const timeoutMs = random.chance(IMPATIENT) ? random.between(...IMPATIENCE_MS) : PATIENCE_MS;
    let answer;
    try {
      answer = await node.server.request('POST', '/v1/events', { body: entries.map(({ event }) => event), timeoutMs });
    } catch (error) {
      if (!isGone(error)) throw error;
      counts.unanswered += 1;
      return false;
    }
    if (answer.status === 503) {
      if (answer.body.code === 'id_undecided') counts.undecided += 1;
      else counts.unavailable += 1;
      return false;
    }
    assert.equal(answer.status, 200, answer.text);
    const { recorded, duplicates } = answer.body;
    assert.equal(recorded + duplicates, entries.length, answer.text);
    counts.duplicates += duplicates;
    // who recorded what, when it is a part of them, the answer does not tell
    this.ledger.acknowledge(entries, duplicates === 0 ? node : undefined);
    return true;
  }
}
