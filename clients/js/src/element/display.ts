/**
 * display.ts - <listing-metrics-display>: its properties, what it asks, and the page it makes.
 *
 * What is shown follows from the properties, the source's state and the chosen metric; templates are
 * Lit's, so that data never become markup. The chart is drawn after each rendering.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type {
  DisplayMessages, DisplayPeriod, DisplayTheme, ListingMetricsDisplayEventMap, MetricsErrorDetail,
} from '../element-types.js';
import type { AggregatedMetrics } from '../types.js';
import { Chart, hasBefore } from './chart.js';
import { csvName, csvOf } from './csv.js';
import { datesFault, type DatesFault, type Figures, type Metric, METRICS, today, total } from './figures.js';
import { quiet, stroke } from './icons.js';
import { Source, type State } from './source.js';
import { styles } from './styles.js';
import { dayTable, figureTile, platformTable, type Sheet } from './tables.js';
import { ENGLISH, fill, type Writing, writingOf } from './words.js';

const PERIODS: readonly DisplayPeriod[] = ['daily', 'weekly', 'monthly', 'custom'];
/** Numbers that change all the time are read out so often. */
const ANNOUNCE_MS = 5_000;

export class Display extends LitElement {
  static override styles = styles;
  static override properties = {
    userId: { attribute: 'user-id' },
    listingId: { attribute: 'listing-id' },
    period: { reflect: true },
    startDate: { attribute: 'start-date', reflect: true },
    endDate: { attribute: 'end-date', reflect: true },
    live: { type: Boolean, reflect: true },
    baseUrl: { attribute: 'base-url' },
    token: {},
    timezone: {},
    theme: { reflect: true },
    heading: {},
    locale: {},
    messages: { attribute: false },
    state: { state: true },
    metric: { state: true },
    fault: { state: true },
    typed: { state: true },
  };

  declare userId: string;
  declare listingId: string;
  declare period: DisplayPeriod;
  declare startDate: string;
  declare endDate: string;
  declare live: boolean;
  declare baseUrl: string;
  declare token: string;
  declare timezone: string;
  declare theme: DisplayTheme;
  declare heading: string | null;
  declare locale: string;
  declare messages: Partial<DisplayMessages>;
  declare private state: State;
  declare private metric: Metric;
  declare private fault: DatesFault | undefined;
  /** The dates in the form, which are asked for when the visitor says so. */
  declare private typed: { start: string; end: string };

  private readonly source = new Source((state, cause) => this.hear(state, cause));
  private writing: Writing | undefined;
  private chart: Chart | undefined;
  private announceTimer: ReturnType<typeof setTimeout> | undefined;
  private darkness: MediaQueryList | undefined;
  private announced = '';

  constructor() {
    super();
    this.userId = this.listingId = this.startDate = this.endDate = this.baseUrl = this.token = this.timezone = this.locale = '';
    this.period = 'weekly';
    this.live = false;
    this.theme = 'auto';
    this.heading = null;
    this.messages = {};
    this.metric = 'views';
    this.typed = { start: '', end: '' };
    this.state = { figures: null, loading: false, error: null, badge: 'off', updatedAt: 0 };
  }

  get metrics(): AggregatedMetrics | null {
    return this.state.figures?.now ?? null;
  }

  async refresh(): Promise<void> {
    await this.source.load(true);
    await this.updateComplete;
  }

  toCsv(): string {
    const { figures } = this.state;
    return figures === null ? '' : csvOf(this.listingId, figures);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.darkness = matchMedia('(prefers-color-scheme: dark)');
    this.darkness.addEventListener('change', this.recolour);
    if (this.hasUpdated) this.ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.darkness?.removeEventListener('change', this.recolour);
    clearTimeout(this.announceTimer);
    this.announceTimer = undefined;
    this.source.close();
  }

  private readonly recolour = (): void => this.chart?.redraw();

  private ask(): void {
    const { userId, listingId, startDate, endDate } = this;
    const period = PERIODS.includes(this.period) ? this.period : 'weekly';
    // a range that cannot be is not asked for; the form says what is wrong
    this.fault = period === 'custom' ? datesFault(startDate, endDate) : undefined;
    if (!userId || !listingId || this.fault !== undefined) return this.source.clear();
    this.source.ask({
      userId, listingId, period, live: this.live,
      startDate: period === 'custom' ? startDate : '', endDate: period === 'custom' ? endDate : '',
      baseUrl: this.baseUrl ?? '', token: this.token ?? '', timezone: this.timezone ?? '',
    });
  }

