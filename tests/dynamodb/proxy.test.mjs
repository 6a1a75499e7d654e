// The bad network does to requests and answers what the chaos test believes it does.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import test from 'node:test';
import { randomOf } from '../crash/oracle.mjs';
import { FAULT_NAMES, startProxy } from './proxy.mjs';

const BODY = JSON.stringify({ Attributes: { views: { N: '41' } } });
const CRC = '12345';

/** An engine that counts what reaches it. */
async function startCounter() {
  const counter = { reached: 0 };
  counter.server = http.createServer((request, response) => {
    request.resume().on('end', () => {
      counter.reached += 1;
      response.writeHead(200, { 'x-amz-crc32': CRC, 'content-length': BODY.length }).end(BODY);
    });
  }).listen(0, '127.0.0.1');
  await once(counter.server, 'listening');
  counter.endpoint = `http://127.0.0.1:${counter.server.address().port}`;
  return counter;
}

/** What its sender sees of an exchange: 'cut', or {status, text, crc, type}. */
async function send(endpoint) {
  try {
    const answer = await fetch(endpoint, { method: 'POST', body: '{}' });
    const text = await answer.text();
    let type;
    try {
      ({ __type: type } = JSON.parse(text));
    } catch {
      type = 'no JSON';
    }
    return { status: answer.status, text, type, crc: answer.headers.get('x-amz-crc32') };
  } catch {
    return 'cut';
  }
}

const good = (seen) => seen.status === 200 && seen.text === BODY && seen.crc === CRC;
const isThrottle = (seen) => seen.status === 400 && /#(Provisioned|Throttling|RequestLimit)/.test(seen.type);
const rows = {
  // fault: [copies that reach the engine in the end, what the sender may see]
  lostRequest: [0, (seen) => seen === 'cut'],
  lostAnswer: [1, (seen) => seen === 'cut'],
  slowRequest: [1, good],
  slowAnswer: [1, good],
  lateRequest: [1, (seen) => seen === 'cut'],
  repeatedAtOnce: [2, good],
  repeatedLate: [2, good],
  failedBefore: [0, (seen) => seen.status >= 500],
  failedAfter: [1, (seen) => seen.status >= 500],
  throttled: [0, isThrottle],
  throttledAndLate: [1, isThrottle],
  denied: [0, (seen) => seen.status === 400 && /#(ExpiredToken|AccessDenied|UnrecognizedClient)/.test(seen.type)],
  truncated: [1, (seen) => seen === 'cut' || (seen.type === 'no JSON' && seen.crc === CRC)],
  garbled: [1, (seen) => seen.status === 200 && seen.text === BODY.replace('41', '42') && seen.crc === CRC],
};

test('every fault has its row here', () => assert.deepEqual(Object.keys(rows).sort(), [...FAULT_NAMES].sort()));

for (const [fault, [copies, isExpected]] of Object.entries(rows)) {
  test(`${fault}: ${copies} reach the engine, and the sender sees what it should`, async () => {
    const counter = await startCounter();
    const proxy = await startProxy({ target: counter.endpoint, random: randomOf(7), rate: 1, faults: [fault] });
    const times = 6;
    for (let i = 0; i < times; i++) {
      const seen = await send(proxy.endpoint);
      assert.ok(isExpected(seen), JSON.stringify(seen));
    }
    await proxy.close();
    assert.equal(counter.reached, copies * times);
    assert.equal(proxy.counts[fault], times);
    counter.server.close();
    counter.server.closeAllConnections();
  });
}

test('calm: everything gets through; cut: nothing', async () => {
  const counter = await startCounter();
  const proxy = await startProxy({ target: counter.endpoint, random: randomOf(7), rate: 1 });
  proxy.isCut = true;
  assert.equal(await send(proxy.endpoint), 'cut');
  assert.equal(counter.reached, 0);
  await proxy.calm();
  assert.ok(good(await send(proxy.endpoint)));
  await proxy.close();
  counter.server.close();
  counter.server.closeAllConnections();
});
