// footfall sql: answers are the API's, only what is asked for is read, nothing can be written, and
// the examples of the manual work.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { DAY_MS, listingPath, program, run, startServer, temporaryFolder, test } from './server.mjs';

const USER = 'agent-7';
const LISTINGS = ['listing-123', 'listing-456', 'listing-"7", comma'];
const folder = temporaryFolder();
after(folder.remove);

/** A stopped server's folder with ninety days of events, and the API's word on them. */
const filled = (async () => {
  const server = await startServer({ data: join(folder.path, 'data') });
  const now = Date.now();
  const events = [];
  for (let i = 0; i < 3000; i++) {
    events.push({
      userId: i % 5 === 0 ? 'agent-8' : USER, listingId: LISTINGS[i % 3], eventType: ['view', 'view', 'share', 'inquiry'][i % 4],
      platform: i % 7 ? ['facebook', 'instagram', 'weibo'][i % 2] : undefined, source: i % 6 ? `source-${i % 11}` : undefined,
      timestamp: now - (i % 90) * DAY_MS - (i % 24) * 3_600_000,
    });
  }
  events[3].inquiry = { name: 'Ada \u001b[31m', words: 'a\nb' };
  await server.record(events);
  const put = await server.request('PUT', listingPath(USER, LISTINGS[0]), { body: { address: '1 Main St', price: 250000, status: 'active' } });
  assert.equal(put.status, 200, put.text);
  const end = new Date(now).toISOString().slice(0, 10);
  const start = new Date(now - 120 * DAY_MS).toISOString().slice(0, 10);
  const days = new Map();
  for (const user of [USER, 'agent-8']) {
    for (const listing of LISTINGS) {
      const answer = await server.get(`${listingPath(user, listing)}/days?startDate=${start}&endDate=${end}`);
      assert.equal(answer.status, 200, answer.text);
      days.set(`${user} ${listing}`, answer.body.metrics.filter((day) => day.updatedAt > 0));
    }
  }
  const inquiries = (await server.get(`/v1/users/${USER}/inquiries?limit=1000`)).body.inquiries;
  const metrics = await server.metrics(USER, LISTINGS[0], { startDate: start, endDate: end });
  await server.stopsCleanly();
  await server.close();
  return { data: server.data, days, inquiries, metrics, events };
})();

async function sql(query, { format = 'ndjson', flags = [] } = {}) {
  const { data } = await filled;
  return run(['sql', query, '--data', data, '--format', format, ...flags]);
}

