// import.mjs - an import that is killed again and again, and its server too: each event counts once.
//
// The file has no ids, and the server's window holds fewer than the file has events: so what a kill
// leaves in doubt must be the youngest events, and few.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DAY_MS, program, startServer, utcDate } from '../integration/server.mjs';

const USERS = 7;
const LISTINGS = 60; // of each user
const DAYS = 300;
const TYPES = ['view', 'view', 'view', 'view', 'view', 'view', 'view', 'share', 'share', 'inquiry'];
const IDS_MAX = 80_000; // that the server remembers: a little more than may be in doubt
const MEMORY_MB_MAX = 200;
const first = Date.UTC(2011, 0, 1); // far older than 400 days

/** A small generator of whole numbers that a seed repeats (Numerical Recipes' constants). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return (from, to) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((state / 2 ** 32) * (to - from));
  };
}

function eventLine(i) {
  const user = i % USERS;
  const listing = Math.floor(i / USERS) % LISTINGS;
  const time = first + (i % DAYS) * DAY_MS + (i % 86_400) * 1000;
  return `{"userId":"agent-${user}","listingId":"listing-${listing}","eventType":"${TYPES[i % 10]}","timestamp":${time}}\n`;
}

/** Writes the file; resolves with the counts it must lead to, by "user/listing". */
export function writeEvents(path, count) {
  const expected = new Map();
  const file = openSync(path, 'w');
  let lines = [];
  for (let i = 0; i < count; i++) {
    lines.push(eventLine(i));
    const key = `agent-${i % USERS}/listing-${Math.floor(i / USERS) % LISTINGS}`;
    const counts = expected.get(key) ?? [0, 0, 0];
    counts[{ view: 0, share: 1, inquiry: 2 }[TYPES[i % 10]]] += 1;
    expected.set(key, counts);
    if (lines.length === 10_000 || i === count - 1) {
      writeSync(file, lines.join(''));
      lines = [];
    }
  }
  closeSync(file);
  return expected;
}

/** What the server counts, in the same shape. */
async function counted(server) {
  const found = new Map();
  const range = `startDate=${utcDate(first)}&endDate=${utcDate(first + DAYS * DAY_MS)}`;
  for (let user = 0; user < USERS; user++) {
    const answer = await server.get(`/v1/users/agent-${user}/metrics?${range}&limit=1000`);
    assert.equal(answer.status, 200, answer.text);
    for (const [listing, sums] of Object.entries(answer.body.metricsByListing)) {
      found.set(`agent-${user}/${listing}`, [sums.totalViews, sums.totalShares, sums.totalInquiries]);
    }
  }
  return found;
}

/** The most memory a process has had, in MB; 0 when it is gone. */
function peakMemory(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return 0;
  }
}

/** One run of the importer; with kill() its promise of an end. */
function startImport(path, url) {
  const child = spawn(program, ['import', path, '--url', url, '--json', '--patience', '60'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let memory = 0;
  child.stdout.on('data', (piece) => (stdout += piece));
  child.stderr.on('data', (piece) => (stderr += piece));
  const watch = setInterval(() => (memory = Math.max(memory, peakMemory(child.pid))), 20);
  const end = once(child, 'close').then(([code, signal]) => {
    clearInterval(watch);
    return { code, signal, stdout, stderr, memory };
  });
  return { end, kill: () => child.kill('SIGKILL') };
}

/**
 * Imports `events` with kills of the importer and of the server; throws unless each counts once.
 * Resolves with what happened.
 */
export async function killedImport({ folder, events, kills, seed, say = () => {} }) {
  const random = randomFrom(seed);
  const path = join(folder, 'events.ndjson');
  const expected = writeEvents(path, events);
  const server = await startServer({ data: join(folder, 'data'), flags: ['--dedupe-ids', String(IDS_MAX)] });
  const done = { runs: 0, importerKills: 0, serverKills: 0, memory: 0, recorded: 0, duplicates: 0 };
  try {
    server.flags = [...server.flags, '--listen', `127.0.0.1:${server.port}`]; // the same address again
    // a run takes some milliseconds to begin, and then moves by about 300,000 events a second
    const lifeMs = Math.max(40, Math.min(1500, events / 300 / (kills + 1)));
    const started = Date.now();
    for (;;) {
      const killsImporter = done.importerKills + done.serverKills < kills;
      const killsServer = killsImporter && random(0, 3) === 0;
      const running = startImport(path, server.url);
      let ended = false;
      running.end.finally(() => (ended = true));
      for (let i = 0; killsServer && !ended && i < 3; i++) {
        await delay(random(5, lifeMs));
        await server.kill9();
        await delay(random(0, 50));
        await server.start();
        done.serverKills += 1;
      }
      if (killsImporter && !ended) {
        await Promise.race([delay(random(10, 1.3 * lifeMs)), running.end]);
        running.kill();
      }
      const end = await running.end;
      done.runs += 1;
      done.memory = Math.max(done.memory, end.memory);
      if (end.signal === 'SIGKILL') {
        done.importerKills += 1;
        continue;
      }
      // a server that is not there before the first answer is an error at once
      if (killsServer && end.code === 1 && /no server answers/.test(end.stderr)) continue;
      assert.equal(end.code, 0, `the import ended with ${end.code}: ${end.stdout}${end.stderr}`);
      Object.assign(done, JSON.parse(end.stdout).allRuns);
      break;
    }
    done.seconds = (Date.now() - started) / 1000;
    say(JSON.stringify(done));
    assert.deepEqual(await counted(server), expected);
    assert.ok(done.memory < MEMORY_MB_MAX, `the importer took ${done.memory} MB`);

    const again = await startImport(path, server.url).end;
    const nothing = JSON.parse(again.stdout);
    assert.deepEqual([nothing.recorded, nothing.duplicates, nothing.rejected], [0, 0, 0], again.stdout);
    await server.restart();
    assert.deepEqual(await counted(server), expected, 'after a restart');
    await server.stopsCleanly();
    return done;
  } finally {
    await server.close();
  }
}
