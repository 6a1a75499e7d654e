// server.mjs - a Footfall of one's own for a test file: start, ask, stop, kill, start again.
//
// Each server gets a data folder that goes away with it and a free port. Its log is kept and
// printed when a test fails. The program is build/footfall, or what FOOTFALL_BIN names.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import nodeTest from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = process.env.FOOTFALL_BIN ?? join(root, 'build/footfall');

const START_MS_MAX = 60_000; // sanitizer builds on a busy machine
const STOP_MS_MAX = 60_000;
const LOG_LINES_MAX = 4_000;
const SANITIZER = /(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:/;

const running = new Set();
process.on('exit', () => {
  for (const server of running) server.remains();
});

/** A new empty folder; remove() takes it away with all it holds. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'footfall-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** As node's test(), and the servers' logs are shown when it fails. */
export function test(name, options, body) {
  if (typeof options === 'function') [options, body] = [{}, options];
  return nodeTest(name, { timeout: 180_000, ...options }, async (t) => {
    try {
      await body(t);
    } catch (error) {
      for (const server of running) server.printLog();
      throw error;
    }
  });
}

/** Runs the program to its end: {code, signal, stdout, stderr}. */
export async function run(args, { env = {}, timeoutMs = 30_000 } = {}) {
  const child = spawn(program, args, { env: { ...cleanEnvironment(), ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (piece) => (output[name] += piece));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, ...output };
}

// What the caller's shell configures must not reach the servers under test.
function cleanEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(FOOTFALL|AWS)_/.test(name)),
  );
}

class Server {
  constructor({ flags = [], env = {}, data, auth = ['--auth', 'off'], under = [], program: own = program } = {}) {
    this.folder = data === undefined ? temporaryFolder() : { path: data, remove: () => {} };
    this.data = data ?? join(this.folder.path, 'data');
    this.flags = flags;
    this.env = env;
    this.auth = auth;
    this.program = own; // another build of it
    this.under = under; // a command that execs the program: prlimit, strace -D
    this.log = [];
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  }

  async start() {
    assert.ok(existsSync(this.program), `${this.program} is not built: run script/setup`);
    const args = ['serve', '--data', this.data, '--listen', '127.0.0.1:0', ...this.auth];
    const [command, ...rest] = [...this.under, this.program, ...args, ...this.flags];
    this.child = spawn(command, rest, {
      env: { ...cleanEnvironment(), ...this.env },
    });
    running.add(this);
    this.exited = once(this.child, 'exit').then(([code, signal]) => {
      this.child = undefined;
      return { code, signal };
    });
    this.keepLines(this.child.stderr, () => {});
    const stdout = [];
    const listening = new Promise((done) => {
      this.keepLines(this.child.stdout, (line) => {
        stdout.push(line);
        done(/^footfall: listening on (http:\/\/.+:(\d+))$/.exec(line) ?? line);
      });
    });
    const first = await Promise.race([
      listening,
      this.exited.then((end) => `it ended with ${JSON.stringify(end)}`),
      timeout(START_MS_MAX, `it said nothing within ${START_MS_MAX} ms`),
    ]);
    if (!Array.isArray(first)) {
      throw new Error(`the server did not start: ${first}\n${this.log.slice(-20).join('\n')}`);
    }
    this.stdout = stdout;
    this.url = first[1];
    this.port = Number(first[2]);
    return this;
  }

