// The clock jumps, both ways, while the server runs and while it does not: counts stay exact,
// receive times never go back, and the window keeps its ids.
//
// libfaketime gives the server a clock that a file sets.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, startServer, temporaryFolder, test, utcDate } from '../integration/server.mjs';
import { sanitizer } from './trial.mjs';

const folder = '/usr/lib';
const library = readdirSync(folder)
  .flatMap((name) => [join(folder, name, 'faketime/libfaketimeMT.so.1'), join(folder, 'faketime/libfaketimeMT.so.1')])
  .find((path) => existsSync(path));

const skip = library === undefined ? 'libfaketime is not installed'
  : sanitizer === 'thread' ? 'libfaketime hides from the thread sanitizer how conditions are waited for' : false;
const user = 'agent';
const listing = 'house';

/** A server whose clock is `jump(seconds)` away from ours. */
async function startWithClock(t) {
  const place = temporaryFolder();
  const file = join(place.path, 'clock');
  const jump = (seconds) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  jump(0);
  const server = await startServer({
    flags: ['--seal-interval-ms', '50'],
    env: {
      LD_PRELOAD: library,
      // sanitizer builds: it comes before their runtime
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  t.after(async () => {
    await server.close();
    place.remove();
  });
  return { server, jump };
}

const HOUR = 3600;
// seconds; the steps forward add up to less than the window's 24 hours
const JUMPS = [0, 2 * HOUR, -3 * HOUR, HOUR / 2, -26 * HOUR, 5 * HOUR, 4 * HOUR, -40 * 24 * HOUR, 6 * HOUR, 0];

for (const restarting of [false, true]) {
  test(`the clock jumps ${restarting ? 'between two lives' : 'under a running server'}`, { skip }, async (t) => {
    const { server, jump } = await startWithClock(t);
    const events = [];
    const day = utcDate(Date.now() - 60 * DAY_MS);
    const stamp = Date.parse(`${day}T12:00:00Z`); // in the past of every clock here
    let received = 0;

    for (const [round, seconds] of JUMPS.entries()) {
      if (restarting && round > 0) await server.stopsCleanly();
      jump(seconds);
      if (restarting && round > 0) await server.start();
      const when = `round ${round}, ${seconds} s`;
      const fresh = ['view', 'share', 'inquiry'].map((eventType) => ({
        userId: user, listingId: listing, eventType, timestamp: stamp, id: `${eventType}-${round}`,
      }));
      assert.deepEqual((await server.record(fresh)).recorded, 3, when);
      events.push(...fresh);

      const again = await server.record(events);
      assert.deepEqual([again.recorded, again.duplicates], [0, events.length], `${when}: the window`);
      const found = await server.get(`/v1/users/${user}/listings/${listing}/metrics/${day}`);
      const { views, shares, inquiries, updatedAt } = found.body.metrics;
      assert.deepEqual([views, shares, inquiries], [round + 1, round + 1, round + 1], when);
      assert.ok(updatedAt >= received, `${when}: updatedAt went back from ${received} to ${updatedAt}`);

      const newest = (await server.get(`/v1/users/${user}/inquiries?limit=1000`)).body.inquiries
        .find(({ id }) => id === `inquiry-${round}`);
      assert.ok(newest.receivedAt >= received, `${when}: received at ${newest.receivedAt}, before ${received}`);
      received = Math.max(updatedAt, newest.receivedAt);
    }
    const furthest = Date.now() + Math.max(...JUMPS) * 1000;
    assert.ok(Math.abs(received - furthest) < 600_000, 'the clock did jump');
    await server.stopsCleanly();
  });
}
