// dynamodb.mjs - a node over a DynamoDB-compatible engine: events/s until all is in the table, beside
// one write per event on the same engine; and what a write capacity unit buys.
//
// The engine, dynalite, shares the server's core with the node; whoever sends has the other one. A
// meter between them adds up the capacity that the engine says was consumed.
//
// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';

import { count } from '../budgets.mjs';
import { shares } from '../zipf.mjs';

const TABLE = 'footfall-bench';
const LISTINGS = 10_000;
const SKEW = 0.99;
const EVENTS = { one: 6_000, footfall: 30_000_000 };
const CLIENTS = 64;
const FLUSH_PAUSE_MS = 50;
/** As many writes as one per event would be: an inquiry is a fact with items of its own, which nothing combines. */
const MIX = ['--mix', 'view=96,share=4'];
const WARM_EVENTS = 20; // of each listing, so that its day is there with platforms and sources

// a second's events are few enough for dynalite to keep up with the flushes
const CAPACITY = {
  skews: [0.5, 0.99, 1.3],
  flushes: 2,
  rows: [{ rate: 2_000, intervalMs: 500 }, { rate: 2_000, intervalMs: 2_000 }, { rate: 4_000, intervalMs: 4_000 }, { rate: 8_000, intervalMs: 8_000 }],
  batch: 40,
};
const BILLION = { events: 1e9, listings: 1_000_000, intervalsS: [1, 10, 60, 300, 900], skew: 0.99 };

const credentials = { AWS_ACCESS_KEY_ID: 'footfallbench', AWS_SECRET_ACCESS_KEY: 'footfallbench', AWS_REGION: 'eu-central-1' };

async function startEngine({ machine, root }) {
  const server = await machine.start(process.execPath, [join(root, 'bench/peers/dynalite_server.mjs')], { ready: /listening on (http:\/\/\S+)\n/ });
  const engine = { url: server.found, stop: server.stop };
  await ask(engine.url, 'CreateTable', {
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }, { AttributeName: 'SK', KeyType: 'RANGE' }],
    AttributeDefinitions: ['PK', 'SK'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  });
  return engine;
}

async function ask(url, operation, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}`, 'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=b',
    },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (answer.status !== 200) throw new Error(`${operation}: ${JSON.stringify(found)}`);
  return found;
}

/** All listing days of the table. */
async function listingDays(url) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await ask(url, 'Scan', { TableName: TABLE, ExclusiveStartKey });
    items.push(...page.Items.filter(({ SK }) => SK.S.startsWith('METRICS#')));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

function sumOf(items) {
  return items.reduce((sum, item) => sum + ['views', 'shares', 'inquiries'].reduce((all, name) => all + Number(item[name]?.N ?? 0), 0), 0);
}

/** Until the table has everything that the node acknowledged. */
async function flushed({ url }) {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^footfall_store_lag_seconds 0$/m.test(text)) return;
    await new Promise((done) => setTimeout(done, FLUSH_PAUSE_MS));
  }
}

function flagsOf(url, more = []) {
  return ['--store', 'dynamodb', '--dynamodb-endpoint', url, '--dynamodb-table', TABLE, '--dynamodb-writer', '1', ...more];
}

/** Between a node and its engine: adds up what the engine says was consumed, by operation. */
async function startMeter(url) {
  const target = new URL(url);
  const agent = new http.Agent({ keepAlive: true });
  const meter = { wcu: 0, writes: 0, byWrite: new Map() };
  const server = http.createServer((request, response) => {
    const operation = request.headers['x-amz-target']?.split('.')[1];
    const copy = http.request({ hostname: target.hostname, port: target.port, method: 'POST', path: request.url, headers: request.headers, agent }, (reply) => {
      const pieces = [];
      reply.on('data', (piece) => pieces.push(piece)).on('end', () => {
        const body = Buffer.concat(pieces);
        if (['UpdateItem', 'PutItem', 'DeleteItem'].includes(operation)) {
          // a condition that fails is consumed as well, one unit at the least
          meter.wcu += reply.statusCode === 200 ? (JSON.parse(body).ConsumedCapacity?.CapacityUnits ?? NaN) : 1;
          meter.writes += 1;
        }
        response.writeHead(reply.statusCode, reply.headers).end(body);
      });
    });
    copy.on('error', () => response.destroy());
    request.pipe(copy);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  meter.url = `http://127.0.0.1:${server.address().port}`;
  meter.stop = () => {
    server.close();
    server.closeAllConnections();
    agent.destroy();
  };
  return meter;
}

