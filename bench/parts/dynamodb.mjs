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
const EVENTS = { one: 6_000, footfall: 6_000_000 };
const CLIENTS = 64;

// events a second are few enough for dynalite to keep up with the flushes
const CAPACITY = { rate: 2_000, batch: 20, intervalsMs: [500, 2_000, 8_000], skews: [0.5, 0.99, 1.3], flushes: 3, secondsLeast: 6 };
const BILLION = { events: 1e9, listings: 1_000_000, intervalsS: [1, 10, 60, 300], skews: [0.5, 0.99, 1.3], nodes: 4 };

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
  const events = Math.round(EVENTS.one * scale);
  const { seconds } = JSON.parse(await machine.runLoad(process.execPath, [
    join(root, 'bench/peers/one_write_per_event.mjs'), engine.url, TABLE, String(CLIENTS), String(events), String(LISTINGS), String(SKEW),
  ]));
  const counted = sumOf(await listingDays(engine.url));
  if (counted !== events) throw new Error(`one write per event: ${counted} counted of ${events}`);
  samples.add('dynamodb one write per event', events / seconds);
  await engine.stop();
}

async function oneNode(bench) {
  const { machine, footfall, samples, scale } = bench;
  const engine = await startEngine(bench);
  const folder = machine.freshFolder('dynamodb');
  const server = await footfall.serve(folder, flagsOf(engine.url), { env: credentials });
  const began = process.hrtime.bigint();
  const load = await footfall.load(server.url, [
    '--events', Math.round(EVENTS.footfall * scale), '--batch', 10_000, '--stream', '--connections', 2,
    '--listings', LISTINGS, '--zipf', SKEW, '--check', 'off',
  ]);
  const answered = process.hrtime.bigint();
  await server.stop(); // everything is in the table then
  const ended = process.hrtime.bigint();
  const items = await listingDays(engine.url);
  if (sumOf(items) !== load.events.acknowledged) throw new Error(`${sumOf(items)} counted of ${load.events.acknowledged}`);
  samples.add('dynamodb footfall', load.events.acknowledged / (Number(ended - began) / 1e9));
  samples.add('dynamodb footfall acknowledged', load.events.acknowledged / (Number(answered - began) / 1e9));
  samples.add('dynamodb listing-days', items.length);
  await engine.stop();
  fs.rmSync(folder, { recursive: true });
}

/** Events per write capacity unit: some flushes at a steady rate. */
async function capacity(bench, intervalMs, skew, more = []) {
  const { machine, footfall, scale } = bench;
  const engine = await startEngine(bench);
  const meter = await startMeter(engine.url);
  const folder = machine.freshFolder('dynamodb');
  const server = await footfall.serve(folder, flagsOf(meter.url, ['--seal-interval-ms', String(intervalMs), ...more]), { env: credentials });
  const seconds = Math.max(CAPACITY.secondsLeast, (CAPACITY.flushes * intervalMs) / 1000) * Math.max(scale, 0.3);
  const load = await footfall.load(server.url, [
    '--duration', seconds, '--rate', CAPACITY.rate / CAPACITY.batch, '--batch', CAPACITY.batch,
    '--listings', LISTINGS, '--zipf', skew, '--check', 'off',
  ]);
  await server.stop();
  const items = await listingDays(engine.url);
  if (sumOf(items) !== load.events.acknowledged) throw new Error(`${sumOf(items)} counted of ${load.events.acknowledged}`);
  meter.stop();
  await engine.stop();
  fs.rmSync(folder, { recursive: true });
  return { events: load.events.acknowledged, wcu: meter.wcu, writes: meter.writes };
}

const DAY_SHAPES = {
  'one view': (at) => [{ minute: 600 }].map(at),
  'quiet day: 20 events, 2 platforms, 2 sources': (at) => Array.from({ length: 20 }, (_, i) => at({ minute: i * 67, platform: i % 2, source: i % 2 })),
  'ordinary day: 200 events, 3 platforms, 3 sources': (at) => Array.from({ length: 200 }, (_, i) => at({ minute: (i * 37) % 1440, platform: i % 3, source: i % 3, type: i % 20 === 0 ? 1 : 0 })),
  'busy day: 5,000 events, 3 platforms, 3 sources': (at) => Array.from({ length: 5_000 }, (_, i) => at({ minute: (i * 7) % 1440, platform: i % 3, source: (i >> 2) % 3, type: i % 25 === 0 ? 1 : i % 99 === 0 ? 2 : 0 })),
  'every quarter, 13 platforms, all types': (at) => Array.from({ length: 96 * 13 * 3 }, (_, i) => at({ minute: (i % 96) * 15, platform: (i / 96 | 0) % 13, type: i / (96 * 13) | 0 })),
};
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

