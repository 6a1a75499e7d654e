// traffic.mjs - weeks of a listing, the same again each time: for pictures and sums.
//
// SPDX-License-Identifier: Apache-2.0
import { DAY_MS } from '../integration/server.mjs';

const PLATFORMS = ['facebook', 'facebook', 'facebook', 'instagram', 'instagram', 'linkedin', 'whatsapp', 'tiktok', undefined, undefined];
const WEEK = [0.8, 1, 1.1, 1, 1.35, 0.9, 0.65]; // from Sunday

/** Events of the days before now, oldest first; none in the future. */
export function traffic(userId, listingId, { days = 60, perDay = 24, seed = 7 } = {}) {
  let state = seed;
  const chance = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  const now = Date.now();
  const midnight = now - (now % DAY_MS);
  const events = [];
  for (let back = days - 1; back >= 0; back--) {
    const start = midnight - back * DAY_MS;
    const launch = 1 + 1.4 * Math.exp(-((back - 9) ** 2) / 12); // an open house, nine days ago
    const count = Math.round(perDay * WEEK[new Date(start).getUTCDay()] * launch * (0.75 + chance() / 2));
    for (let i = 0; i < count; i++) {
      const span = back === 0 ? now - start : DAY_MS;
      const luck = chance();
      events.push({
        userId, listingId, platform: PLATFORMS[Math.floor(chance() * PLATFORMS.length)], timestamp: start + Math.floor(chance() * span),
        eventType: luck < 0.025 ? 'inquiry' : luck < 0.11 ? 'share' : 'view',
      });
    }
  }
  return events;
}
