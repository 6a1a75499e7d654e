// The client against the real server: its answers, its retries, its joined requests.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import http from 'node:http';
import { after } from 'node:test';
import { Footfall, getCurrentDate } from '../../clients/js/dist/index.js';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from '../integration/server.mjs';
import { startFlaky } from './flaky.mjs';

const server = await startServer();
const flaky = await startFlaky(server.url);
after(() => flaky.close());
const client = new Footfall({ baseUrl: server.url });
const overFlaky = (options = {}) => new Footfall({ baseUrl: flaky.url, ...options });

test('record, then ask: the four kinds of question', async () => {
  const user = fresh('agent');
  assert.deepEqual(await client.recordViewEvent(user, 'l-1', 'facebook', 'social-media'),
    { success: true, recorded: 1, duplicates: 0 });
  assert.ok((await client.recordShareEvent(user, 'l-1', 'instagram')).success);
  const inquiry = { name: 'John Doe', email: 'john@example.com' };
  assert.ok((await client.recordInquiryEvent(user, 'l-1', 'linkedin', inquiry)).success);
  assert.ok((await client.recordViewEvent(user, '7')).success);

  const today = getCurrentDate();
  const day = await client.getMetricsForDate(user, 'l-1', today);
  assert.deepEqual([day.success, day.metrics.views, day.metrics.shares, day.metrics.inquiries], [true, 1, 1, 1]);
  const week = await client.getAggregatedMetrics(user, 'l-1');
  assert.deepEqual([week.metrics.period, week.metrics.dailyBreakdown.length], ['weekly', 7]);
  assert.deepEqual(week.metrics.bySource['social-media'], { views: 1, shares: 0, inquiries: 0 });
  const days = await client.getMetricsForDateRange(user, 'l-1', today, today);
  assert.deepEqual(days.metrics, [day.metrics]);
  const all = await client.getAllListingsMetrics(user, 'daily');
  assert.deepEqual(all.order, ['7', 'l-1']);
  assert.equal(all.metricsByListing['l-1'].totalShares, 1);
  const both = await client.compareListingsMetrics(user, 'l-1', '7', 'monthly');
  assert.deepEqual([both.metrics.period, both.metrics.listing1.listingId, both.metrics.listing2.metrics.totalViews],
    ['monthly', 'l-1', 1]);
  const kept = await client.get(['users', user, 'inquiries']);
  assert.deepEqual(kept.body.inquiries[0].inquiry, inquiry);
});

test('ids of any shape reach their address', async () => {
  const user = `агент/${fresh('a')} 100% & ?`;
  for (const listing of ['a/b', 'x?y=1&z', '50%', 'ünï', '__proto__', 'constructor']) {
    assert.ok((await client.recordViewEvent(user, listing)).success, listing);
    assert.equal((await client.getAggregatedMetrics(user, listing)).metrics.totalViews, 1, listing);
  }
  const all = await client.getAllListingsMetrics(user);
  assert.equal(all.order.length, 6);
  for (const listing of all.order) assert.equal(all.metricsByListing[listing].totalViews, 1, listing);
});

test('how fresh and how exact metrics are is passed on, of pages the worst', async () => {
  const metrics = { totalViews: 1 };
  const page = { startDate: '2026-01-01', endDate: '2026-01-01' };
  const bodies = {
    '/v1/users/u/listings/l/metrics': () => ({ metrics, freshAsOf: 5, approximate: true }),
    '/v1/users/u/listings/l/metrics/2026-01-01': () => ({ metrics }),
    '/v1/users/u/listings/l/days': () => ({ metrics: [], freshAsOf: 6 }),
    '/v1/users/u/compare': () => ({ listings: [{ listingId: 'a', metrics }, { listingId: 'b', metrics }], freshAsOf: 7 }),
    '/v1/users/u/metrics': (query) => (query.has('cursor')
      ? { ...page, metricsByListing: { b: metrics }, order: ['b'], nextCursor: null, freshAsOf: 8 }
      : { ...page, metricsByListing: { a: metrics }, order: ['a'], nextCursor: 'x', freshAsOf: 9, approximate: true }),
  };
  const nodes = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ success: true, ...bodies[pathname](searchParams) }));
  });
  await new Promise((done) => nodes.listen(0, '127.0.0.1', done));
  try {
    const many = new Footfall({ baseUrl: `http://127.0.0.1:${nodes.address().port}` });
    const quality = ({ freshAsOf, approximate }) => [freshAsOf, approximate];
    assert.deepEqual(quality(await many.getAggregatedMetrics('u', 'l')), [5, true]);
    assert.deepEqual(await many.getMetricsForDate('u', 'l', '2026-01-01'), { success: true, metrics });
    assert.deepEqual(quality(await many.getMetricsForDateRange('u', 'l', '2026-01-01', '2026-01-01')), [6, undefined]);
    assert.deepEqual(quality(await many.compareListingsMetrics('u', 'a', 'b')), [7, undefined]);
    assert.deepEqual(quality(await many.getAllListingsMetrics('u')), [8, true]);
  } finally {
    nodes.closeAllConnections();
    await new Promise((done) => nodes.close(done));
  }
});

test('all listings means all pages, whatever the period', async () => {
  const user = fresh('agent');
  const events = Array.from({ length: 2_345 }, (_, i) => ({ listingId: `l-${i}`, eventType: 'view' }));
  assert.deepEqual(await client.recordMetricEvents(user, events), { success: true, recorded: 2_345, duplicates: 0 });
  for (const period of ['daily', 'weekly', 'monthly']) {
    const all = await client.getAllListingsMetrics(user, period);
    assert.equal(all.order.length, 2_345, period);
    assert.equal(new Set(all.order).size, 2_345, period);
    assert.ok(Object.values(all.metricsByListing).every((each) => each.period === period), period);
  }
});

