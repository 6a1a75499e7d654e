// footfall journal verify, dump and salvage on every kind of damage, and what serve says to it.
//
// One data folder is made and copied for each case. In it the store has 10 events (batch 1), and
// the journal has 40 more behind them, one a record, over several segments. After a salvage all 50
// are sent again: what was kept is a duplicate, what was lost is new, so exactly 50 must be there.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  closeSync, cpSync, openSync, readFileSync, readdirSync, readSync, renameSync, rmSync, statSync,
  truncateSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fresh, run, startServer, temporaryFolder, test } from './server.mjs';

const folder = temporaryFolder();
after(() => folder.remove());

const flags = ['--journal-segment-bytes', '64KiB', '--seal-interval-ms', '1h'];
const STORED = 10;
const ALL = 50;
const serveArguments = ['--listen', '127.0.0.1:0', '--auth', 'off', ...flags];
const event = (n) => ({ eventType: 'view', userId: 'u', listingId: 'home', id: `event-${n}` });
const base = join(folder.path, 'base');
const other = join(folder.path, 'other');
let records; // of base, as dump tells them

/** Starts on the folder, runs the body, ends as `end` says. */
async function serving(data, body, { end = 'stop', under = flags } = {}) {
  const server = await startServer({ data, flags: under });
  try {
    await body(server);
    if (end === 'kill9') await server.kill9();
    else await server.stopsCleanly();
  } finally {
    await server.close();
  }
}

async function record(server, first, last) {
  for (let n = first; n <= last; n++) await server.record(event(n));
}

const tool = (...args) => run(['journal', ...args]);
async function dumped(data) {
  const end = await tool('dump', '--data', data, '--json');
  return { ...end, records: end.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)) };
}
async function verified(data) {
  const end = await tool('verify', '--data', data, '--json');
  assert.equal(end.stderr, '', end.stderr);
  const text = await tool('verify', '--data', data);
  assert.equal(text.code, end.code, 'text and JSON agree');
  return { code: end.code, text: text.stdout, ...JSON.parse(end.stdout) };
}

before(async () => {
  await serving(base, (server) => record(server, 1, STORED));
  await serving(base, (server) => record(server, STORED + 1, ALL), { end: 'kill9' });
  await serving(other, (server) => record(server, 1, 30), { end: 'kill9' });
  records = (await dumped(base)).records;
});

/** A copy of base, damaged. */
function damagedCopy(damage) {
  const data = join(folder.path, fresh('case'));
  cpSync(base, data, { recursive: true });
  damage?.(data);
  return data;
}

const segments = (data) => readdirSync(join(data, 'journal')).filter((name) => /^[0-9a-f]{16}\.seg$/.test(name)).sort();
const segmentPath = (data, at) => join(data, 'journal', segments(data).at(at));

/** Changes bytes of a file: `change` maps each. */
function poke(path, offset, length, change) {
  const fd = openSync(path, 'r+');
  const bytes = Buffer.alloc(length);
  const got = readSync(fd, bytes, 0, length, offset);
  assert.equal(got, length, `${path} has ${length} bytes at ${offset}`);
  writeSync(fd, bytes.map(change), 0, length, offset);
  closeSync(fd);
}
const invert = (path, offset, length = 1) => poke(path, offset, length, (byte) => byte ^ 0xff);
const zero = (path, offset, length) => poke(path, offset, length, () => 0);

/** Every file below a folder with its content; the order is fixed. */
function snapshot(path) {
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const at = join(path, entry.name);
      return entry.isDirectory() ? snapshot(at) : [[at, readFileSync(at).toString('latin1')]];
    });
}

const inSegment = (name) => records.filter((each) => each.file === name);
const place = (each, data) => [join(data, 'journal', each.file), each.offset];

/** Salvages, serves the result, sends everything again. {report, kept, total, salvaged}. */
async function salvage(data, ...more) {
  const to = join(folder.path, fresh('salvaged'));
  const was = snapshot(data);
  const end = await tool('salvage', '--data', data, '--to', to, ...more);
  assert.deepEqual(snapshot(data), was, 'the damaged folder is as it was');
  assert.equal(end.code, 0, end.stderr + end.stdout);
  const check = await verified(to);
  assert.equal(check.code, 0, check.text);
  const result = { report: end.stdout, to };
  await serving(to, async (server) => {
    result.kept = (await server.totals('u', 'home'))[0];
    await record(server, 1, ALL);
    result.total = (await server.totals('u', 'home'))[0];
  });
  await serving(to, async (server) => {
    assert.equal((await server.totals('u', 'home'))[0], result.total, 'after a restart');
  });
  assert.equal((await verified(to)).code, 0, 'the salvaged folder stays whole');
  return result;
}

