// The same faults as in system-calls.test.mjs, given by the kernel's own tracer, for the calls that
// decide about durability: a second opinion on the shim, and on calls that pass it by.
//
// strace counts for each thread: the Nth call of every thread fails. Where the process may not be
// traced this is skipped.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, temporaryFolder, test } from '../integration/server.mjs';
import { Ledger, liveWith, prepare, reckon, sanitizer } from './trial.mjs';

const flags = ['--journal-segment-bytes', '65536', '--seal-interval-ms', '10', '--log-level', 'warn'];
const able = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
const skip = !able ? 'strace is not installed, or this process may not be traced'
  : sanitizer !== undefined ? 'sanitizers cannot work while they are traced' : false;

const strace = (log, calls, inject) => [
  'strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', log, '-e', `trace=${calls}`, '-e', `inject=${inject}`,
];

const CASES = [
  ['fdatasync', 'error=EIO', [1, 3, 8]],
  ['fdatasync', 'signal=SIGKILL', [1, 4, 9]],
  ['pwrite64', 'error=EIO', [2, 6, 14]],
  ['pwrite64', 'error=ENOSPC', [3, 9]],
  ['rename', 'error=EIO', [1, 2]],
  ['unlink', 'error=EIO', [1]],
];

/** The tracer outlives the server by a moment. */
async function wasInjected(log) {
  for (let i = 0; i < 50; i++) {
    if (/INJECTED/.test(readFileSync(log, 'utf8'))) return true;
    await delay(10);
  }
  return false;
}

for (const [call, what, numbers] of CASES) {
  test(`${call} ${what}`, { skip }, async () => {
    await prepare();
    let met = 0;
    for (const at of numbers) {
      const folder = temporaryFolder();
      const data = join(folder.path, 'data');
      const log = join(folder.path, 'strace');
      const ledger = new Ledger();
      try {
        const killed = what.startsWith('signal');
        const lived = await liveWith({
          data, ledger, flags, killed, under: strace(log, call, `${call}:${what}:when=${at}`),
        });
        if (killed ? lived.end.signal === 'SIGKILL' : await wasInjected(log)) met += 1;
        const server = await startServer({ data, flags });
        try {
          await reckon(server, ledger);
          await server.stopsCleanly();
        } finally {
          await server.close();
        }
      } catch (error) {
        error.message = `${call} ${what} ${at}: ${error.message}`;
        throw error;
      } finally {
        folder.remove();
      }
    }
    assert.ok(met > 0, 'no run met its fault');
  });
}

test('every sync takes 20 ms', { skip }, async () => {
  await prepare();
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  const ledger = new Ledger();
  try {
    const lived = await liveWith({
      data, ledger, flags, under: strace(join(folder.path, 'strace'), 'fdatasync,fsync', 'fdatasync,fsync:delay_exit=20000'),
    });
    assert.deepEqual([lived.refused, lived.end], [[], { code: 0, signal: null }]);
    const server = await startServer({ data, flags });
    await reckon(server, ledger);
    await server.stopsCleanly();
    await server.close();
  } finally {
    folder.remove();
  }
});

test('who asks does not wait for a slow disk', { skip }, async (t) => {
  const folder = temporaryFolder();
  t.after(() => folder.remove());
  const server = await startServer({
    data: join(folder.path, 'data'), flags, under: strace(join(folder.path, 'strace'), 'fdatasync', 'fdatasync:delay_exit=400000'),
  });
  t.after(() => server.close());
  const view = { userId: 'agent', listingId: 'l', eventType: 'view' };
  await server.record(view); // from now on it is known that commits take long
  let recorded = false;
  const recording = server.record(view).then(() => { recorded = true; });
  let answered = 0;
  while (!recorded) {
    const answer = await server.get('/v1/users/agent/listings/l/metrics');
    assert.equal(answer.status, 200, answer.text);
    if (!recorded) answered += 1;
  }
  await recording;
  assert.ok(answered >= 10, `only ${answered} questions were answered during a sync of 400 ms`);
  await server.stopsCleanly();
});
