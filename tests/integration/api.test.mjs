// Every call of the API table, its rules and its shapes.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, inParallel, listingPath, startServer, stopsCleanlyAtTheEnd, test, utcDate, withQuery } from './server.mjs';

const server = await startServer();

async function ok(path, query = {}) {
  const answer = await server.get(withQuery(path, query));
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  assert.equal(answer.body.success, true);
  return answer.body;
}

function events(count, event) {
  return Array.from({ length: count }, () => event);
}

test('all listings: sorted by any measure, either way, ties by id', async () => {
  const userId = fresh('agent');
  const counted = { a: [4, 1, 2], b: [9, 0, 0], c: [1, 7, 1], 10: [4, 3, 0], 9: [0, 0, 1] };
  for (const [listingId, [views, shares, inquiries]] of Object.entries(counted)) {
    await server.record([
      ...events(views, { userId, listingId, eventType: 'view' }),
      ...events(shares, { userId, listingId, eventType: 'share' }),
      ...events(inquiries, { userId, listingId, eventType: 'inquiry' }),
    ]);
  }
  const path = `/v1/users/${userId}/metrics`;
  const cases = [
    { query: {}, want: ['b', '10', 'a', 'c', '9'] },
    { query: { sort: 'views', direction: 'asc' }, want: ['9', 'c', '10', 'a', 'b'] },
    { query: { sort: 'shares' }, want: ['c', '10', 'a', '9', 'b'] },
    { query: { sort: 'inquiries' }, want: ['a', '9', 'c', '10', 'b'] },
    { query: { sort: 'conversionRate' }, want: ['c', 'a', '10', '9', 'b'] },
    { query: { sort: 'listingId' }, want: undefined },
    { query: { sort: 'listingId', direction: 'asc' }, want: ['10', '9', 'a', 'b', 'c'] },
    { query: { sort: 'listingId', direction: 'desc' }, want: ['c', 'b', 'a', '9', '10'] },
  ];
  for (const { query, want } of cases) {
    const answer = await ok(path, query);
    if (want !== undefined) assert.deepEqual(answer.order, want, JSON.stringify(query));
    assert.deepEqual(Object.keys(answer.metricsByListing).sort(), Object.keys(counted).sort());
  }
  const { metricsByListing } = await ok(path);
  for (const [listingId, [views, shares, inquiries]] of Object.entries(counted)) {
    const found = metricsByListing[listingId];
    assert.deepEqual([found.totalViews, found.totalShares, found.totalInquiries], [views, shares, inquiries]);
    assert.equal(found.dailyBreakdown, undefined);
  }
  const withDays = await ok(path, { include: 'dailyBreakdown', period: 'monthly' });
  assert.equal(withDays.metricsByListing.a.dailyBreakdown.length, 30);
});

test('all listings: pages follow each other without gap or repeat', async () => {
  const userId = fresh('agent');
  const count = 57;
  await server.record(
    Array.from({ length: count }, (_, i) =>
      events(1 + (i % 3), { userId, listingId: `listing-${i}`, eventType: 'view' }),
    ).flat(),
  );
  for (const sort of ['views', 'listingId', 'conversionRate']) {
    for (const direction of ['asc', 'desc']) {
      const whole = await ok(`/v1/users/${userId}/metrics`, { sort, direction });
      assert.equal(whole.order.length, count);
      const seen = [];
      let cursor;
      do {
        const page = await ok(`/v1/users/${userId}/metrics`, {
          sort, direction, limit: 10, ...(cursor ? { cursor } : {}),
        });
        assert.equal(page.order.length, Object.keys(page.metricsByListing).length);
        seen.push(...page.order);
        cursor = page.nextCursor;
      } while (cursor !== null);
      assert.deepEqual(seen, whole.order, `${sort} ${direction}`);
    }
  }
  const first = await ok(`/v1/users/${userId}/metrics`, { sort: 'views', limit: 10 });
  const foreign = await server.get(
    withQuery(`/v1/users/${userId}/metrics`, { sort: 'listingId', limit: 10, cursor: first.nextCursor }),
  );
  assert.equal(foreign.status, 400, 'a cursor belongs to its order');
  assert.equal(foreign.body.field, 'cursor');
});

test('all listings: only those that counted something in the range', async () => {
  const userId = fresh('agent');
  const now = Date.now();
  await server.record([
    { userId, listingId: 'now', eventType: 'view' },
    { userId, listingId: 'then', eventType: 'view', timestamp: now - 40 * DAY_MS },
  ]);
  assert.deepEqual((await ok(`/v1/users/${userId}/metrics`)).order, ['now']);
  const range = { startDate: utcDate(now - 41 * DAY_MS), endDate: utcDate(now - 39 * DAY_MS) };
  assert.deepEqual((await ok(`/v1/users/${userId}/metrics`, range)).order, ['then']);
});

