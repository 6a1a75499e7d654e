// Requests as no polite client sends them, byte for byte.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

// a short patience for stalled bodies; the default is half a minute
const server = await startServer({ flags: ['--body-timeout-ms', '3000'] });
const userId = fresh('agent');
const event = JSON.stringify({ userId, listingId: 'l', eventType: 'view' });
const host = `Host: 127.0.0.1:${server.port}`;

/** A connection that remembers all it was told. */
class Wire {
  static async open() {
    const wire = new Wire();
    wire.socket = net.connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
    wire.text = '';
    wire.ended = false;
    wire.waiting = [];
    const wake = () => wire.waiting.splice(0).forEach((each) => each());
    wire.socket.on('data', (piece) => { wire.text += piece.toString('latin1'); wake(); });
    for (const name of ['end', 'error', 'close']) {
      wire.socket.on(name, () => { wire.ended = true; wake(); });
    }
    await new Promise((done, failed) => {
      wire.socket.once('connect', done);
      wire.socket.once('error', failed);
    });
    wire.socket.setNoDelay(true);
    return wire;
  }

  send(...lines) {
    return new Promise((done) => this.socket.write(lines.join('\r\n'), () => done()));
  }

  async until(ready, words, timeoutMs = 20_000) {
    const end = Date.now() + timeoutMs;
    while (!ready()) {
      if (this.ended) break;
      const left = end - Date.now();
      assert.ok(left > 0, `${words}: only got ${JSON.stringify(this.text)}`);
      const timer = delay(left, undefined, { ref: false });
      await Promise.race([new Promise((done) => this.waiting.push(done)), timer]);
    }
    return ready();
  }

  /** Whole answers that have come: [{status, head, body}]. */
  answers() {
    const found = [];
    let rest = this.text;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return found;
      const head = rest.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? NaN);
      if (rest.length < end + 4 + length) return found;
      if (status !== 100) found.push({ status, head, body: rest.slice(end + 4, end + 4 + length) });
      rest = rest.slice(end + 4 + length);
    }
  }

  async answer(count = 1) {
    await this.until(() => this.answers().length >= count, `${count} answers`);
    const found = this.answers();
    assert.ok(found.length >= count, `closed after ${JSON.stringify(this.text)}`);
    return found[count - 1];
  }

  async closed() {
    await this.until(() => this.ended, 'the end of the connection');
  }

  close() {
    this.socket.destroy();
  }
}

async function views() {
  return (await server.totals(userId, 'l'))[0];
}

const jsonType = 'Content-Type: application/json';
const length = `Content-Length: ${event.length}`;

const refused = [
  { name: 'Content-Length with Transfer-Encoding', head: ['POST /v1/events HTTP/1.1', host, jsonType, length, 'Transfer-Encoding: chunked'] },
  { name: 'two Content-Lengths', head: ['POST /v1/events HTTP/1.1', host, jsonType, length, `Content-Length: ${event.length + 1}`] },
  { name: 'a list of lengths', head: ['POST /v1/events HTTP/1.1', host, jsonType, `Content-Length: ${event.length}, ${event.length}`] },
  { name: 'a signed length', head: ['POST /v1/events HTTP/1.1', host, jsonType, `Content-Length: +${event.length}`] },
  { name: 'a negative length', head: ['POST /v1/events HTTP/1.1', host, jsonType, 'Content-Length: -1'] },
  { name: 'a length beyond 64 bits', head: ['POST /v1/events HTTP/1.1', host, jsonType, 'Content-Length: 99999999999999999999999'] },
  { name: 'an unknown transfer coding', head: ['POST /v1/events HTTP/1.1', host, jsonType, 'Transfer-Encoding: xchunked'] },
  { name: 'chunked, and something more', head: ['POST /v1/events HTTP/1.1', host, jsonType, 'Transfer-Encoding: gzip, chunked'] },
  { name: 'no Host', head: ['POST /v1/events HTTP/1.1', jsonType, length] },
  { name: 'two Hosts', head: ['POST /v1/events HTTP/1.1', host, host, jsonType, length] },
  { name: 'a folded header', head: ['POST /v1/events HTTP/1.1', host, 'X-Long: a', ' b', jsonType, length] },
  { name: 'white space before the colon', head: ['POST /v1/events HTTP/1.1', host, 'Content-Type : application/json', length] },
  { name: 'a NUL in a value', head: ['POST /v1/events HTTP/1.1', host, 'X-Nul: a\0b', jsonType, length] },
  { name: 'a bare line feed', head: [`POST /v1/events HTTP/1.1`, `${host}\n${jsonType}`, length] },
  { name: 'no HTTP at all', head: ['hello'] },
];

