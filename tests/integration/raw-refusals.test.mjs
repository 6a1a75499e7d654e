// What two readers could understand differently, what is no HTTP and what is too much of it: refused
// with a status, nothing counted, the connection closed.
//
// "ours" is answered in JSON as everything else is. "library" is what libmicrohttpd refuses by
// itself before it tells anybody, in HTML (docs/decisions/0005-http.md); it closes with bytes unread,
// so that the client's system may throw that answer away.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';
import { Wire } from './wire.mjs';

// a short patience for bodies that stall; the default is half a minute
const server = await startServer({ flags: ['--body-timeout-ms', '1500'] });
const userId = fresh('agent');
const event = JSON.stringify({ userId, listingId: 'l', eventType: 'view' });
const host = `Host: 127.0.0.1:${server.port}`;
const json = 'Content-Type: application/json';
const length = `Content-Length: ${event.length}`;
const chunked = 'Transfer-Encoding: chunked';
const post = ['POST /v1/events HTTP/1.1', host, json];
const get = ['GET /healthz HTTP/1.1', host];
const fields = (count) => Array.from({ length: count }, (_, i) => `X-${i}: y`);

const rows = [
  // where a body ends
  { name: 'Content-Length with Transfer-Encoding', head: [...post, length, chunked], want: 400, by: 'ours' },
  { name: 'two Content-Lengths', head: [...post, length, `Content-Length: ${event.length + 1}`], want: 400, by: 'ours' },
  { name: 'the same Content-Length twice', head: [...post, length, length], want: 400, by: 'ours' },
  { name: 'a list of lengths', head: [...post, `Content-Length: ${event.length}, ${event.length}`], want: 400, by: 'ours' },
  { name: 'a signed length', head: [...post, `Content-Length: +${event.length}`], want: 400, by: 'ours' },
  { name: 'a negative length', head: [...post, 'Content-Length: -1'], want: 400, by: 'ours' },
  { name: 'a length in hexadecimal', head: [...post, 'Content-Length: 0x31'], want: 400, by: 'ours' },
  { name: 'a length beyond 64 bits', head: [...post, 'Content-Length: 99999999999999999999999'], want: 413, by: 'ours' },
  { name: 'an unknown transfer coding', head: [...post, 'Transfer-Encoding: xchunked'], want: 400, by: 'ours' },
  { name: 'chunked, and something more', head: [...post, 'Transfer-Encoding: gzip, chunked'], want: 400, by: 'ours' },
  { name: 'chunked twice', head: [...post, chunked, chunked], want: 400, by: 'ours' },
  // heads that are not plain
  { name: 'no Host', head: ['POST /v1/events HTTP/1.1', json, length], want: 400, by: 'ours' },
  { name: 'two Hosts', head: [...post, host, length], want: 400, by: 'ours' },
  { name: 'a folded header', head: [...post, 'X-Long: a', ' b', length], want: 400, by: 'ours' },
  { name: 'white space before the colon', head: [...post, 'X-Space : a', length], want: 400, by: 'ours' },
  { name: 'a NUL in a value', head: [...post, 'X-Nul: a\0b', length], want: 400, by: 'ours' },
  { name: 'a bare line feed', head: [...post.slice(0, 2), `${json}\nX-Bare: a`, length], want: 400, by: 'ours' },
  { name: 'two spaces in the first line', head: ['POST  /v1/events HTTP/1.1', host, json, length], want: 400, by: 'ours' },
  { name: 'a line without a colon', head: [...post, 'nocolon', length], want: 400, by: 'library' },
  // chunks
  { name: 'a chunk of 2^64 bytes', head: [...post, chunked], body: `10000000000000000\r\n${event}\r\n0\r\n\r\n`, want: 413, by: 'library' },
  { name: 'a chunk of 2^64 bytes and this event', head: [...post, chunked], body: `10000000000000031\r\n${event}\r\n0\r\n\r\n`, want: 413, by: 'library' },
  { name: 'a chunk of -1 bytes', head: [...post, chunked], body: `-1\r\n${event}\r\n0\r\n\r\n`, want: 400, by: 'library' },
  { name: 'a chunk of 0x31 bytes', head: [...post, chunked], body: `0x31\r\n${event}\r\n0\r\n\r\n`, want: 400, by: 'library' },
  { name: 'a chunk size that is no number', head: [...post, chunked], body: `zz\r\n${event}\r\n0\r\n\r\n`, want: 400, by: 'library' },
  { name: 'a chunk that is longer than it says', head: [...post, chunked], body: `${(event.length - 1).toString(16)}\r\n${event}\r\n0\r\n\r\n`, want: 400, by: 'library' },
  // too much
  { name: '101 fields', head: [...get, ...fields(100)], want: 431, by: 'ours' },
  { name: '400 fields', head: [...get, ...fields(400)], want: 431, by: 'library' },
  { name: 'a field of 9,000 bytes', head: [...get, `X-Long: ${'x'.repeat(9000)}`], want: 431, by: 'ours' },
  { name: 'a field of 20,000 bytes', head: [...get, `X-Long: ${'x'.repeat(20_000)}`], want: 431, by: 'library' },
  { name: 'a path of 9,000 bytes', head: [`GET /${'x'.repeat(9000)} HTTP/1.1`, host], want: 431, by: 'ours' },
  { name: 'a path of 20,000 bytes', head: [`GET /${'x'.repeat(20_000)} HTTP/1.1`, host], want: 414, by: 'library' },
  { name: 'a body over its limit', head: [...post, 'Content-Length: 9000000', 'Expect: 100-continue'], body: '', want: 413, by: 'ours' },
  // other protocols
  { name: 'HTTP/2 without asking', head: ['PRI * HTTP/2.0', '', 'SM'], body: '', want: 505, by: 'library' },
  { name: 'HTTP/0.9', head: ['GET /'], body: '', want: 400, by: 'library' },
  { name: 'no HTTP at all', head: ['hello'], want: undefined },
  { name: 'TLS', head: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'], want: undefined },
];

test('what is not plain HTTP is refused, counts nothing, and ends the connection', async () => {
  for (const row of rows) {
    const wire = await Wire.open(server.port);
    await wire.send(...row.head, '', '');
    await wire.send(row.body ?? event);
    await wire.closed();
    const answers = wire.answers();
    const said = `${row.name}: ${wire.text.slice(0, 400)}`;
    if (row.want === undefined) {
      assert.equal(wire.text, '', said); // who does not speak HTTP is not spoken to
    } else if (row.by === 'ours' || wire.text !== '') {
      assert.equal(answers.length, 1, said); // above all: no second request was found in the first
      assert.equal(answers[0].status, row.want, said);
      if (row.by === 'ours') assert.equal(JSON.parse(answers[0].body).success, false, said);
      else assert.match(answers[0].body, /^<html>/, said); // when this fails there is one case less
    }
    wire.close();
  }
  assert.equal((await server.totals(userId, 'l'))[0], 0);
});

// The library takes the largest number for "unknown" and then waits without reading on, so that
// what ends it is the time that a body may take.
test('a chunk of 2^64-1 bytes counts nothing, holds nothing, and ends with 408', async () => {
  for (const [type, behind] of [['application/json', event], ['application/x-ndjson', `${event}\n`], ['application/json', 'x'.repeat(1 << 20)]]) {
    const wire = await Wire.open(server.port);
    await wire.send('POST /v1/events HTTP/1.1', host, `Content-Type: ${type}`, chunked, '', 'ffffffffffffffff', '');
    wire.socket.write(`${behind}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n${host}\r\n\r\n`);
    await wire.closed();
    const answers = wire.answers();
    assert.deepEqual(answers.map((each) => each.status), [408], wire.text);
    assert.equal(JSON.parse(answers[0].body).code, 'request_timeout');
    wire.close();
  }
  assert.equal((await server.totals(userId, 'l'))[0], 0);
});

stopsCleanlyAtTheEnd(server);