test('compare: listings side by side, in the order asked for', async () => {
  const userId = fresh('agent');
  await server.record([
    ...events(3, { userId, listingId: 'a', eventType: 'view', platform: 'tiktok' }),
    ...events(2, { userId, listingId: 'b', eventType: 'share' }),
  ]);
  const answer = await ok(`/v1/users/${userId}/compare?listing=b&listing=a&listing=unheard&period=monthly`);
  assert.equal(answer.period, 'monthly');
  assert.deepEqual(answer.listings.map((entry) => entry.listingId), ['b', 'a', 'unheard']);
  assert.deepEqual(answer.listings.map((entry) => entry.metrics.totalViews), [0, 3, 0]);
  assert.deepEqual(answer.listings.map((entry) => entry.metrics.totalShares), [2, 0, 0]);
  assert.equal(answer.listings[1].metrics.byPlatform.tiktok.views, 3);
  const twenty = Array.from({ length: 20 }, (_, i) => `listing=l${i}`).join('&');
  assert.equal((await ok(`/v1/users/${userId}/compare?${twenty}`)).listings.length, 20);
});

test('listing details: kept, replaced, listed, removed; counts stay', async () => {
  const userId = fresh('agent');
  const path = listingPath(userId, 'villa');
  const details = {
    address: '1 Main Street, Zürich', price: 1_250_000.5, currency: 'CHF',
    image: 'https://example.com/villa.jpg', status: 'active',
  };
  const missing = await server.get(path);
  assert.equal(missing.status, 404, missing.text);
  assert.equal(missing.body.code, 'listing_not_found');

  const put = await server.request('PUT', path, { body: details });
  assert.equal(put.status, 200, put.text);
  await server.record({ userId, listingId: 'villa', eventType: 'view' });
  const { updatedAt, listingId, ...kept } = (await ok(path)).listing;
  assert.deepEqual(kept, details);
  assert.equal(listingId, 'villa');
  assert.ok(Math.abs(updatedAt - Date.now()) < 600_000);

  await server.request('PUT', path, { body: { address: 'elsewhere', price: null } });
  const replaced = (await ok(path)).listing;
  assert.equal(replaced.address, 'elsewhere');
  assert.equal(replaced.currency ?? null, null, 'PUT replaces the whole');

  await server.restart();
  assert.equal((await ok(path)).listing.address, 'elsewhere');

  const removed = await server.request('DELETE', path);
  assert.equal(removed.status, 200, removed.text);
  assert.equal((await server.get(path)).status, 404);
  assert.deepEqual(await server.totals(userId, 'villa'), [1, 0, 0]);
});

test('listing details: pages in the order of ids', async () => {
  const userId = fresh('agent');
  const ids = Array.from({ length: 23 }, (_, i) => `listing-${String(i).padStart(2, '0')}`);
  await inParallel(8, ids.map((id) => async () => {
    const answer = await server.request('PUT', listingPath(userId, id), { body: { address: id } });
    assert.equal(answer.status, 200, answer.text);
  }));
  const seen = [];
  let cursor;
  do {
    const page = await ok(`/v1/users/${userId}/listings`, { limit: 5, ...(cursor ? { cursor } : {}) });
    seen.push(...page.listings.map((entry) => entry.listingId));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ids);
});

test('ids may hold slashes, spaces, percent signs and any script', async () => {
  const ids = ['a/b', '/', 'a b', '100%', 'a?b&c=d', 'Größe', '物件-7', '🏠', 'a+b', '%2F', "o'hara", '<img src=x>', '"quoted"', 'back\\slash', 'x'.repeat(128)];
  for (const id of ids) {
    const userId = `${fresh('agent')}/${id}`.slice(0, 128);
    await server.record({ userId, listingId: id, eventType: 'view', id: id.slice(0, 64) });
    assert.deepEqual(await server.totals(userId, id), [1, 0, 0], id);
    const all = await ok(`/v1/users/${encodeURIComponent(userId)}/metrics`);
    assert.deepEqual(all.order, [id]);
    const put = await server.request('PUT', listingPath(userId, id), { body: { address: id } });
    assert.equal(put.status, 200, `${id}: ${put.text}`);
    assert.equal((await ok(listingPath(userId, id))).listing.listingId, id);
  }
  const [userId] = [fresh('agent')];
  await server.record({ userId, listingId: 'a', eventType: 'view' });
  assert.deepEqual(await server.totals(userId, 'a/b'), [0, 0, 0]);
});

