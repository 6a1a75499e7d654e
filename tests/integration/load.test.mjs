// load.test.mjs - footfall load: what was acknowledged is counted, and it notices when it is not.
//
// Between load and server stands, where a test needs it, a middleman that cuts, delays, refuses or
// lies; so every trouble comes when the test says so.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after } from 'node:test';

import { fresh, program, run, startServer, stopsCleanlyAtTheEnd, temporaryFolder, test } from './server.mjs';

const server = await startServer();
const folder = temporaryFolder();
after(() => folder.remove());

/** Runs footfall load with --json: {code, stderr, report}. */
async function load(url, flags, options = {}) {
  const prefix = flags.includes('--user-prefix') ? [] : ['--user-prefix', fresh('load')];
  const args = ['load', '--url', url, '--json', ...prefix, ...flags];
  const end = await run(args, { timeoutMs: 150_000, ...options });
  return { ...end, report: end.stdout === '' ? undefined : JSON.parse(end.stdout) };
}

/**
 * An HTTP server that hands on what it gets, but for what `decide(request, number)` says:
 * 'cut' before the server sees it, 'cut-after' when the server has answered, 'lie' answers 200 and
 * forwards nothing; {status, headers, body} answers so; a promise is waited for first.
 */
async function middleman(decide) {
  let number = 0;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const between = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const verdict = await decide(request, number++);
    if (verdict === 'cut') return request.socket.destroy();
    if (verdict === 'lie') return answer(response, 200, {}, { success: true, recorded: 1, duplicates: 0 });
    if (verdict?.status) return answer(response, verdict.status, verdict.headers, verdict.body);
    const onward = http.request(
      { host: '127.0.0.1', port: server.port, method: request.method, path: request.url, headers: request.headers, agent },
      async (answered) => {
        const parts = [];
        for await (const part of answered) parts.push(part);
        if (verdict === 'cut-after') return request.socket.destroy();
        response.writeHead(answered.statusCode, answered.headers);
        response.end(Buffer.concat(parts));
      },
    );
    onward.end(body);
  });
  between.keepAliveTimeout = 60_000;
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  const close = () => {
    agent.destroy();
    between.closeAllConnections();
    return new Promise((done) => between.close(done));
  };
  return { url: `http://127.0.0.1:${between.address().port}`, close };
}

