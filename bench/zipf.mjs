// zipf.mjs - which of n listings an event is about: the k-th most popular in proportion to 1/k^s.
//
// SPDX-License-Identifier: Apache-2.0

/** Shares of the n listings, the most popular first; their sum is 1. */
export function shares(n, s) {
  const weights = Float64Array.from({ length: n }, (_, k) => (k + 1) ** -s);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** A function that picks one, 0 to n - 1; it repeats itself from run to run. */
export function zipf(n, s) {
  const ends = shares(n, s);
  for (let k = 1; k < n; k++) ends[k] += ends[k - 1];
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const at = state / 2 ** 32;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
