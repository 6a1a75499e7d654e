// redis.mjs - Redis with its append-only file: one HINCRBY an event, over as many listings.
//
// That counts one number of an event; platform, day, source, id and answer of Footfall have no
// counterpart here. `always` syncs before it answers, as Footfall does; `everysec` may lose a second.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import { join } from 'node:path';

import { commandExists } from '../machine.mjs';

const CLIENTS = 64;
const LISTINGS = 10_000;
const PIPELINE = 16;
// about so many a second, so that a run takes about as long as the other measurements
const EXPECTED = { 'always 1': 60_000, 'always 16': 300_000, 'everysec 1': 90_000, 'everysec 16': 500_000 };

export const redis = {
  name: 'redis',
  missing: () => ['redis-server', 'redis-benchmark'].filter((name) => !commandExists(name)).join(', '),
  async round({ machine, samples, seconds }) {
    for (const policy of ['always', 'everysec']) {
      const folder = machine.freshFolder('redis');
      fs.mkdirSync(folder);
      const socket = join(folder, 'unused.sock');
      // port 0 would mean no TCP at all, so one that is free is looked for
      const port = await freePort();
      const server = await machine.start('redis-server', [
        '--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', folder, '--save', '',
        '--appendonly', 'yes', '--appendfsync', policy, '--daemonize', 'no', '--loglevel', 'notice',
      ], { ready: /(Ready to accept connections)/ });
      for (const pipeline of [1, PIPELINE]) {
        const count = Math.round(EXPECTED[`${policy} ${pipeline}`] * seconds);
        const text = await machine.runLoad('redis-benchmark', [
          '-h', '127.0.0.1', '-p', String(port), '-c', String(CLIENTS), '-P', String(pipeline), '-n', String(count),
          '-r', String(LISTINGS), '--csv', 'HINCRBY', 'listing:__rand_int__', 'views', '1',
        ]);
        const rate = Number(/"HINCRBY[^"]*","([\d.]+)"/.exec(text)?.[1]);
        samples.add(`redis ${policy}${pipeline > 1 ? ` by ${pipeline}` : ''}`, rate);
      }
      await server.stop();
      fs.rmSync(folder, { recursive: true });
    }
  },
};

async function freePort() {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