async function rows(query) {
  const end = await sql(query);
  assert.equal(end.code, 0, end.stderr);
  return end.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

test('days are the days of the API, platforms and sources included', async () => {
  const { days } = await filled;
  for (const [key, want] of days) {
    const [user, listing] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
    const where = `WHERE user_id = ${quoted(user)} AND listing_id = ${quoted(listing)}`;
    const found = await rows(`SELECT date, views, shares, inquiries, updated_at AS updatedAt FROM listing_days ${where} ORDER BY date`);
    assert.deepEqual(found, want.map(({ date, views, shares, inquiries, updatedAt }) => ({ date, views, shares, inquiries, updatedAt })));
    const platforms = await rows(`SELECT date, platform, views, shares, inquiries, updated_at AS lastUpdated FROM platform_days ${where} AND platform <> 'none' ORDER BY date`);
    const byDay = new Map();
    for (const { date, platform, ...counts } of platforms) byDay.set(date, { ...byDay.get(date), [platform]: counts });
    for (const day of want) assert.deepEqual(byDay.get(day.date) ?? {}, day.platforms, `${key} ${day.date}`);
  }
});

test('sources sum to what the API says of them', async () => {
  const { metrics } = await filled;
  const found = await rows(`SELECT source, sum(views) AS views, sum(shares) AS shares, sum(inquiries) AS inquiries FROM source_days
    WHERE user_id = '${USER}' AND listing_id = '${LISTINGS[0]}' AND source <> 'none' GROUP BY source`);
  const want = Object.entries(metrics.bySource).filter(([source]) => source !== 'none');
  assert.deepEqual(Object.fromEntries(found.map(({ source, ...counts }) => [source, counts])), Object.fromEntries(want));
});

test('every table sums to the same', async () => {
  const sums = [];
  for (const table of ['listing_days', 'platform_days', 'source_days', 'platform_quarters', 'source_quarters']) {
    sums.push(...(await rows(`SELECT sum(views) v, sum(shares) s, sum(inquiries) i FROM ${table}`)));
  }
  assert.deepEqual(sums, Array(5).fill({ v: 1500, s: 750, i: 750 }));
  const [slots] = await rows("SELECT count(*) n FROM platform_quarters WHERE date <> date(starts_at / 1000, 'unixepoch') OR time <> strftime('%H:%M', starts_at / 1000, 'unixepoch')");
  assert.equal(slots.n, 0);
});

test('a condition finds the same, whether it decides what is read or not', async () => {
  const conditions = [
    `user_id = '${USER}'`, `+user_id = '${USER}'`, `listing_id = '${LISTINGS[1]}'`, `date = date('now', '-3 days')`, `date >= date('now', '-40 days')`,
    `date > date('now', '-40 days') AND date < date('now', '-10 days')`, `date BETWEEN date('now', '-35 days') AND date('now', '-33 days')`,
    `user_id = '${USER}' AND date <= '2020-01-01'`, `date = '2026-02-30'`, `date >= '20'`, `date < 'x'`, `date >= NULL`, `user_id IS NULL`, `user_id = 'AGENT-7' COLLATE NOCASE`,
    `user_id IN ('agent-8', '${USER}', 'nobody')`, `date LIKE '%-1_'`, `date > date('now') || 'T'`, `date >= date('now', '-9 days') || 'T00:00'`,
    `user_id = '${USER}' AND listing_id = '${LISTINGS[0]}' AND date >= date('now', '-60 days')`, `user_id > 'agent-7'`, `date = 5`, `user_id = ''`,
  ];
  for (const table of ['listing_days', 'platform_days', 'source_quarters']) {
    for (const condition of conditions) {
      // what is materialised first is filtered by SQLite alone
      const [found] = await rows(`SELECT count(*) n, sum(views) v, min(date) a, max(date) b FROM ${table} WHERE ${condition}`);
      const [want] = await rows(`WITH t AS MATERIALIZED (SELECT * FROM ${table} LIMIT -1 OFFSET 0) SELECT count(*) n, sum(views) v, min(date) a, max(date) b FROM t WHERE ${condition}`);
      assert.deepEqual(found, want, `${table} WHERE ${condition}`);
    }
  }
});

test('the plan tells what decides', async () => {
  const cases = [
    [`user_id = 'u' AND listing_id = 'l' AND date BETWEEN 'a' AND 'b'`, /user_id= listing_id= date>= date<=$/],
    [`date = 'a'`, / date=$|:date=$/],
    [`user_id = 'u' COLLATE NOCASE`, /:everything$/],
    [`views > 3`, /:everything$/],
  ];
  for (const [condition, words] of cases) {
    const [plan] = await rows(`EXPLAIN QUERY PLAN SELECT * FROM listing_days WHERE ${condition}`);
    assert.match(plan.detail, words, condition);
  }
});

test('nothing can be written, attached or set', async () => {
  const { data } = await filled;
  const evil = join(folder.path, 'evil');
  const before = readFileSync(join(data, 'footfall.db'));
  const refused = [
    'DELETE FROM totals', 'UPDATE state SET batch = 9', "INSERT INTO listings VALUES ('u','l',1,1,1,1,1,1)", 'DROP TABLE cells', 'CREATE TABLE t(x)', 'CREATE TEMP TABLE t(x)',
    'CREATE TEMP VIEW v AS SELECT 1', 'DROP VIEW inquiries', `ATTACH '${evil}' AS e`, `VACUUM INTO '${evil}'`, 'VACUUM', 'PRAGMA query_only = 0', 'PRAGMA journal_mode = delete',
    'PRAGMA writable_schema = 1', 'PRAGMA wal_checkpoint(TRUNCATE)', 'BEGIN', 'BEGIN IMMEDIATE', 'SAVEPOINT s', 'REINDEX', 'ANALYZE', 'DETACH main', 'ALTER TABLE state ADD COLUMN y',
    'INSERT INTO listing_days VALUES (1,2,3,4,5,6,7)', 'DELETE FROM listing_days', 'CREATE VIRTUAL TABLE v USING listing_days', 'CREATE TRIGGER t AFTER INSERT ON cells BEGIN SELECT 1; END',
    "SELECT load_extension('x')", 'WITH x AS (SELECT 1) DELETE FROM cells', 'EXPLAIN DELETE FROM cells', 'SELECT 1; DELETE FROM cells', "SELECT * FROM listing_days; UPDATE cells SET block = x''",
  ];
  for (const query of refused) {
    const end = await sql(query);
    assert.equal(end.code, 1, `${query}: ${end.stdout}`);
    assert.match(end.stderr, /only questions are answered|no such function|not authorized|may not be modified/, query);
  }
  assert.ok(!existsSync(evil));
  assert.ok(readFileSync(join(data, 'footfall.db')).equals(before), 'no byte of the store has changed');
});

test('what is wrong is said', async () => {
  for (const [query, words] of [
    ['SELEC 1', /syntax error/], ['SELECT x FROM listing_days', /no such column: x/], ['SELECT * FROM no_such', /no such table/], ['SELECT ?', null], ["SELECT 'open", /unrecognized token|incomplete/],
  ]) {
    const end = await sql(query);
    if (words === null) assert.equal(end.code, 0, end.stderr);
    else {
      assert.equal(end.code, 1, query);
      assert.match(end.stderr, words);
    }
  }
  const long = await sql('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n', { flags: ['--time-limit', '1'] });
  assert.equal(long.code, 1);
  assert.match(long.stderr, /longer than 1 s/);
  const none = await run(['sql', 'SELECT 1', '--data', join(folder.path, 'nothing')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /is no data folder/);
  assert.equal((await run(['sql', '--format', 'xml'])).code, 2);
});

test('formats', async () => {
  const query = "SELECT 'a,\"b\"' AS t, NULL AS n, 1.5 AS r, 7 AS i, x'00ff' AS b UNION ALL SELECT 'two' || char(10) || 'lines', 1, 2.0, -3, x''";
  assert.equal((await sql(query, { format: 'csv' })).stdout, 't,n,r,i,b\r\n"a,""b""",,1.5,7,00ff\r\n"two\nlines",1,2,-3,\r\n');
  assert.deepEqual(JSON.parse((await sql(query, { format: 'json' })).stdout), [
    { t: 'a,"b"', n: null, r: 1.5, i: 7, b: '00ff' }, { t: 'two\nlines', n: 1, r: 2, i: -3, b: '' },
  ]);
  assert.deepEqual(JSON.parse((await sql('SELECT 1 WHERE 0', { format: 'json' })).stdout), []);
  assert.equal((await sql("SELECT 'x' AS word, 10 AS number UNION ALL SELECT 'longer', 2", { format: 'table' })).stdout, 'word    number\nx           10\nlonger       2\n');
  const many = (await sql('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT i FROM n', { format: 'table' })).stdout;
  assert.equal(many.split('\n').length, 1002);
  const shown = (await sql(`SELECT inquiry ->> 'name' AS name FROM inquiries WHERE inquiry IS NOT NULL`, { format: 'table' })).stdout;
  assert.ok(shown.includes('Ada \\x1b[31m') && !shown.includes('\u001b'), 'no escape reaches a terminal');
});

test('inquiries and details are tables, too', async () => {
  const { inquiries } = await filled;
  const found = await rows(`SELECT * FROM inquiries WHERE user_id = '${USER}' ORDER BY timestamp DESC, id DESC`);
  assert.equal(found.length, inquiries.length);
  assert.deepEqual(found.map(({ listing_id, timestamp }) => [listing_id, timestamp]).sort(), inquiries.map(({ listingId, timestamp }) => [listingId, typeof timestamp === 'number' ? timestamp : Date.parse(timestamp)]).sort());
  assert.deepEqual((await rows('SELECT user_id, listing_id, address, price, status FROM listings')), [{ user_id: USER, listing_id: LISTINGS[0], address: '1 Main St', price: 250000, status: 'active' }]);
});

test('statements come from standard input as well', async () => {
  const { data } = await filled;
  const child = spawn(program, ['sql', '--data', data, '--format', 'ndjson']);
  let out = '';
  child.stdout.on('data', (piece) => (out += piece));
  child.stdin.end('-- a comment; with a semicolon\nSELECT 1 AS a;\n\nSELECT 2 AS b; ;\n');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(out, '{"a":1}\n{"b":2}\n');
});

test('beside a running server it reads what is stored, and says what is not', async () => {
  const server = await startServer({ flags: ['--seal-interval-ms', '3600000'] });
  try {
    await server.record([{ userId: 'u', listingId: 'l', eventType: 'view' }]);
    const beside = await run(['sql', 'SELECT count(*) AS n FROM listing_days', '--data', server.data, '--format', 'ndjson']);
    assert.equal(beside.stdout, '{"n":0}\n');
    assert.match(beside.stderr, /a server uses .* is not in these answers/);
    await server.kill9();
    const dead = await run(['sql', 'SELECT count(*) AS n FROM listing_days', '--data', server.data, '--format', 'ndjson']);
    assert.match(dead.stderr, /the journal has 1 record that the store does not have yet/);
    await server.start();
    await server.stopsCleanly();
    const whole = await run(['sql', 'SELECT count(*) AS n FROM listing_days', '--data', server.data, '--format', 'ndjson']);
    assert.deepEqual([whole.stdout, whole.stderr], ['{"n":1}\n', '']);
  } finally {
    await server.close();
  }
});

test("the manual's examples work, and find something", async () => {
  const manual = readFileSync(new URL('../../docs/operations/sql.md', import.meta.url), 'utf8');
  const examples = [...manual.matchAll(/```sql\n(.*?)```/gs)].map((found) => found[1]);
  assert.ok(examples.length >= 7);
  for (const example of examples) assert.ok((await rows(example)).length > 0, example);
  const listed = (await run(['sql', '--tables'])).stdout;
  for (const [, name] of manual.matchAll(/^\| `(\w+)` \| (?:listing|inquiry)/gm)) {
    assert.ok(listed.includes(`${name}(`), name);
    await rows(`SELECT * FROM ${name} LIMIT 1`);
  }
});
