// A backup taken under load restores to every event acknowledged before it began, plus a prefix of
// those after, each once, with ids that stay known; kill -9 in its middle leaves no half one.
//
// Clients send one event after the other. What is in a restored folder follows from sending every
// id to it: a duplicate is there, a new one is not. A prefix: whoever is there, everything that was
// acknowledged before it was sent is there as well.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inParallel, program, run, startServer, temporaryFolder, test } from '../integration/server.mjs';
import { FLAGS } from './load.mjs';

const CLIENTS = 8;
const EVENTS_BEFORE = 300;
const BACKUPS = 4;
const KILLS = 12;

class Clients {
  constructor() {
    this.events = []; // {event, sentAt, ackedAt}
    this.moment = 0; // a logical clock
    this.over = false;
  }

  /** Until stop(); whoever loses the server ends quietly. */
  start(server) {
    this.over = false;
    this.all = Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.run(server, client)));
  }

  async run(server, client) {
    while (!this.over) {
      const serial = this.events.length;
      const entry = {
        event: { userId: `agent-${client % 3}`, listingId: `listing-${serial % 17}`, eventType: 'view', id: `e-${serial}` },
        sentAt: ++this.moment,
      };
      this.events.push(entry);
      try {
        const answer = await server.record([entry.event]);
        assert.deepEqual([answer.recorded, answer.duplicates], [1, 0]);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return; // the server is gone
      }
      entry.ackedAt = ++this.moment;
    }
  }

  async stop() {
    this.over = true;
    await this.all;
  }

  acknowledged() {
    return this.events.filter(({ ackedAt }) => ackedAt !== undefined).length;
  }

  async untilAcknowledged(count) {
    while (this.acknowledged() < count) await turn();
  }
}

async function viewsOf(server, users) {
  let views = 0;
  for (const user of users) {
    const answer = await server.get(`/v1/users/${user}/metrics?period=monthly&limit=1000`);
    assert.equal(answer.status, 200, answer.text);
    for (const metrics of Object.values(answer.body.metricsByListing)) views += metrics.totalViews;
  }
  return views;
}

/** Serves the folder and compares it with what was sent; began is the clients' moment. */
async function reckon(data, clients, began, when) {
  const server = await startServer({ flags: FLAGS, data });
  try {
    const users = ['agent-0', 'agent-1', 'agent-2'];
    const counted = await viewsOf(server, users);
    const there = await inParallel(16, clients.events.map((entry) => async () => (await server.record([entry.event])).duplicates === 1));
    assert.equal(counted, there.filter(Boolean).length, `${when}: what is known counts, each once`);
    let newest = 0;
    for (const [i, { sentAt }] of clients.events.entries()) if (there[i] && sentAt > newest) newest = sentAt;
    for (const [i, { event, ackedAt }] of clients.events.entries()) {
      if (ackedAt === undefined || there[i]) continue;
      assert.ok(ackedAt > began, `${when}: ${event.id} was acknowledged before the backup began, and is lost`);
      assert.ok(ackedAt > newest, `${when}: ${event.id} is missing, and one that was sent later is there`);
    }
    assert.equal(await viewsOf(server, users), clients.events.length, `${when}: after sending all again`);
    await server.stopsCleanly();
    return { counted, all: clients.events.length };
  } finally {
    await server.close();
  }
}

async function succeeds(args, when) {
  const end = await run(args, { timeoutMs: 120_000 });
  assert.equal(end.code, 0, `${when}: ${end.stdout}${end.stderr}`);
  return end;
}

test('a backup under load holds what was acknowledged before it began, and a prefix of the rest', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: FLAGS });
  t.after(() => server.close());
  const clients = new Clients();
  const backups = [];
  clients.start(server);
  for (let i = 0; i < BACKUPS; i++) {
    await clients.untilAcknowledged(clients.acknowledged() + EVENTS_BEFORE);
    const began = clients.moment;
    const path = join(folder.path, `backup-${i}`);
    await succeeds(['backup', path, '--data', server.data], `backup ${i}`);
    backups.push({ path, began });
  }
  await clients.untilAcknowledged(clients.acknowledged() + EVENTS_BEFORE);
  await clients.stop();
  await server.stopsCleanly();

  for (const [i, { path, began }] of backups.entries()) {
    const data = join(folder.path, `data-${i}`);
    await succeeds(['restore', path, '--to', data], `restore ${i}`);
    const verified = await succeeds(['verify', '--data', data, '--json'], `verify ${i}`);
    assert.equal(JSON.parse(verified.stdout).clean, true);
    const { counted, all } = await reckon(data, clients, began, `backup ${i}`);
    t.diagnostic(`backup ${i}: ${counted} of ${all} events`);
    assert.ok(counted < all, 'the load went on');
    await succeeds(['restore', path, '--check'], `backup ${i} is unchanged by all this`);
  }
});

