// A day is the caller's: DST days of 23 and 25 hours, zones of half and quarter hours, and totals
// that equal their sums everywhere.
//
// The expected days come from the system's zone data, which the server reads too (node brings data
// of its own, of another edition), but by other eyes: zdump and date.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { DAY_MS, fresh, startServer, stopsCleanlyAtTheEnd, test, utcDate } from './server.mjs';

const server = await startServer();

const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

const began = Date.now() - 402 * DAY_MS;
const offsets = new Map();

/** When which offset from UTC began to hold in a zone, the newest first: [{from, ms}]. */
function offsetsOf(zone) {
  if (offsets.has(zone)) return offsets.get(zone);
  const env = { ...process.env, LC_ALL: 'C', TZ: zone };
  const first = execFileSync('date', ['-d', `@${Math.floor(began / 1000)}`, '+%z'], { env, encoding: 'utf8' });
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(first.trim());
  const table = [{ from: -Infinity, ms: (sign === '-' ? -1 : 1) * (hours * HOUR_MS + minutes * 60_000) }];
  const years = [began, Date.now() + 400 * DAY_MS].map((ms) => new Date(ms).getUTCFullYear());
  const text = execFileSync('zdump', ['-v', '-c', years.join(','), zone], { env, encoding: 'utf8' });
  for (const [, when, offset] of text.matchAll(/  (\w{3} \w{3} .*) UT = .* gmtoff=(-?\d+)$/gm)) {
    const from = Date.parse(`${when} UTC`);
    // each change is there twice: its last second before, and its first
    if (from > began && offset * 1000 !== table[0].ms) table.unshift({ from, ms: offset * 1000 });
  }
  offsets.set(zone, table);
  return table;
}

/** The local date of a moment in a zone. */
function localDate(zone, ms) {
  const { ms: offset } = offsetsOf(zone).find(({ from }) => from <= ms);
  return utcDate(ms + offset);
}

/** [first moment, first moment behind] of the local day that holds ms, to the quarter hour. */
function localDay(zone, ms) {
  const date = localDate(zone, ms);
  let first = Math.floor(ms / QUARTER_MS) * QUARTER_MS;
  while (localDate(zone, first - 1) === date) first -= QUARTER_MS;
  let behind = first + QUARTER_MS;
  while (localDate(zone, behind) === date) behind += QUARTER_MS;
  return [first, behind];
}

/** Local days of the last 390 whose length is not 24 hours. */
function oddDays(zone) {
  const found = [];
  const now = Date.now();
  for (let [first, behind] = localDay(zone, now - 390 * DAY_MS); behind < now; ) {
    if (behind - first !== DAY_MS) found.push({ first, behind, hours: (behind - first) / HOUR_MS });
    [first, behind] = localDay(zone, behind);
  }
  return found;
}

async function countAt(zone, moments) {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  await server.record(moments.map((timestamp) => ({ userId, listingId, eventType: 'view', timestamp })));
  return (date, endDate = date) =>
    server.metrics(userId, listingId, { startDate: date, endDate, timezone: zone });
}

test('days of 23 and 25 hours hold exactly what happened in them', async () => {
  const seen = new Set();
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Sydney']) {
    for (const { first, behind, hours } of oddDays(zone)) {
      seen.add(hours);
      const inside = [];
      for (let ms = first; ms < behind; ms += QUARTER_MS) inside.push(ms);
      const ask = await countAt(zone, [first - 1, ...inside, behind - 1, behind]);
      const date = localDate(zone, first);
      const day = await ask(date);
      assert.equal(day.totalViews, hours * 4 + 1, `${zone} ${date}, ${hours} hours`);
      const around = await ask(localDate(zone, first - 1), localDate(zone, behind));
      assert.deepEqual(around.dailyBreakdown.map((entry) => entry.views), [1, hours * 4 + 1, 1]);
    }
  }
  assert.deepEqual([...seen].sort(), [23, 25], 'the last 390 days had both');
});

test('zones of half and quarter hours begin their days there', async () => {
  for (const zone of ['Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Eucla', 'Pacific/Chatham', 'America/St_Johns']) {
    const [first, behind] = localDay(zone, Date.now() - 20 * DAY_MS);
    const ask = await countAt(zone, [first - 1, first, behind - 1, behind]);
    const day = await ask(localDate(zone, first));
    assert.equal(day.totalViews, 2, zone);
    assert.equal(day.timezone, zone);
  }
});

test('half an hour of daylight saving on Lord Howe Island', async () => {
  const zone = 'Australia/Lord_Howe';
  const odd = oddDays(zone);
  assert.deepEqual(odd.map((day) => day.hours).sort(), [23.5, 24.5]);
  for (const { first, behind } of odd) {
    const ask = await countAt(zone, [first - 1, first, behind - 1, behind]);
    assert.equal((await ask(localDate(zone, first))).totalViews, 2);
  }
});

test('the same event may belong to three dates', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const noon = Math.floor((Date.now() - 10 * DAY_MS) / DAY_MS) * DAY_MS + 10.5 * HOUR_MS;
  await server.record({ userId, listingId, eventType: 'view', timestamp: noon });
  const dates = new Set();
  for (const timezone of ['Pacific/Kiritimati', 'UTC', 'Pacific/Pago_Pago']) {
    const date = localDate(timezone, noon);
    dates.add(date);
    const metrics = await server.metrics(userId, listingId, { startDate: date, endDate: date, timezone });
    assert.equal(metrics.totalViews, 1, timezone);
  }
  assert.equal(dates.size, 3);
});

