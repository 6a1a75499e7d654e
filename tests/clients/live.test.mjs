// watchMetrics(): counts as they come, through lost connections and restarts, to the right end.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { Footfall, getCurrentDate } from '../../clients/js/dist/index.js';
import { fresh, onOneDay, startServer, test } from '../integration/server.mjs';

/** What a watch said, and promises of what it will say. */
function listen(client, options) {
  const states = [];
  const newest = new Map();
  const waiting = new Set();
  const look = () => waiting.forEach((each) => each());
  const watch = client.watchMetrics({
    ...options,
    onMetrics: (metrics) => (newest.set(metrics.listingId, metrics), look()),
    onState: (state, error) => (states.push(error === undefined ? state : `${state} ${error.code}`), look()),
  });
  const until = (condition, what) =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`never came: ${what}; ${states.join()} ${JSON.stringify([...newest])}`)), 60_000);
      const each = () => {
        if (!condition()) return;
        clearTimeout(timer);
        waiting.delete(each);
        done();
      };
      waiting.add(each);
      each();
    });
  const views = (listing, count) => until(() => newest.get(listing)?.views === count, `${count} views of ${listing}`);
  return { states, newest, until, views, close: () => watch.close() };
}

test('a snapshot first, then what changes, for the watched listings alone', () =>
  onOneDay(async () => {
    const server = await startServer();
    const client = new Footfall({ baseUrl: server.url });
    const user = fresh('agent/ü');
    try {
      await client.recordViewEvent(user, 'a', 'facebook');
      const watch = listen(client, { userId: user, listings: ['a', 'b/c'] });
      await watch.views('a', 1);
      await watch.views('b/c', 0);
      assert.deepEqual(watch.states, ['connecting', 'live']);
      await client.recordViewEvent(user, 'other');
      await client.recordViewEvent(user, 'b/c', 'x');
      await watch.views('b/c', 1);
      assert.deepEqual([...watch.newest.keys()].sort(), ['a', 'b/c']);
      const day = await client.getMetricsForDate(user, 'b/c', getCurrentDate());
      assert.deepEqual(watch.newest.get('b/c'), day.metrics);

      watch.close();
      assert.equal(watch.states.at(-1), 'closed');
      await client.recordViewEvent(user, 'a');
      assert.equal((await client.getAggregatedMetrics(user, 'a')).metrics.totalViews, 2);
      assert.equal(watch.newest.get('a').views, 1, 'nothing comes after close()');
    } finally {
      await server.close();
    }
  }));

test('after kill -9 and a restart it goes on, and shows what is right', () =>
  onOneDay(async () => {
    const server = await startServer();
    const port = server.port;
    const user = fresh('agent');
    const client = new Footfall({ baseUrl: server.url });
    const watch = listen(client, { userId: user });
    try {
      await watch.until(() => watch.states.includes('live'), 'live');
      for (let i = 1; i <= 20; i++) await client.recordViewEvent(user, 'a');
      await watch.views('a', 20);
      await server.kill9();
      await watch.until(() => watch.states.includes('waiting'), 'waiting');
      server.flags.push('--listen', `127.0.0.1:${port}`);
      await server.start();
      await client.recordViewEvent(user, 'a');
      await watch.views('a', 21);
      assert.equal(watch.states.at(-1), 'live');
    } finally {
      watch.close();
      await server.close();
    }
  }));

test('what cannot be is refused once, with the reason', async () => {
  const key = 'the-service-key-0123456789';
  const server = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key } });
  try {
    const asService = new Footfall({ baseUrl: server.url, key });
    const made = await server.request('POST', '/v1/users/ann/tokens', {
      body: { access: 'read' }, headers: { Authorization: `Bearer ${key}` },
    });
    const asAnn = new Footfall({ baseUrl: server.url, key: made.body.token });
    const rows = [
      [new Footfall({ baseUrl: server.url }), { userId: 'ann' }, 'unauthorized'],
      [asAnn, { userId: 'bob' }, 'other_user'],
      [asService, { userId: 'ann', timezone: 'Mars/Olympus' }, 'unknown_timezone'],
      [asService, { userId: '#' }, 'invalid_id'],
    ];
    for (const [client, options, code] of rows) {
      const watch = listen(client, options);
      await watch.until(() => watch.states.includes(`refused ${code}`), code);
      assert.deepEqual(watch.states, ['connecting', `refused ${code}`]);
    }
    const own = listen(asAnn, { userId: 'ann', listings: ['a'] });
    await own.views('a', 0);
    own.close();
  } finally {
    await server.close();
  }
});
