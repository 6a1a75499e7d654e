// Answers that are kept: the same bytes without a read, and never an old one, nor another's.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  fresh, inParallel, listingPath, onOneDay, parseExposition, startServer, stopsCleanlyAtTheEnd, test, withQuery,
} from './server.mjs';

const CACHE_BYTES = 1024 * 1024;
const server = await startServer({ flags: ['--answer-cache-bytes', String(CACHE_BYTES), '--seal-interval-ms', '200'] });

async function cache() {
  const all = parseExposition((await server.get('/metrics')).text);
  return Object.fromEntries(
    ['hits_total', 'misses_total', 'dropped_total', 'answers', 'bytes', 'bytes_max']
      .map((name) => [name, all.get(`footfall_answer_cache_${name}`)]),
  );
}

/** The answer, asked for until it comes from the cache. */
async function kept(path, headers) {
  const before = await cache();
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await server.get(path, headers));
  const after = await cache();
  assert.ok(after.hits_total > before.hits_total, `${path} is kept`);
  for (const each of answers) {
    assert.equal(each.status, 200, each.text);
    assert.equal(each.text, answers[0].text);
    for (const name of ['etag', 'content-type', 'cache-control', 'content-length', 'x-content-type-options']) {
      assert.equal(each.headers[name], answers[0].headers[name], name);
    }
    assert.ok(Math.abs(Date.parse(each.headers.date) - Date.now()) < 60_000, each.headers.date);
  }
  return answers[2];
}

const view = (userId, listingId, more = {}) => ({ userId, listingId, eventType: 'view', ...more });

test('what is recorded shows at once, however often was asked before', async () => {
  const user = fresh('agent');
  const paths = [
    ...['metrics', 'metrics?period=monthly', 'metrics?timezone=Asia%2FTokyo'].map((rest) => `${listingPath(user, 'l')}/${rest}`),
    `/v1/users/${user}/metrics`,
    `/v1/users/${user}/compare?listing=l&listing=m`,
    `/v1/users/${user}/inquiries`,
  ];
  const total = (answer) => (answer.body.metrics ?? answer.body.metricsByListing?.l ?? answer.body.listings?.[0].metrics)?.totalViews
    ?? answer.body.inquiries.length;
  for (let round = 1; round <= 12; round++) {
    await server.record([view(user, 'l'), { ...view(user, 'l'), eventType: 'inquiry', inquiry: { round } }]);
    for (const path of paths) assert.equal(total(await kept(path)), round, path);
  }
});

test('with writers beside it no answer is older than what was acknowledged before it was asked for', async () => {
  const user = fresh('agent');
  const path = `${listingPath(user, 'l')}/metrics`;
  let acknowledged = 0;
  const write = Array.from({ length: 200 }, () => async () => {
    await server.record(view(user, 'l'));
    acknowledged += 1;
  });
  const read = Array.from({ length: 600 }, () => async () => {
    const atLeast = acknowledged;
    const { body } = await server.get(path);
    assert.ok(body.metrics.totalViews >= atLeast, `${body.metrics.totalViews} of ${atLeast}`);
  });
  await Promise.all([inParallel(4, write), inParallel(8, read)]);
  assert.equal((await kept(path)).body.metrics.totalViews, 200);
});

test('the same listing of two users has two answers', async () => {
  const users = [fresh('agent'), fresh('agent')];
  await server.record([view(users[0], 'l'), view(users[1], 'l'), view(users[1], 'l')]);
  for (const [i, user] of users.entries()) {
    assert.equal((await kept(`${listingPath(user, 'l')}/metrics`)).body.metrics.totalViews, i + 1);
    assert.deepEqual((await kept(`/v1/users/${user}/metrics`)).body.order, ['l']);
  }
});

