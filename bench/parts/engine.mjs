// engine.mjs - the engine in process, groups of 10,000: recording, and replaying what was recorded.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';

const EVENTS = 4_000_000;
const LISTINGS = 1_000_000;

export function engineListings(scale) {
  return Math.round(LISTINGS * scale);
}

export const engine = {
  name: 'engine',
  async round({ footfall, machine, samples, scale }) {
    const events = Math.round(EVENTS * scale);
    const folder = machine.freshFolder('engine');
    for (const kind of ['plain', 'ids']) {
      const found = await footfall.engine('record', folder, events, engineListings(scale), kind);
      samples.add(`engine ${kind}`, found.events_per_second);
      samples.add(`engine ${kind} longest group ms`, found.longest_group_ms);
      fs.rmSync(folder, { recursive: true });
    }
    await footfall.engine('crash', folder, events, engineListings(scale), 'ids');
    const found = await footfall.engine('replay', folder, events);
    samples.add('replay', found.replayed_per_second);
    fs.rmSync(folder, { recursive: true });
  },
};
