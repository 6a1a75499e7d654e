// Exactly once: an id counts once however often, however and whenever it is sent.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const server = await startServer();

function view(userId, id, more = {}) {
  return { userId, listingId: 'l', eventType: 'view', id, ...more };
}

test('the same id again is a duplicate', async () => {
  const userId = fresh('agent');
  assert.deepEqual(await server.record(view(userId, 'a')), { success: true, recorded: 1, duplicates: 0 });
  assert.deepEqual(await server.record(view(userId, 'a')), { success: true, recorded: 0, duplicates: 1 });
  assert.deepEqual(await server.totals(userId, 'l'), [1, 0, 0]);
});

test('the first wins, whatever the repeat says', async () => {
  const userId = fresh('agent');
  await server.record(view(userId, 'a', { platform: 'facebook' }));
  const repeats = [
    view(userId, 'a', { platform: 'linkedin' }),
    view(userId, 'a', { listingId: 'other' }),
    view(userId, 'a', { eventType: 'inquiry', inquiry: { late: true } }),
  ];
  for (const repeat of repeats) assert.equal((await server.record(repeat)).duplicates, 1);
  const metrics = await server.metrics(userId, 'l');
  assert.deepEqual([metrics.totalViews, metrics.totalInquiries], [1, 0]);
  assert.deepEqual(Object.keys(metrics.byPlatform), ['facebook']);
  assert.deepEqual(await server.totals(userId, 'other'), [0, 0, 0]);
  assert.deepEqual((await server.get(`/v1/users/${userId}/inquiries`)).body.inquiries, []);
});

test('ids are a user\'s own', async () => {
  const [one, other] = [fresh('agent'), fresh('agent')];
  assert.equal((await server.record(view(one, 'a'))).recorded, 1);
  assert.equal((await server.record(view(other, 'a'))).recorded, 1);
});

test('events without an id are never duplicates', async () => {
  const userId = fresh('agent');
  const event = { userId, listingId: 'l', eventType: 'view', timestamp: Date.now() };
  assert.equal((await server.record([event, event, event])).recorded, 3);
  assert.deepEqual(await server.totals(userId, 'l'), [3, 0, 0]);
});

test('the same id within one array or one stream', async () => {
  const userId = fresh('agent');
  const array = await server.record([view(userId, 'a'), view(userId, 'b'), view(userId, 'a'), view(userId, 'a')]);
  assert.deepEqual(array, { success: true, recorded: 2, duplicates: 2 });
  const stream = await server.ndjson([view(userId, 'b'), view(userId, 'c'), view(userId, 'c')]);
  assert.equal(stream.status, 200, stream.text);
  assert.deepEqual([stream.body.recorded, stream.body.duplicates], [1, 2]);
  assert.deepEqual(await server.totals(userId, 'l'), [3, 0, 0]);
});

test('the same ids from 32 connections at once', async () => {
  const userId = fresh('agent');
  const ids = Array.from({ length: 60 }, (_, i) => `id-${i}`);
  const answers = await Promise.all(
    Array.from({ length: 32 }, async (_, client) => {
      let recorded = 0;
      for (const id of ids) {
        const answer = client % 4 === 0
          ? (await server.ndjson([view(userId, id)])).body
          : await server.record(client % 2 === 0 ? [view(userId, id)] : view(userId, id));
        assert.equal(answer.recorded + answer.duplicates, 1);
        recorded += answer.recorded;
      }
      return recorded;
    }),
  );
  assert.equal(answers.reduce((sum, recorded) => sum + recorded, 0), ids.length);
  assert.deepEqual(await server.totals(userId, 'l'), [ids.length, 0, 0]);
});

test('ids are remembered over a restart and over kill -9', async () => {
  const userId = fresh('agent');
  const events = Array.from({ length: 500 }, (_, i) => view(userId, `id-${i}`));
  await server.record(events);
  await server.restart();
  assert.deepEqual(await server.record(events), { success: true, recorded: 0, duplicates: 500 });
  const more = Array.from({ length: 500 }, (_, i) => view(userId, `more-${i}`));
  await server.record(more);
  await server.kill9();
  await server.start();
  assert.deepEqual(await server.record([...events, ...more]), { success: true, recorded: 0, duplicates: 1000 });
  assert.deepEqual(await server.totals(userId, 'l'), [1000, 0, 0]);
});

test('a refused array leaves none of its ids behind', async () => {
  const userId = fresh('agent');
  const bad = await server.request('POST', '/v1/events', {
    body: [view(userId, 'a'), view(userId, 'b', { platform: 'myspace' })],
  });
  assert.equal(bad.status, 400);
  assert.deepEqual(await server.record([view(userId, 'a'), view(userId, 'b')]), {
    success: true, recorded: 2, duplicates: 0,
  });
});

stopsCleanlyAtTheEnd(server);
