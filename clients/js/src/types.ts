/**
 * types.ts - the shapes that go to and come from Footfall.
 *
 * Days are UTC unless a time zone was named. Times are milliseconds since 1970-01-01 UTC.
 */

/** A platform's name: one of the usual ones, or what the server's own list has. */
export type Platform =
  | 'facebook' | 'instagram' | 'linkedin' | 'x' | 'tiktok' | 'youtube' | 'pinterest' | 'whatsapp'
  | 'messenger' | 'snapchat' | 'reddit' | 'threads' | 'nextdoor'
  | (string & {});

/** Today; the last 7 days; the last 30 days. Today included. */
export type TimePeriod = 'daily' | 'weekly' | 'monthly';

export type MetricEventType = 'view' | 'share' | 'inquiry';

/** What a sender of an inquiry wrote: kept as it is, up to 8 KiB. */
export type InquiryData = Record<string, unknown>;

/** One thing that happened to a listing. */
export interface MetricEvent {
  userId: string;
  listingId: string;
  eventType: MetricEventType;
  platform?: Platform | undefined;
  /** Where it came from, in your words: "website", "email-campaign". */
  source?: string | undefined;
  /** When it happened: milliseconds, or RFC 3339. Without it: now. */
  timestamp?: number | string | undefined;
  /** Makes it count once however often it is sent. Without it the client makes one. */
  id?: string | undefined;
  /** An opaque name of who did it. */
  visitor?: string | undefined;
  /** With an inquiry only. */
  inquiry?: InquiryData | undefined;
}

/** What one platform did in a day or a range. */
export interface PlatformMetrics {
  views: number;
  shares: number;
  inquiries: number;
  /** When the newest event counted here was received. */
  lastUpdated: number;
}

/** A listing's day. */
export interface PerformanceMetrics {
  listingId: string;
  /** YYYY-MM-DD */
  date: string;
  views: number;
  shares: number;
  inquiries: number;
  /** Only platforms that counted something. Events without a platform are in the totals alone. */
  platforms: Partial<Record<Platform, PlatformMetrics>>;
  updatedAt: number;
}

export interface SourceMetrics {
  views: number;
  shares: number;
  inquiries: number;
}

/** Percent against the equally long range before; from nothing to something is 100. */
export interface Trends {
  viewsChange: number;
  sharesChange: number;
  inquiriesChange: number;
}

/** A listing's days, added up. */
export interface AggregatedMetrics {
  period: TimePeriod | 'custom';
  /** YYYY-MM-DD, inclusive */
  startDate: string;
  endDate: string;
  totalViews: number;
  totalShares: number;
  totalInquiries: number;
  byPlatform: Partial<Record<Platform, PlatformMetrics>>;
  /** Every day of the range in order; absent where only totals were asked for. */
  dailyBreakdown?: PerformanceMetrics[];
  timezone?: string;
  bySource?: Record<string, SourceMetrics>;
  trends?: Trends;
  /** Inquiries / views × 100; 0 without views. */
  conversionRate?: number;
}

export interface ComparativeMetrics {
  period: TimePeriod;
  listing1: { listingId: string; metrics: AggregatedMetrics };
  listing2: { listingId: string; metrics: AggregatedMetrics };
}

/** Every call answers with one of these and never throws. */
export interface Outcome {
  success: boolean;
  /** A sentence, when success is false. */
  error?: string;
  /** A stable word for programs: the server's, or network_error, timeout, invalid_answer. */
  code?: string;
}

export interface RecordOutcome extends Outcome {
  /** New events that are durable now. */
  recorded: number;
  /** Events whose id had been recorded before. */
  duplicates: number;
  /** Which of the events was refused, from 0. */
  index?: number;
}
/** Of several nodes over one table; both absent on a server of its own. */
export interface MetricsOutcome extends Outcome {
  /** What other nodes had acknowledged before this moment (ms) is counted. */
  freshAsOf?: number;
  /** Of some counts only the UTC day is known, and another time zone was asked for. */
  approximate?: boolean;
}
export interface DayOutcome extends MetricsOutcome {
  metrics: PerformanceMetrics | null;
}
export interface DaysOutcome extends MetricsOutcome {
  metrics: PerformanceMetrics[];
}
export interface AggregateOutcome extends MetricsOutcome {
  metrics: AggregatedMetrics | null;
}
export interface AllListingsOutcome extends MetricsOutcome {
  metricsByListing: Record<string, AggregatedMetrics>;
  /** Listing ids, most views first: objects put ids that look like numbers in front. */
  order: string[];
}
export interface ComparisonOutcome extends MetricsOutcome {
  metrics: ComparativeMetrics | null;
}
