/**
 * portfolio.ts - all listings of a user in some days: their counts, what they were before, their
 * details, their days, and what changes while somebody looks.
 *
 * Three walks over pages of the API (the days, the equally long range before, details) give every
 * listing its totals; sorting, searching and adding up then need no server. Single days are asked
 * for twenty listings at a time: those on the screen first, and all when they are few.
 *
 * Live messages carry a listing's whole counts of today, so they replace that day; a listing's
 * totals are the sum of its days, as the server promises.
 */
import type { Footfall } from '../../../clients/js/src/client.js';
import type { LiveState, Watch } from '../../../clients/js/src/live.js';
import type { Answer } from '../../../clients/js/src/transport.js';
import type { AggregatedMetrics, PerformanceMetrics } from '../../../clients/js/src/types.js';
import { type Address, daysBetween } from './address.js';

export interface Details {
  listingId: string;
  address: string | null;
  price: number | null;
  currency: string | null;
  image: string | null;
  status: string | null;
}

export interface Counts {
  views: number;
  shares: number;
  inquiries: number;
}

export interface Row extends Counts {
  id: string;
  details: Details | undefined;
  before: Counts;
  /** Every day of the range in order; undefined until it came. */
  days: PerformanceMetrics[] | undefined;
}

export interface Failure {
  error: string;
  code: string;
}

export type Range = Pick<Address, 'period' | 'start' | 'end'> & { zone: string };

const PAGE = 1000;
/** Listings that a page can deal with. */
export const LISTINGS_MAX = 10_000;
const COMPARED_AT_ONCE = 20;
/** First messages of a watch have come after this time. */
const SETTLE_MS = 3_000;
/** Without a live connection. */
const REFUSED_MS = 60_000;
/** Of so many listings all days are asked for, to draw their sum. */
const SUMMED_MAX = 100;
const NONE: Counts = { views: 0, shares: 0, inquiries: 0 };

export const conversionOf = ({ views, inquiries }: Counts): number => (views === 0 ? 0 : (inquiries / views) * 100);

/** As the API counts it: from nothing to something is 100. */
export function changeOf(now: number, before: number): number {
  if (before === 0) return now > 0 ? 100 : 0;
  return ((now - before) / before) * 100;
}

export function sum(rows: Iterable<Counts>): Counts {
  const total = { ...NONE };
  for (const { views, shares, inquiries } of rows) {
    total.views += views;
    total.shares += shares;
    total.inquiries += inquiries;
  }
  return total;
}

export function rangeParameters({ period, start, end, zone }: Range): Record<string, string> {
  if (period !== 'custom' || start === undefined || end === undefined) return { period, timezone: zone };
  return { startDate: start, endDate: end, timezone: zone };
}

/** The equally long range before. */
export function rangeBefore(start: string, end: string): { startDate: string; endDate: string } {
  const length = daysBetween(start, end);
  const shifted = (day: string): string =>
    new Date(Date.parse(day) - length * 86_400_000).toISOString().slice(0, 10);
  return { startDate: shifted(start), endDate: shifted(end) };
}

const countsOf = ({ totalViews, totalShares, totalInquiries }: AggregatedMetrics): Counts =>
  ({ views: totalViews, shares: totalShares, inquiries: totalInquiries });

class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.error);
  }
}

function need(answer: Answer): Record<string, unknown> {
  if (!answer.success) throw new Refused({ error: answer.error, code: answer.code });
  return answer.body;
}

export class Portfolio {
  state: 'loading' | 'ready' | 'failed' = 'loading';
  failure: Failure | undefined;
  rows = new Map<string, Row>();
  startDate = '';
  endDate = '';
  /** There are more than LISTINGS_MAX. */
  isCut = false;
  live: LiveState = 'connecting';

  private readonly today = new Map<string, PerformanceMetrics>();
  private wanted: string[] = [];
  private asking = false;
  private watch: Watch | undefined;
  private closed = false;
  private loads = 0;
  /** When this watch was live first: performance.now(). */
  private liveSince: number | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  /** The day that a load was begun for because it had begun. */
  private movedTo = '';

