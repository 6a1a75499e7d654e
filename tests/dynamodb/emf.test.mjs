// emf.test.mjs - footfall serve --log-emf: lines that CloudWatch makes metrics of, and what they say
// adds up to what happened.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import nodeTest from 'node:test';
import Ajv from 'ajv';
import { fresh, run, startServer, test } from '../integration/server.mjs';
import { startEngine, tableName } from './engine.mjs';
import { createTable, documentClient } from './table.mjs';

// The JSON schema of the format's specification, as AWS publishes it with the document.
const schema = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      properties: {
        Timestamp: { type: 'integer' },
        CloudWatchMetrics: {
          type: 'array',
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            properties: {
              Namespace: { type: 'string', minLength: 1, maxLength: 1024, pattern: '^(.*)$' },
              Dimensions: {
                type: 'array', minItems: 1,
                items: { type: 'array', minItems: 0, maxItems: 30, items: { type: 'string', minLength: 1, maxLength: 250 } },
              },
              Metrics: {
                type: 'array', minItems: 0, maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name'],
                  properties: {
                    Name: { type: 'string', minLength: 1, maxLength: 1024 },
                    Unit: { enum: ['Count', 'Milliseconds', 'Bytes', 'None'] },
                    StorageResolution: { enum: [1, 60] },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
const isValid = new Ajv({ allErrors: true }).compile(schema);

/** A line, checked: {at, dimensions, metrics}. */
function parse(line) {
  const object = JSON.parse(line);
  assert.ok(isValid(object), `${line}\n${JSON.stringify(isValid.errors)}`);
  assert.ok(Math.abs(object._aws.Timestamp - Date.now()) < 600_000);
  assert.ok(line.length < 256 * 1024);
  assert.equal(object._aws.CloudWatchMetrics.length, 1);
  const [{ Namespace, Dimensions, Metrics }] = object._aws.CloudWatchMetrics;
  assert.equal(Namespace, 'Footfall');
  const members = new Set(['_aws', ...Dimensions[0], ...Metrics.map(({ Name }) => Name)]);
  assert.deepEqual(new Set(Object.keys(object)), members, 'every member is said, and every metric is there');
  assert.equal(members.size, 1 + Dimensions[0].length + Metrics.length, 'none is said twice');
  const dimensions = Object.fromEntries(Dimensions[0].map((name) => [name, object[name]]));
  for (const [name, value] of Object.entries(dimensions)) assert.ok(typeof value === 'string' && value.length > 0 && value.length < 1024, name);
  const metrics = Object.fromEntries(Metrics.map(({ Name }) => [Name, object[Name]]));
  for (const [name, value] of Object.entries(metrics)) assert.ok(Number.isFinite(value) && value >= 0, `${name}: ${value}`);
  return { at: object._aws.Timestamp, dimensions, metrics };
}

const linesOf = (server) => server.stdout.filter((line) => line.startsWith('{')).map(parse);
const sum = (lines, name) => lines.reduce((all, { metrics }) => all + (metrics[name] ?? 0), 0);

async function until(condition, words) {
  for (const end = Date.now() + 30_000; !condition();) {
    assert.ok(Date.now() < end, words);
    await new Promise((done) => setTimeout(done, 10));
  }
}

let engine;
let table;
let client;
nodeTest.before(async () => {
  engine = await startEngine();
  client = documentClient(engine);
  table = tableName();
  await createTable(client, table);
});
nodeTest.after(async () => {
  client?.destroy();
  await engine?.stop();
});

test('what happened is in the lines, once', async () => {
  const flags = ['--store', 'dynamodb', '--dynamodb-endpoint', engine.endpoint, '--dynamodb-table', table, '--dynamodb-writer', '7',
    '--seal-interval-ms', '100', '--log-emf', '--log-emf-interval-ms', '100'];
  const server = await startServer({ flags, env: engine.credentials });
  const user = fresh('ann');
  const event = { userId: user, listingId: 'flat' };
  await server.record(Array.from({ length: 30 }, (_, i) => ({ ...event, eventType: 'view', platform: 'facebook', id: `v${i}` })));
  await server.record([{ ...event, eventType: 'share' }, { ...event, eventType: 'inquiry' }, { ...event, eventType: 'view', id: 'v0' }]);
  assert.equal((await server.get(`/v1/users/${user}/metrics?period=never`)).status, 400);
  assert.equal((await server.get(`/v1/users/${user}/metrics`)).status, 200);
  await until(() => sum(linesOf(server), 'BatchesApplied') >= 1, 'a batch in the lines');
  await server.stop();

  const lines = linesOf(server);
  assert.ok(lines.length >= 3);
  for (const { dimensions } of lines) assert.deepEqual([dimensions.Table, dimensions.Writer], [table, '7']);
  const node = lines.filter(({ dimensions }) => Object.keys(dimensions).length === 2);
  assert.deepEqual(['ViewsRecorded', 'SharesRecorded', 'InquiriesRecorded', 'EventsDuplicate', 'Halts'].map((name) => sum(node, name)), [30, 1, 1, 1, 0]);
  assert.ok(node.every(({ metrics }) => metrics.Halted === 0 && metrics.Accepting === 1 && metrics.FlushLag >= 0));
  assert.ok(sum(node, 'ItemsCreated') >= 1);
  assert.ok(node.some(({ metrics }) => metrics.ApplyTimeP99 >= metrics.ApplyTimeMedian && metrics.ApplyTimeMean > 0));

  const of = (dimension, name) => lines.filter(({ dimensions }) => dimensions[dimension] === name);
  const asked = [...new Set(lines.map(({ dimensions }) => dimensions.Operation))].filter(Boolean);
  const total = (name) => asked.reduce((all, operation) => all + sum(of('Operation', operation), name), 0);
  assert.deepEqual(['Requests', 'Succeeded', 'ClientErrors', 'ServerErrors'].map(total), [4, 3, 1, 0]);
  assert.ok(asked.every((operation) => of('Operation', operation).every(({ metrics }) => metrics.RequestTimeP99 > 0)));

  const used = [...new Set(lines.map(({ dimensions }) => dimensions.DynamoDBOperation))].filter(Boolean);
  assert.ok(used.includes('UpdateItem') && used.includes('PutItem'), used.join());
  for (const operation of used) {
    const rows = of('DynamoDBOperation', operation);
    assert.equal(sum(rows, 'Calls'), sum(rows, 'CallsSucceeded') + sum(rows, 'CallsFailed'), operation);
    // what began in one interval and ended in another is no retry
    const begun = sum(rows, 'Tries') - sum(rows, 'Retries');
    const words = `${operation}: ${['Tries', 'Retries', 'Calls'].map((name) => `${name} ${sum(rows, name)}`)}`;
    assert.ok(begun >= sum(rows, 'Calls') && begun <= sum(rows, 'Calls') + 1, `${words}; one may be under way at the end`);
  }
  assert.ok(sum(of('DynamoDBOperation', 'DescribeTable'), 'Calls') >= 1, 'what the start asked is in the first line');
  assert.ok(sum(of('DynamoDBOperation', 'PutItem'), 'ConsumedWriteCapacityUnits') >= 2);
});

test('without a table the lines are of the node and of HTTP', async () => {
  const server = await startServer({ flags: ['--log-emf=on', '--log-emf-interval-ms', '100'] });
  await server.record([{ userId: 'ann', listingId: 'flat', eventType: 'view' }]);
  await server.stop();
  const lines = linesOf(server);
  assert.equal(sum(lines, 'ViewsRecorded'), 1);
  assert.equal(sum(lines, 'Requests'), 1);
  assert.ok(lines.every(({ dimensions }) => !('Table' in dimensions || 'DynamoDBOperation' in dimensions)));
});

test('without --log-emf stdout has the one line', async () => {
  const server = await startServer({ flags: [] });
  await server.record([{ userId: 'ann', listingId: 'flat', eventType: 'view' }]);
  await server.stop();
  assert.equal(server.stdout.length, 1);
});

test('the flag alone is on, before another flag and at the end; what is no word is refused', async () => {
  for (const flags of [['--log-emf', '--log-emf-interval-ms', '50'], ['--log-emf-interval-ms', '50', '--log-emf']]) {
    const { code, stderr } = await run(['serve', ...flags]);
    assert.equal(code, 2);
    assert.match(stderr, /log-emf-interval-ms/, 'refused for the interval, not for the flag');
  }
  const { code, stderr } = await run(['serve', '--log-emf', 'maybe']);
  assert.equal(code, 2);
  assert.match(stderr, /log-emf/);
});
