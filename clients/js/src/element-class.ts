/**
 * element-class.ts - what `import ... from 'footfall/element-class'` offers: the element, not registered.
 */
import { Display } from './element/display.js';
import type * as Face from './element-types.js';

export type * from './element-types.js';
export type * from './types.js';

/** As a type, an element; as a value, its class. */
export type ListingMetricsDisplayElement = Face.ListingMetricsDisplayElement;
export const ListingMetricsDisplayElement = Display as unknown as Face.ListingMetricsDisplayConstructor;

/** Registers it; does nothing where the name is taken, or where there is no browser. */
export function defineListingMetricsDisplay(name = 'listing-metrics-display'): void {
  if (typeof customElements === 'undefined' || customElements.get(name) !== undefined) return;
  customElements.define(name, class extends ListingMetricsDisplayElement {});
}
