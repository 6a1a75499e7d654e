/**
 * index.ts - what `import ... from 'footfall'` offers.
 */
export * from './actions.js';
export { type EventOfUser, Footfall } from './client.js';
export * from './dates.js';
export type { LiveState, Watch, WatchOptions } from './live.js';
export * from './metrics.js';
export type { FootfallOptions } from './options.js';
export type { FlushOutcome } from './queue.js';
export type * from './types.js';