async function refuses(data, words) {
  const end = await run(['serve', '--data', data, ...serveArguments], { timeoutMs: 60_000 });
  assert.equal(end.code, 1, end.stderr);
  assert.match(end.stderr, words);
  assert.match(end.stderr, /footfall journal verify --data/);
}

test('a whole folder is clean, before and after what it says', async () => {
  const data = damagedCopy();
  const was = snapshot(data);
  const check = await verified(data);
  assert.equal(check.code, 0, check.text);
  assert.equal(check.clean, true);
  assert.deepEqual(check.findings, []);
  assert.match(check.journal.id, /^[0-9a-f]{32}$/);
  assert.equal(check.journal.records, ALL + 1, 'and a seal');
  assert.equal(check.journal.segments, segments(data).length);
  assert.deepEqual(check.store, { batch: 1, record: STORED + 1 });
  assert.equal(check.fingerprints, STORED);
  assert.match(check.text, /Everything is as it should be/);
  assert.deepEqual(snapshot(data), was, 'looking changes nothing');
});

test('dump tells each record with its place, and what people wrote only when asked', async () => {
  const data = join(folder.path, fresh('data'));
  await serving(data, (server) => server.record([
    { eventType: 'inquiry', userId: 'u', listingId: 'l', visitor: 'who', platform: 'facebook', inquiry: { name: 'Jo' } },
    { eventType: 'share', userId: 'u', listingId: 'l', platform: 'x', source: 'mail', id: 'i-1' },
  ]), { end: 'kill9' });
  const { code, records: [group], stdout } = await dumped(data);
  assert.equal(code, 0);
  assert.equal(group.record, 1);
  assert.equal(group.file, '0000000000000001.seg');
  assert.equal(group.offset, 4096);
  assert.equal(group.kind, 'group');
  assert.ok(Math.abs(Date.parse(group.receivedAt) - Date.now()) < 3_600_000, group.receivedAt);
  assert.deepEqual(group.entries.map((each) => each.kind), ['inquiry', 'share']);
  assert.equal(group.entries[1].source, 'mail');
  assert.equal(group.entries[0].inquiryBytes, 13);
  assert.ok(!stdout.includes('Jo') && !stdout.includes('who'), stdout);
  const text = await tool('dump', '--data', data);
  assert.match(text.stdout, /^record 1 {2}0000000000000001\.seg:4096 {2}group, received \S+Z, entries 2\n/);
  assert.ok(!text.stdout.includes('Jo'), text.stdout);
  const open = await tool('dump', '--data', data, '--json', '--contents');
  assert.deepEqual(JSON.parse(open.stdout).entries[0].inquiry, { name: 'Jo' });
  const some = await tool('dump', '--data', base, '--from', '11', '--to', '12', '--json');
  const [seal, next] = some.stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual([seal.kind, seal.batch, next.record], ['seal', 1, 12]);
});

test('a running server is left alone', async () => {
  const data = damagedCopy();
  await serving(data, async (server) => {
    for (const args of [['verify'], ['dump'], ['salvage', '--to', join(folder.path, 'no')]]) {
      const end = await tool(...args, '--data', data);
      assert.equal(end.code, 1, end.stdout);
      assert.match(end.stderr, /a server uses .*stop it/);
    }
    await record(server, ALL + 1, ALL + 1);
  });
});

test('wrong words are answered with the right ones', async () => {
  const rows = [
    [['journal'], 2, /usage: footfall journal verify\|dump\|salvage/],
    [['journal', 'verfy'], 2, /did you mean "verify"/],
    [['journal', 'verify', '--jsn'], 2, /did you mean --json/],
    [['journal', 'dump', '--from', 'x'], 2, /--from "x": a whole number/],
    [['journal', 'salvage', '--data', base], 2, /needs --to NEWDIR/],
    [['journal', 'verify', '--data', join(folder.path, 'nowhere')], 1, /--data names the folder/],
    [['journal', 'salvage', '--data', base, '--to', other], 1, /is there already/],
    [['journal', 'salvage', '--data', base, '--to', join(base, 'new')], 2, /inside the data folder/],
  ];
  for (const [args, code, words] of rows) {
    const end = await run(args);
    assert.equal(end.code, code, `${args}: ${end.stderr}`);
    assert.match(end.stderr, words);
  }
  for (const name of ['verify', 'dump', 'salvage']) {
    const end = await tool(name, '--help');
    assert.equal(end.code, 0);
    assert.match(end.stdout, new RegExp(`^usage: footfall journal ${name}`));
  }
});

