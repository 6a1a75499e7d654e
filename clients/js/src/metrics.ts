/**
 * metrics.ts - counting in the page: empty metrics, one more event, days added up.
 *
 * The server counts by the same rules; these are for optimistic updates, tests, and for numbers that
 * came from elsewhere. Nothing that is passed in is changed.
 */
import { formatDate } from './dates.js';
import type {
  AggregatedMetrics, MetricEventType, PerformanceMetrics, Platform, PlatformMetrics, TimePeriod,
} from './types.js';

const COUNTERS = { view: 'views', share: 'shares', inquiry: 'inquiries' } as const;

export function createEmptyPlatformMetrics(): PlatformMetrics {
  return { views: 0, shares: 0, inquiries: 0, lastUpdated: Date.now() };
}

export function createEmptyMetrics(listingId: string, date: string): PerformanceMetrics {
  return { listingId, date, views: 0, shares: 0, inquiries: 0, platforms: {}, updatedAt: Date.now() };
}

/** A copy with one more. Without a platform only the totals count it. */
export function incrementMetric(
  metrics: PerformanceMetrics, eventType: MetricEventType, platform?: Platform,
): PerformanceMetrics {
  const counter = COUNTERS[eventType];
  const now = Date.now();
  const next = {
    ...metrics, [counter]: metrics[counter] + 1, platforms: { ...metrics.platforms }, updatedAt: now,
  };
  if (platform !== undefined) {
    const before = metrics.platforms[platform] ?? createEmptyPlatformMetrics();
    next.platforms[platform] = { ...before, [counter]: before[counter] + 1, lastUpdated: now };
  }
  return next;
}

/** The days added up; dailyBreakdown is what came in. */
export function aggregateMetrics(
  metrics: PerformanceMetrics[], period: TimePeriod | 'custom', startDate: string | Date,
  endDate: string | Date,
): AggregatedMetrics {
  const byPlatform = new Map<string, PlatformMetrics>();
  let [totalViews, totalShares, totalInquiries] = [0, 0, 0];
  for (const day of metrics) {
    totalViews += day.views;
    totalShares += day.shares;
    totalInquiries += day.inquiries;
    for (const [name, more] of Object.entries(day.platforms)) {
      if (more === undefined) continue;
      const sum = byPlatform.get(name) ?? { views: 0, shares: 0, inquiries: 0, lastUpdated: 0 };
      byPlatform.set(name, {
        views: sum.views + more.views,
        shares: sum.shares + more.shares,
        inquiries: sum.inquiries + more.inquiries,
        lastUpdated: Math.max(sum.lastUpdated, more.lastUpdated),
      });
    }
  }
  return {
    period,
    startDate: asDay(startDate),
    endDate: asDay(endDate),
    totalViews,
    totalShares,
    totalInquiries,
    byPlatform: Object.fromEntries(byPlatform),
    dailyBreakdown: metrics,
  };
}

function asDay(day: string | Date): string {
  return typeof day === 'string' ? day : formatDate(day);
}
