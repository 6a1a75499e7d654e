// The types that the specification names are there and have its fields.
//
// SPDX-License-Identifier: Apache-2.0
import type {
  AggregatedMetrics, ComparativeMetrics, FootfallOptions, MetricEvent, PerformanceMetrics, Platform, PlatformMetrics, TimePeriod,
} from 'footfall';

export const platform: Platform = 'facebook';
export const own: Platform = 'a-platform-of-your-own';
export const period: TimePeriod = 'monthly';
export const counts: PlatformMetrics = { views: 1, shares: 0, inquiries: 0, lastUpdated: 0 };
export const day: PerformanceMetrics = {
  listingId: 'l', date: '2024-01-15', views: 1, shares: 0, inquiries: 0, platforms: { facebook: counts }, updatedAt: 0,
};
export const sum: AggregatedMetrics = {
  period, startDate: '2024-01-15', endDate: '2024-01-15', totalViews: 1, totalShares: 0, totalInquiries: 0,
  byPlatform: { facebook: counts }, dailyBreakdown: [day],
};
export const both: ComparativeMetrics = {
  period, listing1: { listingId: 'l', metrics: sum }, listing2: { listingId: 'm', metrics: sum },
};
export const event: MetricEvent = { userId: 'u', listingId: 'l', eventType: 'view', platform };
// what the environment does not have is as if it were left out, under exactOptionalPropertyTypes too
export const options: FootfallOptions = { baseUrl: process.env.FOOTFALL_URL, key: process.env.FOOTFALL_KEY };