test('every range, zone and order has its own', () => onOneDay(async () => {
  const user = fresh('agent');
  await server.record(view(user, 'l', { timestamp: Date.now() - 10 * 86_400_000 }));
  await server.record(view(user, 'm'));
  const path = `${listingPath(user, 'l')}/metrics`;
  for (const [query, views] of [
    [{ period: 'monthly' }, 1], [{ period: 'weekly' }, 0], [{ period: 'daily' }, 0],
    [{ period: 'monthly', timezone: 'Europe/Berlin' }, 1], [{ period: 'weekly', timezone: 'Europe/Berlin' }, 0],
  ]) {
    const { metrics } = (await kept(withQuery(path, query))).body;
    assert.equal(metrics.totalViews, views, JSON.stringify(query));
    assert.equal(metrics.timezone, query.timezone ?? 'UTC');
    assert.equal(metrics.period, query.period);
  }
  for (const [direction, order] of [['asc', ['l', 'm']], ['desc', ['m', 'l']]]) {
    const all = await kept(withQuery(`/v1/users/${user}/metrics`, { period: 'monthly', sort: 'listingId', direction }));
    assert.deepEqual(all.body.order, order);
  }
}));

test('tags: 304 for who has it, a body for who has not, also from the cache', async () => {
  const user = fresh('agent');
  const path = `${listingPath(user, 'l')}/metrics`;
  await server.record(view(user, 'l'));
  const { headers, text } = await kept(path);
  for (const tag of [headers.etag, `W/${headers.etag}`, '*']) {
    const answer = await server.get(path, { 'If-None-Match': tag });
    assert.equal(answer.status, 304, tag);
    assert.equal(answer.headers.etag, headers.etag);
    assert.equal(answer.text, '');
  }
  assert.equal((await server.get(path, { 'If-None-Match': '"other"' })).text, text);
  const head = await server.request('HEAD', path);
  assert.equal(head.status, 200);
  assert.equal(Number(head.headers['content-length']), Buffer.byteLength(text));
  await server.record(view(user, 'l'));
  const newer = await server.get(path, { 'If-None-Match': headers.etag });
  assert.equal(newer.status, 200);
  assert.equal(newer.body.metrics.totalViews, 2);
});

test('who may not ask gets nothing that is kept', async () => {
  const user = fresh('agent');
  const path = `${listingPath(user, 'l')}/metrics`;
  await server.record(view(user, 'l'));
  await kept(path);
  const refused = await server.get(path, { Host: 'footfall.example' });
  assert.equal(refused.status, 403);
  assert.equal(refused.body.success, false);
});

test('the cache keeps to its bound, and lets go of what is not asked for', async () => {
  const user = fresh('agent');
  const listings = Array.from({ length: 400 }, (_, i) => `l-${i}`);
  await server.record(listings.map((id) => view(user, id)));
  const paths = listings.map((id) => `${listingPath(user, id)}/metrics?period=monthly`);
  for (let round = 0; round < 3; round++) {
    await inParallel(16, paths.map((path) => async () => {
      const { body } = await server.get(path);
      assert.equal(body.metrics.totalViews, 1);
    }));
    const { bytes, bytes_max: most, answers } = await cache();
    assert.equal(most, CACHE_BYTES);
    assert.ok(bytes <= most && answers < listings.length, `${answers} answers, ${bytes} bytes`);
  }
  assert.ok((await cache()).dropped_total > 0);
});

test('without memory for it nothing is kept, and all answers are the same', async () => {
  const without = await startServer({ flags: ['--answer-cache-bytes', '0'] });
  const user = fresh('agent');
  await without.record(view(user, 'l'));
  for (let i = 0; i < 4; i++) assert.deepEqual(await without.totals(user, 'l'), [1, 0, 0]);
  const all = parseExposition((await without.get('/metrics')).text);
  assert.equal(all.get('footfall_answer_cache_hits_total'), 0);
  assert.equal(all.get('footfall_answer_cache_bytes'), 0);
  await without.stopsCleanly();
  await without.close();
});

stopsCleanlyAtTheEnd(server);
