// A user's token opens that user's data, as far as its access says, and nothing else; pages of
// listed origins may read answers, and no others.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const key = 'a-service-key-of-some-length-0123456789';
const listed = 'https://www.portal.example';
const server = await startServer({
  auth: [],
  env: { FOOTFALL_SERVICE_KEY: key },
  flags: ['--cors-origin', `${listed}, http://localhost:3000`],
});
const asService = { Authorization: `Bearer ${key}` };

async function tokenOf(user, access, expiresIn = 600) {
  const answer = await server.request('POST', `/v1/users/${encodeURIComponent(user)}/tokens`, {
    body: { access, expiresIn },
    headers: asService,
  });
  assert.equal(answer.status, 200, answer.text);
  return { Authorization: `Bearer ${answer.body.token}` };
}

// Every route of the program, from its table, with what it is for. A new one must be added here.
const NEEDS = {
  record_events: 'record',
  get_aggregated_metrics: 'read',
  get_metrics_for_date: 'read',
  get_metrics_for_date_range: 'read',
  get_all_listings_metrics: 'read',
  compare_listings: 'read',
  get_inquiries: 'read',
  get_listings: 'read',
  get_listing: 'read',
  put_listing: 'all',
  delete_listing: 'all',
  create_token: 'service',
  live_events: 'read',
  metrics: 'service',
};
const QUERIES = {
  get_metrics_for_date_range: '?startDate=2026-01-01&endDate=2026-01-02',
  compare_listings: '?listing=l&listing=m',
};
const BODIES = {
  record_events: (user) => ({ userId: user, listingId: 'l', eventType: 'view' }),
  put_listing: () => ({ address: '12 Hill Road' }),
  create_token: () => ({ access: 'all' }),
};
const INCLUDES = { read: ['read'], record: ['record'], all: ['read', 'record', 'all'] };

const source = readFileSync(join(root, 'src/http/routes.c'), 'utf8');
const routes = [
  ...source.matchAll(/\.method = "(\w+)",\s*\.pattern = "([^"]+)",\s*\.operation = "(\w+)"/g),
].map(([, method, pattern, operation]) => ({ method, pattern, operation }));
const guarded = routes.filter(({ operation }) => NEEDS[operation] !== undefined);

function ask({ method, pattern, operation }, user, headers) {
  const path = pattern.replace('{u}', user).replace('{l}', 'l').replace('{date}', '2026-01-01');
  const body = BODIES[operation]?.(user);
  // a stream without an end: its head tells
  const asked = operation === 'live_events' ? 'HEAD' : method;
  return server.request(asked, path + (QUERIES[operation] ?? ''), { body, headers });
}

test('every route that is not open is in the matrix', () => {
  const open = [
    'healthz', 'readyz', 'get_openapi', 'get_session', 'live_websocket', 'dashboard', 'dashboard_asset',
  ];
  const unknown = routes.filter(
    ({ operation }) => NEEDS[operation] === undefined && !open.includes(operation),
  );
  assert.deepEqual(unknown, []);
  assert.equal(guarded.length, Object.keys(NEEDS).length);
});

test("every route against one's own data and another's, with every access", async () => {
  for (const access of ['read', 'record', 'all']) {
    const headers = await tokenOf('ann', access);
    for (const route of guarded) {
      const name = `${access}: ${route.method} ${route.pattern}`;
      const own = await ask(route, 'ann', headers);
      const other = await ask(route, 'bob', headers);
      if (INCLUDES[access].includes(NEEDS[route.operation])) {
        assert.ok([200, 404].includes(own.status), `${name}: ${own.status} ${own.text}`);
        if (own.status === 404) assert.equal(own.body.code, 'listing_not_found', name);
        assert.equal(other.status, 403, `${name} of bob: ${other.text}`);
        if (route.operation !== 'live_events') assert.equal(other.body.code, 'other_user', name);
      } else {
        assert.equal(own.status, 403, `${name}: ${own.text}`);
        assert.equal(other.status, 403, `${name} of bob: ${other.text}`);
      }
    }
  }
  const bobs = await server.get('/v1/users/bob/metrics', asService);
  assert.deepEqual(bobs.body.order, [], 'nothing of bob was counted');
});

