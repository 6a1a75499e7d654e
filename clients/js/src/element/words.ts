/**
 * words.ts - English, and numbers and dates as the page's language writes them.
 */
import type { DisplayMessages } from '../element-types.js';
import { parseDate } from '../dates.js';
import { sizeOfChange } from './figures.js';

export const ENGLISH: DisplayMessages = {
  period: 'Period',
  daily: 'Today',
  weekly: '7 days',
  monthly: '30 days',
  custom: 'Custom',
  from: 'From',
  to: 'To',
  show: 'Show',
  datesMissing: 'Choose both dates.',
  datesReversed: 'The first day must not be after the last.',
  datesTooMany: 'At most 400 days can be shown.',
  views: 'Views',
  shares: 'Shares',
  inquiries: 'Inquiries',
  conversion: 'Conversion',
  conversionHint: 'inquiries per 100 views',
  before: '{count} before',
  yesterday: '{count} yesterday',
  up: 'up {percent}',
  down: 'down {percent}',
  same: 'no change',
  fresh: 'new',
  platforms: 'Where they came from',
  platform: 'Platform',
  elsewhere: 'Direct and other',
  noPlatform: 'Nothing to tell apart in these days.',
  days: 'Day by day',
  day: 'Day',
  today: 'Today',
  chart: '{metric} per day, {range}',
  chartHelp: 'Arrow keys go from day to day.',
  thisPeriod: 'These days',
  periodBefore: 'The days before',
  earlierDays: 'Earlier days',
  csv: 'CSV',
  csvHint: 'Download as CSV',
  liveOn: 'Live',
  liveConnecting: 'Connecting',
  liveWaiting: 'Reconnecting',
  liveOff: 'Not live',
  loading: 'Loading the numbers',
  empty: 'Nothing in these days yet',
  emptyHint: 'As soon as somebody looks at the listing, it shows here.',
  failed: 'The numbers could not be loaded',
  failedSignIn: 'Your sign-in has ended. Sign in again to see the numbers.',
  failedForbidden: 'You may not see the numbers of this listing.',
  failedNetwork: 'The server cannot be reached. It is tried again by itself.',
  retry: 'Try again',
  stale: 'Not up to date',
  daysIn: 'Days in {timezone}',
  updated: 'Updated {time}',
  announce: 'Views {views}, shares {shares}, inquiries {inquiries}',
};

export function fill(words: string, values: Record<string, string>): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Numbers and dates of one language. Days are written as what they are, whatever the visitor's zone. */
export class Writing {
  private readonly numbers: Intl.NumberFormat;
  private readonly compact: Intl.NumberFormat;
  private readonly percents: Intl.NumberFormat;
  private readonly changes: Intl.NumberFormat;
  private readonly short: Intl.DateTimeFormat;
  private readonly weekday: Intl.DateTimeFormat;
  private readonly long: Intl.DateTimeFormat;
  private readonly range_: Intl.DateTimeFormat;
  private readonly clock: Intl.DateTimeFormat;

  constructor(readonly locale: string | undefined) {
    const days = { timeZone: 'UTC' } as const;
    this.numbers = new Intl.NumberFormat(locale);
    this.compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
    this.percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
    this.changes = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 3 });
    this.short = new Intl.DateTimeFormat(locale, { ...days, day: 'numeric', month: 'short' });
    this.weekday = new Intl.DateTimeFormat(locale, { ...days, weekday: 'short', day: 'numeric', month: 'short' });
    this.long = new Intl.DateTimeFormat(locale, { ...days, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
    this.range_ = new Intl.DateTimeFormat(locale, { ...days, day: 'numeric', month: 'short', year: 'numeric' });
    this.clock = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
  }

  count(value: number): string {
    return this.numbers.format(value);
  }

  /** For axes: 12K. */
  about(value: number): string {
    return value < 10_000 ? this.numbers.format(value) : this.compact.format(value);
  }

  /** Of a rate: 2.5 is written 2.5 %. */
  rate(value: number): string {
    return this.percents.format(value / 100);
  }

  /** The size of a change, without its direction: 12.5 is written 13 %. */
  change(percent: number): string {
    return this.changes.format(sizeOfChange(percent) / 100);
  }

  shortDay(day: string): string {
    return this.short.format(parseDate(day));
  }

  weekDay(day: string): string {
    return this.weekday.format(parseDate(day));
  }

  longDay(day: string): string {
    return this.long.format(parseDate(day));
  }

  range(start: string, end: string): string {
    return this.range_.formatRange(parseDate(start), parseDate(end));
  }

  time(ms: number): string {
    return this.clock.format(ms);
  }
}

/** The first of the languages that Intl knows; its own default when there is none. */
export function writingOf(wanted: (string | null | undefined)[]): Writing {
  for (const locale of wanted) {
    if (locale === null || locale === undefined || locale === '') continue;
    try {
      return new Writing(locale);
    } catch {
      // not a language tag: the next
    }
  }
  return new Writing(undefined);
}
