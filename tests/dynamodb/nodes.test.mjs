// Several nodes over one table, through the real program: what each answers, and what happens when
// the table is away, throttles, or belongs to somebody else.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fresh, parseExposition, run, startServer, temporaryFolder, test } from '../integration/server.mjs';
import { REGION, startEngine, tableName } from './engine.mjs';
import { documentClient, itemsOf } from './table.mjs';

const WAIT_MS_MAX = 40_000;
const today = () => new Date().toISOString().slice(0, 10);

let engine;
let client;
before(async () => {
  engine = await startEngine();
  client = documentClient(engine);
});
after(async () => {
  client.destroy();
  await engine.stop();
});

/** Asks again and again until the answer holds. */
async function until(words, ask) {
  const end = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) assert.fail(`never: ${words}`);
    await delay(25);
  }
}

/** A way to the engine that can be closed, or say "slow down" to all that writes. */
async function gate() {
  const agent = new http.Agent({ keepAlive: true });
  const state = { mode: 'open', throttled: 0 };
  const server = http.createServer(async (request, response) => {
    if (state.mode === 'closed') return request.socket.destroy();
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const operation = request.headers['x-amz-target'] ?? '';
    if (state.mode === 'throttling' && /UpdateItem|PutItem/.test(operation)) {
      state.throttled++;
      response.writeHead(400, { 'Content-Type': 'application/x-amz-json-1.0' });
      return response.end(JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', message: 'slow down' }));
    }
    const { hostname, port } = new URL(engine.endpoint);
    const forwarded = http.request({ hostname, port, method: request.method, path: request.url, headers: request.headers, agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => request.socket.destroy());
    forwarded.end(Buffer.concat(pieces));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      agent.destroy();
      return new Promise((done) => server.close(done));
    },
  });
}

/** footfall dynamodb ... on this engine. */
function command(args, table) {
  return run(['dynamodb', ...args, '--dynamodb-endpoint', engine.endpoint, '--dynamodb-table', table], { env: engine.credentials });
}

/** A table, and nodes over it that go away with the test. */
async function cluster(t) {
  const table = tableName();
  const folder = temporaryFolder();
  const nodes = [];
  const made = await command(['create-table'], table);
  assert.equal(made.code, 0, made.stderr);
  t.after(async () => {
    for (const node of nodes) await node.close();
    folder.remove();
  });
  return {
    table,
    path: (name) => join(folder.path, name),
    async node(writer, { flags = [], endpoint = engine.endpoint, data = `node-${writer}` } = {}) {
      const node = await startServer({
        data: join(folder.path, data),
        env: engine.credentials,
        flags: [
          '--store', 'dynamodb', '--dynamodb-endpoint', endpoint, '--dynamodb-table', table, '--region', REGION,
          '--dynamodb-writer', String(writer), '--seal-interval-ms', '150', '--refresh-interval-ms', '100', ...flags,
        ],
      });
      nodes.push(node);
      return node;
    },
  };
}

const view = (userId, more = {}) => ({ userId, listingId: 'house', eventType: 'view', ...more });

async function totals(node, userId, parameters = '') {
  const answer = await node.get(`/v1/users/${userId}/listings/house/metrics?period=daily${parameters}`);
  assert.equal(answer.status, 200, answer.text);
  return { ...answer.body, views: answer.body.metrics.totalViews, etag: answer.headers.etag };
}

const post = (node, events) => node.request('POST', '/v1/events', { body: events });

async function figures(node) {
  return parseExposition((await node.get('/metrics')).text);
}

test('a table is made once, and looked at', async (t) => {
  const { table, node } = await cluster(t);
  const again = await command(['create-table'], table);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /is there already/);
  let checked = await command(['check', '--json', '--dynamodb-writer', '7'], table);
  assert.equal(checked.code, 0, checked.stderr);
  let facts = JSON.parse(checked.stdout);
  assert.equal(facts.status, 'ACTIVE');
  assert.equal(facts.keysAreRight, true);
  assert.equal(facts.writer, null);
  const one = await node(7);
  await one.record(view(fresh('agent')));
  await one.stopsCleanly();
  checked = await command(['check', '--json', '--dynamodb-writer', '7'], table);
  facts = JSON.parse(checked.stdout);
  assert.match(facts.writer.journal, /^[0-9a-f]{32}$/);
  assert.equal(facts.writer.applied, facts.writer.claimed);
  assert.match((await command(['check', '--dynamodb-writer', '7'], table)).stdout, /writer 7 {3}journal [0-9a-f]{32}, batch 1 claimed, 1 applied/);

  const missing = await command(['check'], `${table}-not`);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /create-table/);
  const wrong = await command(['check', '--dynamodb-writer', '1000'], table);
  assert.equal(wrong.code, 2);
});

