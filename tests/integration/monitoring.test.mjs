// /healthz, /readyz and /metrics: what a monitor sees is what happened.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { fresh, parseExposition, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const server = await startServer();

async function samples() {
  const answer = await server.get('/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  return parseExposition(answer.text);
}

/** The sum of all samples whose name and labels match. */
function sum(all, pattern) {
  let total = 0;
  for (const [name, value] of all) if (pattern.test(name)) total += value;
  return total;
}

test('alive and ready', async () => {
  for (const path of ['/healthz', '/readyz']) {
    const answer = await server.get(path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  }
});

test('the exposition is well formed: every sample has HELP and TYPE, histograms are whole', async () => {
  await server.record({ userId: fresh('agent'), listingId: 'l', eventType: 'view' });
  const { text } = await server.get('/metrics');
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  const helps = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
  const all = parseExposition(text);
  assert.ok(types.size > 10, 'there is something to see');
  for (const name of all.keys()) {
    const bare = name.replace(/\{.*/, '');
    const family = types.has(bare) ? bare : bare.replace(/_(bucket|sum|count)$/, '');
    assert.ok(types.has(family), `TYPE of ${name}`);
    assert.ok(helps.has(family), `HELP of ${name}`);
    assert.ok(bare.startsWith('footfall_') || bare.startsWith('process_'), name);
    assert.ok(Number.isFinite(all.get(name)), name);
    if (types.get(family) === 'counter') assert.match(bare, /_total$/, name);
  }
  for (const [family, type] of types) {
    if (type !== 'histogram') continue;
    const series = [...all.keys()].filter((name) => name.startsWith(`${family}_count`));
    for (const name of series) {
      const labels = name.slice(`${family}_count`.length).replace(/[{}]/g, '');
      const buckets = [...all].filter(([each]) =>
        each.startsWith(`${family}_bucket{`) && each.replace(/,?le="[^"]*"/, '').includes(labels));
      const values = buckets.map(([, value]) => value);
      assert.deepEqual(values, [...values].sort((a, b) => a - b), `${family} is cumulative`);
      assert.equal(values.at(-1), all.get(name), `${family}: +Inf is the count`);
    }
  }
});

test('events are counted by type and by outcome', async () => {
  const before = await samples();
  const userId = fresh('agent');
  const event = { userId, listingId: 'l', eventType: 'view' };
  await server.record([...Array(7).fill(event), ...Array(3).fill({ ...event, eventType: 'share' })]);
  await server.record({ ...event, eventType: 'inquiry' });
  await server.record({ ...event, id: 'x' });
  await server.record({ ...event, id: 'x' });
  await server.ndjson([event, { ...event, eventType: 'click' }]);
  const after = await samples();
  const grown = (pattern) => sum(after, pattern) - sum(before, pattern);
  assert.equal(grown(/^footfall_events_total\{type="view",outcome="recorded"/), 9);
  assert.equal(grown(/^footfall_events_total\{type="share",outcome="recorded"/), 3);
  assert.equal(grown(/^footfall_events_total\{type="inquiry",outcome="recorded"/), 1);
  assert.equal(grown(/^footfall_events_total\{.*outcome="duplicate"/), 1);
  assert.equal(grown(/^footfall_events_total\{.*outcome="rejected"/), 1);
  assert.equal(grown(/^footfall_events_total\{.*outcome="refused"/), 0);
});

test('requests are counted by operation and outcome', async () => {
  const before = await samples();
  const userId = fresh('agent');
  for (let i = 0; i < 5; i++) await server.metrics(userId, 'l');
  await server.request('POST', '/v1/events', { body: { userId } });
  await server.get('/nowhere');
  const after = await samples();
  const grown = (pattern) => sum(after, pattern) - sum(before, pattern);
  assert.equal(grown(/^footfall_http_requests_total\{operation="get_aggregated_metrics",status="2xx"/), 5);
  assert.equal(grown(/^footfall_http_requests_total\{operation="record_events",status="4xx"/), 1);
  assert.equal(grown(/^footfall_http_requests_total\{operation="unknown",status="4xx"/), 1);
});

test('nothing personal is in the metrics', async () => {
  const userId = fresh('someone');
  await server.record({ userId, listingId: 'secret-listing', eventType: 'inquiry', inquiry: { name: 'Jane Roe' } });
  const { text } = await server.get('/metrics');
  for (const word of [userId, 'secret-listing', 'Jane']) assert.ok(!text.includes(word), word);
});

stopsCleanlyAtTheEnd(server);