async function oneWritePerEvent(bench) {
  const { machine, root, samples, scale } = bench;
  const engine = await startEngine(bench);
  const events = Math.round(EVENTS.one * Math.max(scale, 0.3));
  const { seconds } = JSON.parse(await machine.runLoad(process.execPath, [
    join(root, 'bench/peers/one_write_per_event.mjs'), engine.url, TABLE, String(CLIENTS), String(events), String(LISTINGS), String(SKEW),
  ]));
  const counted = sumOf(await listingDays(engine.url));
  if (counted !== events) throw new Error(`one write per event: ${counted} counted of ${events}`);
  samples.add('dynamodb one write per event', events / seconds);
  await engine.stop();
}

async function oneNode(bench) {
  const { machine, footfall, samples, scale } = bench; // the fewer the events, the more the first writes of listing-days weigh
  const engine = await startEngine(bench);
  const folder = machine.freshFolder('dynamodb');
  // dynalite takes half a minute for a flush of all listings: what gathers meanwhile must have room
  const server = await footfall.serve(folder, flagsOf(engine.url, ['--seal-journal-bytes', '2GiB']), { env: credentials });
  const began = process.hrtime.bigint();
  const load = await footfall.load(server.url, [
    '--events', Math.round(EVENTS.footfall * scale), '--batch', 10_000, '--stream', '--connections', 2,
    '--listings', LISTINGS, '--zipf', SKEW, '--check', 'off', ...MIX,
  ]);
  const answered = process.hrtime.bigint();
  await flushed(server);
  const ended = process.hrtime.bigint();
  await server.stop();
  const items = await listingDays(engine.url);
  if (sumOf(items) !== load.events.acknowledged) throw new Error(`${sumOf(items)} counted of ${load.events.acknowledged}`);
  samples.add('dynamodb footfall', load.events.acknowledged / (Number(ended - began) / 1e9));
  samples.add('dynamodb footfall acknowledged', load.events.acknowledged / (Number(answered - began) / 1e9));
  samples.add('dynamodb listing-days', items.length);
  await engine.stop();
  fs.rmSync(folder, { recursive: true });
}

/** Events per write capacity unit: some flushes at a steady rate, about listing-days that are there. */
async function capacity(bench, { rate, intervalMs }, skew) {
  const { machine, footfall } = bench;
  const engine = await startEngine(bench);
  const meter = await startMeter(engine.url);
  const folder = machine.freshFolder('dynamodb');
  const listings = ['--listings', LISTINGS, '--check', 'off', ...MIX];
  const server = await footfall.serve(folder, flagsOf(meter.url, ['--seal-interval-ms', String(intervalMs)]), { env: credentials });
  const first = await footfall.load(server.url, ['--events', WARM_EVENTS * LISTINGS, '--batch', 10_000, '--stream', '--connections', 2, '--zipf', 0, ...listings]);
  await flushed(server);
  Object.assign(meter, { wcu: 0, writes: 0 });
  const load = await footfall.load(server.url, [
    '--duration', (CAPACITY.flushes * intervalMs) / 1000, '--rate', rate / CAPACITY.batch, '--batch', CAPACITY.batch, '--zipf', skew, ...listings,
  ]);
  await flushed(server);
  const { wcu, writes } = meter;
  await server.stop();
  const counted = sumOf(await listingDays(engine.url));
  const acknowledged = first.events.acknowledged + load.events.acknowledged;
  if (counted !== acknowledged) throw new Error(`${counted} counted of ${acknowledged}`);
  meter.stop();
  await engine.stop();
  fs.rmSync(folder, { recursive: true });
  return { events: load.events.acknowledged, wcu, writes };
}

const nameOf = (unit, { rate, intervalMs }, skew) => `dynamodb events per ${unit}: ${rate}/s, ${intervalMs} ms, Zipf ${skew}`;