test('what one node counts the other shows, and says how fresh it is', async (t) => {
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1);
  assert.equal((await totals(one, userId)).freshAsOf, undefined, 'alone it is exact');
  const two = await node(2);
  const began = Date.now();
  await one.record([view(userId, { source: 'web' }), view(userId, { platform: 'facebook' })]);
  assert.equal((await totals(one, userId)).views, 2, 'what it recorded it sees at once');
  const before = await totals(two, userId);
  const seen = await until('the other sees it', async () => {
    const answer = await totals(two, userId);
    return answer.views === 2 && answer.freshAsOf >= began ? answer : undefined;
  });
  assert.ok(seen.freshAsOf <= Date.now());
  assert.notEqual(seen.etag, before.etag, 'a kept answer does not hide it');
  assert.deepEqual(seen.metrics.bySource, { web: { views: 1, shares: 0, inquiries: 0 } });

  await two.record(view(userId));
  await until('both sides add up', async () => (await totals(one, userId)).views === 3);
  const all = await two.get(`/v1/users/${userId}/metrics?period=daily`);
  assert.equal(all.body.metricsByListing.house.totalViews, 3);
  assert.equal(typeof all.body.freshAsOf, 'number');
  const zoned = await totals(one, userId, '&timezone=Asia/Tokyo');
  assert.equal(zoned.approximate, undefined);

  // a node that stopped with nothing left does not make the others' answers old
  await one.stopsCleanly();
  await until('a stopped node has nothing to come', async () => (await totals(two, userId)).freshAsOf === undefined);
  assert.equal((await figures(two)).get('footfall_store_fresh_lag_seconds'), 0);
  const [item] = await itemsOf(client, table, userId, 'METRICS#house#');
  assert.equal(item.views, 3);
});

test('live connections are told of other nodes\' events', async (t) => {
  const { node } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1);
  const two = await node(2);
  const stream = http.get({ host: '127.0.0.1', port: two.port, path: `/v1/users/${userId}/live?listing=house`, agent: false });
  const [response] = await once(stream, 'response');
  let text = '';
  response.setEncoding('utf8').on('data', (piece) => (text += piece));
  response.on('error', () => {});
  await until('the snapshot', () => /"type":"snapshot"/.test(text));
  await one.record(view(userId));
  await until('the delta', () => /"type":"delta".*"views":1.*"freshAsOf":\d+/.test(text));
  stream.destroy();
});

test('a node that was killed goes on where it was', async (t) => {
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { flags: ['--seal-interval-ms', '3600000'] });
  for (let i = 0; i < 5; i++) await one.record(view(userId, { id: `e-${i}` }));
  await one.kill9();
  await one.restart();
  assert.equal((await totals(one, userId)).views, 5);
  const again = await one.record(view(userId, { id: 'e-3' }));
  assert.equal(again.duplicates, 1);
  await one.stopsCleanly();
  const [item] = await itemsOf(client, table, userId, 'METRICS#');
  assert.equal(item.views, 5);
});

test('while the table is away events are recorded, and it gets them later', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { endpoint: door.endpoint });
  await one.record(view(userId));
  await until('it is in the table', async () => (await itemsOf(client, table, userId, 'METRICS#')).length === 1);
  door.mode = 'closed';
  for (let i = 0; i < 20; i++) await one.record(view(userId));
  const ready = await one.get('/readyz');
  assert.equal(ready.status, 200, ready.text);
  await until('the lag shows', async () => (await figures(one)).get('footfall_store_lag_seconds') > 0.5);
  door.mode = 'open';
  await until('it has all', async () => (await itemsOf(client, table, userId, 'METRICS#'))[0].views === 21);
  assert.equal((await totals(one, userId)).views, 21);
  await one.stopsCleanly();
});