test('sources: 64 by name on a day of a listing, the rest under (other)', async () => {
  const [userId, listingId] = [fresh('agent'), 'l'];
  const timestamp = Date.now() - DAY_MS;
  const view = (i) => ({ userId, listingId, eventType: 'view', source: `source-${i}`, timestamp });
  await server.record(Array.from({ length: 100 }, (_, i) => view(i)));
  for (const stored of [false, true]) {
    if (stored) await server.restart();
    for (const query of [{}, { timezone: 'Asia/Kolkata' }]) {
      const { bySource, totalViews } = await server.metrics(userId, listingId, query);
      const name = JSON.stringify({ stored, ...query });
      assert.equal(totalViews, 100, name);
      assert.equal(bySource['(other)'].views, 36, name);
      assert.equal(Object.keys(bySource).length, 65, name);
      assert.equal(bySource['source-63'].views, 1, name);
      assert.equal(bySource['source-64'], undefined, name);
    }
  }
});

test('ETag: the same until an event of that user is recorded', async () => {
  const [userId, listingId] = [fresh('agent'), 'l'];
  const path = `${listingPath(userId, listingId)}/metrics?startDate=2026-01-01&endDate=2026-01-31`;
  const first = await server.get(path);
  assert.match(first.headers.etag ?? '', /^(W\/)?"[^"]+"$/);
  const etag = first.headers.etag;
  const again = await server.get(path, { 'If-None-Match': etag });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
  assert.equal(again.headers.etag, etag);
  for (const header of [`"x", ${etag}`, '*']) {
    assert.equal((await server.get(path, { 'If-None-Match': header })).status, 304, header);
  }
  assert.equal((await server.get(path, { 'If-None-Match': '"x"' })).status, 200);
  await server.record({ userId: fresh('other'), listingId, eventType: 'view' });
  await server.record({ userId, listingId, eventType: 'view' });
  const after = await server.get(path, { 'If-None-Match': etag });
  assert.equal(after.status, 200);
  assert.notEqual(after.headers.etag, etag);

  const otherQuery = await server.get(path.replace('01-31', '01-30'));
  assert.notEqual(otherQuery.headers.etag, after.headers.etag);
  const berlin = await server.get(`${path}&timezone=Europe/Berlin`);
  assert.notEqual(berlin.headers.etag, after.headers.etag);
  await server.restart();
  const restarted = await server.get(path, { 'If-None-Match': after.headers.etag });
  assert.equal(restarted.status, 200, 'versions of two lives never meet');
});

test('HEAD answers as GET does, without the body', async () => {
  const [userId, listingId] = [fresh('agent'), 'l'];
  for (const path of [
    `${listingPath(userId, listingId)}/metrics`,
    `/v1/users/${userId}/metrics`,
    '/healthz', '/readyz', '/metrics',
    listingPath(userId, 'unknown'),
  ]) {
    const get = await server.get(path);
    const head = await server.request('HEAD', path);
    assert.equal(head.status, get.status, path);
    assert.equal(head.text, '', path);
    assert.equal(head.headers['content-type'], get.headers['content-type'], path);
    assert.equal(head.headers.etag, get.headers.etag, path);
    if (path !== '/metrics') assert.equal(head.headers['content-length'], get.headers['content-length'], path);
  }
});

test('answers are JSON that no browser takes for anything else, and no cache keeps unasked', async () => {
  for (const path of [listingPath('u', 'l') + '/metrics', '/v1/nothing']) {
    const { headers } = await server.get(path);
    assert.match(headers['content-type'], /^application\/json/, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.match(headers['cache-control'] ?? '', /no-cache|no-store|private/, path);
  }
});

test('an answer is read back at once, by every road', async () => {
  const [userId, listingId] = [fresh('agent'), 'l'];
  const began = Date.now();
  for (let i = 1; i <= 50; i++) {
    await server.record({ userId, listingId, eventType: 'view' });
    assert.deepEqual(await server.totals(userId, listingId), [i, 0, 0]);
    const { metricsByListing } = await ok(`/v1/users/${userId}/metrics`);
    assert.equal(metricsByListing[listingId].totalViews, i);
  }
  // generous: an answer that waits for the next tick of something takes a second
  assert.ok(Date.now() - began < 20_000, `50 rounds took ${Date.now() - began} ms`);
});

stopsCleanlyAtTheEnd(server);