  keepLines(stream, each) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (piece) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        this.log.push(line);
        if (this.log.length > LOG_LINES_MAX) this.log.shift();
        each(line);
      }
    });
  }

  printLog() {
    console.error(`--- log of the server on port ${this.port ?? '?'}, its last lines`);
    for (const line of this.log.slice(-60)) console.error(line);
    console.error('---');
  }

  /** SIGTERM; resolves with {code, signal} once it is gone. */
  async stop(signal = 'SIGTERM') {
    if (this.child === undefined) return this.exited;
    this.child.kill(signal);
    const end = await Promise.race([
      this.exited,
      timeout(STOP_MS_MAX, `the server did not stop within ${STOP_MS_MAX} ms of ${signal}`),
    ]);
    this.hangUp();
    return end;
  }

  /** Power off, as far as a process can know. */
  async kill9() {
    await this.stop('SIGKILL');
  }

  /** The same data again, on another free port. */
  async restart({ flags = this.flags } = {}) {
    if (this.child !== undefined) await this.stopsCleanly();
    this.flags = flags;
    return this.start();
  }

  /** SIGTERM, and everything about the end is as promised. */
  async stopsCleanly() {
    const end = await this.stop();
    assert.deepEqual(end, { code: 0, signal: null }, 'SIGTERM ends with exit code 0');
    this.hasNoSanitizerReport();
  }

  hasNoSanitizerReport() {
    const found = this.log.findIndex((line) => SANITIZER.test(line));
    assert.equal(found, -1, this.log.slice(Math.max(0, found), found + 40).join('\n'));
  }

  hangUp() {
    this.agent.destroy();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  }

  /** Whatever happened: no process and no folder remain. */
  async close() {
    if (this.child !== undefined) await this.kill9();
    this.remains();
  }

  remains() {
    running.delete(this);
    this.child?.kill('SIGKILL');
    this.agent.destroy();
    this.folder.remove();
  }

  /**
   * One request: {status, headers, text, body}, body being the parsed JSON if it is JSON. An
   * object or array is sent as JSON; text and bytes as they are.
   */
  request(method, path, { headers = {}, body, agent = this.agent, timeoutMs = 60_000 } = {}) {
    let bytes = body;
    const sent = { ...headers };
    if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
      bytes = JSON.stringify(body);
      sent['Content-Type'] ??= 'application/json';
    }
    if (bytes !== undefined) sent['Content-Length'] ??= Buffer.byteLength(bytes);
    return new Promise((done, failed) => {
      const request = http.request(
        { host: '127.0.0.1', port: this.port, method, path, headers: sent, agent },
        (response) => {
          const pieces = [];
          response.on('data', (piece) => pieces.push(piece));
          response.on('error', failed);
          response.on('end', () => {
            const text = Buffer.concat(pieces).toString('utf8');
            done({
              status: response.statusCode,
              headers: response.headers,
              text,
              body: parsed(response.headers['content-type'], text),
            });
          });
        },
      );
      request.setTimeout(timeoutMs, () => {
        request.destroy(new Error(`${method} ${path}: no answer within ${timeoutMs} ms`));
      });
      request.on('error', failed);
      request.end(bytes);
    });
  }

  get(path, headers) {
    return this.request('GET', path, { headers });
  }

  /** Records an event or an array; fails unless every one was accepted. Resolves with the answer. */
  async record(events) {
    const answer = await this.request('POST', '/v1/events', { body: events });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.success, true, answer.text);
    return answer.body;
  }

  /** An NDJSON stream in one piece; lines are text or objects. */
  ndjson(lines) {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    return this.request('POST', '/v1/events', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: text.map((line) => `${line}\n`).join(''),
    });
  }

  /** A listing's AggregatedMetrics; query such as {period: 'daily'}. */
  async metrics(user, listing, query = {}) {
    const path = `${listingPath(user, listing)}/metrics`;
    const answer = await this.get(withQuery(path, query));
    assert.equal(answer.status, 200, answer.text);
    return answer.body.metrics;
  }

  /** [views, shares, inquiries] of a listing: of the last 30 days, or of the query. */
  async totals(user, listing, query = { period: 'monthly' }) {
    const found = await this.metrics(user, listing, query);
    return [found.totalViews, found.totalShares, found.totalInquiries];
  }
}

function parsed(type, text) {
  if (!/^application\/json/.test(type ?? '') || text === '') return undefined;
  return JSON.parse(text);
}

function timeout(ms, words) {
  return new Promise((_, failed) => setTimeout(() => failed(new Error(words)), ms).unref());
}

export async function startServer(options) {
  return new Server(options).start();
}

/** To be the last line of a file: the server stops as promised after all that the file did. */
export function stopsCleanlyAtTheEnd(server) {
  nodeTest.after(() => server.close());
  test('at the end the server stops cleanly', () => server.stopsCleanly());
}

export function listingPath(user, listing) {
  return `/v1/users/${encodeURIComponent(user)}/listings/${encodeURIComponent(listing)}`;
}

export function withQuery(path, query) {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

let names = 0;
/** A name nobody has used before. */
export function fresh(prefix) {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}

export const DAY_MS = 86_400_000;

/** The UTC date of a moment, as the API writes it. */
export function utcDate(ms) {
  return new Date(ms).toISOString().slice(0, 10);
}

/**
 * For what is said of "today": runs the body, and once more if midnight (UTC) passed meanwhile.
 * The body must use fresh names.
 */
export async function onOneDay(body) {
  const before = utcDate(Date.now());
  try {
    return await body(before);
  } catch (error) {
    if (utcDate(Date.now()) === before) throw error;
    return body(utcDate(Date.now()));
  }
}

/** Runs the jobs, at most `width` of them at a time. */
export async function inParallel(width, jobs) {
  const queue = jobs[Symbol.iterator]();
  const results = [];
  let count = 0;
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const at = count++;
      results[at] = await next.value();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** The sample of a Prometheus exposition as a Map from `name{labels}` to a number. */
export function parseExposition(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const found = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
    assert.ok(found, `not an exposition line: ${line}`);
    assert.ok(!samples.has(found[1]), `sampled twice: ${found[1]}`);
    samples.set(found[1], Number(found[2]));
  }
  return samples;
}