test('a node that stops while the table is away says so, and goes on when it starts again', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { endpoint: door.endpoint });
  door.mode = 'closed';
  for (let i = 0; i < 3; i++) await one.record(view(userId));
  const end = await one.stop();
  assert.deepEqual(end, { code: 1, signal: null });
  assert.match(one.log.at(-1), /^footfall: .*dynamodb/i, 'why stands in the last line');
  await assert.rejects(one.start(), /the server did not start/, 'a start needs the table');
  door.mode = 'open';
  await one.start();
  await until('all is there', async () => (await itemsOf(client, table, userId, 'METRICS#'))[0]?.views === 3);
  await one.stopsCleanly();
});

test('a query that the table does not answer is 503, with words', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node } = await cluster(t);
  const one = await node(1, { endpoint: door.endpoint });
  door.mode = 'closed';
  const answer = await one.get(`/v1/users/${fresh('agent')}/listings/house/metrics`);
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.body.code, 'store_unreachable');
  assert.match(answer.body.error, /try again/);
  door.mode = 'open';
});

test('a throttled table stretches the interval and loses nothing', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { endpoint: door.endpoint });
  door.mode = 'throttling';
  for (let i = 0; i < 10; i++) await one.record(view(userId, { listingId: `l-${i}` }));
  await until('it was throttled', () => door.throttled > 5);
  for (let i = 0; i < 10; i++) await one.record(view(userId, { listingId: `l-${i}` }));
  door.mode = 'open';
  await until('all is there', async () => {
    const items = await itemsOf(client, table, userId, 'METRICS#');
    return items.reduce((sum, { views }) => sum + views, 0) === 20;
  });
  // the table has it before the node has read the answers; and ten listings may be two batches
  let seen;
  await until('it is counted', async () => {
    seen = await figures(one);
    return seen.get('footfall_store_lag_seconds') === 0;
  });
  const sum = (name) => [...seen].filter(([each]) => each.startsWith(`${name}{`)).reduce((total, [, value]) => total + value, 0);
  assert.ok(sum('footfall_dynamodb_throttles_total') > 5);
  assert.ok(sum('footfall_dynamodb_requests_total') > sum('footfall_dynamodb_calls_total'), 'retries');
  assert.ok(sum('footfall_dynamodb_consumed_capacity_units_total') > 0);
  assert.ok(sum('footfall_dynamodb_request_seconds_count') > 0);
  // what was created by a request whose answer came too late is found, and counts as repeated
  const outcome = (name) => seen.get(`footfall_dynamodb_items_total{outcome="${name}"}`);
  assert.ok(outcome('created') <= 10 && outcome('created') + outcome('repeated') >= 10, `${outcome('created')} created, ${outcome('repeated')} repeated`);
  assert.equal(seen.get('footfall_store_halted'), 0);
  await one.stopsCleanly();
});

test('the journal on disk has a bound, and it heals', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { endpoint: door.endpoint, flags: ['--journal-segment-bytes', '64KiB', '--journal-bytes', '320KiB'] });
  door.mode = 'closed';
  let recorded = 0;
  let answer;
  for (; recorded < 500; recorded++) {
    answer = await post(one, view(userId));
    if (answer.status !== 200) break;
  }
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.body.code, 'store_behind');
  assert.match(answer.body.error, /journal/);
  assert.ok(answer.headers['retry-after']);
  assert.ok(recorded > 30 && recorded < 100, `${recorded} events, a block of 4 KiB each`);
  assert.equal((await one.get('/readyz')).status, 503);
  const seen = await figures(one);
  assert.ok(seen.get('footfall_journal_held_bytes') >= seen.get('footfall_journal_held_bytes_max'));
  door.mode = 'open';
  await until('it takes events again', async () => (await post(one, view(userId))).status === 200);
  assert.equal((await totals(one, userId)).views, recorded + 1);
  await one.stopsCleanly();
});

/** Whose writer 1 is, as the table has it. */
async function writerOf(table) {
  const checked = await command(['check', '--json', '--dynamodb-writer', '1'], table);
  assert.equal(checked.code, 0, checked.stderr);
  return JSON.parse(checked.stdout).writer;
}

function setJournal(table, jid) {
  return client.send(new UpdateCommand({
    TableName: table, Key: { PK: 'WRITER#1', SK: 'STATE' }, UpdateExpression: 'SET jid = :jid', ExpressionAttributeValues: { ':jid': jid },
  }));
}

