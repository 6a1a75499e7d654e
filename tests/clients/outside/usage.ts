// The specification's usage, word for word but for where it imports from.
//
// SPDX-License-Identifier: Apache-2.0
import { recordViewEvent, recordShareEvent, recordInquiryEvent } from "footfall";
import { getAggregatedMetrics } from "footfall";

const userId = process.argv[2]!;
const listingId = "listing-123";
const platform = "linkedin";

// Record a view
await recordViewEvent(userId, listingId, "facebook", "social-media");

// Record a share
await recordShareEvent(userId, listingId, "instagram");

// Record an inquiry
await recordInquiryEvent(userId, listingId, "linkedin", {
  name: "John Doe",
  email: "john@example.com",
});

// After successful post
await recordViewEvent(userId, listingId, platform, "social-post");

// API endpoint or webhook
await recordViewEvent(userId, listingId, undefined, "website");

// Get weekly metrics
const result = await getAggregatedMetrics(userId, listingId, "weekly");

if (result.metrics) {
  console.log(`Total Views: ${result.metrics.totalViews}`);
  console.log(`Total Shares: ${result.metrics.totalShares}`);
  console.log(`Total Inquiries: ${result.metrics.totalInquiries}`);
}
