/**
 * actions.ts - the same as functions, for one server: what a page or program usually has.
 */
import { type EventOfUser, Footfall } from './client.js';
import type { Watch, WatchOptions } from './live.js';
import type { FootfallOptions } from './options.js';
import type { FlushOutcome } from './queue.js';
import type {
  AggregateOutcome, AllListingsOutcome, ComparisonOutcome, DayOutcome, DaysOutcome, InquiryData, MetricEvent,
  Outcome, Platform, RecordOutcome, TimePeriod,
} from './types.js';

let shared = new Footfall();

/** Says where the server is and with which key, for all functions here. Before the first call. */
export function configure(options: FootfallOptions): void {
  shared = new Footfall(options);
}

export function recordViewEvent(
  userId: string, listingId: string, platform?: Platform, source?: string,
): Promise<RecordOutcome> {
  return shared.recordViewEvent(userId, listingId, platform, source);
}

export function recordShareEvent(userId: string, listingId: string, platform?: Platform): Promise<RecordOutcome> {
  return shared.recordShareEvent(userId, listingId, platform);
}

export function recordInquiryEvent(
  userId: string, listingId: string, platform?: Platform, inquiryData?: InquiryData,
): Promise<RecordOutcome> {
  return shared.recordInquiryEvent(userId, listingId, platform, inquiryData);
}

export function recordMetricEvents(userId: string, events: EventOfUser[]): Promise<RecordOutcome> {
  return shared.recordMetricEvents(userId, events);
}

export function enqueue(event: MetricEvent): Promise<Outcome> {
  return shared.enqueue(event);
}

export function flush(): Promise<FlushOutcome> {
  return shared.flush();
}

export function getMetricsForDate(userId: string, listingId: string, date: string): Promise<DayOutcome> {
  return shared.getMetricsForDate(userId, listingId, date);
}

export function getAggregatedMetrics(
  userId: string, listingId: string, period: TimePeriod = 'weekly',
): Promise<AggregateOutcome> {
  return shared.getAggregatedMetrics(userId, listingId, period);
}

export function getAllListingsMetrics(userId: string, period: TimePeriod = 'weekly'): Promise<AllListingsOutcome> {
  return shared.getAllListingsMetrics(userId, period);
}

export function getMetricsForDateRange(
  userId: string, listingId: string, startDate: string, endDate: string,
): Promise<DaysOutcome> {
  return shared.getMetricsForDateRange(userId, listingId, startDate, endDate);
}

export function compareListingsMetrics(
  userId: string, listingId1: string, listingId2: string, period: TimePeriod = 'weekly',
): Promise<ComparisonOutcome> {
  return shared.compareListingsMetrics(userId, listingId1, listingId2, period);
}

export function watchMetrics(options: WatchOptions): Watch {
  return shared.watchMetrics(options);
}