test('another journal under its number halts a node, which records on, and resumes', async (t) => {
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1);
  await one.record(view(userId));
  await until('it is in the table', async () => (await itemsOf(client, table, userId, 'METRICS#')).length === 1);
  await assert.rejects(node(1, { data: 'other' }), /writer 1/);

  const { journal } = await writerOf(table);
  await setJournal(table, 'f'.repeat(32));
  await one.record(view(userId));
  await until('it halts', async () => (await figures(one)).get('footfall_store_halted') === 1);
  const ready = await one.get('/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(ready.body, { success: true, status: 'ready', store: 'halted' });
  assert.equal((await one.record(view(userId))).recorded, 1, 'it records on');
  assert.equal((await totals(one, userId)).views, 3, 'and answers');
  await until('it has tried again', async () => (await figures(one)).get('footfall_store_failures_total') > 2);
  assert.equal(one.log.filter((line) => /event=store_halted/.test(line)).length, 1, 'it is said once');
  assert.equal((await itemsOf(client, table, userId, 'METRICS#'))[0].views, 1, 'nothing was given');

  await setJournal(table, journal);
  await until('it goes on', async () => (await itemsOf(client, table, userId, 'METRICS#'))[0].views === 3);
  assert.equal((await figures(one)).get('footfall_store_halted'), 0);
  assert.deepEqual((await one.get('/readyz')).body, { success: true, status: 'ready' });
  await one.stopsCleanly();
});

test('a writer whose disk is lost is taken over by name, once', async (t) => {
  const { node, table, path } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1);
  await one.record(view(userId));
  await until('it is in the table', async () => (await itemsOf(client, table, userId, 'METRICS#')).length === 1);
  await one.kill9();

  const { journal } = await writerOf(table);
  const takeover = (id, data) => command(['takeover', '--dynamodb-writer', '1', ...(id === undefined ? [] : ['--journal', id]), '--data', path(data)], table);
  const asked = await takeover(undefined, 'new');
  assert.equal(asked.code, 2, 'without a terminal it wants the id');
  assert.match(asked.stderr, /--journal ID/);
  const wrong = await takeover('0'.repeat(32), 'new');
  assert.equal(wrong.code, 1, wrong.stdout);
  const taken = await until('the writer is not in use any more', async () => {
    const end = await takeover(journal, 'new');
    return end.code === 0 ? end : undefined;
  });
  assert.match(taken.stdout, /goes on behind batch/);
  assert.match(taken.stdout, /Lost is what journal [0-9a-f]{32} had acknowledged/);
  assert.notEqual((await writerOf(table)).journal, journal);
  assert.equal((await takeover(journal, 'newer')).code, 1, 'a second one comes too late');
  assert.equal((await takeover((await writerOf(table)).journal, 'node-1')).code, 1, 'a journal that has given batches is no new one');

  const two = await node(1, { data: 'new' });
  assert.equal((await totals(two, userId)).views, 1);
  await two.record(view(userId));
  await until('the new one counts on', async () => (await itemsOf(client, table, userId, 'METRICS#'))[0].views === 2);
  await two.stopsCleanly();
  await assert.rejects(one.restart(), /writer 1/, 'the lost one does not come back');
});

test('without cells items stay small, and other zones are approximate', async (t) => {
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1, { flags: ['--cells', 'off'] });
  await one.record([view(userId), view(userId, { platform: 'x' })]);
  await until('it is in the table', async () => (await itemsOf(client, table, userId, 'METRICS#')).length === 1);
  const [item] = await itemsOf(client, table, userId, 'METRICS#');
  assert.equal(item._c, undefined);
  await until('batches are in the store', async () => (await totals(one, userId, '&timezone=Asia/Tokyo')).approximate === true);
  const utc = await totals(one, userId);
  assert.equal(utc.approximate, undefined);
  assert.equal(utc.views, 2);
  assert.equal(item.SK, `METRICS#house#${today()}`);
  await one.stopsCleanly();
});