test("events of another user are refused wherever they stand", async () => {
  const headers = await tokenOf('carol', 'record');
  const good = { userId: 'carol', listingId: 'l', eventType: 'view' };
  const bad = { ...good, userId: 'dave' };
  const array = await server.request('POST', '/v1/events', { body: [good, bad], headers });
  assert.equal(array.status, 403, array.text);
  assert.equal(array.body.code, 'other_user');
  assert.equal(array.body.field, 'userId');
  assert.equal(array.body.index, 1);

  const stream = await server.request('POST', '/v1/events', {
    body: [good, bad, good].map((event) => JSON.stringify(event)).join('\n'),
    headers: { ...headers, 'Content-Type': 'application/x-ndjson' },
  });
  assert.equal(stream.status, 200, stream.text);
  assert.equal(stream.body.recorded, 2);
  assert.deepEqual(stream.body.errors.map(({ line, code }) => [line, code]), [[2, 'other_user']]);

  // what a token limits for one request does not limit the next
  const service = await server.request('POST', '/v1/events', { body: [good, bad], headers: asService });
  assert.equal(service.status, 200, service.text);
  const daves = await server.get('/v1/users/dave/listings/l/metrics', asService);
  assert.equal(daves.body.metrics.totalViews, 1);
});

test('oldest is for imports with the service key', async () => {
  const event = { userId: 'ann', listingId: 'old', eventType: 'view', timestamp: '2001-01-01T00:00:00Z' };
  const send = (headers) =>
    server.request('POST', '/v1/events?oldest=2000-01-01', { body: event, headers });
  const token = await send(await tokenOf('ann', 'all'));
  assert.equal(token.status, 403, token.text);
  assert.equal(token.body.code, 'forbidden');
  assert.equal((await send(asService)).status, 200);
});

test('a token is refused when it is forged, changed or another server’s', async () => {
  const { Authorization } = await tokenOf('ann', 'read');
  const token = Authorization.slice('Bearer '.length);
  const [header, claims, signature] = token.split('.');
  const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
  const ours = JSON.parse(Buffer.from(claims, 'base64url').toString());
  assert.deepEqual(Object.keys(ours), ['aud', 'sub', 'access', 'iat', 'exp']);
  const bobs = encode({ ...ours, sub: 'bob' });
  const sign = (text, secret) => createHmac('sha256', secret).update(text).digest('base64url');
  const none = encode({ alg: 'none', typ: 'JWT' });
  const forged = {
    'claims changed': `${header}.${bobs}.${signature}`,
    'signed with the service key itself': `${header}.${bobs}.${sign(`${header}.${bobs}`, key)}`,
    'signed with a guess': `${header}.${bobs}.${sign(`${header}.${bobs}`, 'secret')}`,
    'alg none': `${none}.${bobs}.`,
    'alg none with a signature': `${none}.${bobs}.${signature}`,
    'no signature': `${header}.${claims}.`,
    'no claims': `${header}..${signature}`,
    'a part too many': `${token}.x`,
    'only the header': `${header}.`,
  };
  for (const [name, text] of Object.entries(forged)) {
    const answer = await server.get('/v1/users/bob/metrics', { Authorization: `Bearer ${text}` });
    assert.equal(answer.status, 401, `${name}: ${answer.text}`);
  }
  assert.equal((await server.get('/v1/users/ann/metrics', { Authorization })).status, 200);
});