function answer(response, status, headers, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

const isEvents = (request) => request.method === 'POST';

for (const [name, flags, events] of [
  ['single events', ['--events', '3000'], 3000],
  ['arrays', ['--events', '30500', '--batch', '1000', '--connections', '4'], 30500],
  ['streams', ['--events', '30500', '--batch', '1000', '--stream', '--connections', '4'], 30500],
  ['several threads', ['--events', '3001', '--threads', '3', '--connections', '7'], 3001],
  ['without ids', ['--events', '1000', '--ids', 'off'], 1000],
  ['among questions', ['--events', '1000', '--queries', '50'], 1000],
  ['at a rate', ['--events', '500', '--rate', '2000'], 500],
  ['inquiries alone, no platform', ['--events', '300', '--mix', 'inquiry=1', '--platforms', 'none'], 300],
  ['many users', ['--events', '2000', '--listings', '500', '--users', '250', '--zipf', '0'], 2000],
  ['more listings of a user than a page holds', ['--events', '4000', '--batch', '100', '--connections', '4', '--listings', '2500', '--users', '1', '--zipf', '0'], 4000],
]) {
  test(`${name}: what was acknowledged is counted`, async () => {
    const { code, stderr, report } = await load(server.url, flags);
    assert.equal(code, 0, stderr);
    assert.equal(report.events.acknowledged, events);
    assert.equal(report.check.counted, events);
    assert.equal(report.check.holds, true);
    assert.equal(report.check.typesCompared, true);
    assert.deepEqual(report.check.countedByType, report.events.acknowledgedByType);
    assert.deepEqual(report.troubles.answers, []);
  });
}

test('the same seed again records events of its own', async () => {
  const prefix = fresh('again');
  for (const time of ['first', 'second']) {
    const { code, report } = await load(server.url, ['--events', '200', '--user-prefix', prefix]);
    assert.equal(code, 0, time);
    assert.equal(report.events.duplicates, 0);
    assert.equal(report.check.counted, 200);
  }
});

test('connections that are cut before and after the server saw the request count each event once', async () => {
  const between = await middleman((request, number) => {
    if (!isEvents(request)) return 'on';
    return ['on', 'cut', 'on', 'cut-after', 'on'][number % 5];
  });
  const { code, stderr, report } = await load(between.url, ['--events', '400', '--connections', '8']);
  await between.close();
  assert.equal(code, 0, stderr);
  assert.equal(report.events.acknowledged, 400);
  assert.equal(report.check.counted, 400);
  assert.ok(report.troubles.cut >= 100, `cut: ${report.troubles.cut}`);
  assert.ok(report.events.duplicates >= 40, 'what was recorded before a cut is answered as repeated');
});

test('without ids a cut leaves the outcome unknown, and the check allows for it', async () => {
  const between = await middleman((request, number) => (isEvents(request) && number % 4 === 3 ? 'cut-after' : 'on'));
  const { code, stderr, report } = await load(between.url, ['--events', '100', '--ids', 'off', '--connections', '4']);
  await between.close();
  assert.equal(code, 0, stderr);
  assert.equal(report.events.acknowledged + report.events.unknown, 100);
  assert.ok(report.events.unknown >= 10);
  assert.equal(report.check.counted, 100);
  assert.equal(report.check.typesCompared, false);
});

test('a server that acknowledges what it does not count is found out', async () => {
  const between = await middleman((request, number) => (isEvents(request) && number === 20 ? 'lie' : 'on'));
  const { code, stderr, report } = await load(between.url, ['--events', '50', '--connections', '2']);
  await between.close();
  assert.equal(code, 1);
  assert.match(stderr, /not what it acknowledged/);
  assert.equal(report.check.holds, false);
  assert.equal(report.events.acknowledged, 50);
  assert.equal(report.check.counted, 49);
});

test('a 503 is sent again after its Retry-After, not before', async () => {
  const refusedAt = new Map();
  const waits = [];
  const busy = { status: 503, headers: { 'Retry-After': '1' }, body: { success: false, error: 'Full.', code: 'overloaded' } };
  const between = await middleman((request, number) => {
    if (!isEvents(request)) return 'on';
    if (number % 10 === 5 && refusedAt.size < 5) {
      refusedAt.set(request.socket, Date.now());
      return busy;
    }
    const at = refusedAt.get(request.socket);
    if (at !== undefined) {
      waits.push(Date.now() - at);
      refusedAt.set(request.socket, undefined);
    }
    return 'on';
  });
  const { code, stderr, report } = await load(between.url, ['--events', '200', '--connections', '8']);
  await between.close();
  assert.equal(code, 0, stderr);
  assert.equal(report.check.counted, 200);
  assert.equal(report.events.duplicates, 0);
  const [kind] = report.troubles.answers;
  assert.equal(kind.status, 503);
  assert.equal(kind.code, 'overloaded');
  assert.ok(waits.length >= 1 && waits.every((ms) => ms >= 990), `waited ${waits}`);
});

test('other refusals are counted by status and code, and their events are not', async () => {
  const { code, stderr, report } = await load(server.url, ['--events', '20', '--platforms', 'no-such-platform']);
  assert.equal(code, 1, 'nothing was recorded at all');
  assert.match(stderr, /refused every event/);
  assert.deepEqual(report.troubles.answers, [{ status: 400, code: 'unknown_platform', count: 20 }]);
  assert.equal(report.events.refused, 20);
  assert.equal(report.check.counted, 0);
});

test('a stall shows in response times of a given rate', async () => {
  let stalled = false;
  const between = await middleman(async (request) => {
    if (isEvents(request) && !stalled) {
      stalled = true;
      await new Promise((done) => setTimeout(done, 500)); // it is the stall that is tested
    }
    return 'on';
  });
  const { code, stderr, report } = await load(between.url, ['--rate', '200', '--events', '100', '--connections', '1']);
  await between.close();
  assert.equal(code, 0, stderr);
  // the 50th is due after 0.25 s and cannot be answered before 0.5 s
  assert.ok(report.record.responseMicroseconds.p50 >= 200_000, JSON.stringify(report.record));
  assert.ok(report.record.serviceMicroseconds.p50 < report.record.responseMicroseconds.p50);
});

test('--hdr writes the distribution', async () => {
  const path = join(folder.path, 'times.hgrm');
  const { code, stderr } = await load(server.url, ['--events', '100', '--hdr', path]);
  assert.equal(code, 0, stderr);
  const text = readFileSync(path, 'utf8');
  assert.match(text, /Value +Percentile +TotalCount +1\/\(1-Percentile\)/);
  assert.match(text, /1\.000000000000 +100\n/);
  assert.match(text, /#\[Total count +=/);
});

test('for people it says what was acknowledged and counted', async () => {
  const end = await run(['load', '--url', server.url, '--events', '100', '--user-prefix', fresh('words')]);
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stdout, /requests\/s answered, \d+ events\/s acknowledged/);
  assert.match(end.stdout, /acknowledged 100, counted 100: as it should be/);
});

test('Ctrl-C ends it in order', async () => {
  let child;
  const between = await middleman((request, number) => {
    if (number === 50) process.kill(child.pid, 'SIGINT');
    return 'on';
  });
  child = spawn(program, ['load', '--url', between.url, '--duration', '600', '--user-prefix', fresh('stop'), '--json']);
  let text = '';
  child.stdout.on('data', (piece) => (text += piece));
  const [code] = await once(child, 'close');
  await between.close();
  assert.equal(code, 0);
  const report = JSON.parse(text);
  assert.ok(report.events.acknowledged > 0);
  assert.equal(report.check.counted, report.events.acknowledged);
});

test('a server with a key is loaded with the key, and not without', async () => {
  const guarded = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: 'k'.repeat(40) } });
  const wrong = await load(guarded.url, ['--events', '10', '--check', 'off']);
  const right = await load(guarded.url, ['--events', '10'], { env: { FOOTFALL_KEY: 'k'.repeat(40) } });
  await guarded.close();
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /401/);
  assert.equal(right.code, 0, right.stderr);
  assert.equal(right.report.check.counted, 10);
});

