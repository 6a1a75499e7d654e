// More clients than descriptors: those who are connected are served, events are recorded through
// every rotation and seal, and accepting goes on when others leave.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, test } from '../integration/server.mjs';

const CROWD = 300;
const flags = ['--journal-segment-bytes', '65536', '--seal-interval-ms', '20'];

/** Connections that say nothing, as many as the kernel completes. */
async function crowd(server) {
  const sockets = Array.from({ length: CROWD }, () => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  });
  await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), delay(2000)])));
  return sockets;
}

for (const limit of [64, 100, 256, 400]) {
  test(`with ${limit} descriptors and ${CROWD} connections`, async (t) => {
    const server = await startServer({ flags, under: ['prlimit', `--nofile=${limit}:${limit}`] });
    t.after(() => server.close());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const record = async (number) => {
      const answer = await server.request('POST', '/v1/events', {
        agent, body: { userId: 'agent', listingId: 'house', eventType: 'view', id: `e-${number}` },
      });
      assert.equal(answer.status, 200, answer.text);
    };
    await record(0); // this client is inside
    const sockets = await crowd(server);

    let sent = 1;
    for (; sent <= 60; sent++) await record(sent); // five segments, many seals
    const path = '/v1/users/agent/listings/house/metrics?period=weekly';
    for (const timezone of ['', '&timezone=Asia/Kathmandu']) {
      const answer = await server.request('GET', path + timezone, { agent });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.metrics.totalViews, sent);
    }
    const all = await server.request('GET', '/v1/users/agent/metrics?period=weekly', { agent });
    assert.equal(all.status, 200, all.text);

    for (const socket of sockets) socket.destroy();
    // a newcomer is accepted now
    assert.deepEqual(await server.totals('agent', 'house'), [sent, 0, 0]);
    await record(sent + 1);
    await server.restart();
    assert.deepEqual(await server.totals('agent', 'house'), [sent + 1, 0, 0]);
    await server.stopsCleanly();
  });
}

test('with hardly a descriptor it starts, or refuses with words', async (t) => {
  for (const limit of [6, 12, 16, 20, 24, 28, 40, 48, 56, 64]) {
    try {
      const server = await startServer({ flags, under: ['prlimit', `--nofile=${limit}:${limit}`] });
      t.after(() => server.close());
      await server.record({ userId: 'agent', listingId: 'house', eventType: 'view' });
      assert.deepEqual(await server.totals('agent', 'house'), [1, 0, 0], `${limit} descriptors`);
      await server.stopsCleanly();
      return;
    } catch (error) {
      assert.match(error.message, /did not start[^]*footfall: .{10}/, `${limit} descriptors`);
    }
  }
  assert.fail('it never started');
});