test('what is asked of a token is checked', async () => {
  const rows = [
    [{}, 'missing_field'], [{ access: 'write' }, 'invalid_access'], [{ access: 7 }, 'invalid_access'],
    [{ access: 'read', expiresIn: 59 }, 'invalid_expiry'],
    [{ access: 'read', expiresIn: 31_622_401 }, 'invalid_expiry'],
    [{ access: 'read', expiresIn: '3600' }, 'invalid_expiry'],
    [{ access: 'read', expiresIn: 3600.5 }, 'invalid_expiry'],
    [{ access: 'read', user: 'bob' }, 'unknown_field'], [[], 'invalid_json'], ['{', 'invalid_json'],
  ];
  for (const [body, code] of rows) {
    const answer = await server.request('POST', '/v1/users/ann/tokens', {
      body,
      headers: { ...asService, 'Content-Type': 'application/json' },
    });
    assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
    assert.equal(answer.body.code, code, JSON.stringify(body));
  }
  const plain = await server.request('POST', '/v1/users/ann/tokens', {
    body: { access: 'read' },
    headers: asService,
  });
  assert.ok(Math.abs(plain.body.expiresAt - Date.now() - 3_600_000) < 60_000, 'an hour');
});

test('without a key there are no tokens', async () => {
  const open = await startServer();
  try {
    const answer = await open.request('POST', '/v1/users/ann/tokens', { body: { access: 'read' } });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.body.code, 'auth_off');
  } finally {
    await open.close();
  }
});

test('pages of listed origins may read answers, errors included; others may not', async () => {
  const token = await tokenOf('ann', 'all');
  const event = { userId: 'ann', listingId: 'l', eventType: 'view' };
  for (const [origin, allowed] of [[listed, true], ['http://localhost:3000', true],
    ['https://portal.example', false], ['https://www.portal.example.evil.example', false], ['null', false]]) {
    const headers = { ...token, Origin: origin };
    const answers = [
      await server.get('/v1/users/ann/metrics', headers),
      await server.get('/v1/users/bob/metrics', headers),
      await server.get('/v1/users/ann/metrics', { Origin: origin }),
      await server.request('POST', '/v1/events', { body: event, headers }),
      await server.request('POST', '/v1/events', { body: { ...event, id: 'x' }, headers }),
      await server.request('POST', '/v1/events', { body: { ...event, id: 'x' }, headers }),
    ];
    assert.deepEqual(answers.map(({ status }) => status), [200, 403, 401, 200, 200, 200]);
    for (const answer of answers) {
      assert.equal(answer.headers['access-control-allow-origin'], allowed ? origin : undefined, origin);
      assert.equal(answer.headers['access-control-allow-credentials'], undefined, origin);
    }
    assert.match(answers[0].headers.vary ?? '', /Origin/, origin);
  }
});

test('a preflight is answered for listed origins, without a key, and counts nothing', async () => {
  const preflight = (origin, path, method) =>
    server.request('OPTIONS', path, {
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
    });
  const good = await preflight(listed, '/v1/events', 'POST');
  assert.equal(good.status, 204);
  assert.equal(good.text, '');
  assert.equal(good.headers['access-control-allow-origin'], listed);
  assert.match(good.headers['access-control-allow-methods'], /\bPOST\b/);
  assert.match(good.headers['access-control-allow-headers'], /authorization/i);
  assert.match(good.headers['access-control-allow-headers'], /content-type/i);
  assert.ok(Number(good.headers['access-control-max-age']) > 0);
  const put = await preflight(listed, '/v1/users/ann/listings/l', 'PUT');
  assert.match(put.headers['access-control-allow-methods'], /\bPUT\b.*\bDELETE\b/);

  const foreign = await preflight('https://evil.example', '/v1/events', 'POST');
  assert.equal(foreign.status, 401);
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
  const nowhere = await preflight(listed, '/v1/nothing', 'POST');
  assert.equal(nowhere.status, 401);
});

test('a list that holds no origin ends the start with words', async () => {
  for (const origin of ['*', 'null', 'www.portal.example', 'https://www.portal.example/']) {
    await assert.rejects(
      startServer({ flags: ['--cors-origin', origin] }), /cors-origin/, origin);
  }
});

stopsCleanlyAtTheEnd(server);
