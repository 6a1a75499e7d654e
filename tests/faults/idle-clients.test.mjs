// 20,000 connections that say nothing: memory stays within what is documented for each, whoever is
// connected is served, newcomers beyond the bound wait, and accepting resumes when the crowd leaves.
// Where a process may not have so many descriptors the crowd is as large as it may have.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseExposition, startServer, test } from '../integration/server.mjs';
import { sanitizer } from './trial.mjs';

const CROWD_WANTED = 20_000;
const CROWD_MIN = 5_000;
const FILES_BESIDE = 500; // the server's own
const PROCESSES = 2;
const BYTES_EACH_MAX = 20 * 1024; // "about 17 KiB", docs/operations/configuration.md
const helper = join(dirname(fileURLToPath(import.meta.url)), 'idle-crowd.mjs');

const able = (files) => spawnSync('prlimit', [`--nofile=${files}:${files}`, 'true']).status === 0;
const filesMax = able(CROWD_WANTED + FILES_BESIDE) ? CROWD_WANTED + FILES_BESIDE
  : Number(spawnSync('prlimit', ['--nofile', '--output', 'HARD', '--noheadings']).stdout);
const CROWD = filesMax - FILES_BESIDE - ((filesMax - FILES_BESIDE) % PROCESSES);
const skip = CROWD >= CROWD_MIN ? false : `a process may have ${filesMax} file descriptors only (ulimit -n)`;

/** A process that holds its part of the crowd; leave() ends it. */
async function crowd(port, count) {
  const files = `${count + 100}:${count + 100}`;
  const child = spawn('prlimit', [`--nofile=${files}`, process.execPath, helper, port, count], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    (async () => { for await (const each of createInterface(child.stdout)) return [each]; return ['it ended']; })(),
    delay(120_000, ['it did not connect in time'], { ref: false }),
  ]);
  assert.equal(line, `connected ${count}`);
  return { leave: () => child.stdin.end() };
}

const residentBytes = (server) => {
  const pid = server.child.pid; // prlimit has become the server
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
};

test(`${CROWD_WANTED} connections that say nothing`, { skip, timeout: 300_000 }, async (t) => {
  const server = await startServer({
    under: ['prlimit', `--nofile=${filesMax}:${filesMax}`],
    flags: ['--max-connections', String(CROWD + 1), '--head-timeout-ms', '600000', '--log-level', 'error'],
  });
  t.after(() => server.close());
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  let sent = 0;
  const isServed = async () => {
    sent += 1;
    const answer = await server.request('POST', '/v1/events', {
      agent, body: { userId: 'agent', listingId: 'house', eventType: 'view', id: `e-${sent}` },
    });
    assert.equal(answer.status, 200, answer.text);
    const asked = await server.request('GET', '/v1/users/agent/listings/house/metrics', { agent });
    assert.equal(asked.body.metrics.totalViews, sent, asked.text);
  };
  const connections = async () =>
    parseExposition((await server.request('GET', '/metrics', { agent })).text).get('footfall_http_connections');
  for (let i = 0; i < 50; i++) await isServed();
  const before = residentBytes(server);

  const parts = await Promise.all(Array.from({ length: PROCESSES }, () => crowd(server.port, CROWD / PROCESSES)));
  t.after(() => parts.forEach((part) => part.leave()));
  for (let i = 0; i < 400 && await connections() < CROWD + 1; i++) await delay(25);
  assert.equal(await connections(), CROWD + 1);
  for (let i = 0; i < 50; i++) await isServed();
  const each = (residentBytes(server) - before) / CROWD;
  console.log(`${CROWD} connections, ${Math.round(each)} bytes of memory for each`);
  // a sanitizer's own books are larger than what they are about
  if (sanitizer === undefined) assert.ok(each <= BYTES_EACH_MAX, `${each} bytes for each connection`);

  // one more is accepted by the kernel, and waits
  const newcomer = net.connect(server.port, '127.0.0.1');
  t.after(() => newcomer.destroy());
  const answered = new Promise((done, failed) => newcomer.on('data', done).on('error', failed));
  newcomer.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  const waited = await Promise.race([answered, delay(500, 'still waiting')]);
  assert.equal(waited, 'still waiting');
  await isServed();

  parts.splice(0).forEach((part) => part.leave());
  assert.match((await answered).toString(), /^HTTP\/1\.1 200 /);
  for (let i = 0; i < 400 && await connections() > 2; i++) await delay(25);
  assert.equal(await connections(), 2);
  await isServed();
  agent.destroy();
  newcomer.destroy();
  await server.stopsCleanly();
});
