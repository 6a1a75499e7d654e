// An import is killed with -9, and its server too, and run again until it is through: each event
// counts once, and memory stays bounded.
//
// FOOTFALL_IMPORT_EVENTS sets the size (400,000), FOOTFALL_IMPORT_KILLS the kills (8); a failed
// run's seed: --seed N. docs/operations/import.md has the figures of ten million.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { temporaryFolder, test } from '../integration/server.mjs';
import { killedImport } from './import.mjs';

const events = Number(process.env.FOOTFALL_IMPORT_EVENTS ?? 400_000);
const kills = Number(process.env.FOOTFALL_IMPORT_KILLS ?? 8);
const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);

test(`an import of ${events} events with ${kills} kills (seed ${seed})`, { timeout: 300_000 + events / 10 }, async (t) => {
  console.log(`FOOTFALL_SEED=${seed}`);
  const folder = temporaryFolder();
  try {
    const done = await killedImport({ folder: folder.path, events, kills, seed, say: (words) => t.diagnostic(words) });
    console.log(JSON.stringify(done));
    assert.ok(done.importerKills + done.serverKills > 0, 'it was through before anything was killed');
  } finally {
    folder.remove();
  }
});
