/**
 * figures.ts - what the display makes of the server's answers; pure.
 *
 * A shown range has its own days and the days before it, of equal length (for a single day: thirteen
 * days, so that the chart has something to show it among). A day that is pushed replaces its
 * predecessor, and everything is added up anew, so that totals are sums of what is shown.
 */
import { formatDate, parseDate } from '../dates.js';
import { aggregateMetrics } from '../metrics.js';
import type { AggregatedMetrics, PerformanceMetrics, PlatformMetrics } from '../types.js';

export type Metric = 'views' | 'shares' | 'inquiries';
export const METRICS: readonly Metric[] = ['views', 'shares', 'inquiries'];

const DAY_MS = 86_400_000;
/** What stands before a single day. */
const CONTEXT_DAYS = 13;
/** The server's. */
export const RANGE_DAYS_MAX = 400;

export interface Figures {
  now: AggregatedMetrics;
  days: PerformanceMetrics[];
  /** Ascending, ending before the range; empty when not known. */
  earlier: PerformanceMetrics[];
}

export function countDays(start: string, end: string): number {
  return Math.round((parseDate(end).getTime() - parseDate(start).getTime()) / DAY_MS) + 1;
}

/** The days to ask for beside a range. */
export function rangeBefore(start: string, end: string): { startDate: string; endDate: string } {
  const count = countDays(start, end);
  const first = parseDate(start).getTime();
  return {
    startDate: formatDate(new Date(first - (count === 1 ? CONTEXT_DAYS : count) * DAY_MS)),
    endDate: formatDate(new Date(first - DAY_MS)),
  };
}

export function figuresOf(now: AggregatedMetrics, earlier: PerformanceMetrics[]): Figures {
  return { now, days: now.dailyBreakdown ?? [], earlier };
}

const sum = (day: PerformanceMetrics): number => day.views + day.shares + day.inquiries;

/** The figures with this day as it is now, or the same when it changes nothing or is not among them. */
export function withDay(figures: Figures, day: PerformanceMetrics): Figures {
  const { now, days, earlier } = figures;
  const at = days.findIndex(({ date }) => date === day.date);
  const old = days[at];
  // counts only grow: of an answer and a push that overtook each other the larger is the newer
  if (old === undefined || sum(day) <= sum(old)) return figures;
  const next = days.map((each, i) => (i === at ? day : each));
  const { totalViews, totalShares, totalInquiries, byPlatform } = aggregateMetrics(next, now.period, now.startDate, now.endDate);
  return {
    days: next,
    earlier,
    now: {
      ...now, totalViews, totalShares, totalInquiries, byPlatform, dailyBreakdown: next,
      conversionRate: totalViews === 0 ? 0 : (totalInquiries / totalViews) * 100,
    },
  };
}

export function total({ now }: Figures, metric: Metric): number {
  return { views: now.totalViews, shares: now.totalShares, inquiries: now.totalInquiries }[metric];
}

export interface Change {
  /** Percent, as the server reckons: from nothing to something is 100. */
  percent: number;
  /** Absent when the days before could not be had. */
  before?: number;
}

/** Against the equally long range before; undefined when nothing is known of it. */
export function change(figures: Figures, metric: Metric): Change | undefined {
  const count = figures.days.length;
  if (figures.earlier.length >= count && count > 0) {
    const before = figures.earlier.slice(-count).reduce((all, day) => all + day[metric], 0);
    const after = total(figures, metric);
    return { before, percent: before === 0 ? (after > 0 ? 100 : 0) : ((after - before) / before) * 100 };
  }
  const { trends } = figures.now;
  if (trends === undefined) return undefined;
  return { percent: { views: trends.viewsChange, shares: trends.sharesChange, inquiries: trends.inquiriesChange }[metric] };
}

/**
 * The size of a change as it is written: whole percents, so that changes beside each other compare at
 * a glance; under one percent a single digit, and never 100 while something is left.
 */
export function sizeOfChange(percent: number): number {
  const size = Math.abs(percent);
  if (size < 1) return Number(size.toPrecision(1));
  return size < 100 ? Math.min(99, Math.round(size)) : Math.round(size);
}

export interface PlatformRow extends Record<Metric, number> {
  /** null: what came without one. */
  platform: string | null;
}

/** Most views first; what has no platform last. The rows add up to the totals. */
export function platformRows(figures: Figures): PlatformRow[] {
  const rows: PlatformRow[] = [];
  const rest = { views: total(figures, 'views'), shares: total(figures, 'shares'), inquiries: total(figures, 'inquiries') };
  for (const [platform, counts] of Object.entries(figures.now.byPlatform) as [string, PlatformMetrics | undefined][]) {
    if (counts === undefined) continue;
    const { views, shares, inquiries } = counts;
    rows.push({ platform, views, shares, inquiries });
    for (const metric of METRICS) rest[metric] -= counts[metric];
  }
  rows.sort((a, b) => b.views - a.views || b.shares - a.shares || b.inquiries - a.inquiries || (a.platform! < b.platform! ? -1 : 1));
  if (METRICS.some((metric) => rest[metric] > 0)) rows.push({ platform: null, ...rest });
  return rows;
}

export function isEmpty(figures: Figures): boolean {
  return METRICS.every((metric) => total(figures, metric) === 0);
}

/** Today in a zone, by this machine's clock. */
export function today(timezone: string | undefined, at = Date.now()): string {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone ?? 'UTC', calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit',
    }).formatToParts(at);
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
    return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
  } catch {
    return formatDate(new Date(at)); // a zone that this browser does not know
  }
}

export type DatesFault = 'datesMissing' | 'datesReversed' | 'datesTooMany';

/** What is wrong with a range that somebody typed, if anything. */
export function datesFault(start: string, end: string): DatesFault | undefined {
  if (Number.isNaN(parseDate(start).getTime()) || Number.isNaN(parseDate(end).getTime())) return 'datesMissing';
  if (start > end) return 'datesReversed';
  return countDays(start, end) > RANGE_DAYS_MAX ? 'datesTooMany' : undefined;
}
