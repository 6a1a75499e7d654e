// dynalite_server.mjs - a DynamoDB-compatible engine in memory, for peers/seed.mjs.
//
// SPDX-License-Identifier: Apache-2.0
import dynalite from 'dynalite';

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, '127.0.0.1', () => {
  console.log(`dynalite: listening on http://127.0.0.1:${server.address().port}`);
});
