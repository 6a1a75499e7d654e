// growth.mjs - what size costs: listings from ten thousand to ten million, journals from half a
// million events to eight.
//
// Samples are named with the size behind them: "growth ns @ 10000".
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import { join } from 'node:path';

import { bytesOnDisk } from '../machine.mjs';

const EVENTS = 4_000_000;
const LISTINGS = [10_000, 100_000, 1_000_000, 10_000_000];
const JOURNALS = [500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000];
const REPLAY_LISTINGS = 1_000_000;
const REPEATS = 3; // and no more than there are rounds

async function recordAt({ footfall, machine, samples }, events, listings) {
  const at = (name) => `growth ${name} @ ${listings}`;
  const folder = machine.freshFolder('growth');
  const found = await footfall.engine('record', folder, events, listings, 'plain');
  samples.add(at('ns'), 1e9 / found.events_per_second);
  samples.add(at('cpu ns'), found.cpu_ns_per_event);
  samples.add(at('memory MiB'), found.peak_memory_mib);
  samples.add(at('listing-days'), found.listing_days);
  samples.add(at('journal bytes'), found.journal_bytes_per_event);
  const stored = bytesOnDisk(join(folder, 'footfall.db')) + bytesOnDisk(join(folder, 'footfall.db-wal'));
  samples.add(at('store bytes an event'), stored / events);
  samples.add(at('store bytes a listing-day'), stored / found.listing_days);
  samples.add(at('open ms'), (await footfall.engine('open', folder)).open_ms);
  fs.rmSync(folder, { recursive: true });
}

async function replayAt({ footfall, machine, samples }, size, listings) {
  const folder = machine.freshFolder('growth');
  await footfall.engine('crash', folder, size, listings, 'ids');
  samples.add(`replay ms @ ${size}`, (await footfall.engine('replay', folder, size)).open_ms);
  fs.rmSync(folder, { recursive: true });
}

export const growth = {
  name: 'growth',
  async once(bench) {
    const { samples, scale, options } = bench;
    for (let repeat = 0; repeat < Math.min(REPEATS, options.rounds); repeat++) {
      samples.round = repeat;
      for (const listings of LISTINGS) {
        await recordAt(bench, Math.round(EVENTS * scale), Math.round(listings * scale));
      }
      for (const size of JOURNALS) {
        await replayAt(bench, Math.round(size * scale), Math.round(REPLAY_LISTINGS * scale));
      }
    }
    samples.round = 0;
  },
};

/** [[size, value]] of the samples with this name, by size. */
export function pointsOf(samples, name) {
  return [...samples.byName.keys()]
    .filter((key) => key.startsWith(`${name} @ `))
    .map((key) => [Number(key.slice(name.length + 3)), samples.median(key)])
    .sort((a, b) => a[0] - b[0]);
}
