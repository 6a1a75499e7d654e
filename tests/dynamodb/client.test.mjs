// client.test.mjs - the client of DynamoDB against a server that answers badly: what is tried
// again, what is given up, what is never taken for an answer.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { refusal, startFake } from './fake.mjs';
import { KEYS, startProbe } from './probe.mjs';

/** A probe on a fake that answers answers[n], the last for ever. */
async function start(t, answers, options = {}) {
  const fake = await startFake(t, typeof answers === 'function' ? answers : (_, __, n) => answers[Math.min(n, answers.length - 1)]);
  const probe = startProbe(t);
  assert.deepEqual(await probe.open({ endpoint: fake.url, deadlineMs: 20_000, timeoutMs: 2_000, ...options }), {});
  return { fake, probe };
}

test('a request is what DynamoDB wants', async (t) => {
  const { fake, probe } = await start(t, [{ body: '{"Item":{"n":{"N":"1"}}}' }]);
  const answer = await probe.call('GetItem', '{"TableName":"t"}');
  assert.deepEqual(answer, { outcome: 'ok', tries: 1, body: { Item: { n: { N: '1' } } } });
  const [{ method, url, headers, body }] = fake.seen;
  assert.equal(`${method} ${url} ${body}`, 'POST / {"TableName":"t"}');
  assert.equal(headers['x-amz-target'], 'DynamoDB_20120810.GetItem');
  assert.equal(headers['content-type'], 'application/x-amz-json-1.0');
  assert.equal(headers.host, `127.0.0.1:${fake.port}`);
  assert.match(headers['x-amz-date'], /^\d{8}T\d{6}Z$/);
  assert.match(headers.authorization, new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${headers['x-amz-date'].slice(0, 8)}/eu-central-1/dynamodb/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$`));
  assert.equal(headers.expect, undefined);
  assert.equal(headers['x-amz-security-token'], undefined);
});

const again = [
  ['throttled', refusal('ProvisionedThroughputExceededException')],
  ['throttled, account', refusal('ThrottlingException')],
  ['429', { status: 429, body: '' }],
  ['500', refusal('InternalServerError', 'words', 500)],
  ['503 of a balancer', { status: 503, body: '<html>', crc: false }],
  ['400 of a balancer', { status: 400, body: '<html>', crc: false }],
  ['torn', { body: '{"Item":{}}', cut: 5 }],
  ['torn at once', { body: '{"Item":{}}', cut: 0 }],
  ['no answer', { destroy: true }],
  ['too late', { silent: true }],
  ['checksum', { body: '{"Item":{}}', crc: 1 }],
  ['a refusal that fails its checksum', { ...refusal('ConditionalCheckFailedException'), crc: 1 }],
  ['no JSON', { body: '{"Item":' }],
  ['not an object', { body: '[]' }],
];
test('what is open is tried again with the same body', async (t) => {
  for (const [name, answer] of again) {
    await t.test(name, async (t) => {
      // on a busy machine a good answer may be late as well, where only little time is given
      const least = answer.silent ? { timeoutMs: 300 } : {};
      const { fake, probe } = await start(t, [answer, answer, { body: '{"Item":{}}' }], { timeoutMs: 10_000, ...least });
      const got = await probe.call('UpdateItem', '{"a":1}');
      assert.equal(got.outcome, 'ok');
      assert.ok(got.tries === 3 || (answer.destroy && got.tries >= 2) || (answer.silent && got.tries > 3), `${got.tries} tries`);
      assert.ok(fake.seen.length === 3 || (answer.silent && fake.seen.length > 3), `${fake.seen.length} requests`);
      assert.ok(fake.seen.every(({ body }) => body === '{"a":1}'));
    });
  }
});

const definite = [
  ['ConditionalCheckFailedException', 'words', 'condition', 'dynamodb_condition_failed'],
  ['ValidationException', 'The document path provided in the update expression is invalid for update', 'no path', 'dynamodb_no_path'],
  ['ValidationException', 'ExpressionAttributeNames contains invalid key', 'refused', 'dynamodb_refused'],
  ['ResourceNotFoundException', 'Requested resource not found', 'no table', 'dynamodb_no_table'],
  ['ResourceInUseException', 'Table already exists', 'table exists', 'dynamodb_table_exists'],
  ['AccessDeniedException', 'User is not authorized', 'refused', 'dynamodb_refused'],
];
test('what is definite is answered at once, with its words', async (t) => {
  for (const [type, message, outcome, code] of definite) {
    const { fake, probe } = await start(t, [refusal(type, message)]);
    const got = await probe.call('UpdateItem');
    assert.deepEqual([got.outcome, got.tries, got.code], [outcome, 1, code], type);
    assert.equal(got.error, `DynamoDB UpdateItem: ${type}: ${message}`);
    assert.equal(got.body.message, message);
    assert.equal(fake.seen.length, 1);
  }
});

test('giving up says whether something may have been applied', async (t) => {
  const cases = [
    ['throttled throughout', [refusal('ThrottlingException')], 'throttled', 'dynamodb_throttled'],
    ['unknown throughout', [{ status: 500 }], 'unknown', 'dynamodb_unknown'],
    ['unknown once, then throttled', [{ status: 500 }, refusal('ThrottlingException')], 'unknown', 'dynamodb_unknown'],
  ];
  for (const [name, answers, outcome, code] of cases) {
    const { probe } = await start(t, answers, { deadlineMs: 400 });
    const got = await probe.call('PutItem');
    assert.deepEqual([got.outcome, got.code], [outcome, code], name);
    assert.ok(got.tries >= 2, `${name}: ${got.tries} tries`);
  }
});

test('nobody there is unknown in the end, and says where', async (t) => {
  const probe = startProbe(t);
  await probe.open({ endpoint: 'http://127.0.0.1:1', deadlineMs: 200 });
  const got = await probe.call();
  assert.equal(got.outcome, 'unknown');
  assert.match(got.error, /^DynamoDB GetItem: http:\/\/127\.0\.0\.1:1\/: Failed to connect/);
});

test('a connection that the server closed while idle is not an error', async (t) => {
  const { fake, probe } = await start(t, [{}]);
  for (let i = 0; i < 3; i++) {
    assert.equal((await probe.call()).outcome, 'ok');
    for (const socket of fake.sockets) socket.destroy();
  }
  assert.equal(fake.seen.length, 3);
});

test('connections are kept, and no more are made than allowed', async (t) => {
  const { fake, probe } = await start(t, [{}], { connections: 5 });
  for (let i = 0; i < 4; i++) {
    const answers = await probe.call('UpdateItem', '{}', 100);
    assert.deepEqual([...new Set(answers.map(({ outcome }) => outcome))], ['ok']);
  }
  assert.equal(fake.seen.length, 400);
  assert.ok(new Set(fake.seen.map(({ socket }) => socket)).size <= 5);
});

test('throttled calls come back spread out, not together', async (t) => {
  const times = [];
  const { probe } = await start(t, (_, __, n) => {
    if (n < 50) return refusal('ThrottlingException');
    times.push(performance.now());
    return {};
  }, { connections: 50 });
  const answers = await probe.call('UpdateItem', '{}', 50);
  assert.ok(answers.every(({ outcome }) => outcome === 'ok'));
  assert.ok(Math.max(...times) - Math.min(...times) > 5, 'over the 25 ms of the first wait');
});

test('one slow answer does not hold up the others', async (t) => {
  let open;
  const gate = new Promise((done) => (open = done));
  let others = 0;
  const { probe } = await start(t, async (request) => {
    if (request.body === '{"slow":1}') await gate;
    else if (++others === 20) open();
    return {};
  });
  const { answers } = await probe.ask({ calls: [['GetItem', '{"slow":1}', 1], ['PutItem', '{}', 20]] });
  assert.equal(answers.length, 21);
  assert.ok(answers.every(({ outcome }) => outcome === 'ok'));
});

test('the clock is corrected from a refusal, once for all calls', async (t) => {
  for (const behindMs of [3_600_000, -3_600_000]) {
    const off = (request) => {
      const [, y, mo, d, h, mi, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(request.headers['x-amz-date']);
      return Math.abs(Date.UTC(y, mo - 1, d, h, mi, s) - Date.now());
    };
    const fake = await startFake(t, (request) => (off(request) > 300_000
      ? { ...refusal('InvalidSignatureException', 'Signature expired'), headers: { date: new Date().toUTCString() } }
      : {}));
    const probe = startProbe(t);
    await probe.ask({ behindMs });
    await probe.open({ endpoint: fake.url, connections: 4 });
    const answers = await probe.call('GetItem', '{}', 12);
    assert.ok(answers.every(({ outcome }) => outcome === 'ok'), JSON.stringify(answers));
    const { skewMs } = await probe.ask({ rows: true });
    assert.ok(Math.abs(skewMs - behindMs) < 5_000, `${skewMs}`);
    assert.ok(fake.seen.length <= 16, 'only those under way at first were refused');
  }
});

test('a signature that is wrong for another reason is refused at once', async (t) => {
  const { fake, probe } = await start(t, [{ ...refusal('InvalidSignatureException', 'The request signature we calculated does not match'), headers: { date: new Date().toUTCString() } }]);
  const got = await probe.call();
  assert.equal(got.outcome, 'refused');
  assert.match(got.error, /does not match/);
  assert.equal(fake.seen.length, 1);
});

test('an answer over the limit is refused, and not asked for again', async (t) => {
  const long = `{"a":"${'x'.repeat(65 * 1024 * 1024)}"}`;
  const { fake, probe } = await start(t, [{ body: long, crc: false }], { timeoutMs: 20_000 });
  const got = await probe.call('Scan');
  assert.deepEqual([got.outcome, got.code, got.tries], ['refused', 'too_large', 1]);
  assert.match(got.error, /longer than 64 MiB/);
  assert.equal(fake.seen.length, 1);
});

test('stopping gives up what waits, whatever its deadline', async (t) => {
  const silent = (request) => (request.body === '{"ok":1}' ? {} : { silent: true });
  const { probe } = await start(t, silent, { timeoutMs: 600_000, deadlineMs: 600_000, connections: 10 });
  await probe.ask({ stopAfter: 1 });
  // nine wait for an answer and the others for a connection: none would ever end by itself
  const { answers } = await probe.ask({ calls: [['GetItem', '{"ok":1}', 1], ['PutItem', '{}', 30]] });
  assert.deepEqual(answers.map(({ outcome }) => outcome), ['ok', ...Array(30).fill('unknown')]);
  assert.equal(answers[1].code, 'stopped');
  const late = await probe.ask({ calls: [['GetItem', '{}', 1]] });
  assert.equal(late.code, 'stopped');
});

test('calls, tries, throttles, capacity and time are counted by operation', async (t) => {
  const capacity = (units) => ({ body: JSON.stringify({ ConsumedCapacity: units }) });
  const { probe } = await start(t, [
    refusal('ThrottlingException'), capacity({ TableName: 't', CapacityUnits: 1.5 }),
    capacity([{ CapacityUnits: 2 }, { CapacityUnits: 0.5 }]),
    refusal('ConditionalCheckFailedException'), refusal('AccessDeniedException'), { status: 500 }, {},
  ]);
  await probe.call('UpdateItem');
  await probe.call('BatchGetItem');
  await probe.call('PutItem');
  await probe.call('PutItem');
  await probe.call('ListTables');
  const { rows } = await probe.ask({ rows: true });
  assert.deepEqual(rows, {
    UpdateItem: { calls: 1, failures: 0, tries: 2, throttles: 1, unknown: 0, consumedMilli: 1500, timed: 2 },
    BatchGetItem: { calls: 1, failures: 0, tries: 1, throttles: 0, unknown: 0, consumedMilli: 2500, timed: 1 },
    PutItem: { calls: 2, failures: 1, tries: 2, throttles: 0, unknown: 0, consumedMilli: 0, timed: 2 },
    other: { calls: 1, failures: 0, tries: 2, throttles: 0, unknown: 1, consumedMilli: 0, timed: 2 },
  });
});

test('a proxy of the environment is used', async (t) => {
  const proxy = await startFake(t, () => ({}));
  const probe = startProbe(t, { ...KEYS, http_proxy: proxy.url });
  await probe.open({ endpoint: 'http://dynamodb.invalid' });
  assert.equal((await probe.call()).outcome, 'ok');
  assert.equal(proxy.seen[0].headers.host, 'dynamodb.invalid');
});

test('HTTPS: whoever is not vouched for is not talked to', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'footfall-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert]);
  if (made.error) return t.skip('there is no openssl');
  assert.equal(made.status, 0, String(made.stderr));
  let asked = 0;
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked++;
    request.resume().on('end', () => response.end('{}'));
  });
  t.after(() => server.close());
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `https://localhost:${server.address().port}`;

  const stranger = startProbe(t);
  await stranger.open({ endpoint, deadlineMs: 200 });
  const refused = await stranger.call();
  assert.equal(refused.outcome, 'unknown');
  assert.match(refused.error, /certificate/);
  assert.equal(asked, 0);

  const known = startProbe(t, { ...KEYS, AWS_CA_BUNDLE: cert });
  await known.open({ endpoint });
  assert.deepEqual((await known.call('GetItem', '{}', 20)).map(({ outcome }) => outcome), Array(20).fill('ok'));
  assert.match((await startProbe(t, { ...KEYS, AWS_CA_BUNDLE: '/nowhere' }).open({ endpoint })).error, /AWS_CA_BUNDLE \/nowhere/);
});
