// machine.mjs - processes on their cores, folders that go away, and what machine this is.
//
// Whatever happens, the processes that were started end with this one: each leads a group of its
// own, which is told to end, and killed when it does not.
//
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { delimiter, join } from 'node:path';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;
const END_MS_MAX = 10_000;

export const [serverCore, loadCore] = os.cpus().length > 1 ? ['0', '1'] : ['0', '0'];

// what the caller's shell configures must not reach the servers
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(FOOTFALL|AWS)_/.test(name)),
);

export function commandExists(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      fs.accessSync(join(folder, name), fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export class Machine {
  constructor(folder) {
    this.work = fs.mkdtempSync(join(folder, 'bench-data-'));
    fs.chmodSync(this.work, 0o711); // PostgreSQL's user passes through, to a folder of its own
    this.removals = [this.work];
    this.children = new Set();
    process.on('exit', () => this.remove());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        this.isEnding = true;
        this.stopAll().finally(() => process.exit(130));
      });
    }
  }

  /** Ends all that runs, in order; a server that cannot end in time is killed at the exit. */
  async stopAll() {
    const ends = [...this.children].map((child) => {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      killGroup(child, child.stopSignal ?? 'SIGTERM');
      return gone;
    });
    await Promise.race([
      Promise.allSettled(ends),
      new Promise((done) => setTimeout(done, END_MS_MAX)),
    ]);
  }

  remove() {
    for (const child of this.children) killGroup(child, 'SIGKILL');
    for (const path of this.removals) fs.rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A folder that is not there yet; what an earlier round left is removed. */
  freshFolder(name) {
    const path = join(this.work, name);
    fs.rmSync(path, { recursive: true, force: true });
    return path;
  }

  /** Starts a server on the server's core; `ready` finds in its stdout what the promise gives. */
  async start(command, args, { ready, as, cwd = this.work, env = {}, stopSignal = 'SIGTERM' } = {}) {
    const name = command.split('/').at(-1);
    const logPath = join(this.work, `${name}.log`);
    const log = fs.openSync(logPath, 'w');
    const pinned = [...(as ?? []), 'taskset', '-c', serverCore, command, ...args];
    const child = spawn(pinned[0], pinned.slice(1), {
      stdio: ['ignore', ready === undefined ? log : 'pipe', log], env: { ...environment, ...env }, cwd, detached: true,
    });
    fs.closeSync(log);
    child.stopSignal = stopSignal;
    this.children.add(child);
    child.on('error', () => {}); // shows as an exit below
    const exited = once(child, 'exit').catch((error) => [error.message]);
    const server = { child, stop: () => this.stop(child, exited), found: undefined, exited, logPath };
    if (ready === undefined) return server;
    let text = '';
    const found = new Promise((done) => {
      child.stdout.setEncoding('utf8').on('data', (piece) => {
        text = (text + piece).slice(-10_000);
        const match = ready.exec(text);
        if (match) done(match[1]);
      });
    });
    const first = await Promise.race([
      found.then((value) => ({ value })),
      exited.then(([code]) => ({ fault: `ended with ${code}` })),
      new Promise((done) => setTimeout(() => done({ fault: 'said nothing' }), START_MS_MAX).unref()),
    ]);
    if (first.fault) throw new Error(`${name} ${first.fault}: ${(text + fs.readFileSync(logPath, 'utf8')).slice(-2000)}`);
    server.found = first.value;
    return server;
  }

  async stop(child, exited) {
    killGroup(child, child.stopSignal);
    const late = setTimeout(() => killGroup(child, 'SIGKILL'), STOP_MS_MAX);
    await exited;
    clearTimeout(late);
    this.children.delete(child);
  }

  /** Runs a program on the load's core to its end; its stdout. */
  async runLoad(command, args, options = {}) {
    return this.run('taskset', ['-c', loadCore, command, ...args], options);
  }

  /** Runs a program on any core to its end; its stdout. Fails with its words unless it exits with 0. */
  async run(command, args, { input, as = [] } = {}) {
    const [program, ...rest] = [...as, command, ...args];
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: environment, cwd: this.work, detached: true });
    this.children.add(child);
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (piece) => (output[name] += piece));
    }
    const [code] = await once(child, 'close');
    this.children.delete(child);
    if (code !== 0) {
      throw new Error(`${command} ${args.slice(0, 3).join(' ')} ... ended with ${code}: ${(output.stderr + output.stdout).slice(-2000)}`);
    }
    return output.stdout;
  }

  /** What an fdatasync of 4 KiB costs here, in µs. */
  syncTime() {
    const path = join(this.work, 'sync');
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

  /** Lines of Markdown. */
  describe() {
    const read = (path, pattern) => pattern.exec(fs.readFileSync(path, 'utf8'))?.[1];
    const fileSystem = execFileSync('df', ['--output=fstype', this.work], { encoding: 'utf8' }).split('\n')[1];
    const packages = ['libmicrohttpd-dev', 'libsqlite3-dev', 'redis-server', 'postgresql-15'].map((name) => {
      try {
        return `${name} ${execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })}`;
      } catch {
        return `${name} not installed`;
      }
    });
    const sync = this.syncTime();
    return [
      `- ${read('/proc/cpuinfo', /model name\s*: (.*)/) ?? os.arch()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB of memory`,
      `- ${read('/etc/os-release', /PRETTY_NAME="(.*)"/) ?? 'Linux'}, kernel ${os.release()}, data on ${fileSystem}, node ${process.versions.node}`,
      `- 4 KiB written and fdatasynced in place: p50 ${Math.round(sync.p50)} µs, p99 ${Math.round(sync.p99)} µs`,
      `- ${packages.join(', ')}`,
    ];
  }
}

function killGroup(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // it has gone meanwhile
  }
}

/** Bytes of a file or of all files below a folder, as allocated on disk. */
export function bytesOnDisk(path) {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.blocks * 512;
  return fs.readdirSync(path).reduce((sum, name) => sum + bytesOnDisk(join(path, name)), 0);
}