// lost: events that are gone; refused: what serve says, absent when it starts all the same.
const cases = [
  {
    name: 'a torn tail is no damage',
    damage: (data) => invert(...place(records.at(-1), data).map((each, i) => (i === 1 ? each + 30 : each))),
    lost: 1,
    kinds: ['torn_tail'],
    clean: true,
  },
  {
    name: 'rot in the middle of the newest segment',
    damage(data) {
      const [path, offset] = place(records.at(-3), data);
      invert(path, offset + 30);
    },
    lost: 1,
    refused: /\.seg: record \d+ at byte \d+ is damaged/,
    kinds: ['rot'],
  },
  {
    name: 'three records of an older segment zeroed',
    damage(data) {
      const [path, offset] = place(inSegment(segments(data).at(-2))[4], data);
      zero(path, offset, 3 * 4096);
    },
    lost: 3,
    refused: /\.seg: record \d+, expected at byte \d+, is missing/,
    kinds: ['rot'],
  },
  {
    name: 'rot at the end of an older segment',
    damage(data) {
      const [path, offset] = place(inSegment(segments(data).at(-2)).at(-1), data);
      invert(path, offset + 16);
    },
    lost: 1,
    refused: /\.seg: record \d+, expected at byte/,
    kinds: ['rot'],
  },
  {
    name: 'rot in what the store has',
    damage(data) {
      const [path, offset] = place(records[2], data);
      zero(path, offset, 4096);
    },
    lost: 0,
    refused: /\.seg: record 3, expected at byte 12288, is missing/,
    kinds: ['rot'],
  },
  {
    name: 'the header of an older segment, its salt whole',
    damage: (data) => invert(segmentPath(data, -2), 48, 8),
    lost: 0,
    refused: /the header at byte 0 fails its checksum/,
    kinds: ['header'],
  },
  {
    name: 'the journal\'s id in the header of an older segment',
    damage: (data) => invert(segmentPath(data, -2), 16, 16),
    lost: 0,
    refused: /the header at byte 0 fails its checksum/,
    kinds: ['header'],
  },
  {
    name: 'the header of the newest segment zeroed',
    damage: (data) => zero(segmentPath(data, -1), 0, 4096),
    lost: () => inSegment(segments(base).at(-1)).length,
    refused: /no segment header at byte 0/,
    kinds: ['header'],
  },
  {
    name: 'a middle segment missing',
    damage: (data) => rmSync(segmentPath(data, -2)),
    lost: () => inSegment(segments(base).at(-2)).length,
    refused: /is missing: .* is the next that is there/,
    kinds: ['missing'],
  },
  {
    name: 'the first segments missing, with records that the store lacks',
    damage(data) {
      for (let i = 0; i < 2; i++) rmSync(segmentPath(data, 0));
    },
    lost: () => inSegment(segments(base)[1]).length,
    refused: /the store ends at record 11 of the journal, which begins at \d+/,
    kinds: ['store_position'],
  },
  {
    name: 'the newest segment missing: nobody can tell, what is left is a prefix',
    damage: (data) => rmSync(segmentPath(data, -1)),
    lost: () => inSegment(segments(base).at(-1)).length,
    kinds: [],
    clean: true,
  },
  {
    name: 'all behind the first segment missing, and that cut short of the store',
    damage(data) {
      while (segments(data).length > 1) rmSync(segmentPath(data, -1));
      zero(segmentPath(data, 0), 3 * 4096, 13 * 4096);
    },
    lost: ALL - STORED,
    refused: /the store holds record 11 of the journal, whose last is 2/,
    kinds: ['store_position'],
  },
  {
    name: 'a segment cut short',
    damage: (data) => truncateSync(segmentPath(data, -2), 5 * 4096 + 100),
    lost: () => inSegment(segments(base).at(-2)).length - 4,
    refused: /ends at byte 20580, but had 65536 bytes when made/,
    kinds: ['size', 'rot'],
  },
  {
    name: 'a segment of another journal in the place of one',
    damage(data) {
      const name = segments(data)[2];
      cpSync(join(other, 'journal', name), join(data, 'journal', name));
    },
    lost: () => inSegment(segments(base)[2]).length,
    refused: /belongs to another journal/,
    kinds: ['foreign'],
  },
  {
    name: 'a segment of another journal behind the newest',
    damage(data) {
      const next = `${(segments(data).length + 1).toString(16).padStart(16, '0')}.seg`;
      cpSync(join(other, 'journal', segments(other)[1]), join(data, 'journal', next));
    },
    lost: 0,
    refused: /says that this is segment/,
    kinds: ['foreign'],
  },
  {
    name: 'a recycled segment come back under the next name',
    damage(data) {
      const next = `${(segments(data).length + 1).toString(16).padStart(16, '0')}.seg`;
      cpSync(segmentPath(data, 1), join(data, 'journal', next));
    },
    lost: 0,
    refused: /the header at byte 0 says that this is segment 2/,
    kinds: ['foreign'],
  },
  {
    name: 'two segments with their names exchanged',
    damage(data) {
      const [a, b] = [segmentPath(data, 1), segmentPath(data, 2)];
      renameSync(a, `${a}.aside`);
      renameSync(b, a);
      renameSync(`${a}.aside`, b);
    },
    lost: () => inSegment(segments(base)[1]).length + inSegment(segments(base)[2]).length,
    refused: /says that this is segment/,
    kinds: ['foreign', 'foreign'],
  },
];

