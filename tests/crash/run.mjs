// run.mjs - kill rounds, power cuts and rounds of chaos in any number; script/crash runs it.
//
//   node run.mjs ROUNDS CUTS SEED CHAOS
//
// They come in chains, each over a data folder of its own, with a seed of its own (SEED, SEED + 1
// and so on), so that sending everything again stays short. A chain that fails keeps its data.
//
// SPDX-License-Identifier: Apache-2.0
import { renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chaosChain } from '../dynamodb/chaos.mjs';
import { temporaryFolder } from '../integration/server.mjs';
import { killChain } from './kill.mjs';
import { cutChain, proveThatLossShows, variantOf } from './power.mjs';

const [rounds, cuts, seed, chaos = 0] = process.argv.slice(2).map(Number);
const keepIn = process.env.FOOTFALL_CRASH_KEEP ?? tmpdir();
const ROUNDS_A_CHAIN = 10;
const CUTS_A_CHAIN = Math.min(5, Math.max(1, Math.ceil(cuts / 2))); // two cuts see both file systems

const CHAOS_A_CHAIN = 10;

const sums = { kills: 0, cuts: {}, chaos: 0, acknowledged: 0, open: 0, kept: 0 };

// The first process of a namespace is ended by no signal that it does not handle.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    printSummary(`stopped by ${signal}`);
    process.exit(130);
  });
}

function printSummary(words) {
  const cutsDone = Object.entries(sums.cuts).map(([name, count]) => `${count} ${name}`);
  const total = Object.values(sums.cuts).reduce((a, b) => a + b, 0);
  console.log(`${words}: ${sums.kills} kills, ${total} power cuts${total ? ` (${cutsDone.join(', ')})` : ''}, ${sums.chaos} rounds of chaos, `
    + `${sums.acknowledged} events acknowledged, ${sums.open} open of which ${sums.kept} had been kept; `
    + `seed ${seed}; ${Math.round(process.uptime())} s`);
}

/** What a chain's reports say about all its events, each counted once. */
function adder() {
  let before = 0;
  return ({ acknowledged, open, kept }) => {
    sums.acknowledged += acknowledged - before;
    sums.open += open;
    sums.kept += kept;
    before = acknowledged + open; // after the reckoning all of them are acknowledged
  };
}

async function killRounds() {
  for (let chain = 0; chain * ROUNDS_A_CHAIN < rounds; chain++) {
    const count = Math.min(ROUNDS_A_CHAIN, rounds - chain * ROUNDS_A_CHAIN);
    const chainSeed = seed + chain;
    const folder = temporaryFolder();
    const add = adder();
    try {
      await killChain({
        seed: chainSeed,
        rounds: count,
        data: join(folder.path, 'data'),
        say: (_, found) => {
          sums.kills += 1;
          add(found);
        },
      });
    } catch (error) {
      const kept = join(keepIn, `footfall-crash-${chainSeed}-${process.hrtime.bigint()}`);
      renameSync(folder.path, kept);
      throw again(error, kept, `script/crash --rounds ${count} --cuts 0 --seed ${chainSeed}`);
    } finally {
      folder.remove();
    }
    if ((chain + 1) % 5 === 0) console.log(`${sums.kills} of ${rounds} kills`);
  }
}

async function powerCuts() {
  for (let variant = 0; variant < Math.min(cuts, 4); variant++) {
    console.log(`records not synced, and it shows: ${await proveThatLossShows(seed + variant)}`);
  }
  for (let chain = 0; chain * CUTS_A_CHAIN < cuts; chain++) {
    const count = Math.min(CUTS_A_CHAIN, cuts - chain * CUTS_A_CHAIN);
    const chainSeed = seed + chain;
    const { fileSystem, io } = variantOf(chainSeed);
    const name = `${fileSystem} ${io}`;
    const add = adder();
    let kept;
    try {
      await cutChain({
        seed: chainSeed,
        cuts: count,
        say: (cut, found) => {
          sums.cuts[name] = (sums.cuts[name] ?? 0) + 1;
          add(found);
          console.log(`${name}, seed ${chainSeed}, cut ${cut}: ${found.acknowledged} acknowledged and kept, ${found.open} open `
            + `of which ${found.kept} had been kept; disk cache: ${found.sectorsKept} of ${found.sectorsFound} sectors survived`);
        },
        keep: async (disk) => {
          kept = join(keepIn, `footfall-crash-${chainSeed}-${process.hrtime.bigint()}.img`);
          await disk.keepAt(kept);
        },
      });
    } catch (error) {
      throw again(error, kept, `script/crash --rounds 0 --cuts ${count * 2} --seed ${chainSeed}`);
    }
  }
}

async function chaosRounds() {
  for (let chain = 0; chain * CHAOS_A_CHAIN < chaos; chain++) {
    const count = Math.min(CHAOS_A_CHAIN, chaos - chain * CHAOS_A_CHAIN);
    const chainSeed = seed + chain;
    const movesIds = chainSeed % 2 === 1;
    try {
      const found = await chaosChain({ seed: chainSeed, rounds: count, movesIds, keepIn });
      sums.chaos += count;
      sums.kills += found.kills;
      sums.acknowledged += found.acknowledged;
      sums.open += found.open;
      sums.kept += found.kept;
      console.log(`chaos, seed ${chainSeed}, ${count} rounds${movesIds ? ', shared ids' : ''}: ${JSON.stringify(found)}`);
    } catch (error) {
      throw again(error, error.kept, `script/crash --rounds 0 --cuts 0 --chaos ${count} --seed ${chainSeed}`);
    }
  }
}

function again(error, kept, command) {
  error.again = `${kept === undefined ? '' : `The data is kept at ${kept}. `}The same load again: ${command}`;
  return error;
}

try {
  await killRounds();
  if (cuts > 0) await powerCuts();
  await chaosRounds();
  printSummary('Nothing lost, nothing twice');
} catch (error) {
  console.error(error);
  if (error.again) console.error(error.again);
  printSummary('FAILED');
  process.exitCode = 1;
}