test('a refusal is an answer: success false, a sentence, a code, and empty data', async () => {
  const user = fresh('agent');
  const rows = [
    [() => client.recordViewEvent(user, 'l', 'myspace'), 'unknown_platform', { recorded: 0, duplicates: 0 }],
    [() => client.recordViewEvent('', 'l'), 'invalid_id', { recorded: 0, duplicates: 0 }],
    [() => client.getMetricsForDate(user, 'l', '2024-02-30'), 'invalid_date', { metrics: null }],
    [() => client.getAggregatedMetrics(user, 'l', 'yearly'), 'invalid_period', { metrics: null }],
    [() => client.getAllListingsMetrics(user, 'yearly'), 'invalid_period', { metricsByListing: {}, order: [] }],
    [() => client.getMetricsForDateRange(user, 'l', '2024-01-02', '2024-01-01'), 'invalid_range', { metrics: [] }],
    [() => client.compareListingsMetrics(user, 'l', '#'), 'invalid_id', { metrics: null }],
    [() => client.recordInquiryEvent(user, 'l', 'x', { big: 1n }), 'invalid_event', { recorded: 0, duplicates: 0 }],
  ];
  for (const [call, code, data] of rows) {
    const { success, error, code: got, ...rest } = await call();
    assert.deepEqual([success, got, rest], [false, code, data], code);
    assert.ok(error.length > 10, error);
  }
});

test('calls of one moment join; the wrong one is refused alone', async () => {
  const user = fresh('agent');
  const own = overFlaky();
  const from = flaky.seen.length;
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, i) => own.recordViewEvent(user, `l-${i % 3}`, i === 77 ? 'myspace' : 'facebook')));
  outcomes.forEach((outcome, i) => assert.equal(outcome.success, i !== 77, JSON.stringify(outcome)));
  assert.equal(outcomes[77].code, 'unknown_platform');
  assert.equal(flaky.seen.length - from, 2, 'once with it, once without');
  const all = await client.getAllListingsMetrics(user);
  assert.deepEqual(all.order.map((id) => all.metricsByListing[id].totalViews).sort(), [100, 100, 99].sort());
});

test('what fails for a passing reason is tried again and counts once', async () => {
  const plans = [['refuse'], ['cut'], ['swallow'], ['babble'], ['swallow', 'refuse', 'cut', 'swallow']];
  for (const plan of plans) {
    const user = fresh('agent');
    flaky.plan.push(...plan);
    const from = flaky.seen.length;
    const outcome = await overFlaky().recordViewEvent(user, 'l', 'facebook');
    assert.deepEqual(outcome, { success: true, recorded: 1, duplicates: 0 }, plan.join());
    const bodies = new Set(flaky.seen.slice(from).map(({ body }) => body));
    assert.equal(flaky.seen.length - from, plan.length + 1, plan.join());
    assert.equal(bodies.size, 1, 'the same id each time');
    assert.equal((await client.getAggregatedMetrics(user, 'l')).metrics.totalViews, 1, plan.join());
  }
});

test('arrays that are sent again count once, and say so', async () => {
  const user = fresh('agent');
  flaky.plan.push('swallow');
  const events = [{ listingId: 'l', eventType: 'view' }, { listingId: 'l', eventType: 'share', id: fresh('e') }];
  assert.deepEqual(await overFlaky().recordMetricEvents(user, events), { success: true, recorded: 0, duplicates: 2 });
  assert.equal((await client.getAggregatedMetrics(user, 'l')).metrics.totalViews, 1);
});

test('a refusal that will not pass is not tried again', async () => {
  const from = flaky.seen.length;
  await overFlaky().getMetricsForDate('u', 'l', 'yesterday');
  assert.equal(flaky.seen.length - from, 1);
});

test('it gives up at its bounds, with words', async () => {
  const nowhere = new Footfall({ baseUrl: 'http://127.0.0.1:9', retries: 1 });
  const outcome = await nowhere.recordViewEvent('u', 'l');
  assert.deepEqual([outcome.success, outcome.code], [false, 'network_error']);
  assert.match(outcome.error, /127\.0\.0\.1:9/);

  flaky.plan.push('refuse', 'refuse', 'refuse');
  const refused = await overFlaky({ retries: 2 }).recordViewEvent('u', 'l');
  assert.deepEqual([refused.success, refused.code], [false, 'overloaded']);

  const never = () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 200));
  const silent = new Footfall({ baseUrl: server.url, fetch: (_, { signal }) =>
    Promise.race([never(), new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))]),
    timeoutMs: 5, retries: 0 });
  assert.equal((await silent.getAggregatedMetrics('u', 'l')).code, 'timeout');
});

test('the key goes with every call, and a wrong one is said', async () => {
  const from = flaky.seen.length;
  await overFlaky({ key: 'a-key-of-some-length' }).recordViewEvent(fresh('agent'), 'l');
  assert.equal(flaky.seen[from].headers.authorization, 'Bearer a-key-of-some-length');
  const key = 'the-service-key-0123456789';
  const guarded = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key } });
  try {
    const without = await new Footfall({ baseUrl: guarded.url }).recordViewEvent('u', 'l');
    assert.deepEqual([without.success, without.code], [false, 'unauthorized']);
    assert.ok((await new Footfall({ baseUrl: `${guarded.url}/`, key }).recordViewEvent('u', 'l')).success);
  } finally {
    await guarded.close();
  }
});

stopsCleanlyAtTheEnd(server);
