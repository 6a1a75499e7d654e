/**
 * chart.ts - a bar a day, by uPlot, with a tooltip and a cursor that keys move.
 *
 * Days are numbered, not times: no zone and no clock change can move a bar. Colours are what the
 * style sheet says: read from a probe whenever it draws. Everything is set through the CSSOM, which
 * a strict Content-Security-Policy allows.
 */
import uPlot from 'uplot';
import type { PerformanceMetrics } from '../types.js';
import type { Figures, Metric } from './figures.js';
import type { Writing } from './words.js';

export interface ChartWords {
  metric: string;
  before: string;
  today: string;
}

export interface ChartInput {
  figures: Figures;
  metric: Metric;
  writing: Writing;
  words: ChartWords;
  today: string;
}

const HEIGHT = 232;
const LABEL_PX = 64;
/** More days than this are drawn as an area. */
const BARS_MAX = 120;

/** One for each: the days shown, and what they are shown beside. */
interface Columns {
  days: PerformanceMetrics[];
  /** Where the range's own days begin: a single day stands behind those before it. */
  first: number;
  /** The day before the range that each stands beside. */
  beside: (PerformanceMetrics | undefined)[];
}

/** Whether there is something to draw beside the days. */
export function hasBefore({ days, earlier }: Figures, metric: Metric): boolean {
  return (days.length === 1 || earlier.length === days.length) && earlier.some((day) => day[metric] > 0);
}

export function columnsOf({ days, earlier }: Figures): Columns {
  if (days.length === 1) return { days: [...earlier, ...days], first: earlier.length, beside: [] };
  const whole = earlier.length === days.length;
  return { days, first: 0, beside: whole ? earlier : [] };
}

function colour(probe: Element): string {
  return getComputedStyle(probe).color;
}

/** Whole numbers, at most five lines; one view alone does not fill the chart. */
function ticks(max: number): number[] {
  let step = 1;
  for (let power = 1; ; power *= 10) {
    const found = [1, 2, 5].map((each) => each * power).find((each) => max / each <= 4);
    if (found === undefined) continue;
    step = found;
    break;
  }
  const top = Math.max(4, Math.ceil(max / step) * step);
  return Array.from({ length: top / step + 1 }, (_, i) => i * step);
}

export class Chart {
  private plot: uPlot | undefined;
  private input: ChartInput | undefined;
  private columns: Columns = { days: [], first: 0, beside: [] };
  private lines: number[] = [0, 1];
  private shape = '';
  private readonly resizing: ResizeObserver;
  /** The column that the pointer or keys are on. */
  at: number | null = null;

  constructor(
    private readonly place: HTMLElement,
    private readonly tip: HTMLElement,
    private readonly moved: () => void,
  ) {
    this.resizing = new ResizeObserver(() => {
      const width = Math.floor(place.clientWidth);
      if (width > 0 && this.plot !== undefined && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
      else if (width > 0 && this.plot === undefined && this.input !== undefined) this.show(this.input);
    });
    this.resizing.observe(place);
  }

  close(): void {
    this.resizing.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
  }

  show(input: ChartInput): void {
    this.input = input;
    this.columns = columnsOf(input.figures);
    const { days, first, beside } = this.columns;
    const own = days.map((day, i) => (i >= first ? day[input.metric] : null));
    const context = days.map((day, i) => (i < first ? day[input.metric] : null));
    const isBeside = hasBefore(input.figures, input.metric);
    const before = days.map((_, i) => (isBeside ? beside[i]?.[input.metric] ?? null : null));
    this.lines = ticks(Math.max(0, ...days.map((day) => day[input.metric]), ...before.map((each) => each ?? 0)));
    const data: uPlot.AlignedData = [days.map((_, i) => i), before, context, own];

    // made anew when its form changes; else its data alone do
    const shape = JSON.stringify([days.length, days[0]?.date, first, input.writing.locale, days.length > BARS_MAX]);
    if (this.plot !== undefined && shape === this.shape) {
      this.plot.setData(data);
    } else {
      const width = Math.floor(this.place.clientWidth);
      if (width === 0) return; // not laid out: the observer comes back
      this.shape = shape;
      this.at = null;
      this.plot?.destroy();
      this.plot = new uPlot(this.options(width, days.length), data, this.place);
    }
    this.showTip();
  }

  /** Draws again, in other colours. */
  redraw(): void {
    this.plot?.redraw(true, true); // paths too: a fill is kept with its path
  }

  /** Moves the cursor by keys; whether the key means something here. */
  key(name: string): boolean {
    const last = this.columns.days.length - 1;
    if (this.plot === undefined || last < 0) return false;
    const at = this.at ?? (name === 'ArrowRight' ? -1 : last + 1);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last, PageUp: at - 7, PageDown: at + 7 }[name];
    if (name === 'Escape') this.leave();
    else if (to !== undefined) this.moveTo(Math.max(0, Math.min(last, to)));
    return name === 'Escape' || to !== undefined;
  }

