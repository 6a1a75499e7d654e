// samples.mjs - what was measured: for each name one value a round; medians, spreads, ratios.
//
// SPDX-License-Identifier: Apache-2.0

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export class Samples {
  constructor(say = () => {}) {
    this.byName = new Map();
    this.round = 0;
    this.say = say;
  }

  add(name, value) {
    if (!Number.isFinite(value)) throw new Error(`${name}: measured ${value}`);
    if (!this.byName.has(name)) this.byName.set(name, []);
    this.byName.get(name)[this.round] = value;
    this.say(`  ${name}: ${Math.round(value * 100) / 100}`);
  }

  has(...names) {
    return names.every((name) => this.byName.has(name));
  }

  /** The values of all rounds that have one. */
  of(name) {
    return (this.byName.get(name) ?? []).filter((value) => value !== undefined);
  }

  median(name) {
    return median(this.of(name));
  }

  /** {median, min, max} of one name, or of its rounds' ratios to another name's. */
  spread(name, base) {
    let values = this.of(name);
    if (base !== undefined) {
      const bases = this.byName.get(base);
      values = this.byName.get(name)
        .map((value, round) => value / bases[round])
        .filter((value) => Number.isFinite(value));
    }
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  }

  toJSON() {
    return Object.fromEntries(this.byName);
  }
}