for (const each of cases) {
  test(`damage: ${each.name}`, async () => {
    const data = damagedCopy(each.damage);
    const lost = typeof each.lost === 'function' ? each.lost() : each.lost;
    const check = await verified(data);
    assert.deepEqual(check.findings.map((finding) => finding.kind), each.kinds, check.text);
    assert.equal(check.code, each.clean ? 0 : 1, check.text);
    if (!each.clean) assert.match(check.text, /footfall journal salvage --data/);
    const { report, kept, total } = await salvage(data);
    assert.equal(kept, ALL - lost, report);
    assert.equal(total, ALL, `each counts once:\n${report}`);
    if (each.refused) {
      const was = snapshot(data);
      await refuses(data, each.refused);
      assert.deepEqual(snapshot(data).map(([path]) => path).filter((path) => path.endsWith('.seg') && !path.includes('spare')),
        was.map(([path]) => path).filter((path) => path.endsWith('.seg') && !path.includes('spare')), 'a refusal changes no segment');
    } else {
      await serving(data, async (server) => {
        assert.equal((await server.totals('u', 'home'))[0], ALL - lost);
        await record(server, 1, ALL);
        assert.equal((await server.totals('u', 'home'))[0], ALL);
      });
    }
  });
}

/** Puts the store back as it is in base, and those of base's segments that were recycled since. */
function rollBackStore(data) {
  for (const name of readdirSync(data)) if (name.startsWith('footfall.db')) rmSync(join(data, name));
  for (const name of readdirSync(base)) {
    if (name.startsWith('footfall.db')) cpSync(join(base, name), join(data, name));
  }
  const here = segments(data);
  for (const name of segments(base).filter((each) => !here.includes(each))) {
    cpSync(join(base, 'journal', name), join(data, 'journal', name));
  }
}

test('a lost seal: the batches on both sides become one', async () => {
  const data = damagedCopy();
  await serving(data, (server) => record(server, ALL + 1, ALL + 5), { end: 'kill9' }); // seals at start
  await serving(data, () => {}); // and seals the 5
  rollBackStore(data);
  const seals = (await dumped(data)).records.filter((each) => each.kind === 'seal');
  assert.deepEqual(seals.map((each) => each.batch), [1, 2, 3]);
  zero(join(data, 'journal', seals[1].file), seals[1].offset, 4096);
  const check = await verified(data);
  assert.deepEqual(check.findings.map((each) => each.kind), ['rot', 'seal'], check.text);
  const { kept, total } = await salvage(data);
  assert.deepEqual([kept, total], [ALL + 5, ALL + 5]);
});

test('a store rolled back by a batch that the journal still has: it is applied again, once', async () => {
  const data = damagedCopy();
  await serving(data, () => {}); // seals and applies the 40
  rollBackStore(data);
  assert.equal((await verified(data)).code, 0);
  const { kept, total } = await salvage(data);
  assert.deepEqual([kept, total], [ALL, ALL]);
  await serving(data, async (server) => {
    assert.deepEqual(await server.totals('u', 'home'), [ALL, 0, 0]);
    await record(server, 1, ALL);
    assert.deepEqual(await server.totals('u', 'home'), [ALL, 0, 0]);
  });
});

