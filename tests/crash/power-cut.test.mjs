// The power goes under load, on ext4 and on xfs: nothing acknowledged is lost, nothing counts
// twice; and a server whose syncs lie is found out.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../integration/server.mjs';
import { NAMESPACE, whyNot } from './disk.mjs';

const cuts = Number(process.env.FOOTFALL_CRASH_CUTS ?? 2);
const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);
const runner = fileURLToPath(new URL('run.mjs', import.meta.url));

test(`power cuts under load, ${cuts} (seed ${seed})`, { timeout: 300_000 + cuts * 60_000, skip: whyNot() ?? false }, async (t) => {
  console.log(`FOOTFALL_SEED=${seed}`);
  const [unshare, ...rest] = NAMESPACE;
  const scratch = temporaryFolder();
  const env = { ...process.env, TMPDIR: scratch.path, FOOTFALL_CRASH_KEEP: tmpdir() };
  const args = [...rest, process.execPath, runner, '0', String(cuts), String(seed)];
  const child = spawn(unshare, args, { stdio: 'inherit', env });
  t.signal.addEventListener('abort', () => child.kill('SIGKILL'));
  try {
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, 'what went wrong stands above');
  } finally {
    scratch.remove(); // the namespace is gone, and with it what was mounted there
  }
});
