// sigv4.test.mjs - our signatures are AWS's: its published vectors (aws4_testsuite, as the package
// @smithy/signature-v4 carries them for its own tests) and its JavaScript signer on random requests.
//
// Engines for tests accept any signature, so this alone proves them.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { startProbe } from './probe.mjs';

const require = createRequire(import.meta.url);
const { SignatureV4 } = require('@smithy/signature-v4');
const { HttpRequest } = require('@smithy/protocol-http');
const { Sha256 } = require('@aws-crypto/sha256-js');
// published beside the CommonJS build, and not named in the package's exports
const fixture = join(dirname(require.resolve('@smithy/signature-v4')), '../dist-es/suite.fixture.js');

const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1e9);
let state = seed;
function below(bound) {
  state = (state + 0x9e3779b9) >>> 0;
  let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return ((word ^ (word >>> 15)) >>> 0) % bound;
}
const pick = (letters) => letters[below(letters.length)];
const words = (letters, max, min = 0) => Array.from({ length: min + below(max - min + 1) }, () => pick(letters)).join('');

const ALNUM = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
const ANY = [...ALNUM, ...' \t{}":,[]#/+=%&äß東京🏠\n'];

function queryOf(query) {
  const escape = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return Object.entries(query ?? {})
    .flatMap(([name, value]) => [value].flat().map((one) => [escape(name), escape(one)]))
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

test("AWS's published vectors", async (t) => {
  const suite = await import(pathToFileURL(fixture).href);
  const probe = startProbe(t);
  let signed = 0;
  for (const { name, request, authorization } of suite.requests) {
    const answer = await probe.ask({
      sign: {
        method: request.method,
        // as it goes over the wire, escaped once more: what is canonical is the caller's here
        path: request.path.split('/').map((part) => encodeURIComponent(part)).join('/'),
        query: queryOf(request.query),
        headers: Object.entries(request.headers).flatMap(([header, value]) =>
          name.startsWith('get-header-key-duplicate') && header === 'my-header1'
            ? value.split(',').map((one) => [header, one]) // as it is in AWS's own file
            : [[header, value]]),
        body: request.body ?? '',
        accessKey: suite.credentials.accessKeyId,
        secretKey: suite.credentials.secretAccessKey,
        region: suite.region,
        service: suite.service,
        time: suite.signingDate.getTime(),
      },
    });
    assert.equal(answer.authorization, authorization, name);
    signed++;
  }
  assert.ok(signed >= 20, `${signed} vectors`);
});

test('three hundred random requests, signed as @smithy/signature-v4 signs them', async (t) => {
  t.diagnostic(`FOOTFALL_SEED=${seed}`);
  const probe = startProbe(t);
  for (let i = 0; i < 300; i++) {
    const key = { accessKeyId: words(ALNUM, 40, 16), secretAccessKey: words([...ALNUM, '/', '+'], 60, 20) };
    const region = words([...'abcdefghijklmnop-'], 14, 4);
    const time = 1_400_000_000_000 + below(1_000_000) * 1_000_000 + below(1000);
    const body = words(ANY, pick([10, 300, 5000]));
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      host: `dynamodb.${region}.amazonaws.com`,
      'x-amz-target': `DynamoDB_20120810.${words(ALNUM, 20, 3)}`,
      ...(below(2) ? { 'x-amz-security-token': words([...ALNUM, '/', '+', '='], 1500, 100) } : {}),
      ...Object.fromEntries(Array.from({ length: below(6) }, () => [`x-amz-meta-${words([...'abcdef'], 6, 1)}`, `  ${words([...ALNUM, ' ', ' '], 30, 1)} `])),
    };
    const signer = new SignatureV4({ credentials: key, region, service: 'dynamodb', sha256: Sha256, applyChecksum: false });
    const { headers: theirs } = await signer.sign(
      new HttpRequest({ method: 'POST', protocol: 'https:', hostname: headers.host, path: '/', headers, body }),
      { signingDate: new Date(time) });
    const given = Object.entries({ ...headers, 'X-Amz-Date': theirs['x-amz-date'] });
    const ours = await probe.ask({
      sign: {
        method: 'POST', path: '/', query: '', headers: given.sort(() => below(2) - 0.5), body,
        accessKey: key.accessKeyId, secretKey: key.secretAccessKey, region, service: 'dynamodb', time,
      },
    });
    assert.equal(ours.authorization, theirs.authorization, `request ${i} of seed ${seed}`);
  }
});

test('headers beyond the limits are refused in words', async (t) => {
  const probe = startProbe(t);
  const order = (headers) => ({ sign: { method: 'POST', path: '/', query: '', headers, body: '', accessKey: 'a', secretKey: 'b', region: 'r', service: 's', time: 0 } });
  const many = Array.from({ length: 17 }, (_, i) => [`h${i}`, 'x']);
  assert.match((await probe.ask(order(many))).error, /too many or long headers/);
  assert.match((await probe.ask(order([['x'.repeat(65), 'x']]))).error, /too many or long headers/);
  assert.ok((await probe.ask(order(many.slice(1)))).authorization);
});
