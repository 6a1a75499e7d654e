/**
 * source.ts - the figures of one listing: asked for, kept up to date, asked for again.
 *
 * Two questions make the figures: the days, and the days before. When they are to be live a watch
 * brings today's counts, which replace today among the days; so nothing is asked again while numbers
 * change. Asked again, without taking away what is shown: when a lost connection is back, when the
 * day is over, when the page is seen again after a while, and, after growing pauses, when there was
 * no answer. The newest question wins; answers to older ones are dropped.
 */
import { type Watch, watch } from '../live.js';
import { type Settings, settingsOf } from '../options.js';
import { type Answer, path, request } from '../transport.js';
import type { AggregatedMetrics, PerformanceMetrics } from '../types.js';
import type { DisplayPeriod, MetricsErrorDetail } from '../element-types.js';
import { type Figures, figuresOf, rangeBefore, today, withDay } from './figures.js';

export interface Question {
  baseUrl: string;
  token: string;
  userId: string;
  listingId: string;
  period: DisplayPeriod;
  startDate: string;
  endDate: string;
  timezone: string;
  live: boolean;
}

export type Badge = 'off' | 'connecting' | 'live' | 'waiting';

export interface State {
  figures: Figures | null;
  /** An answer is awaited that a person asked for. */
  loading: boolean;
  error: MetricsErrorDetail | null;
  badge: Badge;
  /** When the figures were last known to be right: milliseconds. */
  updatedAt: number;
}

export type Changed = (state: State, cause: 'load' | 'live' | 'error' | 'state') => void;

const PAUSE_MS_MIN = 4_000;
const PAUSE_MS_MAX = 60_000;
const DAY_CHECK_MS = 30_000;
const HIDDEN_MS_MAX = 60_000;
/** Of the codes, those after which the same question may be answered. */
const PASSING = new Set(['network_error', 'timeout', 'invalid_answer', 'busy', 'no_memory', 'overloaded', 'store_behind', 'stopped']);

const sameListing = (a: Question, b: Question): boolean =>
  a.baseUrl === b.baseUrl && a.userId === b.userId && a.listingId === b.listingId;
const sameWatch = (a: Question, b: Question): boolean =>
  sameListing(a, b) && a.token === b.token && a.timezone === b.timezone && a.live === b.live;
const sameQuestion = (a: Question, b: Question): boolean =>
  sameListing(a, b) && a.token === b.token && a.timezone === b.timezone && a.period === b.period &&
  a.startDate === b.startDate && a.endDate === b.endDate;

function metricsOf(answer: Answer): AggregatedMetrics | MetricsErrorDetail {
  if (!answer.success) return { error: answer.error, code: answer.code };
  const metrics = answer.body.metrics as Partial<AggregatedMetrics> | undefined;
  if (typeof metrics?.startDate === 'string' && Array.isArray(metrics.dailyBreakdown)) return metrics as AggregatedMetrics;
  return { error: 'the answer has no metrics: is this a Footfall server?', code: 'invalid_answer' };
}

export class Source {
  private state: State = { figures: null, loading: false, error: null, badge: 'off', updatedAt: 0 };
  private question: Question | undefined;
  /** Whose figures the state holds; an element that is moved in its page goes on with them. */
  private last: Question | undefined;
  private watching: Watch | undefined;
  private watchTurn = 0;
  /** What the watch said last: an answer that is older than it is mended by it. */
  private pushed: PerformanceMetrics | undefined;
  private hasBeenLive = false;
  private turn = 0;
  private pauseMs = PAUSE_MS_MIN;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private dayTimer: ReturnType<typeof setInterval> | undefined;
  private hiddenAt = 0;

  constructor(private readonly changed: Changed) {}

  /** Asks this from now on; the same question again changes nothing. */
  ask(question: Question): void {
    const { last } = this;
    const before = this.question;
    this.question = this.last = question;
    if (last === undefined || !sameListing(last, question)) this.state = { ...this.state, figures: null, error: null };
    if (before === undefined || !sameWatch(before, question)) this.watchAnew(question);
    if (before === undefined || !sameQuestion(before, question)) void this.load(true);
    if (before === undefined) this.listen();
  }

  /** Asks again. Aloud: it shows that it is loading, and what went wrong. */
  async load(aloud: boolean): Promise<void> {
    const { question } = this;
    if (question === undefined) return;
    const turn = ++this.turn;
    clearTimeout(this.retryTimer);
    if (aloud) this.say({ loading: true }, 'state');
    const found = await this.answer(question);
    if (turn !== this.turn) return;
    if ('error' in found) return this.fail(found);
    this.pauseMs = PAUSE_MS_MIN;
    const figures = this.pushed === undefined ? found : withDay(found, this.pushed);
    this.say({ figures, loading: false, error: null, updatedAt: Date.now() }, 'load');
  }

