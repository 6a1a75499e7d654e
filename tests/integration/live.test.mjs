// Live updates: what is durable is shown, once, whole and soon, to those who may see it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { eventually, gauge, listen, subscribe } from './live.mjs';
import {
  DAY_MS, fresh, inParallel, listingPath, onOneDay, startServer, stopsCleanlyAtTheEnd, test, utcDate,
} from './server.mjs';

const server = await startServer();
const view = (userId, listingId, more = {}) => ({ userId, listingId, eventType: 'view', ...more });

test('a WebSocket gets a snapshot of today, then each change with whole counts', () =>
  onOneDay(async (date) => {
    const [userId, listing, other] = [fresh('agent'), fresh('house'), fresh('house')];
    await server.record([view(userId, listing, { platform: 'facebook' })]);
    const client = await subscribe(server, { userId, listings: [listing, other] });
    assert.equal(client.reply.type, 'subscribed');
    assert.equal(client.reply.listings, 2);
    assert.equal(client.reply.resumed, false);
    const first = await client.inbox.views(listing, 1);
    const { body } = await server.get(`${listingPath(userId, listing)}/metrics/${date}`);
    assert.deepEqual(first.metrics, body.metrics, 'as the query answers');
    assert.deepEqual([first.type, first.userId, first.date, first.timezone],
      ['snapshot', userId, date, 'UTC']);
    assert.equal((await client.inbox.views(other, 0)).type, 'snapshot');

    await server.record([
      view(userId, listing),
      { userId, listingId: listing, eventType: 'share', platform: 'x' },
    ]);
    const delta = await client.inbox.views(listing, 2);
    assert.equal(delta.type, 'delta');
    assert.equal(delta.metrics.shares, 1);
    assert.equal(delta.metrics.platforms.facebook.views, 1);
    const numbers = client.inbox.all.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'numbers rise');
    client.close();
  }));

test('many events of one listing come as few messages, and the last one is exact', async () => {
  const [userId, listing] = [fresh('agent'), fresh('house')];
  const client = await subscribe(server, { userId, listings: [listing] });
  const began = Date.now();
  await inParallel(8, Array.from({ length: 400 }, () => () => server.record(view(userId, listing))));
  await client.inbox.views(listing, 400);
  const deltas = client.inbox.of('delta').length;
  const most = Math.ceil((Date.now() - began) / 200) + 1;
  assert.ok(deltas <= most, `${deltas} deltas, ${most} at most`);
  client.close();
});

test('a repeated event, and one of another day, are not told of', async () => {
  const [userId, listing] = [fresh('agent'), fresh('house')];
  const client = await subscribe(server, { userId, listings: [listing] });
  await server.record(view(userId, listing, { id: 'once' }));
  await client.inbox.views(listing, 1);
  await server.record(view(userId, listing, { id: 'once' }));
  await server.record(view(userId, listing, { timestamp: Date.now() - 2 * DAY_MS }));
  await server.record(view(userId, listing));
  await client.inbox.views(listing, 2);
  assert.equal(client.inbox.of('delta').length, 2);
  client.close();
});

test('all listings of a user are watched, those to come too', async () => {
  const [userId, a, b, stranger] = [fresh('agent'), fresh('house'), fresh('house'), fresh('agent')];
  await server.record(view(userId, a));
  const client = await subscribe(server, { userId });
  await client.inbox.views(a, 1);
  await server.record([view(userId, b), view(stranger, 'elsewhere')]);
  assert.equal((await client.inbox.views(b, 1)).type, 'snapshot');
  await server.record(view(userId, b));
  assert.equal((await client.inbox.views(b, 2)).type, 'delta');
  assert.ok(client.inbox.all.every((each) => each.userId === userId));
  client.close();
});

test('days are those of the time zone that was asked for', async () => {
  const [userId, listing] = [fresh('agent'), fresh('house')];
  const zones = ['Pacific/Kiritimati', 'Pacific/Pago_Pago']; // 25 hours apart: two days at least
  const clients = await Promise.all(
    zones.map((timezone) => subscribe(server, { userId, listings: [listing], timezone })));
  await server.record(view(userId, listing));
  const dates = [];
  for (const [i, client] of clients.entries()) {
    const message = await client.inbox.views(listing, 1);
    assert.equal(message.timezone, zones[i]);
    dates.push(message.date);
    client.close();
  }
  assert.notEqual(dates[0], dates[1]);
});