const DAY_SHAPES = {
  'one view': (at) => [{ minute: 600 }].map(at),
  '20 events': (at) => spread(20).map((minute, i) => at({ minute, platform: i % 2, source: i % 2 })),
  '200 events': (at) => spread(200).map((minute, i) => at({ minute, platform: i % 3, source: i % 3, type: i % 20 === 0 ? 1 : 0 })),
  '5,000 events': (at) => spread(5_000).map((minute, i) => at({ minute, platform: i % 3, source: (i >> 2) % 3, type: typeOf(i) })),
  'every quarter of an hour, 13 platforms, all types': (at) => spread(96 * 13 * 3).map((_, i) => at({ minute: (i % 96) * 15, platform: Math.floor(i / 96) % 13, type: Math.floor(i / (96 * 13)) })),
};
/** Events of a day of the first four shapes. */
const DAY_EVENTS = [1, 20, 200, 5_000];
const spread = (count) => Array.from({ length: count }, (_, i) => Math.floor((i * 1440) / count));
function typeOf(i) {
  if (i % 25 === 0) return 1;
  return i % 99 === 0 ? 2 : 0;
}
const PLATFORMS = ['facebook', 'instagram', 'linkedin', 'x', 'tiktok', 'youtube', 'pinterest', 'whatsapp', 'messenger', 'snapchat', 'reddit', 'threads', 'nextdoor'];
const SOURCES = ['website', 'email', 'social-post'];
const TYPES = ['view', 'share', 'inquiry'];

/** Bytes of items as the engine counts them, for days of several shapes. */
async function itemSizes(bench, more) {
  const { machine, footfall, root } = bench;
  const { itemSize } = createRequire(join(root, 'bench/peers/'))('dynalite/db');
  const engine = await startEngine(bench);
  const folder = machine.freshFolder('dynamodb');
  const server = await footfall.serve(folder, flagsOf(engine.url, more), { env: credentials });
  const midnight = Math.floor(Date.now() / 86_400_000 - 1) * 86_400_000;
  const shapes = Object.entries(DAY_SHAPES);
  for (const [number, [, make]] of shapes.entries()) {
    const events = make(({ minute, platform, source, type = 0 }) => ({
      userId: 'agent-7', listingId: `listing-${number}`, eventType: TYPES[type], timestamp: midnight + minute * 60_000,
      platform: PLATFORMS[platform], source: SOURCES[source],
    }));
    const answer = await fetch(`${server.url}/v1/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(events) });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
  await server.stop();
  const items = await listingDays(engine.url);
  await engine.stop();
  fs.rmSync(folder, { recursive: true });
  return shapes.map(([name], number) => {
    const item = items.find(({ SK }) => SK.S.startsWith(`METRICS#listing-${number}#`));
    return { name, bytes: itemSize(item) };
  });
}

/** Bytes of a day's item after n events: between the measured shapes by the logarithm of n. */
function bytesAfter(points, n) {
  const above = points.findIndex(([events]) => n <= events);
  if (above === -1) return points.at(-1)[1];
  if (above === 0) return points[0][1];
  const [[fewer, small], [more, large]] = points.slice(above - 1, above + 1);
  return small + (large - small) * (Math.log(n / fewer) / Math.log(more / fewer));
}

/** Mean WCU of a write of an item that has n events at the end of its day. */
function meanUnits(points, n) {
  const steps = 24;
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += Math.ceil(bytesAfter(points, Math.max(1, (n * (i + 0.5)) / steps)) / 1024);
  return sum / steps;
}

/**
 * By arithmetic: {writes, units} a second, for so many events a day about so many listings and one
 * node a user. A listing is written once an interval in which it had an event.
 */
export function writesOf(events, listings, intervalS, skew, points) {
  const units = new Map(); // by size on a logarithmic scale
  const found = { writes: 0, units: 0 };
  for (const share of shares(listings, skew)) {
    const writes = (1 - Math.exp((-share * events * intervalS) / 86_400)) / intervalS;
    const n = share * events;
    const key = Math.round(20 * Math.log(n));
    if (!units.has(key)) units.set(key, meanUnits(points, n));
    found.writes += writes;
    found.units += writes * units.get(key);
  }
  return found;
}

