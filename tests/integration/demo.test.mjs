// script/demo: the same seed is the same market; it has the rhythm of a real one; nothing stays.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAY_MS, program, temporaryFolder, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const build = dirname(program);
const now = Date.UTC(2026, 0, 31, 15, 0);

function startDemo(flags, folder) {
  // of what configures the tests only the build is for the script; the program would refuse the rest
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FOOTFALL_')));
  Object.assign(env, { FOOTFALL_BUILD: build, TMPDIR: folder.path });
  return spawn(join(root, 'script/demo'), ['--listen', '127.0.0.1:0', ...flags], { env });
}

test('it serves what it says, and with Ctrl-C everything is gone', { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const demo = startDemo(['--days', '20', '--listings', '40', '--seed', '5'], folder);
  let stdout = '';
  let stderr = '';
  demo.stderr.on('data', (piece) => (stderr += piece));
  try {
    await new Promise((done, failed) => {
      demo.stdout.on('data', (piece) => {
        stdout += piece;
        if (stdout.includes('Ctrl-C ends it')) done();
      });
      demo.once('close', (code) => failed(new Error(`it ended with ${code}: ${stdout}${stderr}`)));
    });
    const [, address] = /Footfall is at (http:\S+),/.exec(stdout);
    const recorded = Number(/Events recorded: (\d+)/.exec(stderr)[1]);
    let counted = 0;
    let details = 0;
    for (const user of ['north-quay', 'harbor-lane', 'elm-and-stone', 'blue-gable', 'riverbend-homes', 'high-meadow']) {
      const metrics = await (await fetch(`${address}/v1/users/${user}/metrics?period=monthly&limit=1000`)).json();
      for (const sums of Object.values(metrics.metricsByListing)) counted += sums.totalViews + sums.totalShares + sums.totalInquiries;
      const { listings } = await (await fetch(`${address}/v1/users/${user}/listings?limit=1000`)).json();
      details += listings.length;
      for (const listing of listings) {
        assert.ok(listing.address && listing.price > 0 && listing.currency && listing.image && listing.status, JSON.stringify(listing));
      }
    }
    assert.equal(counted, recorded);
    assert.equal(details, 40);
    // the calls that it proposes work as they stand
    const commands = stdout.split('\n').filter((line) => /^ {2}\S/.test(line));
    assert.equal(commands.length, 3, stdout);
    for (const command of commands) assert.ok(execFileSync('bash', ['-c', command], { encoding: 'utf8' }).length > 100, command);
  } finally {
    demo.kill('SIGINT');
  }
  const [code] = demo.exitCode === null && demo.signalCode === null ? await once(demo, 'close') : [demo.exitCode];
  assert.equal(code, 130);
  assert.deepEqual(readdirSync(folder.path), [], 'its temporary folder is gone');
  folder.remove();
});

// script/demo has built it
function traffic(seed, days = 90) {
  const args = ['events', String(seed), String(days), '300', String(now)];
  return execFileSync(join(build, 'demo/demo_traffic'), args, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

test('the same seed and moment give the same events, another seed others', () => {
  const first = traffic(1);
  assert.equal(traffic(1), first);
  assert.notEqual(traffic(2), first);
  const lines = first.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length > 60_000 && lines.length < 400_000, `${lines.length} events`);
  const oldest = Math.min(...lines.slice(0, 2000).map(({ timestamp }) => timestamp));
  assert.ok(oldest >= now - 91 * DAY_MS && lines.every(({ timestamp }) => timestamp <= now), 'ninety days, and nothing ahead');
});

test('weekends, launches, bursts, platforms and inquiries are there', () => {
  const events = traffic(1).trim().split('\n').map((line) => JSON.parse(line));
  const byWeekday = Array(7).fill(0);
  const byPlatform = new Map();
  const types = { view: 0, share: 0, inquiry: 0 };
  const daysOf = new Map(); // listing: day: views
  for (const { listingId, eventType, timestamp, platform } of events) {
    types[eventType] += 1;
    if (eventType !== 'view') continue;
    const day = Math.floor(timestamp / DAY_MS);
    byWeekday[new Date(timestamp).getUTCDay()] += 1;
    byPlatform.set(platform, (byPlatform.get(platform) ?? 0) + 1);
    const days = daysOf.get(listingId) ?? new Map();
    days.set(day, (days.get(day) ?? 0) + 1);
    daysOf.set(listingId, days);
  }
  const weekend = (byWeekday[0] + byWeekday[6]) / 2;
  const workday = (byWeekday[1] + byWeekday[2] + byWeekday[3] + byWeekday[4] + byWeekday[5]) / 5;
  assert.ok(weekend / workday > 1.15 && weekend / workday < 1.8, `weekend to workday ${weekend / workday}`);

  // listings that came within the time: their first three days against three days two weeks later
  const begin = Math.floor(now / DAY_MS) - 89;
  let launch = 0;
  let later = 0;
  for (const days of daysOf.values()) {
    const first = Math.min(...days.keys());
    if (first < begin + 5 || first > begin + 60) continue;
    for (let i = 0; i < 3; i++) {
      launch += days.get(first + i) ?? 0;
      later += days.get(first + 14 + i) ?? 0;
    }
  }
  assert.ok(launch > 2.5 * later && later > 0, `launch ${launch}, two weeks later ${later}`);

  const bursts = [...daysOf.values()].filter((days) => {
    const views = [...days.values()].sort((a, b) => b - a);
    return views.length > 10 && views[0] > 5 * views[Math.floor(views.length / 2)];
  });
  assert.ok(bursts.length > 20, `${bursts.length} listings had a day far above the others`);
  assert.ok(byPlatform.get('facebook') > byPlatform.get('linkedin') * 3, 'platforms weigh differently');
  assert.ok(types.view > 20 * types.share && types.share > types.inquiry && types.inquiry > 300, JSON.stringify(types));
  assert.ok(events.filter(({ inquiry }) => inquiry !== undefined).every(({ inquiry }) => inquiry.message && /\.example$/.test(inquiry.email)));
});