  leave(): void {
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  /** What is at the cursor, in words; of the newest day without one. */
  words(): string {
    const at = this.at ?? this.columns.days.length - 1;
    const day = this.columns.days[at];
    if (day === undefined || this.input === undefined) return '';
    const { metric, writing, words } = this.input;
    const beside = this.columns.beside[at];
    return `${writing.longDay(day.date)}${day.date === this.input.today ? `, ${words.today}` : ''}: ${writing.count(day[metric])} ${words.metric}${
      beside === undefined ? '' : `; ${words.before}: ${writing.count(beside[metric])}`}`;
  }

  get position(): { at: number; last: number } {
    const last = Math.max(0, this.columns.days.length - 1);
    return { at: this.at ?? last, last };
  }

  private moveTo(at: number): void {
    const { plot } = this;
    if (plot === undefined) return;
    plot.setCursor({ left: plot.valToPos(at, 'x'), top: 0 });
  }

  private probe(name: string): string {
    return colour(this.place.querySelector(`.probe-${name}`) ?? this.place);
  }

  private font(): string {
    return `12px ${getComputedStyle(this.place).fontFamily}`;
  }

  private options(width: number, count: number): uPlot.Options {
    const bars = count <= BARS_MAX;
    const paths = bars
      ? uPlot.paths.bars!({ size: [0.64, 44, 1], radius: [0.12, 0] })
      : uPlot.paths.linear!();
    const filled = (name: string): uPlot.Series => ({
      paths,
      points: { show: false },
      fill: () => this.probe(bars ? name : `${name}-area`),
      stroke: () => this.probe(name),
      width: bars ? 0 : 1.5,
    });
    const axis: uPlot.Axis = {
      font: this.font(), stroke: () => this.probe('label'), ticks: { show: false },
    };
    return {
      width,
      height: HEIGHT,
      // half a label stands over the last day's middle
      padding: [12, (plot) => Math.max(2, Math.round(26 - plot.width / count / 2)), 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: false, y: false, setScale: false },
        // uPlot puts the line where the pointer is; a day's middle is meant
        move: (plot, left, top) => [left < 0 ? left : plot.valToPos(plot.posToIdx(left), 'x'), top],
      },
      scales: {
        x: { time: false, range: [-0.5, count - 0.5] },
        y: { range: () => [0, this.lines[this.lines.length - 1] ?? 1] },
      },
      series: [
        {},
        {
          paths: uPlot.paths.linear!(), points: { show: false }, stroke: () => this.probe('before'), width: 1.5, dash: [4, 4],
        },
        filled('context'),
        filled('own'),
      ],
      axes: [
        {
          ...axis,
          size: 30,
          gap: 8,
          grid: { show: false },
          splits: (plot) => this.labelled(plot.width, count),
          values: (_, splits) => splits.map((at) => this.dayLabel(at, count)),
        },
        {
          ...axis,
          size: (_plot, values) => 12 + Math.max(16, ...(values ?? []).map((text) => text.length * 7.5)),
          gap: 8,
          grid: { stroke: () => this.probe('grid'), width: 1 },
          splits: () => this.lines,
          values: (_, splits) => splits.map((each) => this.input?.writing.about(each) ?? ''),
        },
      ],
      hooks: {
        setCursor: [(plot) => {
          const at = plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.cursor.idx ?? null : null;
          if (at === this.at) return;
          this.at = at;
          this.showTip();
          this.moved();
        }],
        setSize: [() => this.showTip()],
      },
    };
  }

  /** Which days bear a label: the last, and back from it in even steps as there is room. */
  private labelled(width: number, count: number): number[] {
    const room = Math.max(2, Math.floor((width - 48) / LABEL_PX));
    const step = [1, 2, 3, 5, 7, 14, 28, 56, 91, 182].find((each) => count / each <= room) ?? count;
    const found: number[] = [];
    for (let at = count - 1; at >= 0; at -= step) found.unshift(at);
    return found;
  }

  private dayLabel(at: number, count: number): string {
    const day = this.columns.days[at];
    if (day === undefined || this.input === undefined) return '';
    const { writing } = this.input;
    return count <= 8 && this.place.clientWidth > 620 ? writing.weekDay(day.date) : writing.shortDay(day.date);
  }

  private showTip(): void {
    const { tip, plot, input } = this;
    const day = this.at === null ? undefined : this.columns.days[this.at];
    tip.hidden = day === undefined;
    if (day === undefined || plot === undefined || input === undefined || this.at === null) return;
    const beside = this.columns.beside[this.at];
    const { writing, words, metric } = input;
    const line = (className: string, ...texts: string[]): HTMLElement => {
      const made = document.createElement('div');
      made.className = className;
      for (const text of texts) made.appendChild(document.createElement('span')).textContent = text;
      return made;
    };
    const title = day.date === input.today ? `${words.today} · ${writing.shortDay(day.date)}` : writing.weekDay(day.date);
    tip.replaceChildren(
      line('tip-day', title),
      line('tip-now', writing.count(day[metric]), words.metric),
      ...(beside === undefined ? [] : [line('tip-before', writing.count(beside[metric]), `· ${writing.weekDay(beside.date)}`)]),
    );
    const left = plot.valToPos(this.at, 'x') + plot.over.offsetLeft;
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.max(half, Math.min(this.place.clientWidth - half, left))}px`;
  }
}
