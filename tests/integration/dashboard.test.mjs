// The dashboard's files are served as browsers and proxies need them: compressed, kept, guarded,
// without a key; and GET /v1/session says who one is. What the page does: tests/browser.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import http from 'node:http';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const dist = (name) => readFileSync(join(root, 'web/dist', name));
const { files } = JSON.parse(dist('manifest.json'));
const assets = files.filter(({ name }) => name !== 'index.html');

const KEY = 'a-service-key-for-tests-of-the-dashboard';
const server = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: KEY } });
const asService = { Authorization: `Bearer ${KEY}` };

/** The answer with its body as bytes. */
function fetchBytes(path, headers = {}, method = 'GET') {
  return new Promise((done, failed) => {
    const request = http.request({ port: server.port, path, method, headers }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => done({
        status: response.statusCode, headers: response.headers, bytes: Buffer.concat(pieces),
      }));
    });
    request.on('error', failed).end();
  });
}

const DECODED = { br: brotliDecompressSync, gzip: gunzipSync, undefined: (bytes) => bytes };
const ENCODINGS = [
  ['gzip, deflate, br, zstd', 'br'], ['gzip, deflate', 'gzip'], ['br;q=0, gzip', 'gzip'], ['identity', undefined],
  [undefined, undefined],
];

for (const { name, type, br } of files) {
  const path = name === 'index.html' ? '/' : `/assets/${name}`;

  test(`${path.replace(/-\w{8}\./, '-*.')} comes as it was built, in each encoding`, async () => {
    for (const [accepted, encoding] of ENCODINGS) {
      const answer = await fetchBytes(path, accepted === undefined ? {} : { 'Accept-Encoding': accepted });
      const where = `${path} with ${accepted}`;
      assert.equal(answer.status, 200, where);
      assert.equal(answer.headers['content-type'], type, where);
      assert.equal(answer.headers['content-encoding'], br === undefined ? undefined : encoding, where);
      assert.match(answer.headers.vary, /Accept-Encoding/, where);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff', where);
      const content = DECODED[answer.headers['content-encoding']](answer.bytes);
      assert.ok(content.equals(dist(name)), where);
    }
  });

  test(`${path.replace(/-\w{8}\./, '-*.')} has a tag of its bytes: 304; HEAD is GET without them`, async () => {
    const tags = new Set();
    for (const accepted of ['br', 'gzip', 'identity']) {
      const headers = { 'Accept-Encoding': accepted };
      const whole = await fetchBytes(path, headers);
      tags.add(whole.headers.etag);
      const again = await fetchBytes(path, { ...headers, 'If-None-Match': whole.headers.etag });
      assert.deepEqual([again.status, again.bytes.length], [304, 0]);
      assert.equal(again.headers.etag, whole.headers.etag);
      assert.equal(again.headers['cache-control'], whole.headers['cache-control']);
      assert.match(again.headers.vary, /Accept-Encoding/);
      const head = await fetchBytes(path, headers, 'HEAD');
      assert.deepEqual([head.status, head.bytes.length], [200, 0]);
      assert.equal(head.headers['content-length'], String(whole.bytes.length));
    }
    assert.equal(tags.size, br === undefined ? 1 : 3, 'other bytes, another tag');
  });
}

test('files are kept for good, the page is asked for anew', async () => {
  const page = await server.get('/');
  assert.equal(page.headers['cache-control'], 'no-cache');
  for (const { name } of assets) {
    const answer = await server.get(`/assets/${name}`);
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable', name);
    assert.match(name, /^[\w-]+-[A-Z0-9]{8}\.\w+$/, 'its name holds a hash of its content');
  }
});

test('the page may run only what comes from here, and tells nobody where it was', async () => {
  const { headers, text } = await server.get('/');
  const policy = Object.fromEntries(headers['content-security-policy'].split('; ').map((rule) => {
    const [name, ...sources] = rule.split(' ');
    return [name, sources.join(' ')];
  }));
  assert.deepEqual(policy, {
    'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'", 'font-src': "'self'",
    'connect-src': "'self'", 'img-src': "'self' data: https:", 'base-uri': "'none'", 'form-action': "'none'",
    'frame-ancestors': "'none'", 'require-trusted-types-for': "'script'", 'trusted-types': 'lit-html',
  });
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  assert.doesNotMatch(text, /<script(?![^>]* src="assets\/)|<style|\son\w+=|https?:/, 'nothing inline, nothing foreign');
  for (const [, name] of text.matchAll(/(?:src|href)="([^"]+)"/g))
    assert.equal((await server.get(`/${name}`)).status, 200, name);
});

test('any query is the page\'s own business', async () => {
  const { text } = await server.get('/');
  for (const query of ['?user=agent-7', '?user=a&listing=%3Cimg%20src%3Dx%3E&period=custom', '?timzone=UTC&x=1&x=2'])
    assert.equal((await server.get(`/${query}`)).text, text, query);
});

test('what is not there, and what may not be done', async () => {
  for (const path of ['/assets/app.js', '/assets/', '/assets/index.html', '/assets/..%2Findex.html', '/index.html']) {
    const answer = await server.get(path, asService);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.body.code, 'not_found', path);
    assert.equal(answer.headers['cache-control'], 'no-store', path);
  }
  for (const path of ['/', `/assets/${assets[0].name}`]) {
    const answer = await server.request('POST', path, { headers: asService, body: {} });
    assert.equal(answer.status, 405, path);
    assert.equal(answer.headers.allow, 'GET, HEAD', path);
  }
});

test('without a key on the server only this machine gets the page', async () => {
  const open = await startServer();
  try {
    assert.equal((await open.get('/')).status, 200);
    const foreign = await open.get('/', { Host: 'rebound.example' });
    assert.equal(foreign.status, 403);
    assert.equal(foreign.body.code, 'foreign_origin');
  } finally {
    await open.close();
  }
});

test('the same sources make the same names', () => {
  for (const { name, sha256 } of files)
    assert.equal(createHash('sha256').update(dist(name)).digest('hex'), sha256, name);
});

/* ---- GET /v1/session ---- */

test('the session says whose a token is, what for, and until when', async () => {
  const user = fresh('agent');
  for (const access of ['read', 'record', 'all']) {
    const made = await server.request('POST', `/v1/users/${user}/tokens`, {
      headers: asService, body: { access, expiresIn: 600 },
    });
    const answer = await server.get('/v1/session', { Authorization: `Bearer ${made.body.token}` });
    assert.deepEqual(answer.body, {
      success: true, auth: 'key', holder: 'user', userId: user, access, expiresAt: made.body.expiresAt,
    });
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
});

test('the session of nobody, of the service, and of who has a bad key', async () => {
  const nobody = { success: true, auth: 'key', holder: 'nobody', userId: null, access: null, expiresAt: null };
  assert.deepEqual((await server.get('/v1/session')).body, nobody);
  assert.deepEqual((await server.get('/v1/session', asService)).body, { ...nobody, holder: 'service' });
  for (const field of ['Bearer wrong', 'Bearer ', 'Basic YTpi', 'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AA']) {
    const answer = await server.get('/v1/session', { Authorization: field });
    assert.equal(answer.status, 401, field);
    assert.equal(answer.body.code, 'unauthorized', field);
  }
});

stopsCleanlyAtTheEnd(server);
