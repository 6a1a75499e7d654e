/**
 * client.ts - everything that Footfall can be asked, as methods that answer and never throw.
 */
import { openQueueStore } from '#queue-store';
import { createEventId } from './event-id.js';
import { type Watch, watch, type WatchOptions } from './live.js';
import { type FootfallOptions, type Settings, settingsOf } from './options.js';
import { type FlushOutcome, Queue } from './queue.js';
import { recordFailure, Recorder } from './recorder.js';
import { type Answer, type Call, type Parameters, path, request } from './transport.js';
import type {
  AggregatedMetrics, AggregateOutcome, AllListingsOutcome, ComparisonOutcome, DayOutcome, DaysOutcome,
  InquiryData, MetricEvent, MetricsOutcome, Outcome, PerformanceMetrics, Platform, RecordOutcome, TimePeriod,
} from './types.js';

/** An event whose user is said beside it. */
export type EventOfUser = Omit<MetricEvent, 'userId'>;

/** What the server takes in one request. */
const ARRAY_EVENTS_MAX = 5_000;
const PAGE_LISTINGS = 1_000;

function outcomeOf(answer: Answer & { success: false }): Outcome {
  const { success, error, code } = answer;
  return { success, error, code };
}

/** How fresh and how exact, where the answer says so. */
function qualityOf(body: Record<string, unknown>): Pick<MetricsOutcome, 'freshAsOf' | 'approximate'> {
  return {
    ...(typeof body.freshAsOf === 'number' ? { freshAsOf: body.freshAsOf } : {}),
    ...(body.approximate === true ? { approximate: true } : {}),
  };
}

/** Of two pages: as old as the older one, as inexact as the less exact one. */
function worse(a: ReturnType<typeof qualityOf>, b: ReturnType<typeof qualityOf>): ReturnType<typeof qualityOf> {
  const ages = [a.freshAsOf, b.freshAsOf].filter((age) => age !== undefined);
  return {
    ...(ages.length > 0 ? { freshAsOf: Math.min(...ages) } : {}),
    ...(a.approximate || b.approximate ? { approximate: true } : {}),
  };
}

export class Footfall {
  private settings: Settings | undefined;
  private readonly recorder = new Recorder((call) => this.send(call));
  private events: Queue | undefined;

  constructor(private readonly options: FootfallOptions = {}) {}

  private current(): Settings {
    this.settings ??= settingsOf(this.options);
    return this.settings;
  }

  private send(call: Call): Promise<Answer> {
    return request(this.current(), call);
  }

  /* ---- recording: resolves when the server has made it durable ---- */

  recordViewEvent(userId: string, listingId: string, platform?: Platform, source?: string): Promise<RecordOutcome> {
    return this.recordOne({ userId, listingId, eventType: 'view', platform, source });
  }

  recordShareEvent(userId: string, listingId: string, platform?: Platform): Promise<RecordOutcome> {
    return this.recordOne({ userId, listingId, eventType: 'share', platform });
  }

  recordInquiryEvent(
    userId: string, listingId: string, platform?: Platform, inquiryData?: InquiryData,
  ): Promise<RecordOutcome> {
    return this.recordOne({ userId, listingId, eventType: 'inquiry', platform, inquiry: inquiryData });
  }

  private async recordOne(event: MetricEvent): Promise<RecordOutcome> {
    const text = serialize({ ...event, id: createEventId() });
    return typeof text === 'string' ? this.recorder.record(text) : { ...text, recorded: 0, duplicates: 0 };
  }

  /**
   * Many events of a user, in order. Up to 5,000 are recorded whole or not at all; of more, those
   * before the first refusal are recorded, and `index` says where it was.
   */
  async recordMetricEvents(userId: string, events: EventOfUser[]): Promise<RecordOutcome> {
    const total: RecordOutcome = { success: true, recorded: 0, duplicates: 0 };
    for (let from = 0; from < events.length; from += ARRAY_EVENTS_MAX) {
      const texts: string[] = [];
      for (const event of events.slice(from, from + ARRAY_EVENTS_MAX)) {
        const text = serialize({ ...event, userId, id: event.id ?? createEventId() });
        if (typeof text !== 'string') return { ...total, ...text, index: from + texts.length };
        texts.push(text);
      }
      const answer = await this.send({ method: 'POST', path: path(['events']), body: `[${texts.join(',')}]` });
      if (!answer.success) {
        const { recorded: _, duplicates: __, index, ...words } = recordFailure(answer);
        return { ...total, ...words, ...(index === undefined ? {} : { index: from + index }) };
      }
      total.recorded += Number(answer.body.recorded);
      total.duplicates += Number(answer.body.duplicates);
    }
    return total;
  }