test('who reconnects and names the last number gets what changed since, and only that', async () => {
  const [userId, a, b] = [fresh('agent'), fresh('house'), fresh('house')];
  const request = { userId, listings: [a, b] };
  const before = await subscribe(server, request);
  await before.inbox.views(b, 0);
  await server.record(view(userId, a));
  const last = await before.inbox.views(a, 1);
  before.close();
  await server.record(view(userId, b));
  const since = `${before.reply.stream}-${last.seq}`;

  const after = await subscribe(server, { ...request, since });
  assert.equal(after.reply.resumed, true);
  await after.inbox.views(b, 1);
  assert.deepEqual(after.inbox.of('snapshot').map(({ listingId }) => listingId), [b]);
  await server.record(view(userId, a));
  assert.equal((await after.inbox.views(a, 2)).type, 'delta');
  after.close();

  const foreign = await subscribe(server, { ...request, since: `${'0'.repeat(16)}-${last.seq}` });
  assert.equal(foreign.reply.resumed, false);
  await foreign.inbox.views(a, 2);
  await foreign.inbox.views(b, 1);
  foreign.close();
});

test('one connection has several subscriptions, and drops them', async () => {
  const [u1, u2, listing] = [fresh('agent'), fresh('agent'), fresh('house')];
  const client = await subscribe(server, { userId: u1, listings: [listing] });
  client.send({ type: 'subscribe', userId: u2, listings: [listing] });
  await client.inbox.until((each) => each.type === 'snapshot' && each.userId === u2);
  client.send({ type: 'unsubscribe', userId: u1 });
  await client.inbox.until(({ type }) => type === 'unsubscribed');
  await server.record([view(u1, listing), view(u2, listing)]);
  assert.equal((await client.inbox.views(listing, 1)).userId, u2);
  assert.equal(client.inbox.all.filter((e) => e.userId === u1 && e.type === 'delta').length, 0);
  client.close();
});

test('what cannot be meant is answered with an error, and the connection goes on', async () => {
  const userId = fresh('agent');
  const client = await subscribe(server, { userId, listings: ['a'] });
  const many = Array.from({ length: 101 }, (_, i) => `l${i}`);
  const cases = [
    ['{', 'invalid_json'],
    ['[1]', 'invalid_json'],
    ['{"type":"subscribe","type":"auth"}', 'invalid_json'],
    [{ type: 'buy' }, 'unknown_type'],
    [{}, 'unknown_type'],
    [{ type: 'subscribe' }, 'missing_field'],
    [{ type: 'subscribe', userId: 7 }, 'wrong_type'],
    [{ type: 'subscribe', userId: 'a#b' }, 'invalid_id'],
    [{ type: 'subscribe', userId: 'v', listing: 'a' }, 'unknown_field'],
    [{ type: 'subscribe', userId: 'v', listings: [] }, 'invalid_listing_count'],
    [{ type: 'subscribe', userId: 'v', listings: many }, 'invalid_listing_count'],
    [{ type: 'subscribe', userId: 'v', listings: [7] }, 'wrong_type'],
    [{ type: 'subscribe', userId: 'v', listings: ['a#b'] }, 'invalid_id'],
    [{ type: 'subscribe', userId: 'v', timezone: 'Mars' }, 'unknown_timezone'],
    [{ type: 'subscribe', userId: 'v', since: 'yesterday' }, 'invalid_since'],
    [{ type: 'subscribe', userId }, 'already_subscribed'],
    [{ type: 'unsubscribe', userId: 'v' }, 'not_subscribed'],
  ];
  for (const [message, code] of cases) {
    const count = client.inbox.of('error').length;
    client.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    await client.inbox.until(() => client.inbox.of('error').length > count, code).catch(() => {});
    const error = client.inbox.of('error')[count];
    assert.equal(error?.code, code, JSON.stringify(message));
    assert.ok(error.error.length > 10, code);
  }
  for (let i = 0; i < 15; i++) client.send({ type: 'subscribe', userId: `${userId}-${i}` });
  client.send({ type: 'subscribe', userId: `${userId}-one-more` });
  await client.inbox.until(({ code }) => code === 'too_many_subscriptions');
  await server.record(view(userId, 'a'));
  await client.inbox.views('a', 1);
  client.close();
});

test('Server-Sent Events carry the same, and a reconnect goes on with Last-Event-ID', async () => {
  const [userId, a, b] = [fresh('agent'), fresh('häus/1'), fresh('house')];
  const path = `/v1/users/${userId}/live?listing=${encodeURIComponent(a)}&listing=${b}`;
  const client = listen(server, path);
  await client.inbox.views(b, 0);
  await server.record(view(userId, a));
  assert.equal((await client.inbox.views(a, 1)).type, 'delta');
  const last = client.ids.at(-1);
  client.close();

  await server.record(view(userId, b));
  const again = listen(server, path, { headers: { 'Last-Event-ID': last } });
  assert.equal((await again.inbox.views(b, 1)).type, 'snapshot');
  assert.equal(again.inbox.of('snapshot').length, 1, 'the other one is known');
  assert.equal(again.inbox.of('subscribed')[0].resumed, true);
  again.close();
});

