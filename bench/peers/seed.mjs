// seed.mjs - the specification's own design: a database item read, changed and written back for
// each event; and the same with an atomic ADD. 32 clients meet on one listing.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import { join } from 'node:path';

const CLIENTS = 32;
const EVENTS = 2000;

export const seed = {
  name: 'seed',
  missing: ({ root }) => (fs.existsSync(join(root, 'bench/node_modules/dynalite')) ? '' : 'bench/node_modules (npm ci)'),
  async round({ machine, root, samples, scale }) {
    const events = Math.round(EVENTS * Math.max(scale, 0.2));
    for (const kind of ['get-then-put', 'add']) {
      const server = await machine.start(process.execPath, [join(root, 'bench/peers/dynalite_server.mjs')], { ready: /listening on (http:\/\/\S+)\n/ });
      const found = JSON.parse(await machine.runLoad(process.execPath, [
        join(root, 'bench/peers/seed_design.mjs'), server.found, kind, String(CLIENTS), String(events),
      ]));
      samples.add(`seed ${kind}`, events / found.seconds);
      samples.add(`seed ${kind} lost percent`, 100 * (1 - found.counted / events));
      await server.stop();
    }
  },
};
