// dynalite_engine.mjs - dynalite in a process of its own; engine.mjs starts it.
//
// SPDX-License-Identifier: Apache-2.0
import dynalite from 'dynalite';

// It throws when a client dies within a request, and tests kill clients; anything else is a fault.
process.on('uncaughtException', (error) => {
  if (['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code) || error.message === 'aborted') return;
  console.error(error);
  process.exit(1);
});

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