  /** Nothing is asked or heard any more; ask() begins anew. What was shown stays for it. */
  close(): void {
    this.turn += 1;
    clearTimeout(this.retryTimer);
    clearInterval(this.dayTimer);
    document.removeEventListener('visibilitychange', this.seen);
    removeEventListener('online', this.again);
    this.stopWatching();
    this.question = undefined;
    this.state = { ...this.state, loading: false, badge: 'off' };
  }

  /** Nothing to ask about: nothing is shown. */
  clear(): void {
    this.close();
    this.say({ figures: null, error: null, loading: false }, 'state');
  }

  private say(change: Partial<State>, cause: 'load' | 'live' | 'error' | 'state'): void {
    this.state = { ...this.state, ...change };
    this.changed(this.state, cause);
  }

  private settings({ baseUrl, token }: Question): Settings {
    return settingsOf({
      ...(baseUrl === '' ? {} : { baseUrl }), ...(token === '' ? {} : { key: token }), retries: 2, deadlineMs: 15_000,
    });
  }

  private async answer(question: Question): Promise<Figures | MetricsErrorDetail> {
    const { userId, listingId, period, startDate, endDate } = question;
    const settings = this.settings(question);
    const timezone = question.timezone === '' ? undefined : question.timezone;
    const ask = async (range: Record<string, string>): Promise<AggregatedMetrics | MetricsErrorDetail> =>
      metricsOf(await request(settings, {
        method: 'GET', path: path(['users', userId, 'listings', listingId, 'metrics'], { ...range, timezone }),
      }));
    const now = await ask(period === 'custom' ? { startDate, endDate } : { period });
    if ('error' in now) return now;
    const before = await ask(rangeBefore(now.startDate, now.endDate));
    return figuresOf({ ...now, period }, 'error' in before ? [] : before.dailyBreakdown ?? []);
  }

  private fail(error: MetricsErrorDetail): void {
    this.say({ loading: false, error }, 'error');
    if (!PASSING.has(error.code)) return;
    this.retryTimer = setTimeout(this.again, this.pauseMs * (0.75 + Math.random() / 2));
    this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MS_MAX);
  }

  private readonly again = (): void => {
    if (this.state.error !== null) void this.load(false);
  };

  private readonly seen = (): void => {
    if (document.visibilityState === 'hidden') this.hiddenAt = Date.now();
    else if (this.hiddenAt > 0 && Date.now() - this.hiddenAt > HIDDEN_MS_MAX) void this.load(false);
  };

  private listen(): void {
    addEventListener('online', this.again);
    document.addEventListener('visibilitychange', this.seen);
    // a visible page notices that a new day has begun; a custom range stays what it is
    this.dayTimer = setInterval(() => {
      const { question, state } = this;
      if (question === undefined || question.period === 'custom' || state.figures === null) return;
      if (document.visibilityState === 'visible' && today(question.timezone || undefined) > state.figures.now.endDate) void this.load(false);
    }, DAY_CHECK_MS);
  }

  private stopWatching(): void {
    this.watchTurn += 1; // first: its last word is not for us
    this.watching?.close();
    this.watching = undefined;
    this.pushed = undefined;
    this.hasBeenLive = false;
  }

  private watchAnew(question: Question): void {
    this.stopWatching();
    this.say({ badge: question.live ? 'connecting' : 'off' }, 'state');
    if (!question.live) return;
    const turn = this.watchTurn;
    this.watching = watch(this.settings(question), {
      userId: question.userId,
      listings: [question.listingId],
      timezone: question.timezone === '' ? undefined : question.timezone,
      onMetrics: (day) => turn === this.watchTurn && this.push(day),
      onState: (state, error) => {
        if (turn !== this.watchTurn) return;
        if (state === 'live') this.regained();
        // while it tries, what was lost stays lost
        if (state === 'connecting' && this.state.badge === 'waiting') return;
        this.say({ badge: state === 'refused' || state === 'closed' ? 'off' : state }, 'state');
        if (state === 'refused' && error?.code === 'token_expired') this.fail(error);
      },
    });
  }

  private regained(): void {
    // what happened meanwhile to days before today is not pushed
    if (this.hasBeenLive || this.state.error !== null) void this.load(false);
    this.hasBeenLive = true;
  }

  private push(day: PerformanceMetrics): void {
    this.pushed = day;
    const { figures } = this.state;
    if (figures === null || this.question === undefined) return;
    if (this.question.period !== 'custom' && day.date > figures.now.endDate) return void this.load(false);
    const next = withDay(figures, day);
    if (next !== figures) this.say({ figures: next, updatedAt: Date.now() }, 'live');
  }
}
