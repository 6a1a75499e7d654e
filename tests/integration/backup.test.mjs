// footfall backup and restore: whole or refused by name, whoever uses the folder. What a backup
// holds that is taken under load: tests/crash/backup.test.mjs.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync, closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync,
  symlinkSync, truncateSync, writeFileSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { run, startServer, temporaryFolder, test } from './server.mjs';

const FLAGS = ['--journal-segment-bytes', '64KiB', '--seal-interval-ms', '100'];

async function succeeds(args) {
  const end = await run(args);
  assert.equal(end.code, 0, `${args.join(' ')}: ${end.stdout}${end.stderr}`);
  return end;
}

async function fails(args, words, code = 1) {
  const end = await run(args);
  assert.equal(end.code, code, `${args.join(' ')}: ${end.stdout}${end.stderr}`);
  assert.match(end.stderr, words);
  return end;
}

function events(count, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    userId: `u${i % 3}`, listingId: `l${i % 5}`, eventType: i % 11 === 0 ? 'inquiry' : 'view', id: `e${from + i}`,
    source: `s${i % 4}`, platform: i % 2 ? 'facebook' : undefined,
  }));
}

/** A folder with a stopped server's data and a backup of it. */
async function prepare(t) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await startServer({ flags: FLAGS, data: join(folder.path, 'data') });
  t.after(() => server.close());
  for (let i = 0; i < 5; i++) await server.record(events(200, i * 200));
  const backup = join(folder.path, 'backup');
  await server.stopsCleanly();
  await succeeds(['backup', backup, '--data', server.data]);
  return { folder: folder.path, server, backup };
}

test('a backup of a stopped server is the server again, ids included', async (t) => {
  const { folder, server, backup } = await prepare(t);
  const restored = join(folder, 'restored');
  await succeeds(['restore', backup, '--to', restored]);
  await succeeds(['verify', '--data', restored]);
  await succeeds(['verify', '--data', backup]);
  const other = await startServer({ flags: FLAGS, data: restored });
  t.after(() => other.close());
  await server.start();
  for (const user of ['u0', 'u1', 'u2']) {
    const [left, right] = await Promise.all([server, other].map((one) => one.get(`/v1/users/${user}/metrics?period=monthly`)));
    assert.equal(right.text, left.text);
  }
  const again = await other.record(events(200, 0));
  assert.deepEqual([again.recorded, again.duplicates], [0, 200]);
  await other.stopsCleanly();
});

test('a backup is looked into without a trace, and refused to whoever would change it', async (t) => {
  const { folder, backup } = await prepare(t);
  const link = join(folder, 'link');
  symlinkSync(backup, link);
  for (const data of [backup, link]) await succeeds(['sql', 'SELECT count(*) FROM listing_days', '--data', data]);
  await succeeds(['verify', '--data', backup]);
  await succeeds(['backup', join(folder, 'again'), '--data', backup]);
  for (const args of [['record', 'view', 'a', 'b'], ['metrics', 'a'], ['serve', '--auth', 'off', '--listen', '127.0.0.1:0']]) {
    await fails([...args, '--data', backup], /is a backup.* footfall restore /);
  }
  await succeeds(['restore', backup, '--check']);
});

