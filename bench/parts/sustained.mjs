// sustained.mjs - until everything is in the store, over ten million listings: who sets the pace?
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';

const EVENTS = { zipf: 10_000_000, even: 5_000_000 };
const LISTINGS = 10_000_000;

export const sustained = {
  name: 'sustained',
  async once({ footfall, machine, samples, scale }) {
    for (const kind of ['zipf', 'even']) {
      const folder = machine.freshFolder('sustained');
      const found = await footfall.engine(
        'sustain', folder, Math.round(EVENTS[kind] * scale), Math.round(LISTINGS * scale), kind,
      );
      samples.add(`sustained ${kind}`, found.events_per_second);
      samples.add(`sustained ${kind} store share`, found.store_share);
      samples.add(`sustained ${kind} listing-days`, found.listing_days);
      samples.add(`sustained ${kind} memory MiB`, found.peak_memory_mib);
      fs.rmSync(folder, { recursive: true });
    }
  },
};
