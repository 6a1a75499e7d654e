// Every system call on the data folder fails once: nothing acknowledged is lost, nothing counts
// twice, every refusal has words.
//
// The Nth call of each kind fails by EIO, ENOSPC, a short write, or the process is killed there;
// in a fresh folder, in one that a kill left behind, and with O_DIRECT. Every N: FOOTFALL_FAULTS=all; otherwise a
// sample that FOOTFALL_SEED repeats. One: FOOTFALL_FAULTS='fresh write EIO 17'.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomOf } from '../crash/oracle.mjs';
import { inParallel, startServer, temporaryFolder, test } from '../integration/server.mjs';
import { environmentOf, Ledger, Life, liveWith, prepare, readReport, reckon, shim } from './trial.mjs';

const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);
const wanted = process.env.FOOTFALL_FAULTS ?? 'sample';
const SAMPLE = 90; // trials
const flags = ['--journal-segment-bytes', '65536', '--seal-interval-ms', '10', '--log-level', 'warn'];

const FAULTS = {
  write: ['EIO', 'ENOSPC', 'short', 'kill'],
  sync: ['EIO', 'ENOSPC', 'kill'],
  open: ['EIO', 'EMFILE', 'kill'],
  rename: ['EIO', 'kill'],
  unlink: ['EIO', 'kill'],
  truncate: ['EIO', 'kill'],
  allocate: ['ENOSPC', 'EIO', 'kill'],
  mkdir: ['ENOSPC', 'kill'],
  read: ['EIO'],
};
// from the Nth call on, for good
const FOR_EVER = { write: ['EIO', 'ENOSPC'], sync: ['EIO'], open: ['EMFILE'], allocate: ['ENOSPC'] };

const random = randomOf(seed);
const template = temporaryFolder();

/** A folder as a kill leaves it: a store with some batches, and journal that it does not have. */
async function makeTemplate() {
  const data = join(template.path, 'data');
  const ledger = new Ledger();
  for (const extra of [[], ['--seal-interval-ms', '1h']]) {
    const server = await startServer({ data, flags: [...flags, ...extra] });
    await new Life(server, ledger).live();
    await (extra.length > 0 ? server.kill9() : server.stopsCleanly());
    await server.close();
  }
  return { data, ledger };
}

async function trial(start, { call, at, what, count }) {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  const report = join(folder.path, 'report');
  const name = `${start.name} ${call} ${what}${count === 'ever' ? ' ever' : ''} ${at}`;
  let hit = {};
  try {
    if (start.data !== undefined) cpSync(start.data, data, { recursive: true });
    const ledger = start.ledger.copy();
    const env = environmentOf({ under: data, call, at, what, count, report });
    const lived = await liveWith({
      data, ledger, flags: [...flags, ...start.flags], env, killed: what === 'kill',
    });
    hit = readReport(report);
    if (hit.hits === 0) {
      assert.deepEqual([lived.refused, lived.end], [[], { code: 0, signal: null }], 'without a fault');
    }
    if (hit.hits > 0 && /^E/.test(what) && ['write', 'sync'].includes(hit.call) && /\/journal\/\d+\.seg$/.test(hit.path)) {
      const admitted = !lived.started || lived.over || lived.end.code !== 0;
      assert.ok(admitted, 'the journal could not be written, and nobody was told');
    }
    const server = await startServer({ data, flags });
    try {
      await reckon(server, ledger);
      await server.stopsCleanly();
    } catch (error) {
      server.printLog();
      throw error;
    } finally {
      await server.close();
    }
    return { name, hit, ...lived };
  } catch (error) {
    hit = readReport(report);
    error.message = `${name} (${hit.call ?? '?'} ${hit.path ?? ''}): ${error.message}`;
    throw error;
  } finally {
    folder.remove();
  }
}

function pickSome(trials) {
  if (wanted === 'all') return trials;
  if (wanted !== 'sample') {
    return trials.filter((one) => `${one.start.name} ${one.call} ${one.what}${one.count === 'ever' ? ' ever' : ''} ${one.at}`.startsWith(wanted));
  }
  const left = [...trials];
  const picked = [];
  while (picked.length < SAMPLE && left.length > 0) picked.push(...left.splice(random.below(left.length), 1));
  return picked;
}

test(`a system call fails, any one (seed ${seed})`, {
  skip: existsSync(shim) ? false : `${shim} is not built`,
  timeout: 7_200_000,
}, async (t) => {
  t.diagnostic(`FOOTFALL_SEED=${seed}`);
  t.after(() => template.remove());
  await prepare();
  const killed = await makeTemplate();
  const starts = [
    { name: 'fresh', flags: [], ledger: new Ledger() },
    { name: 'killed', flags: [], data: killed.data, ledger: killed.ledger },
    // O_DIRECT and RWF_DSYNC: a write is its own sync
    { name: 'direct', flags: ['--journal-io', 'direct'], calls: ['write', 'open'], ledger: new Ledger() },
  ];

  const trials = [];
  for (const start of starts) {
    for (const [call, whats] of Object.entries(FAULTS)) {
      if (start.calls !== undefined && !start.calls.includes(call)) continue;
      // what seals, rotates and recycles runs beside the requests: counts differ a little
      let calls = 0;
      for (let i = 0; i < 2; i++) {
        const { hit } = await trial(start, { call, at: 1_000_000, what: 'EIO', count: 1 });
        calls = Math.max(calls, hit.calls);
      }
      for (let at = 1; at <= calls + 2; at++) {
        for (const what of whats) trials.push({ start, call, at, what, count: 1 });
        for (const what of FOR_EVER[call] ?? []) trials.push({ start, call, at, what, count: 'ever' });
      }
    }
  }

  const picked = pickSome(trials);
  const outcomes = new Map();
  const failures = [];
  let fired = 0;
  await inParallel(2, picked.map((one) => async () => {
    try {
      const found = await trial(one.start, one);
      if (found.hit.hits > 0) fired += 1;
      const outcome = !found.started ? 'refused to start or died there' : found.end.signal ?? (found.refused.length > 0 ? [...new Set(found.refused)].join('+') : `exit ${found.end.code}`);
      const key = `${one.call} ${one.what}${one.count === 'ever' ? ' ever' : ''}: ${found.hit.hits === 0 ? 'not met' : outcome}`;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    } catch (error) {
      failures.push(error.message);
      console.log(`FAILED ${error.message}`);
    }
  }));
  for (const key of [...outcomes.keys()].sort()) console.log(`${String(outcomes.get(key)).padStart(5)}  ${key}`);
  console.log(`${picked.length} of ${trials.length} trials, ${fired} met their fault, ${failures.length} failed`);
  assert.equal(failures.length, 0, failures.slice(0, 10).join('\n'));
});