test('an id counts once on all nodes with --dedupe shared', async (t) => {
  const door = await gate();
  t.after(() => door.close());
  const { node } = await cluster(t);
  const userId = fresh('agent');
  const flags = ['--dedupe', 'shared'];
  const one = await node(1, { flags });
  const two = await node(2, { flags, endpoint: door.endpoint });
  const first = await one.record([view(userId, { id: 'a' }), view(userId, { id: 'b' }), view(userId)]);
  assert.equal(first.recorded, 3);
  assert.equal((await one.record(view(userId, { id: 'a' }))).duplicates, 1);

  // until the first has flushed the other cannot know; it never counts twice
  const answer = await until('it is decided', async () => {
    const tried = await post(two, [view(userId, { id: 'a' }), view(userId, { id: 'c' })]);
    if (tried.status === 503) assert.equal(tried.body.code, 'id_undecided', tried.text);
    return tried.status === 200 ? tried : undefined;
  });
  assert.deepEqual(answer.body, { success: true, recorded: 1, duplicates: 1 });
  await until('one sum everywhere', async () => (await totals(one, userId)).views === 4 && (await totals(two, userId)).views === 4);

  // a claim that was never recorded is the claimant's to use
  door.mode = 'closed';
  const away = await post(two, view(userId, { id: 'd' }));
  assert.equal(away.status, 503);
  assert.equal(away.body.code, 'ids_unavailable');
  assert.equal((await post(two, view(userId))).status, 200, 'without an id it goes on');
  door.mode = 'open';
  await until('with one again', async () => (await post(two, view(userId, { id: 'd' }))).status === 200);
  assert.equal((await post(two, view(userId, { id: 'd' }))).body.duplicates, 1);
  await one.stopsCleanly();
  await two.stopsCleanly();
});

test('a claim whose event was never recorded is nobody\'s once its claimant started again', async (t) => {
  const { node, table } = await cluster(t);
  const userId = fresh('agent');
  const flags = ['--dedupe', 'shared'];
  const one = await node(1, { flags });
  const two = await node(2, { flags });
  await one.record(view(userId, { id: 'before' }));
  // as a node leaves it that is killed between the claim and the record
  const { Item: state } = await client.send(new GetCommand({ TableName: table, Key: { PK: 'WRITER#1', SK: 'STATE' } }));
  await client.send(new PutCommand({ TableName: table, Item: {
    PK: `ID#${userId}#lost`, SK: 'ID', jid: state.jid, writer: 1, epoch: state.epoch, turn: 9, seq: 1_000_000, expires: Math.floor(Date.now() / 1000) + 3600,
  } }));
  await one.kill9();
  const open = await post(two, view(userId, { id: 'lost' }));
  assert.equal(open.status, 503, open.text);
  assert.equal(open.body.code, 'id_undecided');
  await one.restart();
  const taken = await until('it is decided', async () => {
    const tried = await post(two, view(userId, { id: 'lost' }));
    return tried.status === 200 ? tried : undefined;
  });
  assert.equal(taken.body.recorded, 1, 'it was not recorded, so it is new');
  assert.equal((await post(one, view(userId, { id: 'before' }))).body.duplicates, 1);
  await until('one sum', async () => (await totals(one, userId)).views === 2 && (await totals(two, userId)).views === 2);
  await one.stopsCleanly();
  await two.stopsCleanly();
});

test('a folder stays with its kind of store, and tools say so', async (t) => {
  const { node, path, table } = await cluster(t);
  const userId = fresh('agent');
  const one = await node(1);
  await one.record(view(userId));
  await one.stopsCleanly();
  await assert.rejects(startServer({ data: path('node-1') }), /store of the kind dynamodb/);

  // a command with --data opens the folder as serve does, with the settings of the environment
  const env = { ...engine.credentials, FOOTFALL_STORE: 'dynamodb', FOOTFALL_DYNAMODB_ENDPOINT: engine.endpoint, FOOTFALL_DYNAMODB_TABLE: table };
  const asked = await run(['metrics', userId, 'house', '--json', '--data', path('node-1')], { env });
  assert.equal(asked.code, 0, asked.stderr);
  assert.equal(JSON.parse(asked.stdout).metrics.totalViews, 1);
  for (const args of [['verify'], ['journal', 'verify'], ['journal', 'salvage', '--to', path('x')], ['backup', path('b')], ['sql', 'SELECT 1']]) {
    const end = await run([...args, '--data', path('node-1')]);
    assert.equal(end.code, 1, `${args}: ${end.stdout}`);
    assert.match(end.stderr, /lies in a store of the kind dynamodb/, String(args));
  }
});
