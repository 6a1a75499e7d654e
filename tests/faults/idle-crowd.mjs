// idle-crowd.mjs PORT COUNT - holds that many connections that say nothing, until its input ends.
//
// Prints "connected N" once as many are complete, or "failed: why". For idle-clients.test.mjs: a
// process of its own, because the descriptors of one process would not do for all of them.
//
// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const AT_ONCE = 200; // below what the server's queue of new connections holds
const sockets = [];
let begun = 0;

function connectNext() {
  if (begun === count) return;
  begun += 1;
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', (error) => {
    console.log(`failed: ${error.message}`);
    process.exit(1);
  });
  socket.once('connect', () => {
    sockets.push(socket);
    if (sockets.length === count) console.log(`connected ${count}`);
    else connectNext();
  });
}
for (let i = 0; i < AT_ONCE; i++) connectNext();

process.stdin.on('end', () => {
  for (const socket of sockets) socket.resetAndDestroy(); // nothing lingers in TIME_WAIT
  process.exit(0);
});
process.stdin.resume();
