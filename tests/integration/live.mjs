// live.mjs - subscribers for tests: npm's ws and eventsource, and a raw socket for what these
// would never send.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';

const WAIT_MS_MAX = 30_000;

/** What came, in order, and a way to wait for more of it. */
class Inbox {
  constructor() {
    this.all = [];
    this.latest = new Map(); // listing → its newest message
    this.waiting = [];
    this.closed = new Promise((done) => (this.onClosed = done));
  }

  take(message) {
    this.all.push(message);
    if (message.listingId !== undefined) this.latest.set(message.listingId, message);
    this.waiting = this.waiting.filter(({ fits, done }) => {
      if (!fits(message)) return true;
      done(message);
      return false;
    });
  }

  /** The first message that fits, among those that came and those that will. */
  until(fits, what = 'a message') {
    const found = this.all.find(fits);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((done, failed) => {
      const timer = setTimeout(
        () => failed(new Error(`${what} did not come; got ${JSON.stringify(this.all.slice(-5))}`)),
        WAIT_MS_MAX,
      );
      this.waiting.push({ fits, done: (message) => (clearTimeout(timer), done(message)) });
    });
  }

  /** Once the listing has that many views; resolves with the message. */
  views(listing, count) {
    return this.until(
      (message) => message.listingId === listing && message.metrics.views === count,
      `${count} views of ${listing}`,
    );
  }

  of(type) {
    return this.all.filter((message) => message.type === type);
  }
}

/** A WebSocket that collects: {inbox, socket, send, close, closed → {code, reason}}. */
export async function connect(server, { headers = {}, origin, autoPong = true } = {}) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`, {
    headers,
    origin,
    autoPong,
  });
  const inbox = new Inbox();
  inbox.pings = 0;
  socket.on('message', (text) => inbox.take(JSON.parse(String(text))));
  socket.on('ping', () => (inbox.pings += 1));
  socket.on('close', (code, reason) => inbox.onClosed({ code, reason: String(reason) }));
  await new Promise((done, failed) => {
    socket.on('open', done);
    socket.on('unexpected-response', async (_, response) => {
      let text = '';
      for await (const piece of response) text += piece;
      failed(Object.assign(new Error(text), { status: response.statusCode, body: JSON.parse(text) }));
    });
    socket.on('error', failed);
  });
  socket.on('error', () => {});
  return {
    inbox,
    socket,
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.terminate(),
    closed: inbox.closed,
  };
}

/** The same, subscribed: the server's reply has come. */
export async function subscribe(server, request, options) {
  const client = await connect(server, options);
  client.send({ type: 'subscribe', ...request });
  client.reply = await client.inbox.until(
    (message) => message.type === 'subscribed' || message.type === 'error', 'the reply');
  return client;
}

/** A stream of events that collects: {inbox, source, ids, close}. */
export function listen(server, path, { headers = {} } = {}) {
  const inbox = new Inbox();
  const ids = [];
  const source = new EventSource(`${server.url}${path}`, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }),
  });
  source.onmessage = (event) => {
    if (event.lastEventId !== '') ids.push(event.lastEventId);
    inbox.take(JSON.parse(event.data));
  };
  source.onerror = (error) => inbox.onClosed(error);
  return { inbox, source, ids, close: () => source.close(), closed: inbox.closed };
}

/** A frame as a client would send it; mask: false leaves the mask out, as none may. */
export function frame(payload, { opcode = 1, fin = true, rsv = 0, mask = true, length } = {}) {
  const body = Buffer.from(payload);
  const said = length ?? body.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const masked = mask ? 0x80 : 0;
  if (said < 126) head.push(masked | said);
  else if (said < 65_536) head.push(masked | 126, said >> 8, said & 255);
  else {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(BigInt(said));
    head.push(masked | 127, ...wide);
  }
  if (!mask) return Buffer.concat([Buffer.from(head), body]);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, body.map((byte, i) => byte ^ key[i % 4])]);
}

/** A socket on which the handshake is done, or what is given instead of it is sent. */
export async function rawSocket(server, { head, receive = true } = {}) {
  const socket = net.connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  let bytes = Buffer.alloc(0);
  socket.on('error', () => {});
  const ended = new Promise((done) => socket.on('close', done));
  if (receive) socket.on('data', (piece) => (bytes = Buffer.concat([bytes, piece])));
  socket.write(
    head ??
      `GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\n` +
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  return { socket, ended, bytes: () => bytes };
}

/** The code of the close frame that the server ended with; null without one. */
export async function closeCode({ socket, ended, bytes }) {
  socket.setTimeout(WAIT_MS_MAX, () => socket.destroy(new Error('it stays open')));
  await ended;
  const all = bytes();
  let at = all.indexOf('\r\n\r\n') + 4;
  while (at + 4 <= all.length) {
    const opcode = all[at] & 15;
    const short = all[at + 1] & 127;
    const length = short === 126 ? all.readUInt16BE(at + 2) : short;
    const start = at + (short === 126 ? 4 : 2);
    if (opcode === 8) return all.readUInt16BE(start);
    at = start + length;
  }
  return null;
}

/** One number of /metrics, with its labels as they stand there. */
export async function gauge(server, sample, headers) {
  const page = (await server.get('/metrics', headers)).text;
  const line = page.split('\n').find((each) => each.startsWith(`${sample} `));
  assert.ok(line !== undefined, sample);
  return Number(line.slice(sample.length));
}

/** Asks again until it is so; fails when it takes too long. */
export async function eventually(what, isSo) {
  const end = Date.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `it never was so: ${what}`);
    await new Promise((done) => setImmediate(done));
  }
}
