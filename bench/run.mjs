// run.mjs - the measurements of script/bench: what is compared, how often, and what is written.
//
// Server and load have a core each. What is compared runs in turn, round by round, so that a slow
// minute of the machine meets both sides; the table shows medians, and ratios taken within a round.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    build: { type: 'string' },
    root: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    output: { type: 'string' },
  },
});
const repeats = Number(options.repeats);
const seconds = Number(options.seconds);
const scale = Number(options.scale);

const LISTINGS = Math.round(10_000 * scale);
const DAYS = 30;
const ENGINE_EVENTS = Math.round(4_000_000 * scale);
const ENGINE_LISTINGS = Math.round(1_000_000 * scale);
const STREAM_LINES = Math.round(500_000 * scale);
const STREAMS = 2;

const [serverCore, loadCore] = os.cpus().length > 1 ? ['0', '1'] : ['0', '0'];
// what the caller's shell configures must not reach the server
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('FOOTFALL_')),
);
const work = fs.mkdtempSync(join(options.build, 'bench-data-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(work, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

function say(words) {
  process.stderr.write(`${words}\n`);
}

// ---------------------------------------------------------------- programs

function pinned(core, command, args) {
  return ['taskset', ['-c', core, command, ...args]];
}

function runPinned(core, command, args) {
  const [program, all] = pinned(core, command, args);
  return execFileSync(program, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });
}

/** Starts a server that says "... listening on http://HOST:PORT"; resolves with {url, stop}. */
async function startPinned(command, args) {
  const [program, all] = pinned(serverCore, command, args);
  const log = fs.openSync(join(work, 'server.log'), 'w');
  const child = spawn(program, all, { stdio: ['ignore', 'pipe', log], env: environment });
  fs.closeSync(log);
  children.add(child);
  const exited = once(child, 'exit');
  let text = '';
  const url = await new Promise((done, failed) => {
    child.stdout.on('data', (piece) => {
      text += piece;
      const found = /listening on (http:\/\/\S+)\n/.exec(text);
      if (found) done(found[1]);
    });
    exited.then(([code]) => {
      failed(new Error(`${command} ended with ${code}: ${fs.readFileSync(join(work, 'server.log'), 'utf8')}`));
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    children.delete(child);
  };
  return { url, stop };
}

function serve(folder) {
  return startPinned(join(options.build, 'footfall'), [
    'serve', '--data', folder, '--listen', '127.0.0.1:0', '--auth', 'off',
  ]);
}

function serveBare() {
  return startPinned(join(options.build, 'bench/bare_server'), ['127.0.0.1:0']);
}

/** Requests/s of wrk with 64 keep-alive connections; every answer must have been a 200. */
function wrk(url, script = [], scriptArguments = []) {
  // wrk wants its own options first, then the address, then what the script gets
  const text = runPinned(loadCore, 'wrk', [
    '-t1', '-c64', `-d${seconds}s`, ...script, url, '--', ...scriptArguments,
  ]);
  assert.ok(!/Non-2xx|Socket errors/.test(text), text);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]);
}

let runs = 0;
function postEvents(url) {
  runs += 1;
  const script = join(options.root, 'bench/post_event.lua');
  return wrk(`${url}/v1/events`, ['-s', script], [`${process.pid}-${runs}`]);
}

/** On both cores: the store's thread works beside whoever records. */
function engine(...args) {
  const text = execFileSync(join(options.build, 'bench/engine_bench'), args.map(String), {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Object.fromEntries(text.trim().split('\n').map((line) => {
    const [name, value] = line.split(' ');
    return [name, Number(value)];
  }));
}

async function get(url) {
  const answer = await new Promise((done, failed) => http.get(url, done).on('error', failed));
  let text = '';
  for await (const piece of answer) text += piece;
  return { status: answer.statusCode, text };
}

// ---------------------------------------------------------------- measurements

/** Writes a stream of events with ids that no other run has. */
function writeStream(path, run, part) {
  const file = fs.openSync(path, 'w');
  let lines = [];
  for (let i = 0; i < STREAM_LINES / STREAMS; i++) {
    lines.push(`{"userId":"portal-00001","listingId":"l-${String((i * 7919) % 1_000_000).padStart(10, '0')}","eventType":"view","platform":"facebook","source":"website","id":"s${process.pid}-${run}-${part}-${i}"}\n`);
    if (lines.length === 10_000) {
      fs.writeSync(file, lines.join(''));
      lines = [];
    }
  }
  fs.writeSync(file, lines.join(''));
  fs.closeSync(file);
}

async function streamEvents(url) {
  runs += 1;
  const files = Array.from({ length: STREAMS }, (_, part) => join(work, `stream-${part}.ndjson`));
  files.forEach((file, part) => writeStream(file, runs, part));
  const began = process.hrtime.bigint();
  const answers = await Promise.all(files.map(async (file) => {
    const [program, all] = pinned(loadCore, 'curl', [
      '-sS', '-X', 'POST', '-H', 'Content-Type: application/x-ndjson', '-H', 'Expect:', '-T', file, `${url}/v1/events`,
    ]);
    const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (piece) => (text += piece));
    await once(child, 'close');
    return JSON.parse(text);
  }));
  const took = Number(process.hrtime.bigint() - began) / 1e9;
  const recorded = answers.reduce((sum, answer) => sum + answer.recorded, 0);
  assert.equal(recorded, STREAM_LINES, JSON.stringify(answers));
  files.forEach((file) => fs.rmSync(file));
  return recorded / took;
}

function freshFolder(name) {
  const folder = join(work, name);
  fs.rmSync(folder, { recursive: true, force: true });
  return folder;
}

/** What an fdatasync of 4 KiB costs here, in µs. */
function syncTime() {
  const path = join(work, 'sync');
  const file = fs.openSync(path, 'w');
  const block = Buffer.alloc(4096);
  for (let i = 0; i < 400; i++) fs.writeSync(file, block, 0, 4096, i * 4096);
  fs.fsyncSync(file);
  const times = [];
  for (let i = 0; i < 400; i++) {
    const began = process.hrtime.bigint();
    fs.writeSync(file, block, 0, 4096, i * 4096);
    fs.fdatasyncSync(file);
    times.push(Number(process.hrtime.bigint() - began) / 1e3);
  }
  fs.closeSync(file);
  fs.rmSync(path);
  times.sort((a, b) => a - b);
  return { p50: times[200], p99: times[396] };
}

const samples = new Map(); // name -> one value a round
function sample(name, value) {
  if (!samples.has(name)) samples.set(name, []);
  samples.get(name).push(value);
  say(`  ${name}: ${Math.round(value * 10) / 10}`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2 ? sorted[sorted.length >> 1]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

async function measureBare() {
  const bare = await serveBare();
  sample('bare POST', postEvents(bare.url));
  sample('bare GET', wrk(`${bare.url}/`));
  await bare.stop();
}

async function measureRecording() {
  const folder = freshFolder('recording');
  let server = await serve(folder);
  sample('POST', postEvents(server.url));
  await server.stop();
  server = await serve(freshFolder('streams'));
  sample('NDJSON', await streamEvents(server.url));
  await server.stop();
}

async function measureQueries(portal) {
  const server = await serve(portal);
  const one = `${server.url}/v1/users/portal-00001/listings/l-0000000007/metrics?period=monthly`;
  const all = `${server.url}/v1/users/portal-00001/metrics?period=monthly`;
  const answer = await get(one);
  assert.ok(answer.status === 200 && JSON.parse(answer.text).metrics.totalViews > 0, answer.text);
  sample('GET one listing', wrk(one));
  sample('GET all listings', wrk(all));
  await server.stop();
}

function measureEngine() {
  for (const kind of ['plain', 'ids']) {
    const folder = freshFolder(`engine-${kind}`);
    const found = engine('record', folder, ENGINE_EVENTS, ENGINE_LISTINGS, kind);
    sample(`engine ${kind}`, found.events_per_second);
    sample(`engine ${kind} longest group ms`, found.longest_group_ms);
    fs.rmSync(folder, { recursive: true });
  }
  const folder = freshFolder('replay');
  engine('crash', folder, ENGINE_EVENTS, ENGINE_LISTINGS, 'ids');
  const found = engine('replay', folder, ENGINE_EVENTS);
  sample('replay', found.replayed_per_second);
  sample('open ms', found.open_ms);
  fs.rmSync(folder, { recursive: true });
}

function measureAsking(portal) {
  const found = engine('ask', portal, LISTINGS, DAYS);
  sample('engine one listing us', found.one_listing_p50_us);
  sample('engine all listings us', found.all_listings_p50_us);
}

// ---------------------------------------------------------------- report

function describeMachine(sync) {
  const cpu = /model name\s*: (.*)/.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.arch();
  const system = /PRETTY_NAME="(.*)"/.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const fileSystem = execFileSync('df', ['--output=fstype', work], { encoding: 'utf8' }).split('\n')[1];
  const version = (name) => execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  return [
    `- ${cpu}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB of memory`,
    `- ${system}, kernel ${os.release()}, data on ${fileSystem}`,
    `- 4 KiB written and fdatasynced in place: p50 ${Math.round(sync.p50)} µs, p99 ${Math.round(sync.p99)} µs`,
    `- libmicrohttpd ${version('libmicrohttpd-dev')}, SQLite ${version('libsqlite3-dev')}`,
    `- load average before the first round: ${load.toFixed(1)} (above 0.5 others were at work, and the figures are theirs too)`,
    `- server on core ${serverCore}, load on core ${loadCore}; ${repeats} rounds, ${seconds} s each for HTTP; medians`,
  ];
}

function count(value) {
  return Math.round(value).toLocaleString('en-US');
}

function row(what, value, ratio, budget) {
  return `| ${what} | ${value} | ${ratio} | ${budget} |`;
}

function report(sync) {
  const at = (name) => median(samples.get(name));
  const ratio = (name, base) => median(samples.get(name).map((value, i) => value / samples.get(base)[i]));
  const percent = (value) => `${Math.round(value * 100)} %`;
  return [
    '# Measured',
    '',
    `By \`script/bench\` on ${new Date().toISOString().slice(0, 10)}. Budgets are aims, not assertions.`,
    '',
    ...describeMachine(sync),
    '',
    '| what | result | ratio | budget |',
    '|---|---|---|---|',
    row('bare libmicrohttpd, POST answered at once, 64 connections', `${count(at('bare POST'))} requests/s`, '1', ''),
    row('POST of one event with an id, answered after the sync, 64 connections', `${count(at('POST'))} requests/s`,
      `${percent(ratio('POST', 'bare POST'))} of bare`, '≥ 60 %, aim 80 %'),
    row(`NDJSON over HTTP with ids, ${STREAMS} streams`, `${count(at('NDJSON'))} events/s`,
      `${(ratio('NDJSON', 'POST')).toFixed(1)} × single POST`, 'aim 2,000,000 events/s on two cores'),
    row(`engine, groups of 10,000, ${count(ENGINE_LISTINGS)} listings, Zipf 0.99`, `${count(at('engine plain'))} events/s`,
      `${percent(at('engine plain') / 4e6)} of 4 M`, '≥ 4,000,000 events/s'),
    row('the same with ids', `${count(at('engine ids'))} events/s`, `${percent(ratio('engine ids', 'engine plain'))} of plain`, ''),
    row('longest group of 10,000, plain / ids', `${at('engine plain longest group ms').toFixed(0)} / ${at('engine ids longest group ms').toFixed(0)} ms`, '', ''),
    row('replay of those with ids', `${count(at('replay'))} events/s`, `${percent(at('replay') / 4e6)} of 4 M`, '≥ 4,000,000 events/s'),
    row(`engine: one listing of ${count(LISTINGS)}, ${DAYS} days, by platform`, `${at('engine one listing us').toFixed(1)} µs`,
      `${(at('engine one listing us') / 15).toFixed(1)} × the budget`, '≤ 15 µs'),
    row('HTTP: the same', `${count(at('GET one listing'))} requests/s`, `${percent(ratio('GET one listing', 'bare GET'))} of bare (${count(at('bare GET'))})`, '≥ 60 %'),
    row(`engine: all ${count(LISTINGS)} listings, ${DAYS} days, the first 100`, `${(at('engine all listings us') / 1e3).toFixed(1)} ms`,
      `${(at('engine all listings us') / 1e4).toFixed(1)} × the budget`, '≤ 10 ms'),
    row('HTTP: the same', `${at('GET all listings').toFixed(1)} requests/s`, '', ''),
    '',
    'Events: 95 % views, 4 % shares, 1 % inquiries in the engine; views over HTTP. Engine figures are those',
    'of one caller in process, with the store working beside it on the other core. Ratios are medians of',
    "the rounds' own ratios.",
    '',
  ].join('\n');
}

const [load] = os.loadavg();
const portal = freshFolder('portal');
say(`loading ${count(LISTINGS)} listings over ${DAYS} days`);
engine('load', portal, LISTINGS, DAYS);
const sync = syncTime();
for (let round = 1; round <= repeats; round++) {
  say(`round ${round} of ${repeats}`);
  await measureBare();
  await measureRecording();
  await measureQueries(portal);
  measureEngine();
  measureAsking(portal);
}
const text = report(sync);
process.stdout.write(text);
if (options.output !== undefined) {
  fs.writeFileSync(options.output, text);
  say(`written to ${relative(process.cwd(), options.output)}`);
}
process.exit(0);
