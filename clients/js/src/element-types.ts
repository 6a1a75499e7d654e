/**
 * element-types.ts - the public face of <listing-metrics-display>: properties, events, words.
 */
import type { AggregatedMetrics, TimePeriod } from './types.js';

export type DisplayPeriod = TimePeriod | 'custom';
export type DisplayTheme = 'auto' | 'light' | 'dark';

/** Attributes are the same in kebab-case (`user-id`); `live` is there or not. */
export interface ListingMetricsDisplayProperties {
  /** Whose listing. Nothing is asked before this and listingId are set. */
  userId: string;
  listingId: string;
  /** Which days at first: daily, weekly (the default), monthly, or custom with both dates. The visitor may choose others. */
  period: DisplayPeriod;
  /** YYYY-MM-DD, inclusive; with period "custom". */
  startDate: string;
  endDate: string;
  /** Numbers change while they are looked at. */
  live: boolean;
  /** The Footfall server. Default: the page's origin. */
  baseUrl: string;
  /** A user's token, never the service key. */
  token: string;
  /** An IANA name: whose days these are. UTC without it. */
  timezone: string;
  /** Default: auto, as the visitor's system has it. */
  theme: DisplayTheme;
  /** What stands on top; the listing's id without it, and nothing when it is "". */
  heading: string | null;
  /** How numbers and dates are written, such as "de-CH". Default: the language of the page. */
  locale: string;
  /** Other words, where the page is not in English. */
  messages: Partial<DisplayMessages>;
}

export interface MetricsLoadedDetail {
  metrics: AggregatedMetrics;
  /** load: an answer to a question. live: pushed by the server. */
  cause: 'load' | 'live';
}

export interface MetricsErrorDetail {
  error: string;
  /** The server's word, or network_error, timeout, invalid_answer. */
  code: string;
}

export interface PeriodChangeDetail {
  period: DisplayPeriod;
  /** Empty unless the period is custom. */
  startDate: string;
  endDate: string;
}

/** All bubble and leave shadow trees. */
export interface ListingMetricsDisplayEventMap extends HTMLElementEventMap {
  'metrics-loaded': CustomEvent<MetricsLoadedDetail>;
  'metrics-error': CustomEvent<MetricsErrorDetail>;
  /** The visitor chose other days. */
  'period-change': CustomEvent<PeriodChangeDetail>;
}

export interface ListingMetricsDisplayElement extends HTMLElement, ListingMetricsDisplayProperties {
  /** What is shown now, or null. */
  readonly metrics: AggregatedMetrics | null;
  /** Asks again. Resolves when the answer is shown. */
  refresh(): Promise<void>;
  /** What is shown, as CSV: a line a day. Empty when nothing is. */
  toCsv(): string;
  /** Resolves when what was set is shown. */
  readonly updateComplete: Promise<boolean>;

  addEventListener<Name extends keyof ListingMetricsDisplayEventMap>(
    type: Name,
    listener: (this: ListingMetricsDisplayElement, event: ListingMetricsDisplayEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Name extends keyof ListingMetricsDisplayEventMap>(
    type: Name,
    listener: (this: ListingMetricsDisplayElement, event: ListingMetricsDisplayEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

export interface ListingMetricsDisplayConstructor {
  new (): ListingMetricsDisplayElement;
  prototype: ListingMetricsDisplayElement;
}

/** The words that are shown. {…} is filled in. */
export interface DisplayMessages {
  period: string;
  daily: string;
  weekly: string;
  monthly: string;
  custom: string;
  from: string;
  to: string;
  show: string;
  /** When the dates are wrong. */
  datesMissing: string;
  datesReversed: string;
  datesTooMany: string;
  views: string;
  shares: string;
  inquiries: string;
  conversion: string;
  conversionHint: string;
  before: string;
  /** Instead, when the period is today. */
  yesterday: string;
  up: string;
  down: string;
  same: string;
  fresh: string;
  platforms: string;
  platform: string;
  elsewhere: string;
  noPlatform: string;
  days: string;
  day: string;
  /** Today, in the chart. */
  today: string;
  chart: string;
  chartHelp: string;
  thisPeriod: string;
  periodBefore: string;
  earlierDays: string;
  csv: string;
  csvHint: string;
  liveOn: string;
  liveConnecting: string;
  liveWaiting: string;
  liveOff: string;
  loading: string;
  empty: string;
  emptyHint: string;
  failed: string;
  failedSignIn: string;
  failedForbidden: string;
  failedNetwork: string;
  retry: string;
  stale: string;
  daysIn: string;
  updated: string;
  /** What is read out when numbers change. */
  announce: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'listing-metrics-display': ListingMetricsDisplayElement;
  }
}