/** What a billion events a day would touch: listing-days written in a second, by arithmetic. */
export function touchedPerSecond(events, listings, intervalS, skew) {
  const perSecond = events / 86_400;
  return shares(listings, skew).reduce((sum, share) => sum + (1 - Math.exp(-share * perSecond * intervalS)), 0) / intervalS;
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
      for (const intervalMs of CAPACITY.intervalsMs) {
        const { events, wcu, writes } = await capacity(bench, intervalMs, skew);
        samples.add(`dynamodb events per WCU: ${intervalMs} ms, ${skew}`, events / wcu);
        samples.add(`dynamodb events per write: ${intervalMs} ms, ${skew}`, events / writes);
      }
    }
  },
  section(samples) {
    const lines = [];
    if (samples.has('dynamodb footfall', 'dynamodb one write per event')) {
      const { median, min, max } = samples.spread('dynamodb footfall', 'dynamodb one write per event');
      lines.push(
        '## DynamoDB', '',
        `One node over dynalite, ${count(LISTINGS)} listings by Zipf ${SKEW}, NDJSON with ids, timed until everything is in the table, against one UpdateItem per event on the same engine (${CLIENTS} kept connections, no SDK); what stands in the table is compared with what was acknowledged.`, '',
        '| what | |', '|---|---|',
        `| Footfall, until all is in the table | ${count(samples.median('dynamodb footfall'))} events/s |`,
        `| Footfall, until all is acknowledged and durable | ${count(samples.median('dynamodb footfall acknowledged'))} events/s |`,
        `| one write per event | ${count(samples.median('dynamodb one write per event'))} events/s |`,
        `| ratio, until all is in the table (budget ≥ 100 ×) | ${median.toFixed(0)} × (${min.toFixed(0)} to ${max.toFixed(0)}) |`,
        '',
      );
    }
    const [first] = CAPACITY.skews;
    if (samples.has(`dynamodb events per WCU: ${CAPACITY.intervalsMs[0]} ms, ${first}`)) {
      lines.push(
        `Events per write capacity unit, as the engine reports consumed capacity, at ${count(CAPACITY.rate)} events/s on ${count(LISTINGS)} listings; the day index and the writer's own item included. One write per event makes 1 at best.`, '',
        `| flush interval | events a flush | ${CAPACITY.skews.map((skew) => `Zipf ${skew}`).join(' | ')} |`,
        `|---|---|${CAPACITY.skews.map(() => '---|').join('')}`,
        ...CAPACITY.intervalsMs.map((ms) => `| ${ms / 1000} s | ${count((CAPACITY.rate * ms) / 1000)} | ${CAPACITY.skews.map((skew) => samples.median(`dynamodb events per WCU: ${ms} ms, ${skew}`).toFixed(2)).join(' | ')} |`),
        '',
      );
    }
    const shapes = Object.keys(DAY_SHAPES).filter((name) => samples.has(`dynamodb bytes cells on: ${name}`));
    if (shapes.length > 0) {
      const size = (cells, name) => samples.median(`dynamodb bytes cells ${cells}: ${name}`);
      const cell = (bytes) => `${count(bytes)} B, ${Math.ceil(bytes / 1024)} WCU`;
      lines.push(
        'A listing-day as an item, and what one write of it costs:', '',
        '| listing-day | with cells | `--cells off` |', '|---|---|---|',
        ...shapes.map((name) => `| ${name} | ${cell(size('on', name))} | ${cell(size('off', name))} |`),
        '',
      );
    }
    if (lines.length > 0) {
      lines.push(
        `By arithmetic, not measured: listing-days written a second by ${BILLION.events / 1e9} billion events a day (${count(BILLION.events / 86_400)} a second) about ${count(BILLION.listings)} listings, each user on one node.`, '',
        `| flush interval | ${BILLION.skews.map((skew) => `Zipf ${skew}`).join(' | ')} |`, `|---|${BILLION.skews.map(() => '---|').join('')}`,
        ...BILLION.intervalsS.map((s) => `| ${s} s | ${BILLION.skews.map((skew) => count(touchedPerSecond(BILLION.events, BILLION.listings, s, skew))).join(' | ')} |`),
        '',
      );
    }
    return lines;
  },
};
