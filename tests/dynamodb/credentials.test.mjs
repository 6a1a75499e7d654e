// credentials.test.mjs - credentials that are handed out for a while: by the container's endpoint,
// the instance's metadata, the token service; and what happens when they end.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { refusal, startFake } from './fake.mjs';
import { startProbe } from './probe.mjs';

const HOUR_MS = 3_600_000;
const inHours = (hours) => new Date(Date.now() + hours * HOUR_MS).toISOString().replace(/\.\d+/, '');
const keys = (name, hours = 6) => ({ AccessKeyId: name, SecretAccessKey: `secret of ${name}`, Token: `token/of+${name}=`, Expiration: inHours(hours) });
const json = (value) => ({ body: JSON.stringify(value) });
const keyOf = ({ headers }) => /Credential=([^/]+)/.exec(headers.authorization)[1];

function file(t, content) {
  const folder = mkdtempSync(join(tmpdir(), 'footfall-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, content);
  return path;
}

/** A probe whose credentials come from where env(place) says, and the DynamoDB that it asks. */
async function start(t, giveKeys, env, answer = () => ({}), deadlineMs = 3_000) {
  const place = await startFake(t, giveKeys);
  const fake = await startFake(t, answer);
  const probe = startProbe(t, await env(place.url));
  return { place, fake, probe, opened: await probe.open({ endpoint: fake.url, deadlineMs }) };
}

const container = (url) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role` });

test("a container's role", async (t) => {
  const { place, fake, probe, opened } = await start(t, () => json(keys('ASIA1')), container);
  assert.deepEqual(opened, {});
  assert.equal((await probe.call()).outcome, 'ok');
  assert.equal(place.seen[0].url, '/role');
  assert.equal(place.seen[0].headers.authorization, undefined);
  assert.equal(keyOf(fake.seen[0]), 'ASIA1');
  assert.equal(fake.seen[0].headers['x-amz-security-token'], 'token/of+ASIA1=');
  assert.match(fake.seen[0].headers.authorization, /SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target/);
});

test('the token for the container comes from its file, else from the variable', async (t) => {
  const path = file(t, 'of the file\n');
  for (const [env, want] of [
    [{ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'of the variable' }, 'of the variable'],
    [{ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'of the variable', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path }, 'of the file'],
  ]) {
    const { place, opened } = await start(t, () => json(keys('A')), (url) => ({ ...container(url), ...env }));
    assert.deepEqual(opened, {});
    assert.equal(place.seen[0].headers.authorization, want);
  }
});

test('what cannot be a container is refused in words', async (t) => {
  for (const [env, words] of [
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://example.com/role' }, /must be https/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'file:///etc/passwd' }, /must be https/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nowhere' }, /token file \/nowhere cannot be read/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file(t, 'a\nX: b') }, /does not hold one line/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' }, /Failed to connect/],
  ]) {
    const { error } = await startProbe(t, env).open({});
    assert.match(error, words);
  }
});

test('a container that gives something else', async (t) => {
  for (const [answer, words] of [
    [{ status: 403, body: 'no\nrole' }, /answers 403: no role/],
    [json({ Code: 'Failed' }), /without credentials: Failed/],
    [json({ ...keys('A'), SecretAccessKey: '' }), /without credentials/],
    [json({ ...keys('A'), Expiration: 'soon' }), /without credentials/],
    [{ body: 'x'.repeat(70_000) }, /role: /],
  ]) {
    const { opened } = await start(t, () => answer, container);
    assert.match(opened.error, words);
    assert.doesNotMatch(opened.error, /secret of/);
  }
});

test("an instance's role, by IMDSv2", async (t) => {
  const metadata = ({ method, url, headers }) => {
    if (method === 'PUT' && url === '/latest/api/token' && headers['x-aws-ec2-metadata-token-ttl-seconds'] === '21600') return { body: 'session' };
    if (headers['x-aws-ec2-metadata-token'] !== 'session') return { status: 401, body: '' };
    if (url === '/latest/meta-data/iam/security-credentials/') return { body: 'the-role\n' };
    if (url.endsWith('/security-credentials/the-role')) return json({ Code: 'Success', ...keys('ASIA2') });
    return { status: 404 };
  };
  const { fake, probe, opened } = await start(t, metadata, (url) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${url}/`, AWS_EC2_METADATA_DISABLED: '' }));
  assert.deepEqual(opened, {});
  await probe.call();
  assert.equal(keyOf(fake.seen[0]), 'ASIA2');
});

test('a machine without a role says where was looked', async (t) => {
  const { opened } = await start(t, () => ({ status: 404, body: 'none' }), (url) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url, AWS_EC2_METADATA_DISABLED: '' }));
  assert.match(opened.error, /there are no AWS credentials: none in the environment, .*answers 404/);
});

