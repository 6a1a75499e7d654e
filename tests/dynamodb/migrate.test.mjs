// migrate.test.mjs - footfall migrate: a data folder becomes a table, and a table a data folder,
// and whoever asks the server on the last gets the answers of the first. Killed on the way, it goes
// on.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import nodeTest from 'node:test';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { DAY_MS, listingPath, program, run, startServer, temporaryFolder, test as serverTest, utcDate, withQuery } from '../integration/server.mjs';
import { startEngine, tableName } from './engine.mjs';
import { startProxy } from './proxy.mjs';
import { randomOf } from '../crash/oracle.mjs';
import { allItems, createTable, documentClient, itemsOf } from './table.mjs';

const USERS = ['ann', 'bo', 'çelik & co'];
const LISTINGS = 26;
const DAYS = 40;
// Each writes thousands of items one by one: seconds where nothing else runs, minutes beside the
// builds of others. It bounds what hangs, and says nothing of how long it should take.
const PATIENCE_MS = 600_000;
const END_MS = Date.UTC(2026, 0, 31, 12);

let engine;
let client;
let folder;
let asked; // [path, answer] of the first server
nodeTest.before(async () => {
  engine = await startEngine();
  client = documentClient(engine);
  folder = temporaryFolder();
});
nodeTest.after(async () => {
  client?.destroy();
  await engine?.stop();
  folder?.remove();
});

const test = (name, body) => serverTest(name, { timeout: PATIENCE_MS }, body);
const at = (name) => join(folder.path, name);

async function newTable() {
  const name = tableName();
  await createTable(client, name);
  return name;
}

