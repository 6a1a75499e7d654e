/**
 * element-class.ts - what `import ... from 'footfall/element-class'` offers: the element, not registered.
 */
import { Display } from './element/display.js';
import type { ListingMetricsDisplayConstructor } from './element-types.js';

export type * from './element-types.js';
export type * from './types.js';

export const ListingMetricsDisplayElement: ListingMetricsDisplayConstructor = Display as unknown as ListingMetricsDisplayConstructor;

/** Registers it; does nothing where the name is taken, or where there is no browser. */
export function defineListingMetricsDisplay(name = 'listing-metrics-display'): void {
  if (typeof customElements === 'undefined' || customElements.get(name) !== undefined) return;
  customElements.define(name, class extends ListingMetricsDisplayElement {});
}
