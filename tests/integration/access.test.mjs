// Who may: nobody but this machine, or the bearer of the one service key.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { join } from 'node:path';
import { fresh, run, startServer, temporaryFolder, test } from './server.mjs';

const key = 'a-service-key-of-some-length-0123456789';
const folder = temporaryFolder();
after(() => folder.remove());

function serve(flags, env) {
  return run(['serve', '--data', join(folder.path, fresh('data')), ...flags], { env });
}

test('without a key and without --auth off it does not start, and says both remedies', async () => {
  const end = await serve(['--listen', '127.0.0.1:0']);
  assert.notEqual(end.code, 0);
  assert.match(end.stderr, /--auth off/);
  assert.match(end.stderr, /FOOTFALL_SERVICE_KEY/);
  assert.equal(end.stdout, '');
});

test('--auth off is refused beyond loopback', async () => {
  for (const host of ['0.0.0.0:0', '[::]:0']) {
    const end = await serve(['--listen', host, '--auth', 'off']);
    assert.notEqual(end.code, 0, host);
    assert.match(end.stderr, /127\.0\.0\.1|loopback/, host);
    assert.equal(end.stdout, '', host);
  }
});

test('a key that is too short is refused', async () => {
  const end = await serve(['--listen', '127.0.0.1:0'], { FOOTFALL_SERVICE_KEY: 'short' });
  assert.notEqual(end.code, 0);
  assert.match(end.stderr, /key/);
});

test('--auth off: a foreign Origin or Host is refused and counts nothing', async () => {
  const server = await startServer();
  try {
    const userId = fresh('agent');
    const event = { userId, listingId: 'l', eventType: 'view' };
    const cases = [
      { headers: { Origin: 'https://evil.example' }, refused: true },
      { headers: { Origin: 'null' }, refused: true },
      { headers: { Origin: 'http://127.0.0.1.evil.example' }, refused: true },
      { headers: { Host: 'rebound.example' }, refused: true },
      { headers: { Host: `rebound.example:${server.port}` }, refused: true },
      { headers: { Host: 'localhost.evil.example' }, refused: true },
      { headers: { Host: '10.0.0.1' }, refused: true },
      { headers: { Host: `localhost:${server.port}` }, refused: false },
      { headers: { Host: `127.0.0.1:${server.port}` }, refused: false },
      { headers: { Host: '[::1]' }, refused: false },
      { headers: { Origin: `http://localhost:${server.port}` }, refused: false },
    ];
    let counted = 0;
    for (const { headers, refused } of cases) {
      const name = JSON.stringify(headers);
      const answer = await server.request('POST', '/v1/events', { body: event, headers });
      assert.equal(answer.status, refused ? 403 : 200, `${name}: ${answer.text}`);
      if (refused) assert.equal(answer.body.success, false, name);
      else counted += 1;
      const read = await server.get(`/v1/users/${userId}/metrics`, headers);
      assert.equal(read.status, refused ? 403 : 200, `GET ${name}`);
    }
    assert.deepEqual(await server.totals(userId, 'l'), [counted, 0, 0]);
    await server.stopsCleanly();
  } finally {
    await server.close();
  }
});

test('with a service key: without it 401, with it everything', async () => {
  const server = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key } });
  try {
    const userId = fresh('agent');
    const event = { userId, listingId: 'l', eventType: 'view' };
    const wrong = [
      {}, { Authorization: key }, { Authorization: 'Bearer' }, { Authorization: 'Bearer ' },
      { Authorization: `Bearer ${key}x` }, { Authorization: `Bearer ${key.slice(0, -1)}` },
      { Authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` },
    ];
    for (const headers of wrong) {
      const name = JSON.stringify(headers);
      const post = await server.request('POST', '/v1/events', { body: event, headers });
      assert.equal(post.status, 401, `${name}: ${post.text}`);
      assert.match(post.headers['www-authenticate'] ?? '', /^Bearer/, name);
      assert.ok(!post.text.includes(key));
      assert.equal((await server.get(`/v1/users/${userId}/metrics`, headers)).status, 401, name);
    }
    const headers = { Authorization: `Bearer ${key}` };
    const post = await server.request('POST', '/v1/events', { body: event, headers });
    assert.equal(post.status, 200, post.text);
    const read = await server.get(`/v1/users/${userId}/listings/l/metrics`, headers);
    assert.equal(read.body.metrics.totalViews, 1, 'only the one with the key counted');
    // behind a proxy the Host is the public name
    const named = await server.get(`/v1/users/${userId}/metrics`, { ...headers, Host: 'footfall.example' });
    assert.equal(named.status, 200, named.text);
    assert.equal((await server.get('/healthz')).status, 200, 'liveness needs no key');
    await server.stopsCleanly();
    assert.ok(!server.log.some((line) => line.includes(key)), 'the key is not logged');
  } finally {
    await server.close();
  }
});
