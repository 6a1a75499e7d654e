// Requests as no polite client sends them, byte for byte.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';
import { Wire } from './wire.mjs';

// a short patience for stalled bodies; the default is half a minute
const server = await startServer({ flags: ['--body-timeout-ms', '3000'] });
const userId = fresh('agent');
const event = JSON.stringify({ userId, listingId: 'l', eventType: 'view' });
const host = `Host: 127.0.0.1:${server.port}`;

async function views() {
  return (await server.totals(userId, 'l'))[0];
}

const jsonType = 'Content-Type: application/json';
const length = `Content-Length: ${event.length}`;

test('pipelined requests are answered in order', async () => {
  const before = await views();
  const wire = await Wire.open(server.port);
  const one = ['POST /v1/events HTTP/1.1', host, jsonType, length, '', event].join('\r\n');
  const get = ['GET /healthz HTTP/1.1', host, '', ''].join('\r\n');
  const missing = ['GET /nowhere HTTP/1.1', host, '', ''].join('\r\n');
  await wire.send(one + get + one + missing + one);
  await wire.answer(5);
  assert.deepEqual(wire.answers().map((answer) => answer.status), [200, 200, 200, 404, 200]);
  assert.equal(await views(), before + 3);
  wire.close();
});

test('a request may come byte by byte', async () => {
  const before = await views();
  const wire = await Wire.open(server.port);
  const request = ['POST /v1/events HTTP/1.1', host, jsonType, length, '', event].join('\r\n');
  for (const byte of request) {
    await wire.send(byte);
    await delay(1);
  }
  assert.equal((await wire.answer()).status, 200);
  assert.equal(await views(), before + 1);
  wire.close();
});

test('a chunked body counts, whatever its chunks', async () => {
  for (const size of [1, 7, event.length]) {
    const before = await views();
    const wire = await Wire.open(server.port);
    await wire.send('POST /v1/events HTTP/1.1', host, jsonType, 'Transfer-Encoding: chunked', '', '');
    for (let at = 0; at < event.length; at += size) {
      const piece = event.slice(at, at + size);
      await wire.send(piece.length.toString(16), piece, '');
    }
    await wire.send('0', '', '');
    assert.equal((await wire.answer()).status, 200, wire.text);
    assert.equal(await views(), before + 1);
    wire.close();
  }
});

test('Expect: 100-continue gets its word, or the refusal at once', async () => {
  const before = await views();
  const wire = await Wire.open(server.port);
  await wire.send('POST /v1/events HTTP/1.1', host, jsonType, length, 'Expect: 100-continue', '', '');
  await wire.until(() => /^HTTP\/1\.1 100/.test(wire.text), '100 Continue');
  await wire.send(event);
  assert.equal((await wire.answer()).status, 200);
  assert.equal(await views(), before + 1);
  wire.close();

  const large = await Wire.open(server.port);
  await large.send('POST /v1/events HTTP/1.1', host, jsonType, 'Content-Length: 900000000', 'Expect: 100-continue', '', '');
  assert.equal((await large.answer()).status, 413);
  assert.ok(!/HTTP\/1\.1 100/.test(large.text), 'not invited first');
  large.close();
});

test('a client that closes its half still gets its answer', async () => {
  const before = await views();
  const wire = await Wire.open(server.port);
  await wire.send('POST /v1/events HTTP/1.1', host, jsonType, length, 'Connection: close', '', event);
  wire.socket.end();
  await wire.until(() => wire.answers().length > 0, 'an answer');
  // counted, and answered if the connection allows it: never answered without being counted
  const count = await views();
  if (wire.answers().length > 0) {
    assert.equal(wire.answers()[0].status, 200);
    assert.equal(count, before + 1);
  } else {
    assert.ok(count <= before + 1);
  }
  wire.close();
});

test('a client that ends with its last byte is not kept until a time-out', async () => {
  for (const request of [`GET /healthz HTTP/1.1\r\n${host}\r\n\r\n`, 'GET /healthz HT']) {
    const wire = await Wire.open(server.port);
    await server.get('/healthz'); // so that the connection has been accepted
    server.child.kill('SIGSTOP'); // so that both reach it in one look
    wire.socket.end(request);
    await delay(100);
    server.child.kill('SIGCONT');
    await wire.until(() => wire.ended, 'the end', 5_000);
    wire.close();
  }
});

test('a client that vanishes in the middle of a body counts nothing', async () => {
  const before = await views();
  const array = JSON.stringify(Array(1000).fill(JSON.parse(event)));
  for (const cut of [1, event.length, array.length - 1]) {
    const wire = await Wire.open(server.port);
    await wire.send('POST /v1/events HTTP/1.1', host, jsonType, `Content-Length: ${array.length}`, '', array.slice(0, cut));
    await delay(20);
    wire.socket.resetAndDestroy?.() ?? wire.close();
  }
  assert.equal((await server.get('/healthz')).status, 200);
  assert.equal(await views(), before);
});

test('of a stream that is cut the whole lines may stay, and no half line', async () => {
  const user = fresh('agent');
  const lines = Array.from({ length: 500 }, (_, i) =>
    `${JSON.stringify({ userId: user, listingId: 'l', eventType: 'view', id: `line-${i}` })}\n`);
  const all = lines.join('');
  const sent = lines.slice(0, 300).join('').length + 20; // 300 whole lines and a piece
  const wire = await Wire.open(server.port);
  await wire.send('POST /v1/events HTTP/1.1', host, 'Content-Type: application/x-ndjson', `Content-Length: ${all.length}`, '', all.slice(0, sent));
  await delay(200);
  wire.close();
  await delay(200);
  const [counted] = await server.totals(user, 'l');
  assert.ok(counted <= 300, `${counted}`);

  // the client sends everything again, and each line counts once
  const again = await server.ndjson(lines.map((line) => line.trim()));
  assert.equal(again.status, 200, again.text);
  assert.equal(again.body.recorded + again.body.duplicates, 500);
  assert.deepEqual(await server.totals(user, 'l'), [500, 0, 0]);
});

test('a body that stalls gets 408 and counts nothing; others are served meanwhile', { timeout: 120_000 }, async () => {
  const before = await views();
  const wire = await Wire.open(server.port);
  await wire.send('POST /v1/events HTTP/1.1', host, jsonType, length, '', event.slice(0, 20));
  const started = Date.now();
  assert.equal((await server.get('/healthz')).status, 200);
  await wire.until(() => wire.answers().length > 0, '408', 30_000);
  assert.equal(wire.answers()[0]?.status, 408, wire.text);
  assert.equal(JSON.parse(wire.answers()[0].body).success, false);
  await wire.closed();
  assert.ok(Date.now() - started < 30_000);
  assert.equal(await views(), before);
  wire.close();
});

stopsCleanlyAtTheEnd(server);
