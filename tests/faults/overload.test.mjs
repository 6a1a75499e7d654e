// A store that does not keep up: memory stays within its bound, events are refused with words,
// questions go on, and nothing is lost when it keeps up again.
//
// Another process holds the store's file, so that no batch can be applied.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inParallel, parseExposition, program, startServer, test } from '../integration/server.mjs';
import { sanitizer } from './trial.mjs';

const helper = join(dirname(program), 'tests/faults/hold_store');
const MIB = 1024 * 1024;
const MEMORY = 16 * MIB;
// beside --memory-bytes: bodies and events being decoded, groups, the journal's buffer, the
// window of ids, the store's cache, and what the allocator keeps
const BESIDE = 96 * MIB;
const EVENTS = 2_000; // a request
const LISTINGS_MAX = 1_000_000; // ten times what the memory holds
const HEALS_MS_MAX = 60_000;

async function hold(server) {
  const child = spawn(helper, [join(server.data, 'footfall.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [first] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  assert.equal(String(first).trim(), 'held');
  return async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  };
}

const gauge = async (server, name) => parseExposition((await server.get('/metrics')).text).get(name);

test('a store that stands still', {
  skip: existsSync(helper) ? false : `${helper} is not built`,
}, async (t) => {
  const server = await startServer({
    flags: ['--memory-bytes', '16MiB', '--seal-interval-ms', '50', '--store-cache-bytes', '4MiB',
      '--dedupe-ids', '1000000', '--log-level', 'error'],
  });
  t.after(() => server.close());
  let serial = 0;
  let acknowledged = 0;
  const makeEvents = () => Array.from({ length: EVENTS }, () => {
    serial += 1;
    return { userId: `agent-${serial % 50}`, listingId: `listing-${serial}`, eventType: 'view', platform: 'facebook' };
  });
  const send = async () => {
    const answer = await server.request('POST', '/v1/events', { body: makeEvents() });
    if (answer.status === 200) acknowledged += answer.body.recorded;
    return answer;
  };
  const seen = async () => {
    let views = 0;
    await inParallel(2, Array.from({ length: 50 }, (_, i) => async () => {
      let cursor = null;
      do {
        const more = cursor === null ? '' : `&cursor=${cursor}`;
        const answer = await server.get(`/v1/users/agent-${i}/metrics?period=weekly&limit=1000${more}`);
        assert.equal(answer.status, 200, answer.text);
        for (const metrics of Object.values(answer.body.metricsByListing)) views += metrics.totalViews;
        cursor = answer.body.nextCursor;
      } while (cursor !== null);
    }));
    return views;
  };

  assert.equal((await send()).status, 200);
  const before = await gauge(server, 'process_resident_memory_bytes');
  const release = await hold(server);
  t.after(release);

  // four clients press on, long after the first refusal
  let refused = 0;
  let most = 0;
  await inParallel(4, Array.from({ length: 4 }, () => async () => {
    for (let mine = 0; mine < 15; ) {
      const answer = await send();
      assert.ok(serial < LISTINGS_MAX, 'it never refuses');
      if (answer.status === 200) continue;
      assert.equal(answer.status, 503, answer.text);
      assert.equal(answer.body.code, 'store_behind', answer.text);
      assert.ok(answer.body.error.length > 20 && Number(answer.headers['retry-after']) >= 1, answer.text);
      refused += 1;
      mine += 1;
      const counted = await gauge(server, 'footfall_rollup_live_bytes') + await gauge(server, 'footfall_rollup_frozen_bytes');
      assert.ok(counted <= MEMORY + 4 * MIB, `${counted} bytes are counted but not in the store`);
      most = Math.max(most, await gauge(server, 'process_resident_memory_bytes'));
    }
  }));
  assert.equal((await server.get('/readyz')).status, 503, 'not ready while it refuses');
  assert.equal(await seen(), acknowledged, 'questions go on, and see everything');
  most = Math.max(most, await gauge(server, 'process_resident_memory_bytes'));
  console.log(`resident: ${Math.round(before / MIB)} MiB before, ${Math.round(most / MIB)} MiB at most with ${acknowledged} listings and ${refused} refusals`);
  if (sanitizer === undefined) assert.ok(most <= before + MEMORY + BESIDE, `${most} bytes are resident, ${before} before`);

  await release();
  const until = Date.now() + HEALS_MS_MAX;
  while ((await send()).status !== 200) {
    assert.ok(Date.now() < until, `not healed within ${HEALS_MS_MAX} ms`);
    await delay(50);
  }
  assert.equal(await seen(), acknowledged, 'healed');
  await server.restart();
  assert.equal(await seen(), acknowledged, 'restarted');
  await server.stopsCleanly();
});