  /** Keeps the event here until the server has it; resolves when it is kept. See queue.ts. */
  async enqueue(event: MetricEvent): Promise<Outcome> {
    const id = event.id ?? createEventId();
    const at = Date.now();
    const text = serialize({ ...event, id, timestamp: event.timestamp ?? at });
    return typeof text === 'string' ? this.queue().add({ id, at, text }) : text;
  }

  /** Sends what `enqueue()` keeps. */
  flush(): Promise<FlushOutcome> {
    return this.queue().flush();
  }

  private queue(): Queue {
    this.events ??= new Queue((call) => this.send(call), openQueueStore, this.current().queueName);
    return this.events;
  }

  /* ---- asking ---- */

  async getMetricsForDate(userId: string, listingId: string, date: string): Promise<DayOutcome> {
    const answer = await this.get(['users', userId, 'listings', listingId, 'metrics', date]);
    if (!answer.success) return { ...outcomeOf(answer), metrics: null };
    return { success: true, metrics: answer.body.metrics as PerformanceMetrics, ...qualityOf(answer.body) };
  }

  async getAggregatedMetrics(
    userId: string, listingId: string, period: TimePeriod = 'weekly',
  ): Promise<AggregateOutcome> {
    const answer = await this.get(['users', userId, 'listings', listingId, 'metrics'], { period });
    if (!answer.success) return { ...outcomeOf(answer), metrics: null };
    return { success: true, metrics: answer.body.metrics as AggregatedMetrics, ...qualityOf(answer.body) };
  }

  /** Follows all pages. Listings that counted nothing in the period are left out. */
  async getAllListingsMetrics(userId: string, period: TimePeriod = 'weekly'): Promise<AllListingsOutcome> {
    const metricsByListing: Record<string, AggregatedMetrics> = Object.create(null);
    const order: string[] = [];
    let range: Parameters = { period };
    let cursor: string | undefined;
    let quality: ReturnType<typeof qualityOf> = {};
    do {
      const answer = await this.get(['users', userId, 'metrics'], { ...range, limit: PAGE_LISTINGS, cursor });
      if (!answer.success) return { ...outcomeOf(answer), metricsByListing: {}, order: [] };
      const page = answer.body as unknown as {
        startDate: string; endDate: string; order: string[]; nextCursor: string | null;
        metricsByListing: Record<string, AggregatedMetrics>;
      };
      quality = worse(quality, qualityOf(answer.body));
      for (const id of page.order) {
        const metrics = page.metricsByListing[id];
        if (metrics === undefined) continue;
        if (!(id in metricsByListing)) order.push(id);
        metricsByListing[id] = { ...metrics, period };
      }
      // by its dates from here on: at midnight the period would mean other days
      range = { startDate: page.startDate, endDate: page.endDate };
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return { success: true, metricsByListing: { ...metricsByListing }, order, ...quality };
  }

  /** Each day of the range in order, both ends included, zeros too. Dates are YYYY-MM-DD. */
  async getMetricsForDateRange(
    userId: string, listingId: string, startDate: string, endDate: string,
  ): Promise<DaysOutcome> {
    const answer = await this.get(['users', userId, 'listings', listingId, 'days'], { startDate, endDate });
    if (!answer.success) return { ...outcomeOf(answer), metrics: [] };
    return { success: true, metrics: answer.body.metrics as PerformanceMetrics[], ...qualityOf(answer.body) };
  }

  async compareListingsMetrics(
    userId: string, listingId1: string, listingId2: string, period: TimePeriod = 'weekly',
  ): Promise<ComparisonOutcome> {
    const answer = await this.get(['users', userId, 'compare'], { listing: [listingId1, listingId2], period });
    if (!answer.success) return { ...outcomeOf(answer), metrics: null };
    const [listing1, listing2] = answer.body.listings as { listingId: string; metrics: AggregatedMetrics }[];
    if (listing1 === undefined || listing2 === undefined) {
      return { success: false, code: 'invalid_answer', error: 'the answer lacks a listing', metrics: null };
    }
    return { success: true, metrics: { period, listing1, listing2 }, ...qualityOf(answer.body) };
  }

  /** Today's counts of listings, pushed while they change, until close(). See live.ts. */
  watchMetrics(options: WatchOptions): Watch {
    return watch(this.current(), options);
  }

  /** Any address of the API: what has no method of its own here. The path begins behind /v1. */
  get(segments: string[], parameters?: Parameters): Promise<Answer> {
    return this.send({ method: 'GET', path: path(segments, parameters) });
  }
}

/** The event as JSON, or why it has none. */
function serialize(event: MetricEvent): string | (Outcome & { success: false }) {
  try {
    return JSON.stringify(event);
  } catch (error) {
    return { success: false, code: 'invalid_event', error: `the event cannot be sent as JSON: ${String(error)}` };
  }
}
