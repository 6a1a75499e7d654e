// Live updates under hostile and careless clients: who may not, frames that are none, too many, too
// slow, silent.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeCode, connect, eventually, frame, gauge, listen, rawSocket, subscribe } from './live.mjs';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const key = 'a-service-key-of-some-length-0123456789';
const listed = 'https://www.portal.example';
const server = await startServer({
  auth: [],
  env: { FOOTFALL_SERVICE_KEY: key },
  flags: ['--cors-origin', listed],
});
const asService = { Authorization: `Bearer ${key}` };
const open = await startServer();

async function tokenOf(user, access = 'read') {
  const answer = await server.request('POST', `/v1/users/${user}/tokens`, {
    body: { access }, headers: asService,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.token;
}

async function refused(options) {
  const error = await connect(server, options).then(() => null, (thrown) => thrown);
  assert.notEqual(error, null, 'it was let in');
  return { status: error.status, code: error.body?.code };
}

test('without a good key nothing is shown', async () => {
  assert.deepEqual(await refused({ headers: { Authorization: 'Bearer wrong-key-of-some-length' } }),
    { status: 401, code: 'unauthorized' });

  for (const first of [
    { type: 'subscribe', userId: 'ann' },
    { type: 'auth', key: 'wrong-key-of-some-length' },
    { type: 'auth' },
    { nonsense: true },
  ]) {
    const client = await connect(server);
    client.send(first);
    assert.equal((await client.closed).code, 1008, JSON.stringify(first));
    assert.deepEqual(client.inbox.all, [], JSON.stringify(first));
  }
  const stream = await server.get('/v1/users/ann/live');
  assert.equal(stream.status, 401);
});

test('the key comes in the header, or as the first message', async () => {
  const inHeader = await subscribe(server, { userId: 'ann' }, { headers: asService });
  assert.equal(inHeader.reply.type, 'subscribed');
  inHeader.close();
  const inMessage = await connect(server);
  inMessage.send({ type: 'auth', key });
  await inMessage.inbox.until(({ type }) => type === 'authorized');
  inMessage.send({ type: 'subscribe', userId: 'bob' });
  await inMessage.inbox.until(({ type }) => type === 'subscribed');
  inMessage.close();
});

test("a user's token watches that user and nobody else, however it is sent", async () => {
  const token = await tokenOf('ann');
  for (const headers of [{ Authorization: `Bearer ${token}` }, {}]) {
    const client = await connect(server, { headers });
    if (headers.Authorization === undefined) client.send({ type: 'auth', key: token });
    client.send({ type: 'subscribe', userId: 'bob' });
    const error = await client.inbox.until(({ type }) => type === 'error');
    assert.deepEqual([error.code, error.userId], ['forbidden', 'bob']);
    client.send({ type: 'subscribe', userId: 'ann', listings: ['a'] });
    await client.inbox.until(({ type }) => type === 'snapshot');
    await server.request('POST', '/v1/events', {
      body: ['ann', 'bob'].map((userId) => ({ userId, listingId: 'a', eventType: 'view' })),
      headers: asService,
    });
    await client.inbox.until(({ type }) => type === 'delta');
    assert.ok(client.inbox.all.every(({ userId }) => userId !== 'bob' || userId === error.userId));
    assert.equal(client.inbox.all.filter((e) => e.listingId && e.userId !== 'ann').length, 0);
    client.close();
  }
  const other = await server.get('/v1/users/bob/live', { Authorization: `Bearer ${token}` });
  assert.deepEqual([other.status, other.body.code], [403, 'other_user']);
  const source = listen(server, '/v1/users/ann/live', { headers: { Authorization: `Bearer ${token}` } });
  await source.inbox.until(({ type }) => type === 'subscribed');
  source.close();

  const recorder = await subscribe(server, { userId: 'ann' },
    { headers: { Authorization: `Bearer ${await tokenOf('ann', 'record')}` } });
  assert.equal(recorder.reply.code, 'forbidden');
  recorder.close();
});

test('pages of other origins are refused before they can try a key', async () => {
  for (const origin of ['https://evil.example', 'null', `http://evil.example:${server.port}`,
    `https://127.0.0.1:${server.port}.evil.example`, 'https://www.portal.example.evil.example']) {
    assert.deepEqual(await refused({ origin }), { status: 403, code: 'foreign_origin' }, origin);
    const stream = await server.get('/v1/users/ann/live', { ...asService, Origin: origin });
    assert.equal(stream.status, 403, origin);
  }
  for (const origin of [`http://127.0.0.1:${server.port}`, `https://127.0.0.1:${server.port}`, listed]) {
    (await connect(server, { origin })).close();
  }
  for (const origin of ['https://evil.example', listed]) {
    const error = await connect(open, { origin }).then(() => null, (thrown) => thrown);
    assert.equal(error?.status, 403, `without a key: ${origin}`);
  }
});

test('what is no frame of RFC 6455 ends with its code, and the server lives on', async () => {
  const text = '{"type":"unsubscribe","userId":"nobody"}';
  const bomb = (size, count) => [
    frame('x'.repeat(size), { fin: false }),
    ...Array.from({ length: count }, () => frame('x'.repeat(size), { opcode: 0, fin: false })),
  ];
  const cases = [
    ['not masked', [frame(text, { mask: false })], 1002],
    ['reserved bit', [frame(text, { rsv: 4 })], 1002],
    ['reserved opcode', [frame(text, { opcode: 3 })], 1002],
    ['continuation of nothing', [frame(text, { opcode: 0 })], 1002],
    ['text within text', [frame('a', { fin: false }), frame('b')], 1002],
    ['ping in fragments', [frame('a', { opcode: 9, fin: false })], 1002],
    ['ping over 125 bytes', [frame('a'.repeat(126), { opcode: 9 })], 1002],
    ['not UTF-8', [frame(Buffer.from([0xff, 0xfe]))], 1007],
    ['binary', [frame(text, { opcode: 2 })], 1003],
    ['a message of 33 KiB', [frame('x'.repeat(33 * 1024))], 1009],
    ['a length of 2^62', [frame('x', { length: 2 ** 62 })], 1009],
    ['fragments of 33 KiB in all', bomb(1024, 33), 1009],
    ['a thousand fragments of a byte', bomb(1, 1000), 1009],
    ['a thousand empty fragments', bomb(0, 1000), 1009],
    ['three hundred pings', Array.from({ length: 300 }, () => frame('', { opcode: 9 })), 1008],
    ['close', [frame(Buffer.from([0x03, 0xe8]), { opcode: 8 })], 1000],
    ['close with a code that is none', [frame(Buffer.from([0, 1]), { opcode: 8 })], 1002],
  ];
  for (const [name, frames, code] of cases) {
    const raw = await rawSocket(open);
    raw.socket.write(Buffer.concat(frames));
    assert.equal(await closeCode(raw), code, name);
  }
  // byte by byte, and with frames already behind the head
  const raw = await rawSocket(open);
  for (const byte of frame(text)) raw.socket.write(Buffer.from([byte]));
  await eventually('an answer', () => raw.bytes().includes('not_subscribed'));
  raw.socket.destroy();
  const head = `GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1:${open.port}\r\nUpgrade: websocket\r\n` +
    'Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  const early = await rawSocket(open, { head: Buffer.concat([Buffer.from(head), frame(text)]) });
  await eventually('an answer', () => early.bytes().includes('not_subscribed'));
  early.socket.destroy();
});

test('as many subscribers, and listings watched, as set; then 503 or an error', async () => {
  const own = await startServer({ flags: ['--live-subscribers', '2', '--live-watches', '3'] });
  try {
    const first = await subscribe(own, { userId: 'u', listings: ['a', 'b'] });
    const second = await subscribe(own, { userId: 'u', listings: ['a', 'b'] });
    assert.equal(second.reply.code, 'too_many_watches');
    for (const path of ['/v1/live', '/v1/users/u/live?listing=a']) {
      const answer = await own.get(path, {
        Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      });
      assert.deepEqual([answer.status, answer.body.code], [503, 'too_many_subscribers'], path);
      assert.equal(answer.headers['retry-after'], '1');
    }
    const subscribers = async () =>
      (await gauge(own, 'footfall_live_subscribers{protocol="websocket"}')) +
      (await gauge(own, 'footfall_live_subscribers{protocol="event_stream"}'));
    const oneIsLeft = () => eventually('one left', async () => (await subscribers()) === 1);
    second.close();
    await oneIsLeft();
    const full = await own.get('/v1/users/u/live?listing=a&listing=b');
    assert.deepEqual([full.status, full.body.code], [503, 'too_many_watches']);
    await oneIsLeft(); // who was refused has gone
    const third = await subscribe(own, { userId: 'u', listings: ['a'] });
    assert.equal(third.reply.type, 'subscribed', 'there is room again');
    // a listing too many for one who watches all: closed, and the others go on
    third.close();
    await eventually('two watched', async () => (await gauge(own, 'footfall_live_watches')) === 2);
    await oneIsLeft();
    const all = await subscribe(own, { userId: 'v' });
    await own.record(['c', 'd'].map((listingId) => ({ userId: 'v', listingId, eventType: 'view' })));
    assert.equal((await all.closed).code, 1013);
    await own.record({ userId: 'u', listingId: 'a', eventType: 'view' });
    await first.inbox.views('a', 1);
    first.close();
    await own.stopsCleanly();
  } finally {
    await own.close();
  }
});

test('who does not read is closed for it, and others are not kept waiting', async () => {
  const own = await startServer({
    flags: ['--live-send-buffer-bytes', '4KiB', '--live-slow-timeout-ms', '300'],
  });
  try {
    const listings = Array.from({ length: 100 }, (_, i) => `${'long-name-'.repeat(12)}${i}`);
    const others = await subscribe(own, { userId: 'u', listings: [listings[0]] });
    const slow = await rawSocket(own, { receive: false });
    slow.socket.pause();
    slow.socket.write(frame(JSON.stringify({ type: 'subscribe', userId: 'u', listings })));
    let views = 0;
    await eventually('it is closed', async () => {
      await own.record(listings.map((listingId) => ({ userId: 'u', listingId, eventType: 'view' })));
      views += 1;
      return (await gauge(own, 'footfall_live_closes_total{reason="too_slow"}')) === 1;
    });
    await others.inbox.views(listings[0], views);
    assert.ok((await gauge(own, 'footfall_live_dropped_total')) > 0);
    slow.socket.destroy();
    others.close();
    await own.stopsCleanly();
  } finally {
    await own.close();
  }
});

test('pings are sent; who does not answer them is closed', async () => {
  const own = await startServer({ flags: ['--live-ping-interval-ms', '100'] });
  try {
    const alive = await subscribe(own, { userId: 'u', listings: ['a'] });
    const deaf = await subscribe(own, { userId: 'u', listings: ['a'] }, { autoPong: false });
    const source = await rawSocket(own, {
      head: 'GET /v1/users/u/live?listing=a HTTP/1.1\r\nHost: localhost\r\n\r\n',
    });
    assert.deepEqual(await deaf.closed, { code: 1001, reason: 'pings were not answered' });
    assert.ok(alive.inbox.pings >= 2);
    await eventually('a ping', () => source.bytes().includes(': ping'));
    source.socket.destroy();
    await own.record({ userId: 'u', listingId: 'a', eventType: 'view' });
    await alive.inbox.views('a', 1);
    alive.close();
    await own.stopsCleanly();
  } finally {
    await own.close();
  }
});

test('five hundred come and go at once, and nothing of them stays', async () => {
  const before = await gauge(open, 'process_open_fds');
  const clients = await Promise.all(Array.from({ length: 250 }, (_, i) =>
    subscribe(open, i % 2 === 0 ? { userId: 'crowd', listings: [`l${i % 7}`] } : { userId: 'crowd' })));
  const sources = Array.from({ length: 250 }, () => listen(open, '/v1/users/crowd/live?listing=l0'));
  await Promise.all(sources.map(({ inbox }) => inbox.until(({ type }) => type === 'snapshot')));
  const listingId = fresh('l');
  await open.record({ userId: 'crowd', listingId, eventType: 'view' });
  await Promise.all(clients.filter((_, i) => i % 2 === 1).map(({ inbox }) => inbox.views(listingId, 1)));
  for (const client of [...clients, ...sources]) client.close();
  await eventually('nobody watches', async () => (await gauge(open, 'footfall_live_watches')) === 0);
  await eventually('all are closed', async () => (await gauge(open, 'process_open_fds')) <= before + 2);
});

stopsCleanlyAtTheEnd(open);
stopsCleanlyAtTheEnd(server);