test('a backup while serving holds what was acknowledged, sealed or not', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  // never seals: all of it must come from the journal
  const server = await startServer({ flags: ['--seal-interval-ms', '3600000'] });
  t.after(() => server.close());
  await server.record(events(500));
  const path = join(folder.path, 'backup');
  const said = JSON.parse((await succeeds(['backup', path, '--data', server.data, '--json'])).stdout);
  assert.equal(said.batch, 0);
  assert.equal(said.lastRecord, 1);
  assert.equal(said.files, Object.keys(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')).files).length);
  await server.record(events(500, 500)); // after it
  const data = join(folder.path, 'data');
  await succeeds(['restore', path, '--to', data]);
  const restored = await startServer({ data });
  t.after(() => restored.close());
  const first = await restored.record(events(500));
  const second = await restored.record(events(500, 500));
  assert.deepEqual([first.duplicates, second.recorded], [500, 500]);
});

test('every tool can compare: the checksums are those of sha256sum', async (t) => {
  const { backup } = await prepare(t);
  assert.equal(spawnSync('sha256sum', ['-c', '--quiet', 'manifest.sha256'], { cwd: backup }).status, 0);
  const { files } = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'));
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
  assert.equal(spawnSync('sha256sum', ['-c', '--quiet'], { cwd: backup, input: lines }).status, 0);
});

/** Inverts a byte of the file. */
function flip(path, at) {
  const fd = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  byte[0] ^= 0x10;
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
}

test('damage is refused, and named', async (t) => {
  const { folder, backup } = await prepare(t);
  const segment = readdirSync(join(backup, 'journal'))[0];
  const hour = readdirSync(join(backup, 'dedupe')).find((name) => name.endsWith('.ids'));
  const size = (name) => statSync(join(backup, name)).size;
  const cases = [];
  for (const name of ['footfall.db', `journal/${segment}`, `dedupe/${hour}`, 'dedupe/seed']) {
    const escaped = name.replaceAll('.', '\\.');
    cases.push(
      { name: `${name}: first byte`, damage: (dir) => flip(join(dir, name), 0), words: `${escaped} is damaged: its checksum` },
      { name: `${name}: last byte`, damage: (dir) => flip(join(dir, name), size(name) - 1), words: `${escaped} is damaged: its checksum` },
      { name: `${name}: cut off`, damage: (dir) => truncateSync(join(dir, name), size(name) - 1), words: `${escaped} is cut off: it has ${size(name) - 1} of ${size(name)} bytes` },
      { name: `${name}: empty`, damage: (dir) => truncateSync(join(dir, name), 0), words: `${escaped} is cut off: it has 0 of` },
      { name: `${name}: longer`, damage: (dir) => appendFileSync(join(dir, name), 'x'), words: `${escaped} is too long` },
      { name: `${name}: gone`, damage: (dir) => rmSync(join(dir, name)), words: `${escaped} is missing` },
      { name: `${name}: a link`, damage: (dir) => { rmSync(join(dir, name)); symlinkSync(join(backup, name), join(dir, name)); }, words: `${escaped} cannot be read` },
    );
  }
  cases.push(
    { name: 'one too much', damage: (dir) => writeFileSync(join(dir, 'journal/ffffffffffffffff.seg'), 'x'), words: 'journal/ffffffffffffffff.seg is there and the manifest does not name it' },
    { name: 'a log beside the store', damage: (dir) => writeFileSync(join(dir, 'footfall.db-wal'), 'x'), words: 'footfall.db-wal is there' },
    { name: 'the manifest gone', damage: (dir) => rmSync(join(dir, 'manifest.json')), words: 'is no backup, or not a whole one' },
    { name: 'its checksum gone', damage: (dir) => rmSync(join(dir, 'manifest.sha256')), words: 'manifest.sha256 is missing' },
    { name: 'the manifest cut off', damage: (dir) => truncateSync(join(dir, 'manifest.json'), 100), words: 'manifest.json is damaged' },
    { name: 'its checksum changed', damage: (dir) => flip(join(dir, 'manifest.sha256'), 5), words: 'manifest.sha256 is: one is not the other' },
    { name: 'an interrupted one', damage: (dir) => { rmSync(join(dir, 'manifest.json')); rmSync(join(dir, 'manifest.sha256')); writeFileSync(join(dir, 'INCOMPLETE'), ''); }, words: 'not a whole one' },
  );
  const manifestBytes = size('manifest.json');
  for (let at = 0; at < manifestBytes; at += 97) {
    cases.push({ name: `manifest: byte ${at}`, damage: (dir) => flip(join(dir, 'manifest.json'), at), words: 'manifest.json is damaged' });
  }
  const data = join(folder, 'restored');
  for (const { name, damage, words } of cases) {
    const copy = join(folder, 'copy');
    cpSync(backup, copy, { recursive: true });
    damage(copy);
    await fails(['restore', copy, '--check'], new RegExp(words)).catch((error) => assert.fail(`${name}: ${error.message}`));
    await fails(['restore', copy, '--to', data], new RegExp(words));
    assert.ok(!existsSync(data) && !existsSync(`${data}.partial`), `${name}: nothing is left`);
    rmSync(copy, { recursive: true });
  }
  await succeeds(['restore', backup, '--to', data]);
});

test('all that is damaged is listed, as JSON too', async (t) => {
  const { backup } = await prepare(t);
  const names = ['footfall.db', 'dedupe/seed'];
  for (const name of names) flip(join(backup, name), 3);
  const end = await run(['restore', backup, '--check', '--json']);
  assert.equal(end.code, 1);
  const said = JSON.parse(end.stdout);
  assert.equal(said.whole, false);
  assert.deepEqual(said.damages.map((words) => words.split(' ')[0]).sort(), [...names].sort());
  assert.equal((await fails(['restore', backup, '--check'], /and more/)).stdout.split('\n').filter((line) => line.startsWith('DAMAGE: ')).length, 2);
});

test('nothing is overwritten, and nothing is made inside', async (t) => {
  const { folder, server, backup } = await prepare(t);
  await fails(['backup', backup, '--data', server.data], /is there already/);
  await fails(['backup', join(server.data, 'backup'), '--data', server.data], /would lie inside/);
  await fails(['backup', join(folder, 'none/backup'), '--data', server.data], /none/);
  await fails(['restore', backup, '--to', server.data], /is there already/);
  await fails(['restore', backup, '--to', join(backup, 'data')], /would lie inside/);
  await fails(['backup', join(folder, 'b2'), '--data', join(folder, 'nothing')], /is no data folder/);
  await fails(['restore', join(folder, 'nothing'), '--check'], /there is no/);
  await fails(['restore', server.data, '--check'], /is no backup/);
  mkdirSync(join(folder, 'b3.partial')); // somebody else's
  await fails(['backup', join(folder, 'b3'), '--data', server.data], /move it away/);
  for (const args of [['backup'], ['restore', backup], ['restore', backup, '--check', '--to', 'x'], ['restore']]) {
    assert.equal((await run(args)).code, 2, args.join(' '));
  }
  await succeeds(['restore', backup, '--check']);
  assert.deepEqual(readdirSync(folder).sort(), ['b3.partial', 'backup', 'data']);
});

test('a data folder that is damaged is not backed up', async (t) => {
  const { folder, server } = await prepare(t);
  const segments = readdirSync(join(server.data, 'journal')).filter((name) => name.startsWith('0'));
  const path = join(server.data, 'journal', segments[0]);
  flip(path, 20);
  await fails(['backup', join(folder, 'b2'), '--data', server.data], new RegExp(segments[0]));
  assert.ok(!existsSync(join(folder, 'b2')) && !existsSync(join(folder, 'b2.partial')));
});

test('a backup of another version is refused', async (t) => {
  const { backup } = await prepare(t);
  const path = join(backup, 'manifest.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"footfallBackup":1', '"footfallBackup":2'));
  const sum = spawnSync('sha256sum', ['manifest.json'], { cwd: backup }).stdout;
  writeFileSync(join(backup, 'manifest.sha256'), sum);
  await fails(['restore', backup, '--check'], /a newer Footfall made this backup/);
});

test('a manifest that leads elsewhere is refused', async (t) => {
  const { folder, backup } = await prepare(t);
  const path = join(backup, 'manifest.json');
  const manifest = readFileSync(path, 'utf8');
  for (const name of ['../evil', '/etc/passwd', 'journal/../../evil', 'journal/.hidden', 'manifest.json', 'journal/', 'dedupe/a/b']) {
    writeFileSync(path, manifest.replace('"path":"footfall.db"', `"path":"${name}"`));
    writeFileSync(join(backup, 'manifest.sha256'), spawnSync('sha256sum', ['manifest.json'], { cwd: backup }).stdout);
    await fails(['restore', backup, '--to', join(folder, 'restored')], /a file's path is missing or wrong/);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['backup', 'data']);
});
