/**
 * element.ts - what `import 'footfall/element'` does: <listing-metrics-display> is there.
 */
import { defineListingMetricsDisplay } from './element-class.js';

export * from './element-class.js';

defineListingMetricsDisplay();