test('requests that are no live connection are answered as HTTP', async () => {
  const handshake = {
    Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const without = (name) => Object.fromEntries(
    Object.entries(handshake).filter(([each]) => each !== name));
  const cases = [
    ['/v1/live', {}, 426, 'not_a_websocket'],
    ['/v1/live', without('Upgrade'), 426, 'not_a_websocket'],
    ['/v1/live', { ...handshake, 'Sec-WebSocket-Version': '8' }, 426, 'unsupported_version'],
    ['/v1/live', without('Sec-WebSocket-Key'), 400, 'invalid_request'],
    ['/v1/live', { ...handshake, 'Sec-WebSocket-Key': 'short' }, 400, 'invalid_request'],
    ['/v1/live?key=secret', handshake, 400, 'unknown_parameter'],
    ['/v1/users/a%23b/live', {}, 400, 'invalid_id'],
    ['/v1/users/u/live?listing=a%23b', {}, 400, 'invalid_id'],
    ['/v1/users/u/live?since=x', {}, 400, 'invalid_since'],
    ['/v1/users/u/live?timezone=Mars', {}, 400, 'unknown_timezone'],
    ['/v1/users/u/live?period=daily', {}, 400, 'unknown_parameter'],
  ];
  for (const [path, headers, status, code] of cases) {
    const answer = await server.get(path, headers);
    assert.equal(answer.status, status, `${path} ${JSON.stringify(headers)}: ${answer.text}`);
    assert.equal(answer.body.code, code, path);
  }
  const head = await server.request('HEAD', '/v1/users/u/live');
  assert.equal(head.status, 200);
  assert.match(head.headers['content-type'], /^text\/event-stream/);
});

test('/metrics counts subscribers, messages and closes', async () => {
  const [userId, listing] = [fresh('agent'), fresh('house')];
  const sample = (name) => gauge(server, `footfall_live_${name}`);
  const [deltas, closes] = [await sample('deltas_total'), await sample('closes_total{reason="client"}')];
  const delivered = await sample('delivery_seconds_count');
  const client = await subscribe(server, { userId, listings: [listing] });
  await server.record(view(userId, listing));
  await client.inbox.views(listing, 1);
  assert.ok((await sample('subscribers{protocol="websocket"}')) >= 1);
  assert.ok((await sample('watches')) >= 1);
  assert.equal(await sample('deltas_total'), deltas + 1);
  assert.equal(await sample('delivery_seconds_count'), delivered + 1);
  client.close();
  await eventually('it is gone', async () => (await sample('closes_total{reason="client"}')) > closes);
});

test('killed under load and started again, everybody ends with the exact counts', async () => {
  const own = await startServer();
  try {
    const userId = fresh('agent');
    const listings = Array.from({ length: 20 }, (_, i) => `house-${i}`);
    const truth = new Map(listings.map((listing) => [listing, 0]));
    const begin = () => Promise.all([
      subscribe(own, { userId }),
      ...listings.map((listing) => subscribe(own, { userId, listings: [listing] })),
    ]);
    let clients = await begin();
    const stream = clients[0].reply.stream;
    for (let life = 0; life < 3; life++) {
      const jobs = Array.from({ length: 200 }, (_, i) => async () => {
        const listing = listings[i % listings.length];
        const event = view(userId, listing, { id: `${life}-${i}` });
        // unanswered when it was killed: sent again with its id, it counts once
        const answer = await own.request('POST', '/v1/events', { body: event }).catch(() => null);
        return answer?.status === 200 ? null : event;
      });
      const sent = inParallel(8, jobs);
      await clients[0].inbox.until(({ metrics }) => metrics?.views > 0);
      if (life < 2) await own.kill9();
      const unanswered = (await sent).filter((event) => event !== null);
      if (life < 2) {
        for (const client of clients) assert.equal((await client.closed).code, 1006);
        await own.start();
        clients = await begin();
      }
      if (unanswered.length > 0) await own.record(unanswered);
      for (let i = 0; i < 200; i++) {
        const listing = listings[i % listings.length];
        truth.set(listing, truth.get(listing) + 1);
      }
    }
    for (const [i, listing] of listings.entries()) {
      await clients[0].inbox.views(listing, truth.get(listing));
      await clients[i + 1].inbox.views(listing, truth.get(listing));
    }
    const resumed = await subscribe(own, { userId, since: `${stream}-1` });
    assert.equal(resumed.reply.resumed, false, 'numbers of another life mean nothing');
    for (const client of [...clients, resumed]) client.close();
    await own.stopsCleanly();
  } finally {
    await own.close();
  }
});

test('stopping says goodbye: 1001, or a last event', async () => {
  const own = await startServer();
  try {
    const client = await subscribe(own, { userId: 'u' });
    const source = listen(own, '/v1/users/u/live');
    await source.inbox.until(({ type }) => type === 'subscribed');
    await own.stopsCleanly();
    assert.deepEqual(await client.closed, { code: 1001, reason: 'the server is stopping' });
    assert.equal((await source.inbox.until(({ type }) => type === 'error')).code, 'stopping');
    source.close();
  } finally {
    await own.close();
  }
});

stopsCleanlyAtTheEnd(server);
