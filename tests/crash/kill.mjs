// kill.mjs - kill -9 under load, again and again, over one data folder.
//
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../integration/server.mjs';
import { FLAGS, Load } from './load.mjs';

const LOAD_MS = [20, 300];
/** Every other life never seals: all that it recorded must come back from the journal. */
const UNSEALED = FLAGS.map((flag, i) => (FLAGS[i - 1] === '--seal-interval-ms' ? '60000' : flag));

/** It dies while it starts: it recovers, or makes its data folder. */
async function killStart(server, random) {
  const starting = server.start().catch(() => null);
  await delay(random.below(40));
  await server.kill9();
  await starting;
}

/** Says what it found after each round; throws at the first thing that is wrong. */
export async function killChain({ seed, rounds, data, say }) {
  const load = new Load(seed);
  const { random } = load;
  const server = await startServer({ flags: FLAGS, data: `${data}-before` });
  try {
    await server.stopsCleanly();
    server.data = data; // its first start is killed, too
    for (let i = random.below(3); i > 0; i--) await killStart(server, random);
    await server.start();
    for (let round = 1; round <= rounds; round++) {
      await load.runAndKill(server, random.between(...LOAD_MS), () => server.kill9());
      for (let i = random.below(3); i > 0; i--) await killStart(server, random);
      server.flags = random.chance(0.5) ? FLAGS : UNSEALED;
      await server.start();
      say(round, await load.reckon(server, `round ${round}`));
      if (random.chance(0.3)) await server.restart();
    }
    await load.assertRemembered(server, 'at the end');
    await server.stopsCleanly();
  } finally {
    await server.close();
  }
}