test('a store rolled back by a batch that is gone: what the journal has behind it is kept', async () => {
  const data = damagedCopy();
  await serving(data, (server) => record(server, ALL + 1, ALL + 3));
  rollBackStore(data);
  for (const name of segments(base)) rmSync(join(data, 'journal', name));
  const check = await verified(data);
  assert.deepEqual(check.findings.map((each) => each.kind), ['store_position'], check.text);
  assert.equal(check.findings[0].lostFirst, STORED + 2);
  const to = join(folder.path, fresh('salvaged'));
  const { stdout } = await tool('salvage', '--data', data, '--to', to);
  assert.match(stdout, /LOST: records 12 to \d+ \(before the oldest segment/);
  await serving(to, async (server) => {
    assert.deepEqual(await server.totals('u', 'home'), [STORED + 3, 0, 0]);
    await record(server, 1, ALL + 3); // all of them were recorded: their fingerprints are here
    assert.deepEqual(await server.totals('u', 'home'), [STORED + 3, 0, 0]);
  });
  await refuses(data, /the store ends at record 11 of the journal, which begins at/);
});

test('a store without its journal: what it has is kept, on a new journal', async () => {
  const data = damagedCopy((path) => rmSync(join(path, 'journal'), { recursive: true }));
  assert.deepEqual((await verified(data)).findings.map((each) => each.kind).slice(0, 1), ['missing']);
  const { kept, total } = await salvage(data);
  assert.deepEqual([kept, total], [STORED, ALL]);
});

test('no store, or another\'s: salvage asks before it does without', async () => {
  const cut = (data) => rmSync(segmentPath(data, 0)); // what batch 1 was made of
  for (const damage of [
    (data) => rmSync(join(data, 'footfall.db')),
    (data) => cpSync(join(other, 'footfall.db'), join(data, 'footfall.db')),
    (data) => zero(join(data, 'footfall.db'), 0, 4096),
  ]) {
    const data = damagedCopy((path) => {
      for (const name of ['footfall.db-wal', 'footfall.db-shm']) rmSync(join(path, name), { force: true });
      damage(path);
      cut(path);
    });
    const check = await verified(data);
    assert.equal(check.code, 1, check.text);
    assert.equal(check.findings[0].kind, 'store', check.text);
    await refuses(data, /store/);
    const end = await tool('salvage', '--data', data, '--to', join(folder.path, fresh('no')));
    assert.equal(end.code, 1);
    assert.match(end.stderr, /from a backup.*--without-store/);
    const { kept, total } = await salvage(data, '--without-store');
    assert.equal(kept, ALL - STORED, 'what the journal has');
    assert.equal(total, ALL - STORED, 'ids that were recorded stay recorded');
  }
});

test('parts of the old folder and the salvaged one are refused side by side', async () => {
  const data = damagedCopy();
  const { to } = await salvage(data);
  for (const name of readdirSync(to)) if (name.startsWith('footfall.db')) rmSync(join(to, name));
  for (const name of readdirSync(data)) {
    if (name.startsWith('footfall.db')) cpSync(join(data, name), join(to, name));
  }
  await refuses(to, /follows journal/);
});

test('fingerprints: what serve, verify and salvage say to each damage', async () => {
  const hour = (data) => join(data, 'dedupe', readdirSync(join(data, 'dedupe')).find((name) => name.endsWith('.ids')));
  const rows = [
    ['the head rotten', (data) => invert(hour(data), 3), /not a head of a fingerprint file/, 0],
    ['the head cut off', (data) => truncateSync(hour(data), 20), null, STORED],
    ['the last block torn', (data) => truncateSync(hour(data), statSync(hour(data)).size - 3), null, STORED],
    ['the file missing', (data) => rmSync(hour(data)), null, STORED],
    ['the seed missing', (data) => rmSync(join(data, 'dedupe', 'seed')), /seed is gone while fingerprints are there/, 0],
    ['the seed rotten', (data) => invert(join(data, 'dedupe', 'seed'), 24), /seed at byte 0/, 0],
    ['of another journal', (data) => {
      rmSync(join(data, 'dedupe'), { recursive: true });
      cpSync(join(other, 'dedupe'), join(data, 'dedupe'), { recursive: true });
    }, /belongs to another journal/, 0],
  ];
  for (const [name, damage, refused] of rows) {
    const data = damagedCopy(damage);
    const check = await verified(data);
    assert.equal(check.code, refused ? 1 : 0, `${name}: ${check.text}`);
    if (refused) {
      assert.equal(check.findings[0].kind, 'fingerprints', name);
      await refuses(data, refused);
    }
    const { kept, total, report } = await salvage(data);
    assert.equal(kept, ALL, name);
    // The journal still has the records of the 10 ids, but the store has them: they are forgotten.
    assert.equal(total, ALL + STORED, `${name}: ${report}`);
    if (refused) assert.match(report, /LOST: fingerprints/, name);
  }
});
