// The disk fills up: events are refused with words, questions go on, nothing acknowledged is
// lost, and room heals it without a restart.
//
// The data folder lies on a small tmpfs of its own, which needs root to mount.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseExposition, startServer, temporaryFolder, test } from '../integration/server.mjs';

const HEALS_MS_MAX = 30_000;
const TRIES_MAX = 20_000;
const flags = ['--journal-segment-bytes', '1MiB', '--seal-interval-ms', '100', '--log-level', 'error'];

function mountTmpfs(path, mib, option = '') {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700${option}`, 'footfall-test', path]).status === 0;
}

const cannotMount = (() => {
  const folder = temporaryFolder();
  const able = mountTmpfs(folder.path, 1);
  if (able) spawnSync('umount', [folder.path]);
  folder.remove();
  return able ? false : 'mounting a tmpfs needs root';
})();

function smallDisk(t, mib) {
  const folder = temporaryFolder();
  assert.ok(mountTmpfs(folder.path, mib));
  t.after(() => {
    spawnSync('umount', ['-l', folder.path]);
    folder.remove();
  });
  return {
    data: join(folder.path, 'data'),
    ballast: join(folder.path, 'ballast'),
    grow: (to) => assert.ok(mountTmpfs(folder.path, to, ',remount')),
  };
}

/** Takes every last byte. */
function fill(path) {
  const fd = openSync(path, 'w');
  const piece = Buffer.alloc(64 * 1024);
  try {
    for (let size = piece.length; size >= 1; ) {
      try {
        writeSync(fd, piece, 0, size);
      } catch (error) {
        assert.equal(error.code, 'ENOSPC');
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Sends arrays of events and keeps the count of those that were acknowledged. */
class Sender {
  constructor(server, { users, listings }) {
    this.server = server;
    this.users = users;
    this.listings = listings; // of a user: one page of an answer
    this.serial = 0;
    this.acknowledged = 0;
    this.refused = []; // arrays
    this.refusals = new Map();
  }

  makeEvents(count) {
    return Array.from({ length: count }, () => {
      this.serial += 1;
      const userId = `agent-${this.serial % this.users}`;
      const listingId = `l-${Math.floor(this.serial / this.users) % this.listings}`;
      return { userId, listingId, eventType: 'view', id: `e-${this.serial}` };
    });
  }

  /** The answer to one array: 200, or a refusal that says when to come again. */
  async send(count = 500) {
    const events = this.makeEvents(count);
    const answer = await this.server.request('POST', '/v1/events', { body: events });
    if (answer.status === 200) {
      assert.deepEqual([answer.body.recorded, answer.body.duplicates], [count, 0]);
      this.acknowledged += count;
      return answer;
    }
    assert.equal(answer.status, 503, answer.text);
    assert.ok(['disk_full', 'store_behind', 'overloaded'].includes(answer.body.code), answer.text);
    assert.ok(answer.body.error.length > 20 && Number(answer.headers['retry-after']) >= 1, answer.text);
    this.refused.push(events);
    this.refusals.set(answer.body.code, (this.refusals.get(answer.body.code) ?? 0) + 1);
    return answer;
  }

  async untilRefused() {
    for (let i = 0; i < TRIES_MAX; i++) {
      const answer = await this.send();
      if (answer.status === 503) return answer;
    }
    return assert.fail('the disk is never full');
  }

  async untilHealed() {
    const until = Date.now() + HEALS_MS_MAX;
    while ((await this.send()).status !== 200) {
      assert.ok(Date.now() < until, `not healed within ${HEALS_MS_MAX} ms`);
      await delay(20);
    }
  }

  /** What was refused was not recorded: sent again it is new. */
  async resendRefused() {
    for (const events of this.refused.splice(0)) {
      const answer = await this.server.record(events);
      assert.deepEqual([answer.recorded, answer.duplicates], [events.length, 0], 'refused, and sent again');
      this.acknowledged += events.length;
    }
  }

  /** Sends on until a batch did not find room in the store. */
  async untilTheStoreFails() {
    const until = Date.now() + HEALS_MS_MAX;
    const failures = async () => parseExposition((await this.server.get('/metrics')).text).get('footfall_store_failures_total');
    while (await failures() === 0) {
      assert.ok(Date.now() < until, 'the store does not meet the full disk');
      await this.send();
      await delay(20);
    }
  }

  /** What the server counts, by questions that need the store as well as memory. */
  async total() {
    let views = 0;
    for (let user = 0; user < this.users; user++) {
      const answer = await this.server.get(`/v1/users/agent-${user}/metrics?period=weekly&limit=1000`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.nextCursor, null);
      for (const metrics of Object.values(answer.body.metricsByListing)) views += metrics.totalViews;
    }
    return views;
  }

  async isExact(when) {
    assert.equal(await this.total(), this.acknowledged, `${when}: events counted`);
  }
}

test('a disk that others fill', { skip: cannotMount }, async (t) => {
  const disk = smallDisk(t, 48);
  const server = await startServer({ data: disk.data, flags });
  t.after(() => server.close());
  const sender = new Sender(server, { users: 20, listings: 1000 });
  for (let i = 0; i < 10; i++) await sender.send();

  fill(disk.ballast);
  const refused = await sender.untilRefused();
  assert.equal(refused.body.code, 'disk_full');
  const full = await server.get('/readyz');
  assert.equal(full.status, 503);
  assert.equal(full.body.code, 'disk_full');
  await sender.isExact('full');
  for (let i = 0; i < 50; i++) await sender.send();
  await sender.untilTheStoreFails();
  assert.equal((await server.get('/healthz')).status, 200);

  rmSync(disk.ballast);
  await sender.untilHealed();
  assert.equal((await server.get('/readyz')).status, 200);
  await sender.isExact('healed');
  await sender.resendRefused();
  await sender.isExact('healed, and sent again');

  // once more, and the power goes while it is full
  fill(disk.ballast);
  await sender.untilRefused();
  await server.kill9();
  try {
    await server.start();
    await sender.isExact('started on a full disk');
    for (let i = 0; i < 5; i++) await sender.send();
  } catch (error) {
    assert.match(error.message, /did not start[^]*footfall: .*(room|space)/i);
  }
  rmSync(disk.ballast);
  if (server.child === undefined) await server.start();
  await sender.untilHealed();
  await sender.isExact('healed after the restart');
  await server.restart();
  await sender.isExact('restarted');
  await server.stopsCleanly();
  console.log(`refusals: ${JSON.stringify([...sender.refusals])}, ${sender.acknowledged} events acknowledged and counted`);
});

test('a disk that Footfall itself fills', { skip: cannotMount }, async (t) => {
  const disk = smallDisk(t, 24);
  mkdirSync(disk.data);
  const server = await startServer({ data: disk.data, flags: [...flags, '--memory-bytes', '16MiB'] });
  t.after(() => server.close());
  const sender = new Sender(server, { users: 200, listings: 1000 });
  await sender.untilRefused();
  for (let i = 0; i < 30; i++) await sender.send();
  await sender.isExact('full');

  disk.grow(128);
  await sender.untilHealed();
  await sender.isExact('healed');
  await server.restart();
  await sender.isExact('restarted');
  await server.stopsCleanly();
  console.log(`refusals: ${JSON.stringify([...sender.refusals])}, ${sender.acknowledged} events acknowledged and counted`);
});
