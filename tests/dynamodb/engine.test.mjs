// The harness itself: an engine starts, keeps what it is told, and ends with whoever started it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { engineName, startEngine, tableName } from './engine.mjs';
import { whenActive } from './table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const wrapper = join(here, 'with-engine.mjs');

function withEngine(program, { env = {}, options = [] } = {}) {
  return spawnSync(process.execPath, [wrapper, ...options, '--', ...program], {
    encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000,
  });
}

function clientOf({ endpoint, credentials }) {
  return new DynamoDBClient({
    endpoint,
    region: credentials.AWS_REGION,
    credentials: { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY },
  });
}

test(`${engineName()} counts, guards, and says what that cost`, async () => {
  const engine = await startEngine();
  const client = clientOf(engine);
  try {
    const TableName = tableName();
    await client.send(new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['PK', 'SK'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }, { AttributeName: 'SK', KeyType: 'RANGE' }],
    }));
    await whenActive(client, TableName);
    const add = new UpdateItemCommand({
      TableName,
      Key: { PK: { S: 'a' }, SK: { S: 'b' } },
      UpdateExpression: 'SET #f = :g ADD #v :one',
      ConditionExpression: 'attribute_not_exists(#f) OR #f < :g',
      ExpressionAttributeNames: { '#f': '_f1', '#v': 'views' },
      ExpressionAttributeValues: { ':g': { N: '1024' }, ':one': { N: '1' } },
      ReturnConsumedCapacity: 'TOTAL',
      ReturnValues: 'ALL_NEW',
    });
    const { Attributes, ConsumedCapacity } = await client.send(add);
    assert.deepEqual(Attributes.views, { N: '1' });
    assert.equal(ConsumedCapacity.CapacityUnits, 1);
    await assert.rejects(client.send(add), { name: 'ConditionalCheckFailedException' });
  } finally {
    client.destroy();
    await engine.stop();
  }
});

test('the wrapper gives a program the engine and none of the caller\'s AWS settings, and ends as it ends', () => {
  const print = ['sh', '-c', 'echo "$FOOTFALL_DYNAMODB_ENDPOINT|$AWS_PROFILE|$AWS_SESSION_TOKEN|$AWS_ACCESS_KEY_ID"; exit 7'];
  const found = withEngine(print, { env: { AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 'real', AWS_ACCESS_KEY_ID: 'real' } });
  assert.match(found.stdout, /^http:\/\/127\.0\.0\.1:\d+\|\|\|footfalltest\n$/);
  assert.equal(found.status, 7, found.stderr);
  assert.equal(withEngine(['sh', '-c', 'kill -9 $$']).status, 137);
});

test('what cannot be started is said, with code 2', () => {
  const rows = [
    [withEngine(['/no/such/program']), /\/no\/such\/program cannot be started/],
    [withEngine(['true'], { options: ['--engine', 'dynamo'] }), /there is no engine 'dynamo': dynalite, dynamodb-local/],
    [withEngine([]), /which program\?/],
  ];
  for (const [found, words] of rows) {
    assert.match(found.stderr, words);
    assert.equal(found.status, 2);
  }
});

test('an engine ends with a starter that is killed', { timeout: 60_000 }, async () => {
  const starter = spawn(process.execPath, [wrapper, '--', 'sh', '-c', 'echo $FOOTFALL_DYNAMODB_ENDPOINT; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  });
  const [said] = await once(starter.stdout, 'data');
  const endpoint = String(said).trim();
  await fetch(endpoint, { method: 'POST' });
  process.kill(-starter.pid, 'SIGKILL');
  await assert.rejects(async () => {
    for (;;) await fetch(endpoint, { method: 'POST' }); // until its port is closed
  });
});