const zones = [
  'UTC', 'Etc/UTC', 'Europe/Berlin', 'Europe/London', 'Europe/Lisbon', 'America/New_York', 'America/Los_Angeles',
  'America/St_Johns', 'America/Sao_Paulo', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tokyo', 'Asia/Tehran',
  'Asia/Dubai', 'Australia/Sydney', 'Australia/Adelaide', 'Australia/Lord_Howe', 'Pacific/Chatham',
  'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Africa/Casablanca',
];

test('in 21 zones totals are the sums of days, platforms and sources', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const now = Date.now();
  const types = ['view', 'share', 'inquiry'];
  const platforms = ['facebook', 'linkedin', undefined];
  const sources = ['website', 'email', 'print', undefined];
  // every 97 minutes over 60 days: all quarters of an hour, all hours, all weekdays
  const events = [];
  for (let i = 0; i * 97 * 60_000 < 60 * DAY_MS; i++) {
    events.push({
      userId, listingId, timestamp: now - i * 97 * 60_000,
      eventType: types[i % 3], platform: platforms[(i >> 1) % 3], source: sources[(i >> 2) % 4],
    });
  }
  await server.record(events);
  const sum = (parts) =>
    parts.reduce((all, part) => [all[0] + part.views, all[1] + part.shares, all[2] + part.inquiries], [0, 0, 0]);

  for (const sealed of [false, true]) {
    if (sealed) await server.restart(); // the same answers from the store as from memory
    for (const timezone of zones) {
      const startDate = localDate(timezone, now - 45 * DAY_MS);
      const endDate = localDate(timezone, now - 2 * DAY_MS);
      const inside = events.filter(({ timestamp }) => {
        const date = localDate(timezone, timestamp);
        return startDate <= date && date <= endDate;
      });
      const want = types.map((type) => inside.filter((event) => event.eventType === type).length);
      const name = `${timezone}${sealed ? ' from the store' : ''}`;
      const metrics = await server.metrics(userId, listingId, { startDate, endDate, timezone });
      assert.deepEqual([metrics.totalViews, metrics.totalShares, metrics.totalInquiries], want, name);
      assert.deepEqual(sum(metrics.dailyBreakdown), want, `${name}: days`);
      // events without a platform or a source stand in the totals alone
      for (const [field, found] of [['platform', metrics.byPlatform], ['source', metrics.bySource]]) {
        const names = new Set(inside.map((event) => event[field]).filter((each) => each !== undefined));
        assert.deepEqual(Object.keys(found).sort(), [...names].sort(), name);
        for (const each of names) {
          const mine = inside.filter((event) => event[field] === each);
          assert.deepEqual(
            sum([found[each]]),
            types.map((type) => mine.filter((event) => event.eventType === type).length),
            `${name}: ${each}`,
          );
        }
      }
      const perDay = new Map();
      for (const { timestamp } of inside) {
        const date = localDate(timezone, timestamp);
        perDay.set(date, (perDay.get(date) ?? 0) + 1);
      }
      for (const day of metrics.dailyBreakdown) {
        assert.equal(day.views + day.shares + day.inquiries, perDay.get(day.date) ?? 0, `${name} ${day.date}`);
      }
    }
  }
});

test('"today" is the zone\'s', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  for (const timezone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
    const before = localDate(timezone, Date.now());
    const metrics = await server.metrics(userId, listingId, { period: 'daily', timezone });
    assert.ok([before, localDate(timezone, Date.now())].includes(metrics.endDate), metrics.endDate);
    assert.equal(metrics.startDate, metrics.endDate);
  }
});

test('all listings, compare, days and inquiries follow the zone too', async () => {
  const userId = fresh('agent');
  const zone = 'Asia/Kolkata';
  const [first] = localDay(zone, Date.now() - 5 * DAY_MS);
  const date = localDate(zone, first);
  const inquiry = { userId, eventType: 'inquiry' };
  await server.record([
    { ...inquiry, listingId: 'in', timestamp: first, inquiry: { n: 1 } },
    { ...inquiry, listingId: 'out', timestamp: first - 1, inquiry: { n: 2 } },
  ]);
  const query = `startDate=${date}&endDate=${date}&timezone=${zone}`;
  const all = await server.get(`/v1/users/${userId}/metrics?${query}`);
  assert.deepEqual(all.body.order, ['in'], all.text);
  const compare = await server.get(`/v1/users/${userId}/compare?listing=in&listing=out&${query}`);
  assert.deepEqual(compare.body.listings.map((entry) => entry.metrics.totalInquiries), [1, 0], compare.text);
  const days = await server.get(`/v1/users/${userId}/listings/in/days?${query}`);
  assert.deepEqual(days.body.metrics.map((day) => day.inquiries), [1], days.text);
  const day = await server.get(`/v1/users/${userId}/listings/in/metrics/${date}?timezone=${zone}`);
  assert.equal(day.body.metrics.inquiries, 1, day.text);
  const inquiries = await server.get(`/v1/users/${userId}/inquiries?${query}`);
  assert.deepEqual(inquiries.body.inquiries.map((entry) => entry.inquiry.n), [1], inquiries.text);
});

stopsCleanlyAtTheEnd(server);