for (const [name, args, words, code] of [
  ['no server named', ['load'], /--url/, 2],
  ['another machine, unconfirmed', ['load', '--url', 'http://192.0.2.1:8080'], /--yes/, 2],
  ['https', ['load', '--url', 'https://127.0.0.1:1'], /plain http/, 2],
  ['a path', ['load', '--url', 'http://127.0.0.1:1/x'], /path/, 2],
  ['nobody there', ['load', '--url', 'http://127.0.0.1:1'], /no server|refused/i, 1],
  ['a rate of zero', ['load', '--url', 'http://127.0.0.1:1', '--rate', '0'], /--rate/, 2],
  ['a mix of nothing', ['load', '--url', 'http://127.0.0.1:1', '--mix', 'view=0'], /--mix/, 2],
  ['more threads than connections', ['load', '--url', 'http://127.0.0.1:1', '--threads', '3', '--connections', '2'], /--threads/, 2],
  ['too much at once', ['load', '--url', 'http://127.0.0.1:1', '--batch', '10000', '--connections', '1000'], /at once/, 2],
  ['more than can be checked', ['load', '--url', 'http://127.0.0.1:1', '--listings', '1000000', '--users', '2'], /--users/, 2],
]) {
  test(`refused with words: ${name}`, async () => {
    const end = await run(args, { env: { FOOTFALL_URL: '' } });
    assert.equal(end.code, code, end.stderr);
    assert.match(end.stderr, words);
    assert.equal(end.stdout, '');
  });
}

stopsCleanlyAtTheEnd(server);
