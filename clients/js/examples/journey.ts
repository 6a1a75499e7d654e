/**
 * journey.ts - a listing from publication to inquiry: records what visitors do, then asks.
 *
 * Run against a server of your own (`script/server` starts one):
 *
 *     FOOTFALL_URL=http://127.0.0.1:8080 node journey.js
 */
import {
  compareListingsMetrics, getAggregatedMetrics, getAllListingsMetrics, getCurrentDate, getMetricsForDateRange,
  getStartDate, formatDate, recordInquiryEvent, recordShareEvent, recordViewEvent,
} from 'footfall';

const userId = process.argv[2] ?? 'agent-journey';
const listingId = 'listing-123';

/** Every call answers {success, error?, ...data} and never throws. */
function must<T extends { success: boolean; error?: string }>(outcome: T): T {
  if (!outcome.success) {
    console.error(`journey: ${outcome.error}`);
    process.exit(1);
  }
  return outcome;
}

// A post is published on three platforms; people see it, on the website too.
for (const platform of ['facebook', 'instagram', 'linkedin'] as const) {
  must(await recordViewEvent(userId, listingId, platform, 'social-post'));
}
must(await recordViewEvent(userId, listingId, 'facebook', 'social-media'));
must(await recordViewEvent(userId, listingId, undefined, 'website'));

// Somebody passes it on, somebody asks. Calls of one moment travel together.
await Promise.all([
  recordShareEvent(userId, listingId, 'instagram').then(must),
  recordInquiryEvent(userId, listingId, 'linkedin', { name: 'John Doe', email: 'john@example.com' }).then(must),
  recordViewEvent(userId, 'listing-456', 'facebook').then(must),
]);

// How did the week go?
const { metrics } = must(await getAggregatedMetrics(userId, listingId, 'weekly'));
if (metrics !== null) {
  console.log(`Total Views: ${metrics.totalViews}`);
  console.log(`Total Shares: ${metrics.totalShares}`);
  console.log(`Total Inquiries: ${metrics.totalInquiries}`);
  for (const [platform, counts] of Object.entries(metrics.byPlatform)) {
    console.log(`  ${platform}: ${counts?.views ?? 0} views`);
  }
  console.log(`Conversion: ${metrics.conversionRate} %`);
}

// Day by day, all listings, and two of them side by side.
const days = must(await getMetricsForDateRange(userId, listingId, formatDate(getStartDate('monthly')), getCurrentDate()));
console.log(`Days: ${days.metrics.length}, the last with ${days.metrics.at(-1)?.views} views`);
const all = must(await getAllListingsMetrics(userId));
console.log(`Listings: ${all.order.join(', ')}`);
const both = must(await compareListingsMetrics(userId, listingId, 'listing-456'));
console.log(`${both.metrics?.listing1.metrics.totalViews} to ${both.metrics?.listing2.metrics.totalViews} views`);