  /** changed: something to be shown anew. failed: a question was refused, or not answered. */
  constructor(
    private readonly client: Footfall,
    readonly user: string,
    readonly range: Range,
    private readonly changed: () => void,
    private readonly failed: (failure: Failure) => void,
  ) {
    void this.load();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.again);
    this.watch?.close();
  }

  /** Asks for everything, anew if it was there; what is shown stays until the answer. */
  async load(): Promise<void> {
    const load = ++this.loads;
    if (this.state === 'failed') this.state = 'loading';
    this.changed();
    try {
      const [metrics, details] = await Promise.all([this.walkRange(), this.walkDetails()]);
      if (this.closed || load !== this.loads) return;
      const before = await this.walkMetrics({
        ...rangeBefore(metrics.startDate, metrics.endDate), timezone: this.range.zone,
      });
      if (this.closed || load !== this.loads) return;
      this.startDate = metrics.startDate;
      this.endDate = metrics.endDate;
      this.isCut = metrics.isCut;
      this.take(metrics.counts, before.counts, details);
      this.state = 'ready';
      this.failure = undefined;
      this.wanted = [];
      this.openWatch();
      this.askAllIfFew();
    } catch (error) {
      if (this.closed || load !== this.loads) return;
      this.fail(error);
    }
    this.changed();
  }

  /** A listing's row; with zeros for one that nothing is known of. */
  rowOf(id: string): Row {
    return this.rows.get(id) ?? { id, ...NONE, details: undefined, before: NONE, days: this.emptyDays(id) };
  }

  /** Days of these listings are on the screen. */
  showDays(ids: readonly string[]): void {
    const missing = ids.filter((id) => this.rows.get(id)?.days === undefined && this.rows.has(id));
    const news = missing.filter((id) => !this.wanted.includes(id));
    if (news.length === 0) return;
    this.wanted = [...news, ...this.wanted];
    void this.askDays();
  }

  /** The days of all listings, added up; undefined until all are known. */
  summedDays(): (Counts & { date: string })[] | undefined {
    let total: (Counts & { date: string })[] | undefined;
    for (const { days } of this.rows.values()) {
      if (days === undefined) return undefined;
      total ??= days.map(({ date }) => ({ date, ...NONE }));
      for (const [i, day] of days.entries()) {
        const to = total[i];
        if (to === undefined) continue;
        to.views += day.views;
        to.shares += day.shares;
        to.inquiries += day.inquiries;
      }
    }
    return total;
  }

  private fail(error: unknown): void {
    const failure = error instanceof Refused ? error.failure : { error: String(error), code: 'page_error' };
    if (this.state !== 'ready') {
      this.state = 'failed';
      this.failure = failure;
    }
    this.failed(failure);
  }

  /* ---- walks ---- */

  private walkRange(): ReturnType<Portfolio['walkMetrics']> {
    return this.walkMetrics(rangeParameters(this.range));
  }

  private async walkMetrics(range: Record<string, string>): Promise<{
    counts: Map<string, Counts>; startDate: string; endDate: string; isCut: boolean;
  }> {
    const counts = new Map<string, Counts>();
    let asked: Record<string, string | number | undefined> = { ...range, limit: PAGE, sort: 'listingId' };
    for (;;) {
      const body = need(await this.client.get(['users', this.user, 'metrics'], asked as Record<string, string>));
      const page = body as unknown as {
        order: string[]; metricsByListing: Record<string, AggregatedMetrics>; nextCursor: string | null;
        startDate: string; endDate: string; timezone: string;
      };
      for (const id of page.order) {
        const metrics = page.metricsByListing[id];
        if (metrics !== undefined) counts.set(id, countsOf(metrics));
      }
      const { startDate, endDate, timezone, nextCursor } = page;
      if (nextCursor === null || counts.size >= LISTINGS_MAX) return { counts, startDate, endDate, isCut: nextCursor !== null };
      // by its dates from here on: at midnight the period would mean other days
      asked = { startDate, endDate, timezone, limit: PAGE, sort: 'listingId', cursor: nextCursor };
    }
  }

  private async walkDetails(): Promise<Map<string, Details>> {
    const details = new Map<string, Details>();
    let cursor: string | undefined;
    do {
      const body = need(await this.client.get(['users', this.user, 'listings'], { limit: PAGE, cursor }));
      const page = body as unknown as { listings: Details[]; nextCursor: string | null };
      for (const each of page.listings) details.set(each.listingId, each);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && details.size < LISTINGS_MAX);
    return details;
  }

  private take(counts: Map<string, Counts>, before: Map<string, Counts>, details: Map<string, Details>): void {
    const rows = new Map<string, Row>();
    for (const id of new Set([...counts.keys(), ...details.keys()])) {
      const isQuiet = !counts.has(id);
      rows.set(id, {
        id, ...(counts.get(id) ?? NONE), details: details.get(id), before: before.get(id) ?? NONE,
        days: isQuiet ? this.emptyDays(id) : undefined,
      });
    }
    this.rows = rows;
    for (const metrics of this.today.values()) this.apply(metrics);
  }

  private emptyDays(id: string): PerformanceMetrics[] {
    const days: PerformanceMetrics[] = [];
    for (let ms = Date.parse(this.startDate); ms <= Date.parse(this.endDate); ms += 86_400_000) {
      days.push({ listingId: id, date: new Date(ms).toISOString().slice(0, 10), ...NONE, platforms: {}, updatedAt: 0 });
    }
    return days;
  }

  /* ---- days ---- */

  private askAllIfFew(): void {
    if (this.rows.size <= SUMMED_MAX) this.showDays([...this.rows.keys()]);
  }

  private async askDays(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.wanted.length > 0 && !this.closed) {
        await this.askSome(this.wanted.splice(0, COMPARED_AT_ONCE));
        this.changed();
      }
    } catch (error) {
      this.wanted = [];
      if (!this.closed) this.fail(error);
    }
    this.asking = false;
  }

  private async askSome(ids: readonly string[]): Promise<void> {
    const range = { startDate: this.startDate, endDate: this.endDate, timezone: this.range.zone };
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) {
      const body = need(await this.client.get(['users', this.user, 'listings', only, 'metrics'], range));
      this.takeDays(only, body.metrics as AggregatedMetrics);
      return;
    }
    const body = need(await this.client.get(['users', this.user, 'compare'], { ...range, listing: [...ids] }));
    for (const { listingId, metrics } of body.listings as { listingId: string; metrics: AggregatedMetrics }[]) {
      this.takeDays(listingId, metrics);
    }
  }

  private takeDays(id: string, metrics: AggregatedMetrics): void {
    const row = this.rows.get(id);
    if (row === undefined || metrics.startDate !== this.startDate || metrics.endDate !== this.endDate) return;
    row.days = metrics.dailyBreakdown ?? [];
    Object.assign(row, countsOf(metrics));
    const today = this.today.get(id);
    if (today !== undefined) this.apply(today);
  }

  /* ---- live ---- */

  private openWatch(): void {
    if (this.watch !== undefined) return;
    this.watch = this.client.watchMetrics({
      userId: this.user,
      timezone: this.range.zone,
      onMetrics: (metrics) => this.hear(metrics),
      onState: (state, error) => {
        if (this.closed) return;
        this.live = state;
        if (state === 'live') this.liveSince ??= performance.now();
        if (error !== undefined) this.failed(error);
        // more listings, or readers, than the server pushes to
        if (state === 'refused') this.walkOnceMore(REFUSED_MS);
        if (state === 'waiting') this.failed({ error: 'The live connection was lost.', code: 'network_error' });
        this.changed();
      },
    });
  }

  /** After the server was away: the pause before its next try may be long. */
  reconnect(): void {
    this.watch?.close();
    this.watch = undefined;
    this.liveSince = undefined;
    void this.load();
  }

  private hear(metrics: PerformanceMetrics): void {
    const isFirst = !this.today.has(metrics.listingId);
    if (metrics.date > this.endDate && this.range.period !== 'custom') {
      // another day has begun: the range has moved
      if (metrics.date !== this.movedTo) {
        this.movedTo = metrics.date;
        this.today.clear();
        void this.load();
      }
    }
    this.today.set(metrics.listingId, metrics);
    // The first messages of a watch tell what the walks had a moment before. Of many listings the
    // few that changed in between are found by walking once more; of few, by asking for their days,
    // as for every listing that changes later.
    if (isFirst && this.isSettling && this.rows.size > SUMMED_MAX && this.rows.get(metrics.listingId)?.days === undefined) {
      this.walkOnceMore(SETTLE_MS);
      return;
    }
    this.apply(metrics);
    this.changed();
  }

  private get isSettling(): boolean {
    return this.liveSince === undefined || performance.now() - this.liveSince < SETTLE_MS;
  }

  private walkOnceMore(afterMs: number): void {
    if (this.again !== undefined) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      if (this.closed) return;
      void this.load();
      if (this.live === 'refused') this.walkOnceMore(REFUSED_MS);
    }, afterMs);
  }

  private apply(metrics: PerformanceMetrics): void {
    const { listingId, date } = metrics;
    if (date < this.startDate || date > this.endDate) return;
    let row = this.rows.get(listingId);
    if (row === undefined) {
      row = { id: listingId, ...NONE, details: undefined, before: NONE, days: this.emptyDays(listingId) };
      // what it counted on the days before is not known yet
      if (this.startDate !== this.endDate) row.days = undefined;
      this.rows.set(listingId, row);
    }
    if (row.days === undefined) {
      this.showDays([listingId]);
      return;
    }
    const at = row.days.findIndex((day) => day.date === date);
    const known = row.days[at];
    if (known === undefined || known.updatedAt > metrics.updatedAt) return;
    row.days[at] = metrics;
    Object.assign(row, sum(row.days));
  }
}