test('what two readers could understand differently is refused, and the connection closed', async () => {
  for (const row of refused) {
    const wire = await Wire.open();
    await wire.send(...row.head, '', '');
    await wire.send(event);
    await wire.closed();
    const statuses = wire.answers().map((answer) => answer.status);
    assert.ok(statuses.length <= 1, `${row.name}: answered ${wire.text}`);
    // some are so broken that the library may hang up without a word
    if (statuses.length === 1) assert.ok([400, 411, 413, 501].includes(statuses[0]), `${row.name}: ${wire.text}`);
    else assert.equal(wire.text, '', `${row.name}: ${wire.text}`);
    wire.close();
  }
  assert.equal(await views(), 0);
});

test('pipelined requests are answered in order', async () => {
  const before = await views();
  const wire = await Wire.open();
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
  const wire = await Wire.open();
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
    const wire = await Wire.open();
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

test('a chunk of 2^64-1 bytes is refused', async () => {
  const before = await views();
  const wire = await Wire.open();
  await wire.send('POST /v1/events HTTP/1.1', host, jsonType, 'Transfer-Encoding: chunked', '', 'ffffffffffffffff', event);
  await wire.closed();
  const [answer] = wire.answers();
  if (answer !== undefined) assert.ok(answer.status >= 400, wire.text);
  assert.equal(await views(), before);
  wire.close();
});

test('Expect: 100-continue gets its word, or the refusal at once', async () => {
  const before = await views();
  const wire = await Wire.open();
  await wire.send('POST /v1/events HTTP/1.1', host, jsonType, length, 'Expect: 100-continue', '', '');
  await wire.until(() => /^HTTP\/1\.1 100/.test(wire.text), '100 Continue');
  await wire.send(event);
  assert.equal((await wire.answer()).status, 200);
  assert.equal(await views(), before + 1);
  wire.close();

  const large = await Wire.open();
  await large.send('POST /v1/events HTTP/1.1', host, jsonType, 'Content-Length: 900000000', 'Expect: 100-continue', '', '');
  assert.equal((await large.answer()).status, 413);
  assert.ok(!/HTTP\/1\.1 100/.test(large.text), 'not invited first');
  large.close();
});

test('a client that closes its half still gets its answer', async () => {
  const before = await views();
  const wire = await Wire.open();
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
    const wire = await Wire.open();
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
    const wire = await Wire.open();
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
  const wire = await Wire.open();
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

test('heads have a limit', async () => {
  const cases = [
    { name: 'a long path', head: [`GET /${'x'.repeat(20_000)} HTTP/1.1`, host] },
    { name: 'a long header', head: ['GET /healthz HTTP/1.1', host, `X-Long: ${'x'.repeat(20_000)}`] },
    { name: 'many headers', head: ['GET /healthz HTTP/1.1', host, ...Array.from({ length: 150 }, (_, i) => `X-${i}: y`)] },
  ];
  for (const row of cases) {
    const wire = await Wire.open();
    await wire.send(...row.head, '', '');
    await wire.closed();
    const statuses = wire.answers().map((answer) => answer.status);
    assert.ok(statuses.length <= 1 && statuses.every((status) => [400, 413, 414, 431].includes(status)),
      `${row.name}: ${wire.text.slice(0, 300)}`);
    wire.close();
  }
});

test('a body that stalls gets 408 and counts nothing; others are served meanwhile', { timeout: 120_000 }, async () => {
  const before = await views();
  const wire = await Wire.open();
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