/** Runs a backup and kills something the moment that it is at work. */
async function killInTheMiddle(args, partial, kill) {
  const child = spawn(program, args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  let over = false;
  exited.then(() => (over = true));
  while (!over && !existsSync(join(partial, 'footfall.db'))) await turn();
  const inTheMiddle = !over;
  await kill(child);
  const [code, signal] = await exited;
  return { inTheMiddle, code, signal };
}

test('kill -9 of a backup leaves a server that goes on, and nothing under its name', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: FLAGS });
  t.after(() => server.close());
  const clients = new Clients();
  const path = join(folder.path, 'backup');
  let killed = 0;
  clients.start(server);
  for (let i = 0; i < KILLS && killed < 3; i++) {
    await clients.untilAcknowledged(clients.acknowledged() + 100);
    const { signal } = await killInTheMiddle(['backup', path, '--data', server.data], `${path}.partial`, (child) => child.kill('SIGKILL'));
    if (signal !== 'SIGKILL') {
      await succeeds(['restore', path, '--check'], 'one that was faster than the kill');
      return;
    }
    killed += 1;
    assert.ok(!existsSync(path), 'nothing has its name');
    assert.ok(existsSync(join(`${path}.partial`, 'INCOMPLETE')), 'what is left says what it is');
  }
  assert.ok(killed > 0);
  await succeeds(['backup', path, '--data', server.data], 'the next one');
  assert.deepEqual(readdirSync(folder.path), ['backup'], 'what was left is gone');
  await clients.stop();
  await server.stopsCleanly();
  const segments = readdirSync(join(server.data, 'journal')).filter((name) => name.startsWith('0'));
  assert.ok(segments.length <= 3, `nothing is pinned any more: ${segments}`);
  await reckon(server.data, clients, clients.moment, 'the server itself');
});

test('a signal ends a backup, and it tidies up', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: FLAGS });
  t.after(() => server.close());
  await server.record([{ userId: 'u', listingId: 'l', eventType: 'view' }]);
  const path = join(folder.path, 'backup');
  for (let i = 0; i < KILLS; i++) {
    const { code, signal } = await killInTheMiddle(['backup', path, '--data', server.data], `${path}.partial`, (child) => child.kill('SIGTERM'));
    assert.equal(signal, null);
    if (code === 0) {
      await succeeds(['restore', path, '--check'], 'one that was faster than the signal');
      break;
    }
    assert.deepEqual([code, readdirSync(folder.path)], [1, []]);
  }
});

test('a server that is killed under a backup changes nothing of what the backup promises', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: FLAGS });
  t.after(() => server.close());
  const clients = new Clients();
  const backups = [];
  for (let i = 0; i < 3; i++) {
    clients.start(server);
    await clients.untilAcknowledged(clients.acknowledged() + EVENTS_BEFORE);
    const began = clients.moment;
    const path = join(folder.path, `backup-${i}`);
    const { code } = await killInTheMiddle(['backup', path, '--data', server.data], `${path}.partial`, async () => {
      await server.kill9();
      await clients.stop();
      await server.start(); // it recovers and opens a new segment while the backup may still read
    });
    assert.equal(code, 0, 'the backup does not need the server');
    backups.push({ path, began });
  }
  await server.stopsCleanly();
  for (const [i, { path, began }] of backups.entries()) {
    const data = join(folder.path, `data-${i}`);
    await succeeds(['restore', path, '--to', data], `restore ${i}`);
    await reckon(data, clients, began, `backup ${i}`);
  }
  await reckon(server.data, clients, clients.moment, 'the server itself');
});