test('a web identity becomes a role', async (t) => {
  const sts = ({ body, headers }) => {
    const form = new URLSearchParams(body);
    assert.equal(headers.accept, 'application/json');
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    assert.deepEqual(Object.fromEntries(form), {
      Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: 'arn:aws:iam::1:role/r',
      RoleSessionName: 'footfall', WebIdentityToken: 'a.b+c/d=',
    });
    const { AccessKeyId, SecretAccessKey, Token } = keys('ASIA3');
    const Credentials = { AccessKeyId, SecretAccessKey, SessionToken: Token, Expiration: Date.now() / 1000 + 3600 };
    return json({ AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } } });
  };
  const path = file(t, 'a.b+c/d=');
  const variables = { AWS_WEB_IDENTITY_TOKEN_FILE: path, AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' };
  const profile = { AWS_CONFIG_FILE: file(t, `[default]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = ${path}\n`) };
  for (const env of [variables, profile]) {
    const { fake, probe, opened } = await start(t, sts, (url) => ({ ...env, AWS_ENDPOINT_URL_STS: url }));
    assert.deepEqual(opened, {});
    await probe.call();
    assert.equal(keyOf(fake.seen[0]), 'ASIA3');
    assert.equal(fake.seen[0].headers['x-amz-security-token'], 'token/of+ASIA3=');
  }
});

test('credentials are renewed before they expire, and not before that', async (t) => {
  const { place, fake, probe } = await start(t, (_, __, n) => json(keys(`ASIA${n}`, 1 + n * 6)), container);
  await probe.call('GetItem', '{}', 20);
  await probe.ask({ behindMs: -50 * 60_000 });
  await probe.call('GetItem', '{}', 20);
  assert.equal(place.seen.length, 1);
  await probe.ask({ behindMs: -56 * 60_000 }); // four minutes before their end
  await probe.call('GetItem', '{}', 20);
  assert.equal(place.seen.length, 2);
  assert.deepEqual(fake.seen.map(keyOf), [...Array(40).fill('ASIA0'), ...Array(20).fill('ASIA1')]);
});

test('a renewal that fails keeps the old ones while they are good', async (t) => {
  const { place, fake, probe } = await start(t, (_, __, n) => (n === 1 ? { status: 500, body: 'x' } : json(keys(`ASIA${n}`, 1 + n * 6))), container);
  await probe.ask({ behindMs: -56 * 60_000 });
  assert.equal((await probe.call('GetItem', '{}', 20)).length, 20);
  assert.equal(place.seen.length, 2, 'not asked again by each call');
  await probe.ask({ behindMs: -57 * 60_000 }); // a minute later
  await probe.call();
  assert.equal(place.seen.length, 3);
  assert.deepEqual([...new Set(fake.seen.map(keyOf))], ['ASIA0', 'ASIA2']);
});

test('without good ones a call is refused in the end, with the reason', async (t) => {
  const { fake, probe } = await start(t, (_, __, n) => (n > 0 ? { status: 500, body: 'no role today' } : json(keys('ASIA0', 1))), container);
  await probe.ask({ behindMs: -61 * 60_000 });
  const got = await probe.call();
  assert.deepEqual([got.outcome, got.code], ['refused', 'dynamodb_refused']);
  assert.match(got.error, /^DynamoDB GetItem: http.*role answers 500: no role today$/);
  assert.equal(fake.seen.length, 0, 'nothing is signed with what has expired');
});

test('without good ones a call waits until there are', async (t) => {
  // a wait between two tries may last 5 s
  const { fake, probe } = await start(t, (_, __, n) => (n === 1 ? { status: 500, body: 'no role today' } : json(keys(`ASIA${n}`, 1 + n * 6))), container,
    undefined, 30_000);
  await probe.ask({ behindMs: -61 * 60_000 });
  const got = await probe.call();
  assert.equal(got.outcome, 'ok');
  assert.ok(got.tries > 1, 'it was put back until then');
  assert.deepEqual(fake.seen.map(keyOf), ['ASIA2']);
});

test('credentials that DynamoDB calls expired are renewed once, for all calls under way', async (t) => {
  const { place, fake, probe } = await start(t, (_, __, n) => json(keys(`ASIA${n}`)), container,
    (request) => (keyOf(request) === 'ASIA0' ? refusal('ExpiredTokenException', 'The security token included in the request is expired') : {}));
  const answers = await probe.call('UpdateItem', '{}', 30);
  assert.ok(answers.every(({ outcome }) => outcome === 'ok'));
  assert.equal(place.seen.length, 2);
  assert.ok(fake.seen.filter((request) => keyOf(request) === 'ASIA0').length <= 30);
});

test('credentials that are refused again are not asked for without end', async (t) => {
  const { place, probe } = await start(t, (_, __, n) => json(keys(`ASIA${n}`)), container, () => refusal('UnrecognizedClientException', 'The security token included in the request is invalid'));
  const got = await probe.call();
  assert.deepEqual([got.outcome, got.tries], ['refused', 2]);
  assert.equal(place.seen.length, 2);
});
