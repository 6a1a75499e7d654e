// A backup or a restore whose disk is full, or fails at any of its calls, says so and leaves
// nothing; the one it was made of is as it was.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, run, startServer, temporaryFolder, test } from '../integration/server.mjs';
import { sanitizer } from './trial.mjs';

const TRIES_MAX = 60;
const noStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0 ? 'strace is not here, or may not trace'
  : sanitizer !== undefined ? 'sanitizers cannot work while they are traced' : false;

function mountTmpfs(path, kib) {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=0700`, 'footfall-test', path]).status === 0;
}

const cannotMount = (() => {
  const folder = temporaryFolder();
  const able = mountTmpfs(folder.path, 1024);
  if (able) spawnSync('umount', [folder.path]);
  folder.remove();
  return able ? false : 'mounting a tmpfs needs root';
})();

/** A server's folder, stopped, with a backup of it. */
async function prepare(t) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: ['--journal-segment-bytes', '64KiB', '--seal-interval-ms', '100'], data: join(folder.path, 'data') });
  t.after(() => server.close());
  for (let i = 0; i < 4; i++) {
    await server.record(Array.from({ length: 300 }, (_, j) => ({ userId: `u${j % 9}`, listingId: `l${j % 40}`, eventType: 'view', id: `e${i}-${j}` })));
  }
  await server.stopsCleanly();
  const backup = join(folder.path, 'backup');
  const end = await run(['backup', backup, '--data', server.data]);
  assert.equal(end.code, 0, end.stderr);
  return { folder: folder.path, data: server.data, backup };
}

async function traced(inject, args) {
  const child = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`, program, ...args]);
  let stderr = '';
  child.stderr.on('data', (piece) => (stderr += piece));
  const [code] = await once(child, 'close');
  return { code, stderr };
}

const CALLS = [
  ['pwrite64', 'ENOSPC'], ['pwrite64', 'EIO'], ['fsync', 'EIO'], ['ftruncate', 'EIO'], ['mkdir', 'ENOSPC'], ['renameat2', 'EIO'], ['pread64', 'EIO'], ['flock', 'ENOLCK'],
];

for (const [what, args] of [
  ['backup', ({ data, out }) => ['backup', out, '--data', data]],
  ['restore', ({ backup, out }) => ['restore', backup, '--to', out]],
]) {
  test(`a ${what} that fails at any call leaves nothing, and says why`, { skip: noStrace }, async (t) => {
    const place = await prepare(t);
    const before = readdirSync(place.folder).sort();
    let failures = 0;
    for (const [call, error] of CALLS) {
      for (let at = 1; at <= TRIES_MAX; at++) {
        const out = join(place.folder, 'out');
        const when = `${call} ${at}: ${error}`;
        const { code, stderr } = await traced(`${call}:error=${error}:when=${at}`, args({ ...place, out }));
        if (code === 0) {
          const checked = await run(['verify', '--data', out]);
          assert.equal(checked.code, 0, `${when}: ${checked.stdout}`);
          spawnSync('rm', ['-r', out]);
          break;
        }
        if (code === 127) continue; // it met the loader of libraries
        failures += 1;
        assert.equal(code, 1, `${when}: ${stderr}`);
        assert.match(stderr, /^footfall: .{10}/, when);
        // what was renamed and could not be synced is whole, and there
        if (existsSync(out)) spawnSync('rm', ['-r', out]);
        assert.deepEqual(readdirSync(place.folder).sort(), before, `${when}: ${stderr}`);
      }
    }
    t.diagnostic(`${failures} failures`);
    assert.ok(failures > 10);
    assert.equal((await run(['restore', place.backup, '--check'])).code, 0);
    assert.equal((await run(['verify', '--data', place.data])).code, 0);
  });
}

test('a full disk is told before anything is copied, and nothing is left', { skip: cannotMount }, async (t) => {
  const { data, backup, folder } = await prepare(t);
  const small = temporaryFolder();
  assert.ok(mountTmpfs(small.path, 128));
  t.after(() => {
    spawnSync('umount', ['-l', small.path]);
    small.remove();
  });
  const first = await run(['backup', join(small.path, 'b'), '--data', data]);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /bytes are free there, and the backup may need/);
  const second = await run(['restore', backup, '--to', join(small.path, 'd')]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /No space left on device/);
  assert.deepEqual(readdirSync(small.path), []);
  assert.deepEqual(readdirSync(folder).sort(), ['backup', 'data']);
});