  private hear(state: State, cause: 'load' | 'live' | 'error' | 'state'): void {
    const before = this.state.figures;
    this.state = state;
    if (cause === 'load' || cause === 'live') {
      if (state.figures !== null) this.tell('metrics-loaded', { metrics: state.figures.now, cause });
      if (cause === 'live') void this.flash(before, state.figures);
      if (cause === 'load' && before === null) this.announce();
      else this.announceTimer ??= setTimeout(() => this.announce(), ANNOUNCE_MS);
    }
    if (cause === 'error' && state.error !== null) this.tell('metrics-error', state.error);
  }

  private tell<Name extends keyof ListingMetricsDisplayEventMap>(
    name: Name, detail: ListingMetricsDisplayEventMap[Name] extends CustomEvent<infer Detail> ? Detail : never,
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** Numbers that were pushed light up for a moment. */
  private async flash(before: Figures | null, after: Figures | null): Promise<void> {
    await this.updateComplete;
    if (before === null || after === null || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    for (const metric of METRICS.filter((each) => total(before, each) !== total(after, each))) {
      const value = this.renderRoot.querySelector(`[part~='value-${metric}']`);
      const accent = this.renderRoot.querySelector('.probe-own');
      if (value !== null && accent !== null) value.animate([{ color: getComputedStyle(accent).color }, {}], { duration: 1_200, easing: 'ease-out' });
    }
  }

  private announce(): void {
    this.announceTimer = undefined;
    const { figures } = this.state;
    if (figures === null || this.writing === undefined) return;
    const count = (metric: Metric): string => this.writing?.count(total(figures, metric)) ?? '';
    this.announced = fill(this.words.announce, { views: count('views'), shares: count('shares'), inquiries: count('inquiries') });
    this.requestUpdate();
  }

  private get words(): DisplayMessages {
    return { ...ENGLISH, ...this.messages };
  }

  protected override willUpdate(changed: PropertyValues): void {
    const wanted = [this.locale, this.closest('[lang]')?.getAttribute('lang'), globalThis.navigator?.language];
    const locale = wanted.find((each) => each) ?? undefined;
    if (this.writing === undefined || this.writing.locale !== locale) this.writing = writingOf(wanted);
    if (changed.has('startDate') || changed.has('endDate')) this.typed = { start: this.startDate, end: this.endDate };
    const asked = ['userId', 'listingId', 'period', 'startDate', 'endDate', 'live', 'baseUrl', 'token', 'timezone'];
    if (this.isConnected && asked.some((name) => changed.has(name))) this.ask();
  }

  protected override updated(changed: PropertyValues): void {
    const { figures } = this.state;
    const place = this.renderRoot.querySelector<HTMLElement>('.canvas');
    const tip = this.renderRoot.querySelector<HTMLElement>('.tip');
    if (place === null || tip === null || figures === null || this.writing === undefined) {
      this.chart?.close();
      this.chart = undefined;
      return;
    }
    this.chart ??= new Chart(place, tip, () => this.describeCursor());
    const { words } = this;
    this.chart.show({
      figures, metric: this.metric, writing: this.writing, today: today(this.timezone || undefined),
      words: { metric: words[this.metric].toLocaleLowerCase(this.writing.locale), before: words.periodBefore, today: words.today },
    });
    if (changed.has('theme')) this.chart.redraw();
    this.describeCursor();
  }

  /** What assistive technology reads of the chart: where the cursor is. */
  private describeCursor(): void {
    const place = this.renderRoot.querySelector('.canvas');
    if (this.chart === undefined || place === null) return;
    const { at, last } = this.chart.position;
    place.setAttribute('aria-valuemax', String(last));
    place.setAttribute('aria-valuenow', String(at));
    place.setAttribute('aria-valuetext', this.chart.words());
  }

  /* ---- what the visitor does ---- */

  private choosePeriod(period: DisplayPeriod): void {
    this.fault = undefined;
    if (period === 'custom') {
      // begins with the days that are shown
      const now = this.state.figures?.now;
      const day = today(this.timezone || undefined);
      this.startDate = now?.startDate ?? day;
      this.endDate = now?.endDate ?? day;
      this.typed = { start: this.startDate, end: this.endDate };
    }
    this.period = period;
    this.tellPeriod();
  }

  private tellPeriod(): void {
    const custom = this.period === 'custom';
    this.tell('period-change', {
      period: this.period, startDate: custom ? this.startDate : '', endDate: custom ? this.endDate : '',
    });
  }

  private submitDates(event: Event): void {
    event.preventDefault();
    this.fault = datesFault(this.typed.start, this.typed.end);
    if (this.fault !== undefined) return;
    this.startDate = this.typed.start;
    this.endDate = this.typed.end;
    this.tellPeriod();
  }

  private download(): void {
    const { figures } = this.state;
    if (figures === null) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this.toCsv()], { type: 'text/csv;charset=utf-8' }));
    link.download = csvName(this.listingId, figures);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  private pressKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.chart?.key(event.key) !== true) return;
    event.preventDefault();
  }

  /* ---- what it shows ---- */

  protected override render(): TemplateResult {
    const { figures, loading, error } = this.state;
    const { words } = this;
    const writing = this.writing ?? writingOf([]);
    const sheet: Sheet | null = figures && { figures, words, writing, today: today(this.timezone || undefined) };
    const bones = figures === null && error === null && this.fault === undefined;
    return html`<article class="frame ${loading && figures !== null ? 'waiting-for' : ''}" part="frame" aria-busy=${loading ? 'true' : 'false'}
      aria-label=${this.heading || this.listingId || words.views}>
      ${this.top(words)}
      <div class="bar" part="toolbar">
        ${this.periods(words)}
        <span class="range" part="range">${figures === null ? '' : writing.range(figures.now.startDate, figures.now.endDate)}</span>
        <button class="button csv" part="button csv" type="button" title=${words.csvHint} aria-label=${words.csvHint} ?disabled=${figures === null}
          @click=${() => this.download()}>${stroke('download')}${words.csv}</button>
      </div>
      ${this.period === 'custom' ? this.dates(words) : nothing}
      <div class="totals" part="totals">
        ${METRICS.map((metric) => figureTile(metric, sheet, words, bones, metric === this.metric, () => (this.metric = metric)))}
        ${figureTile('conversion', sheet, words, bones)}
      </div>
      <div class="plot" part="chart">${this.plot(sheet, words)}</div>
      ${sheet === null
        ? bones ? html`<div class="tables" aria-hidden="true">${[0, 1].map(() => html`<div>${[0, 1, 2, 3, 4, 5, 6, 7].map(() => html`<span class="bone"></span>`)}</div>`)}</div>` : nothing
        : html`<div class="tables">${platformTable(sheet, this.metric)}${dayTable(sheet)}</div>`}
      ${this.foot(words, writing)}
      <div class="unseen" role="status" aria-live="polite">${loading && figures === null ? words.loading : this.announced}</div>
    </article>`;
  }

  private top(words: DisplayMessages): TemplateResult | typeof nothing {
    const { badge } = this.state;
    const heading = this.heading ?? this.listingId;
    if (heading === '' && !this.live) return nothing;
    const said = { off: words.liveOff, connecting: words.liveConnecting, live: words.liveOn, waiting: words.liveWaiting }[badge];
    return html`<header class="top">
      ${heading === '' ? nothing : html`<h2 class="heading" part="heading">${heading}</h2>`}
      ${this.live ? html`<span class="badge ${badge}" part="badge badge-${badge}" role="status">${said}</span>` : nothing}
    </header>`;
  }

  private periods(words: DisplayMessages): TemplateResult {
    return html`<fieldset class="periods" part="periods"><legend class="unseen">${words.period}</legend>
      ${PERIODS.map((period) => html`<label><input type="radio" name="period" .value=${period} .checked=${period === this.period}
        @change=${() => this.choosePeriod(period)} /><span part="period">${words[period]}</span></label>`)}
    </fieldset>`;
  }

  private dates(words: DisplayMessages): TemplateResult {
    const { typed, fault } = this;
    const type = (change: Partial<typeof typed>): void => void (this.typed = { ...this.typed, ...change });
    return html`<form class="dates" part="dates" novalidate @submit=${(event: Event) => this.submitDates(event)}>
      <label>${words.from}<input type="date" name="start" part="date" .value=${typed.start} aria-invalid=${fault ? 'true' : 'false'}
        @input=${(event: Event) => type({ start: (event.target as HTMLInputElement).value })} /></label>
      <label>${words.to}<input type="date" name="end" part="date" .value=${typed.end} aria-invalid=${fault ? 'true' : 'false'}
        @input=${(event: Event) => type({ end: (event.target as HTMLInputElement).value })} /></label>
      <button class="button" part="button" type="submit">${words.show}</button>
      ${fault === undefined ? nothing : html`<p class="fault" role="alert">${words[fault]}</p>`}
    </form>`;
  }

  private plot(sheet: Sheet | null, words: DisplayMessages): TemplateResult {
    if (sheet === null) {
      if (this.state.error !== null) return this.failure(this.state.error, words);
      return this.fault === undefined ? html`<span class="bone" aria-hidden="true"></span>` : html`<div class="message">${quiet()}</div>`;
    }
    const { figures, writing } = sheet;
    const { now } = figures;
    const alone = figures.days.length === 1;
    const values = [...figures.days, ...figures.earlier].map((day) => day[this.metric]);
    const empty = values.every((value) => value === 0);
    const range = writing.range(now.startDate, now.endDate);
    return html`<div class="legend" aria-hidden="true" ?hidden=${empty}>
        <span><i></i>${now.period === 'daily' ? words.today : alone ? writing.shortDay(now.endDate) : words.thisPeriod}</span>
        ${!hasBefore(figures, this.metric) ? nothing
          : html`<span><i class=${alone ? 'context' : 'before'}></i>${alone ? words.earlierDays : words.periodBefore}</span>`}
      </div>
      <div class="canvas" part="canvas" role="slider" tabindex=${empty ? -1 : 0} aria-valuemin="0" ?hidden=${empty}
        aria-label=${`${fill(words.chart, { metric: words[this.metric], range })}. ${words.chartHelp}`}
        @keydown=${(event: KeyboardEvent) => this.pressKey(event)} @blur=${() => this.chart?.leave()}>
        ${['own', 'own-area', 'context', 'context-area', 'before', 'label', 'grid'].map((name) => html`<span class="probe probe-${name}"></span>`)}
        <div class="tip" part="tooltip" hidden></div>
      </div>
      ${empty ? html`<div class="message" part="empty">${quiet()}<p class="title">${words.empty}</p>${now.endDate < sheet.today ? nothing : html`<p>${words.emptyHint}</p>`}</div>` : nothing}`;
  }

  private failure({ error, code }: MetricsErrorDetail, words: DisplayMessages): TemplateResult {
    const said: Record<string, string> = {
      unauthorized: words.failedSignIn, token_expired: words.failedSignIn, forbidden: words.failedForbidden,
      other_user: words.failedForbidden, network_error: words.failedNetwork, timeout: words.failedNetwork,
    };
    return html`<div class="message" part="error" role="alert">
      ${stroke('warning')}
      <p class="title">${words.failed}</p>
      <p>${said[code] ?? error}</p>
      <button class="button strong" part="button retry" type="button" @click=${() => void this.refresh()}>${stroke('retry')}${words.retry}</button>
    </div>`;
  }

  private foot(words: DisplayMessages, writing: Writing): TemplateResult {
    const { figures, error, updatedAt } = this.state;
    const zone = figures?.now.timezone ?? (this.timezone || 'UTC');
    return html`<footer class="foot" part="footer">
      <span>${fill(words.daysIn, { timezone: zone.replaceAll('_', ' ') })}</span>
      ${figures === null ? nothing : error === null
        ? html`<span>${fill(words.updated, { time: writing.time(updatedAt) })}</span>`
        : html`<span class="stale" part="stale">${stroke('warning')}${words.stale} · <button type="button" @click=${() => void this.refresh()}>${words.retry}</button></span>`}
    </footer>`;
  }
}
