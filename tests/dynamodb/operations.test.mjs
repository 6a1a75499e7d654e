// What docs/operations/many-nodes.md and dynamodb.md tell operators to do, and what they say
// happens then.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fresh, run, startServer, test } from '../integration/server.mjs';
import { startCluster } from './cluster.mjs';
import { REGION } from './engine.mjs';

let cluster;
before(async () => {
  cluster = await startCluster({ nodes: 0 });
});
after(() => cluster.close());

let numbers = 0;
const nextNumber = () => (numbers += 1);

function views(userId, listingId, count) {
  return Array.from({ length: count }, () => ({ userId, listingId, eventType: 'view' }));
}

/** Asks again and again until it is so; says what it was at last. */
async function until(what, isSo, words) {
  for (let tries = 0; ; tries++) {
    const found = await what();
    if (isSo(found)) return found;
    assert.ok(tries < 400, `${words}: ${JSON.stringify(found)}`);
    await delay(50);
  }
}

const totals = async (node, userId, listingId) => (await node.server.totals(userId, listingId))[0];
const dynamodb = (command, ...flags) => run([
  'dynamodb', command, '--dynamodb-table', cluster.table, '--region', REGION, '--dynamodb-endpoint', cluster.engine.endpoint, ...flags,
], { env: cluster.engine.credentials });

test('restarting node after node: what a node recorded is in the others\' answers when it has ended', async () => {
  const userId = fresh('agent');
  const nodes = [await cluster.addNode(nextNumber()), await cluster.addNode(nextNumber())];
  for (const [at, node] of nodes.entries()) await node.server.record(views(userId, `listing-${at}`, 10 + at));
  for (const [at, node] of nodes.entries()) {
    const other = nodes[1 - at];
    await node.stop();
    const stopped = Date.now();
    const { body } = await until(() => other.server.get(`/v1/users/${userId}/metrics`), ({ body: { freshAsOf } }) => freshAsOf === undefined || freshAsOf >= stopped, 'fresh after the stop');
    assert.equal(body.metricsByListing[`listing-${at}`].totalViews, 10 + at);
    await node.start();
    assert.equal((await node.server.get('/readyz')).status, 200);
    assert.equal(await totals(node, userId, `listing-${at}`), 10 + at);
  }
  for (const node of nodes) await node.stop();
});

test('a node that is gone holds freshAsOf back, and brings its events when it is started again', async () => {
  const userId = fresh('agent');
  const gone = await cluster.addNode(nextNumber(), { sealMs: 3_600_000 });
  const other = await cluster.addNode(nextNumber());
  const before = Date.now();
  await gone.server.record(views(userId, 'a', 5));
  await gone.kill9(); // nothing of it was flushed
  await other.server.record(views(userId, 'a', 1));
  await delay(500); // some looks at the table
  const { body } = await other.server.get(`/v1/users/${userId}/metrics`);
  assert.equal(body.metricsByListing.a.totalViews, 1);
  assert.ok(body.freshAsOf <= before, `it says that something may be missing: ${body.freshAsOf}, ${before}`);
  await gone.start();
  await gone.stop();
  await until(() => totals(other, userId, 'a'), (count) => count === 6, 'it brought them');
  await other.stop();
});

test('a second data folder under a writer\'s number is refused, and a free number is not', async () => {
  const number = nextNumber();
  const node = await cluster.addNode(number);
  const second = await run(['serve', '--data', `${node.data}-second`, '--listen', '127.0.0.1:0', '--auth', 'off', ...node.flags], { env: cluster.engine.credentials });
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /journal/);
  await node.stop();
});

test('a data folder that was copied: the copy halts, and nothing counts twice', async () => {
  const userId = fresh('agent');
  const original = await cluster.addNode(nextNumber());
  await original.server.record(views(userId, 'a', 3));
  await original.stop();
  const copied = `${original.data}-copy`;
  cpSync(original.data, copied, { recursive: true });

  await original.start();
  const copy = await startServer({ data: copied, flags: original.flags, env: cluster.engine.credentials });
  await original.server.record(views(userId, 'a', 4));
  await original.stop(); // its batch is in the table
  await copy.record(views(userId, 'a', 100));
  const { status } = await until(() => copy.get('/readyz'), ({ body }) => body.store === 'halted', 'it halts');
  assert.equal(status, 200, 'it still records, into its journal');
  assert.equal((await copy.get(`/v1/users/${userId}/metrics`)).status, 200, 'and goes on answering');
  assert.match((await copy.get('/metrics')).text, /halted.* 1$/m);
  await copy.close();

  const again = await run(['serve', '--data', copied, '--listen', '127.0.0.1:0', '--auth', 'off', ...original.flags], { env: cluster.engine.credentials });
  assert.equal(again.code, 1, 'its own batch must not be taken for the one in the table');
  assert.match(again.stderr, /the folder is a copy, or was set back/);

  await original.start();
  assert.equal(await totals(original, userId, 'a'), 7, 'the original goes on, and the copy added nothing');
  await original.server.record(views(userId, 'a', 1));
  await original.stop();
  rmSync(copied, { recursive: true });
});

test('a lost disk: takeover gives its number to a new folder, which counts on; the old one halts if it comes back', async () => {
  const userId = fresh('agent');
  const number = nextNumber();
  const node = await cluster.addNode(number);
  await node.server.record(views(userId, 'a', 5));
  await node.stop();
  const lost = node.data;
  node.data = `${lost}-new`;

  const refused = await run(['serve', '--data', node.data, '--listen', '127.0.0.1:0', '--auth', 'off', ...node.flags], { env: cluster.engine.credentials });
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /takeover/, 'the refusal says what to do');
  rmSync(node.data, { recursive: true, force: true });

  const check = await dynamodb('check', '--dynamodb-writer', String(number), '--json');
  assert.equal(check.code, 0, check.stderr);
  const [journal] = /[0-9a-f]{32}/.exec(check.stdout);
  const wrong = await dynamodb('takeover', '--dynamodb-writer', String(number), '--data', node.data, '--journal', '0'.repeat(32));
  assert.equal(wrong.code, 1, 'only from the journal that was named');
  rmSync(node.data, { recursive: true, force: true });
  const taken = await dynamodb('takeover', '--dynamodb-writer', String(number), '--data', node.data, '--journal', journal);
  assert.equal(taken.code, 0, taken.stderr);

  await node.start();
  assert.equal(await totals(node, userId, 'a'), 5);
  await node.server.record(views(userId, 'a', 6));
  await node.stop();
  await node.start();
  assert.equal(await totals(node, userId, 'a'), 11, 'what the new journal counts does not look as if it had been applied');
  await node.stop();

  const back = await run(['serve', '--data', lost, '--listen', '127.0.0.1:0', '--auth', 'off', ...node.flags], { env: cluster.engine.credentials });
  assert.equal(back.code, 1, `the old disk is refused: ${back.stderr}`);
});
