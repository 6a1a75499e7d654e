// ledger.mjs - every event that was sent to a cluster, and what must be counted because of it.
//
//   acknowledged   answered with 200: counts, once
//   open           sent, and nobody knows: counts once or not at all
//
// So each count has bounds, [acknowledged, acknowledged + open]; where nothing is open they meet.
// Differences are collected, not thrown: a run without the guard must be able to show its drift.
//
// SPDX-License-Identifier: Apache-2.0
const TYPES = ['view', 'share', 'inquiry'];
export const COUNTS = ['views', 'shares', 'inquiries'];

/** The date of a moment in a zone, as YYYY-MM-DD. */
export function dateIn(timeZone) {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (ms) => format.format(ms);
}

export class Ledger {
  constructor() {
    this.entries = []; // {event, node, ackAt, recordedBy}; ackAt undefined: open
  }

  /** Before the events go out to that node: their entries. */
  sending(events, node) {
    const entries = events.map((event) => ({ event, node, ackAt: undefined }));
    this.entries.push(...entries);
    return entries;
  }

  /** After a 200; of the node that recorded them, if its answer says so. */
  acknowledge(entries, recordedBy) {
    const now = Date.now();
    for (const entry of entries) {
      entry.ackAt ??= now;
      entry.recordedBy ??= recordedBy;
    }
  }

  acknowledged() {
    return this.entries.filter(({ ackAt }) => ackAt !== undefined);
  }

  open() {
    return this.entries.filter(({ ackAt }) => ackAt === undefined);
  }

  of(userId, listingId) {
    return this.entries.filter(({ event }) => event.userId === userId && (listingId === undefined || event.listingId === listingId));
  }

  /**
   * Map from keyOf(event) to {least, most}, each [views, shares, inquiries]; an event whose key is
   * undefined is left out. isCertain(entry) says which entries count surely: those acknowledged.
   */
  static bounds(entries, keyOf, isCertain = ({ ackAt }) => ackAt !== undefined) {
    const bounds = new Map();
    for (const entry of entries) {
      const key = keyOf(entry.event);
      if (key === undefined) continue;
      if (!bounds.has(key)) bounds.set(key, { least: [0, 0, 0], most: [0, 0, 0] });
      const { least, most } = bounds.get(key);
      const type = TYPES.indexOf(entry.event.eventType);
      most[type] += 1;
      if (isCertain(entry)) least[type] += 1;
    }
    return bounds;
  }
}

/** [views, shares, inquiries] of what has attributes of these names. */
export function countsOf(found) {
  return COUNTS.map((name) => Number(found?.[name] ?? 0));
}

/**
 * Adds to `differences` every count of the Map `counted` (key to [views, shares, inquiries]) that
 * leaves its bounds: {where, lost, surplus}.
 */
export function compare(where, bounds, counted, differences) {
  for (const key of new Set([...bounds.keys(), ...counted.keys()])) {
    const { least, most } = bounds.get(key) ?? { least: [0, 0, 0], most: [0, 0, 0] };
    const found = counted.get(key) ?? [0, 0, 0];
    for (const [i, name] of COUNTS.entries()) {
      const lost = Math.max(0, least[i] - found[i]);
      const surplus = Math.max(0, found[i] - most[i]);
      if (lost + surplus === 0) continue;
      differences.push({ where: `${where}: ${key}: ${found[i]} ${name}, and there are ${least[i]} to ${most[i]}`, lost, surplus });
    }
  }
}
