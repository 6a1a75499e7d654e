// kill -9 under load, again and again: nothing acknowledged is lost, nothing counts twice.
//
// Rounds: script/test --rounds N (10); a failed run's seed: --seed N. Hundreds: script/crash.
//
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { temporaryFolder, test } from '../integration/server.mjs';
import { killChain } from './kill.mjs';

const rounds = Number(process.env.FOOTFALL_CRASH_ROUNDS ?? 10);
const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);

test(`kill -9 under load, ${rounds} rounds (seed ${seed})`, { timeout: 120_000 + rounds * 60_000 }, async (t) => {
  t.diagnostic(`FOOTFALL_SEED=${seed}`);
  console.log(`FOOTFALL_SEED=${seed}`);
  const folder = temporaryFolder();
  try {
    await killChain({
      seed,
      rounds,
      data: join(folder.path, 'data'),
      say: (round, { acknowledged, open, kept }) => {
        console.log(`round ${round}: ${acknowledged} acknowledged and kept, ${open} open of which ${kept} had been kept`);
      },
    });
  } finally {
    folder.remove();
  }
});