function environment() {
  const { FOOTFALL_DYNAMODB_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = engine.environment;
  return {
    FOOTFALL_DYNAMODB_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
    AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', no_proxy: '127.0.0.1',
  };
}

async function migrate(from, to, ...flags) {
  const { code, signal, stdout, stderr } = await run(['migrate', '--from', from, '--to', to, '--json', ...flags],
    { env: environment(), timeoutMs: PATIENCE_MS });
  const answer = stdout === '' ? undefined : JSON.parse(stdout);
  return { code: signal ?? code, answer, stderr };
}

/** As migrate(), and it must succeed. */
async function migrated(...args) {
  const { code, answer, stderr } = await migrate(...args);
  assert.equal(code, 0, stderr);
  assert.equal(answer.success, true);
  assert.equal(stderr, '');
  return answer;
}

/** Starts it, kills it once something was moved, and says whether it was too late. */
async function killed(...args) {
  return (await signalled('SIGKILL', ...args)).signal === 'SIGKILL';
}

async function signalled(name, from, to, isUnderWay) {
  const child = spawn(program, ['migrate', '--from', from, '--to', to], { env: { PATH: process.env.PATH, ...environment() }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (piece) => (stderr += piece));
  const ended = once(child, 'close');
  let over = false;
  ended.then(() => (over = true));
  while (!over && !(await isUnderWay())) await new Promise(setImmediate);
  child.kill(name);
  const [code, signal] = await ended;
  return { code, signal, stderr };
}

function* events() {
  let n = 0;
  for (const [u, userId] of USERS.entries()) {
    for (let l = 0; l < LISTINGS; l++) {
      for (let d = 0; d < DAYS; d++) {
        if ((l + d + u) % 5 === 4) continue;
        const timestamp = END_MS - d * DAY_MS - ((l * 7 + d) % 23) * 1_800_000;
        const event = { userId, listingId: `listing-${l}`, eventType: 'view', timestamp, id: `e${n++}` };
        yield { ...event, platform: ['facebook', 'instagram', 'linkedin', 'whatsapp'][(l + d) % 4], source: `source ${(l + d) % 3}` };
        if (d % 3 === 0) yield { ...event, id: `e${n++}` };
        if (d % 4 === 0) yield { ...event, id: `e${n++}`, eventType: 'share', platform: 'facebook' };
        if (d % 9 === 0) yield { ...event, id: `e${n++}`, eventType: 'inquiry', platform: 'x', source: 'portal', inquiry: { name: `J. Doe ${n} ß`, rooms: [1, 2.5, null] } };
      }
    }
  }
  // more names than a day has places for
  for (let s = 0; s < 80; s++) yield { userId: 'bo', listingId: 'listing-0', eventType: 'view', timestamp: END_MS, source: `name ${s}`, id: `s${s}` };
}

function questions() {
  const range = { startDate: utcDate(END_MS - (DAYS + 2) * DAY_MS), endDate: utcDate(END_MS + DAY_MS) };
  const paths = [];
  for (const user of USERS) {
    paths.push(withQuery(`/v1/users/${encodeURIComponent(user)}/metrics`, { ...range, include: 'dailyBreakdown', limit: 1000 }));
    paths.push(`/v1/users/${encodeURIComponent(user)}/inquiries?limit=1000&${new URLSearchParams(range)}`);
    paths.push(`/v1/users/${encodeURIComponent(user)}/listings`);
    for (let l = 0; l < LISTINGS; l += 5) {
      for (const timezone of ['UTC', 'America/Denver', 'Asia/Kolkata']) paths.push(withQuery(`${listingPath(user, `listing-${l}`)}/metrics`, { ...range, timezone }));
      paths.push(withQuery(`${listingPath(user, `listing-${l}`)}/days`, range));
    }
  }
  return paths;
}

async function ask(server) {
  const answers = [];
  for (const path of questions()) {
    const { status, body } = await server.get(path);
    assert.equal(status, 200, path);
    answers.push([path, body]);
  }
  return answers;
}

test('a folder to begin with', async () => {
  const server = await startServer({ data: at('first') });
  const { status, body } = await server.ndjson([...events()]);
  assert.equal(status, 200, JSON.stringify(body));
  for (const [l, price] of [[0, 350_000], [3, 0.1], [7, undefined]]) {
    const details = { address: `${l} Hauptstraße`, currency: 'EUR', image: 'https://example.com/a.jpg', status: 'active', price };
    const put = await server.request('PUT', listingPath('bo', `listing-${l}`), { headers: { 'content-type': 'application/json' }, body: JSON.stringify(details) });
    assert.equal(put.status, 200, JSON.stringify(put.body));
  }
  asked = await ask(server);
  await server.stop();
  cpSync(at('first'), at('undrained'), { recursive: true });
});

test('what cannot be moved is said, and nothing is made', async () => {
  const table = await newTable();
  const cases = [
    ['no ends', [], 2, /from is missing/],
    ['one end', ['--from', `data:${at('first')}`], 2, /to is missing/],
    ['a kind that is none', ['--from', 'x:y', '--to', 'data:z'], 2, /neither data:DIR nor dynamodb:TABLE/],
    ['two folders', ['--from', `data:${at('first')}`, '--to', 'data:z'], 2, /one end is a data folder/],
    ['no name', ['--from', 'data:', '--to', 'dynamodb:x'], 2, /names nothing/],
    ['a writer that is none', ['--from', `data:${at('first')}`, '--to', `dynamodb:${table}`, '--dynamodb-writer', '1000'], 2, /writer/],
    ['no such table', ['--from', `data:${at('first')}`, '--to', 'dynamodb:not-there'], 1, /not-there/],
    ['no such folder', ['--from', `data:${at('nowhere')}`, '--to', `dynamodb:${table}`], 1, /no data folder|no folder|No such/],
    ['a folder that is there', ['--from', `dynamodb:${table}`, '--to', `data:${at('first')}`], 1, /is there already/],
    ['a node that is there', ['--from', `data:${at('first')}`, '--to', `dynamodb:${table}`, '--node', at('first')], 1, /is there already/],
  ];
  for (const [name, args, want, words] of cases) {
    const { code, stderr } = await run(['migrate', ...args], { env: environment() });
    assert.equal(code, want, `${name}: ${stderr}`);
    assert.match(stderr, words, name);
  }
  assert.deepEqual(readdirSync(folder.path).sort(), ['first', 'undrained']);
  assert.deepEqual(await allItems(client, table), []);
});

test('a folder with events that its store does not have is refused', async () => {
  const server = await startServer({ data: at('undrained'), flags: ['--seal-interval-ms', '1h'] });
  await server.record([{ userId: 'ann', listingId: 'late', eventType: 'view' }]);
  const table = await newTable();
  assert.match((await migrate(`data:${at('undrained')}`, `dynamodb:${table}`)).stderr, /uses|in use|another process/);
  await server.kill9();
  const { code, stderr } = await migrate(`data:${at('undrained')}`, `dynamodb:${table}`);
  assert.equal(code, 1);
  assert.match(stderr, /its journal has what its store does not have yet; start footfall serve/);
});

test('a dry run says what would be moved and writes nothing', async () => {
  const table = await newTable();
  const answer = await migrated(`data:${at('first')}`, `dynamodb:${table}`, '--dry-run');
  assert.deepEqual([answer.dryRun, answer.batches], [true, 0]);
  assert.ok(answer.listingDays > 2_000 && answer.views > answer.listingDays && answer.inquiriesWithData > 100 && answer.listings === 3, JSON.stringify(answer));
  assert.deepEqual(await allItems(client, table), []);
});

let moved; // the table of the next test

test('there and back: the same answers, and ids are remembered', async () => {
  moved = await newTable();
  const there = await migrated(`data:${at('first')}`, `dynamodb:${moved}`, '--node', at('node'));
  assert.ok(there.batches >= 3, `${there.batches} batches`);
  assert.ok(there.ids > 3_000, `${there.ids} ids`);
  assert.ok(existsSync(join(at('node'), 'store-kind')));
  const days = await itemsOf(client, moved, 'ann', 'METRICS#listing-3#');
  assert.ok(days.length > 25 && days.every(({ views }) => views > 0));

  const back = await migrated(`dynamodb:${moved}`, `data:${at('second')}`, '--node', at('node'));
  for (const name of ['listingDays', 'views', 'shares', 'inquiries', 'inquiriesWithData', 'listings']) assert.equal(back[name], there[name], name);
  assert.equal(back.approximateListingDays, 0);

  const server = await startServer({ data: at('second') });
  assert.deepEqual(await ask(server), asked);
  const again = await server.record([{ userId: 'ann', listingId: 'listing-0', eventType: 'view', id: 'e0' }]);
  assert.deepEqual([again.recorded, again.duplicates], [0, 1], 'an id of the first folder is known in the second');
  await server.stop();
  const verified = await run(['journal', 'verify', '--data', at('second')]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test('a node goes on with the table, and knows the ids', async () => {
  const server = await startServer({ data: at('node'), env: environment(), flags: ['--store', 'dynamodb', '--dynamodb-table', moved] });
  assert.deepEqual(await ask(server), asked);
  const again = await server.record([{ userId: 'ann', listingId: 'listing-0', eventType: 'view', id: 'e0' }]);
  assert.deepEqual([again.recorded, again.duplicates], [0, 1]);
  await server.stop();
});

test("counts whose time of day is not known stand at noon, and are named", async () => {
  const table = await newTable();
  const seed = { PK: 'USER#ann', SK: 'METRICS#flat#2026-01-15', listingId: 'flat', date: '2026-01-15', views: 7, shares: 1, inquiries: 0, updatedAt: END_MS };
  await client.send(new PutCommand({ TableName: table, Item: { ...seed, platforms: { facebook: { views: 5, shares: 1, inquiries: 0, lastUpdated: END_MS } } } }));
  const answer = await migrated(`dynamodb:${table}`, `data:${at('seed')}`);
  assert.deepEqual([answer.listingDays, answer.approximateListingDays, answer.views, answer.shares], [1, 1, 7, 1]);
  const server = await startServer({ data: at('seed') });
  const range = { startDate: '2026-01-15', endDate: '2026-01-15' };
  for (const timezone of ['UTC', 'Pacific/Kiritimati']) {
    const days = { UTC: range, 'Pacific/Kiritimati': { startDate: '2026-01-16', endDate: '2026-01-16' } }[timezone];
    const { body } = await server.get(withQuery(`${listingPath('ann', 'flat')}/metrics`, { ...days, timezone }));
    assert.deepEqual([body.metrics.totalViews, body.metrics.totalShares, body.metrics.byPlatform.facebook.views], [7, 1, 5], timezone);
  }
  await server.stop();
});

test('moving it again does nothing; by another writer it is refused', async () => {
  const before = (await allItems(client, moved)).length;
  const again = await migrated(`data:${at('first')}`, `dynamodb:${moved}`);
  assert.equal(again.batches, 0);
  const { code, stderr } = await migrate(`data:${at('first')}`, `dynamodb:${moved}`, '--dynamodb-writer', '7');
  assert.equal(code, 1);
  assert.match(stderr, /holds counts already; --merge adds to them/);
  assert.equal((await allItems(client, moved)).length, before);
});

test('merging adds to what is there', async () => {
  const table = await newTable();
  const once = await migrated(`data:${at('first')}`, `dynamodb:${table}`);
  await migrated(`data:${at('first')}`, `dynamodb:${table}`, '--dynamodb-writer', '7', '--merge');
  const twice = await migrated(`dynamodb:${table}`, `data:${at('never')}`, '--dry-run');
  assert.deepEqual([twice.views, twice.shares, twice.inquiries], [once.views * 2, once.shares * 2, once.inquiries * 2]);
  assert.equal(twice.listingDays, once.listingDays);
});

test('killed on the way to a table, it goes on, and every count arrives once', async () => {
  const table = await newTable();
  let kills = 0;
  for (let round = 0; round < 4; round++) {
    const before = (await itemsOf(client, table, 'ann', 'METRICS#')).length;
    kills += await killed(`data:${at('first')}`, `dynamodb:${table}`, async () => (await itemsOf(client, table, 'ann', 'METRICS#')).length > before);
  }
  assert.ok(kills >= 1, 'killed at least once');
  const answer = await migrated(`data:${at('first')}`, `dynamodb:${table}`);
  assert.equal(answer.wentOn, true);
  await migrated(`dynamodb:${table}`, `data:${at('third')}`);
  const server = await startServer({ data: at('third') });
  assert.deepEqual(await ask(server), asked);
  await server.stop();
});

test('over a bad network every count arrives once, there and back', async (t) => {
  const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1e9);
  t.diagnostic(`FOOTFALL_SEED=${seed}`);
  const proxy = await startProxy({ target: engine.endpoint, random: randomOf(seed), rate: 0.1 });
  t.after(() => proxy.close());
  const table = await newTable();
  const persist = async (from, to) => {
    for (let tries = 1; ; tries++) {
      const { code, stderr } = await migrate(from, to, '--dynamodb-endpoint', proxy.endpoint);
      if (code === 0) return;
      assert.ok(tries < 30, stderr);
    }
  };
  await persist(`data:${at('first')}`, `dynamodb:${table}`);
  await persist(`dynamodb:${table}`, `data:${at('bad')}`);
  const server = await startServer({ data: at('bad') });
  assert.deepEqual(await ask(server), asked);
  await server.stop();
});

test('interrupted, it says so and goes on', async () => {
  const table = await newTable();
  const { code, stderr } = await signalled('SIGINT', `data:${at('first')}`, `dynamodb:${table}`, async () => (await itemsOf(client, table, 'ann', 'METRICS#')).length > 0);
  assert.equal(code, 1);
  assert.match(stderr, /^footfall: interrupted while moving\nThe same command goes on from where it came to\.\n$/);
  assert.equal((await migrated(`data:${at('first')}`, `dynamodb:${table}`)).wentOn, true);
});

test('killed on the way to a folder, it goes on, and the folder appears when it is whole', async () => {
  let kills = 0;
  for (let round = 0; round < 3; round++) {
    kills += await killed(`dynamodb:${moved}`, `data:${at('fourth')}`, async () => existsSync(at(`fourth.partial/footfall.db${round === 0 ? '' : '-wal'}`)));
    assert.ok(kills === 0 || !existsSync(at('fourth')));
  }
  assert.ok(kills >= 1, 'killed at least once');
  const started = await run(['serve', '--data', at('fourth.partial'), '--auth', 'off', '--listen', '127.0.0.1:0'], { timeoutMs: 20_000 });
  assert.equal(started.code, 1, 'a part is not served');
  assert.match(started.stderr, /of the kind unfinished/);
  const answer = await migrated(`dynamodb:${moved}`, `data:${at('fourth')}`);
  assert.equal(answer.wentOn, true);
  const server = await startServer({ data: at('fourth') });
  assert.deepEqual(await ask(server), asked);
  await server.stop();
  assert.ok(!existsSync(at('fourth.partial')));
});

test('a source that went on since is not mixed with what it was', async () => {
  const table = await newTable();
  cpSync(at('first'), at('fifth'), { recursive: true });
  await killed(`data:${at('fifth')}`, `dynamodb:${table}`, async () => (await itemsOf(client, table, 'ann', 'METRICS#')).length > 0);
  const server = await startServer({ data: at('fifth') });
  await server.record([{ userId: 'ann', listingId: 'late', eventType: 'view' }]);
  await server.stop();
  const { code, stderr } = await migrate(`data:${at('fifth')}`, `dynamodb:${table}`);
  assert.equal(code, 1);
  assert.match(stderr, /the source has changed since/);
});