export const dynamodb = {
  name: 'dynamodb',
  missing: ({ root }) => (fs.existsSync(join(root, 'bench/node_modules/dynalite')) ? '' : 'bench/node_modules (npm ci)'),
  async round(bench) {
    await oneWritePerEvent(bench);
    await oneNode(bench);
  },
  async once(bench) {
    const { samples } = bench;
    for (const cells of ['on', 'off']) {
      for (const { name, bytes } of await itemSizes(bench, ['--cells', cells])) samples.add(`dynamodb bytes cells ${cells}: ${name}`, bytes);
    }
    for (const skew of CAPACITY.skews) {
      for (const row of CAPACITY.rows) {
        const { events, wcu, writes } = await capacity(bench, row, skew);
        samples.add(nameOf('WCU', row, skew), events / wcu);
        samples.add(nameOf('write', row, skew), events / writes);
      }
    }
  },
  section(samples) {
    const lines = [];
    if (samples.has('dynamodb footfall', 'dynamodb one write per event')) {
      const { median, min, max } = samples.spread('dynamodb footfall', 'dynamodb one write per event');
      lines.push(
        '## DynamoDB', '',
        `One node over dynalite, ${count(LISTINGS)} listings by Zipf ${SKEW}, views and shares, NDJSON with ids, timed until everything is in the table, against one UpdateItem per event on the same engine (${CLIENTS} kept connections, no SDK); what stands in the table is compared with what was acknowledged.`, '',
        '| what | |', '|---|---|',
        `| Footfall, until all is in the table | ${count(samples.median('dynamodb footfall'))} events/s |`,
        `| Footfall, until all is acknowledged and durable | ${count(samples.median('dynamodb footfall acknowledged'))} events/s |`,
        `| one write per event | ${count(samples.median('dynamodb one write per event'))} events/s |`,
        `| ratio, until all is in the table (budget ≥ 100 ×) | ${median.toFixed(0)} × (${min.toFixed(0)} to ${max.toFixed(0)}) |`,
        '',
      );
    }
    if (samples.has(nameOf('WCU', CAPACITY.rows[0], CAPACITY.skews[0]))) {
      const cells = (unit, row) => CAPACITY.skews.map((skew) => samples.median(nameOf(unit, row, skew)).toFixed(2)).join(' | ');
      lines.push(
        `Events per write and per write capacity unit (WCU), as the engine reports consumed capacity, ${count(LISTINGS)} listings whose days are in the table already; the writer's own item included. One write per event makes 1 at best.`, '',
        `| events/s | flush interval | events a flush | ${['write', 'WCU'].flatMap((unit) => CAPACITY.skews.map((skew) => `per ${unit}, Zipf ${skew}`)).join(' | ')} |`,
        `|---|---|---|${CAPACITY.skews.map(() => '---|---|').join('')}`,
        ...CAPACITY.rows.map((row) => `| ${count(row.rate)} | ${row.intervalMs / 1000} s | ${count((row.rate * row.intervalMs) / 1000)} | ${cells('write', row)} | ${cells('WCU', row)} |`),
        '',
      );
    }
    const shapes = Object.keys(DAY_SHAPES).filter((name) => samples.has(`dynamodb bytes cells on: ${name}`));
    if (shapes.length > 0) {
      const size = (cells, name) => samples.median(`dynamodb bytes cells ${cells}: ${name}`);
      const cell = (bytes) => `${count(bytes)} B, ${Math.ceil(bytes / 1024)} WCU`;
      lines.push(
        'A listing-day as an item at the end of its day, spread over all of it, up to 3 platforms and 3 sources where nothing else is said, and what one write of it costs:', '',
        '| listing-day | with cells | `--cells off` |', '|---|---|---|',
        ...shapes.map((name) => `| ${name} | ${cell(size('on', name))} | ${cell(size('off', name))} |`),
        '',
      );
      const points = (cells) => DAY_EVENTS.map((events, i) => [events, size(cells, shapes[i])]);
      const perSecond = BILLION.events / 86_400;
      lines.push(
        `By arithmetic from these sizes, not measured: ${BILLION.events / 1e9} billion events a day (${count(perSecond)} a second) about ${count(BILLION.listings)} listings, Zipf ${BILLION.skew}, one node a user.`, '',
        '| flush interval | writes/s | WCU/s with cells | events per WCU | WCU/s, `--cells off` | events per WCU |', '|---|---|---|---|---|---|',
        ...BILLION.intervalsS.map((s) => {
          const [on, off] = ['on', 'off'].map((cells) => writesOf(BILLION.events, BILLION.listings, s, BILLION.skew, points(cells)));
          return `| ${s} s | ${count(on.writes)} | ${count(on.units)} | ${(perSecond / on.units).toFixed(2)} | ${count(off.units)} | ${(perSecond / off.units).toFixed(2)} |`;
        }),
        '',
      );
    }
    return lines;
  },
};
