/**
 * compare-chart.ts - <compare-chart>: a line a listing, over the days, by uPlot.
 *
 * Days are numbered, not times, so that no clock change can move a point. Colours are the style
 * sheet's, read from the place whenever it draws; lines differ by their dashes too.
 */
import uPlot from 'uplot';
import type { Metric } from '../model/address.js';
import { formatCount, formatDayShort, formatShort, formatWeekday } from '../model/format.js';

export interface Line {
  name: string;
  days: readonly ({ date: string } & Record<Metric, number>)[];
}

const HEIGHT = 280;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 5]];
const LABEL_PX = 68;

export class CompareChart extends HTMLElement {
  private plot: uPlot | undefined;
  private made = '';
  private lines: readonly Line[] = [];
  private metric: Metric = 'views';
  private readonly place = document.createElement('div');
  private readonly tip = document.createElement('div');
  private readonly sizes = new ResizeObserver(() => this.fit());
  private readonly theme = matchMedia('(prefers-color-scheme: dark)');
  private readonly redraw = (): void => this.plot?.redraw(false, true);

  connectedCallback(): void {
    this.place.className = 'compare-canvas';
    this.tip.className = 'compare-tip';
    this.tip.hidden = true;
    this.append(this.place, this.tip);
    this.sizes.observe(this);
    this.theme.addEventListener('change', this.redraw);
    this.draw();
  }

  disconnectedCallback(): void {
    this.sizes.disconnect();
    this.theme.removeEventListener('change', this.redraw);
    this.plot?.destroy();
    this.plot = undefined;
    this.made = '';
  }

  set data({ lines, metric }: { lines: readonly Line[]; metric: Metric }) {
    this.lines = lines;
    this.metric = metric;
    if (this.isConnected) this.draw();
  }

  private get dates(): readonly string[] {
    return this.lines[0]?.days.map(({ date }) => date) ?? [];
  }

  private colour(i: number): string {
    return getComputedStyle(this).getPropertyValue(`--line-${i + 1}`).trim();
  }

  private css(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }

  private draw(): void {
    const { dates } = this;
    const width = Math.floor(this.clientWidth);
    if (dates.length === 0 || width === 0) return;
    const data: uPlot.AlignedData = [
      dates.map((_, i) => i), ...this.lines.map(({ days }) => days.map((day) => day[this.metric])),
    ];
    const form = JSON.stringify([dates, this.lines.map(({ name }) => name)]);
    if (this.plot !== undefined && form === this.made) {
      this.plot.setData(data);
    } else {
      this.plot?.destroy();
      this.made = form;
      this.plot = new uPlot(this.options(width, dates.length), data, this.place);
    }
    this.showTip();
  }

  private fit(): void {
    const width = Math.floor(this.clientWidth);
    if (this.plot === undefined) this.draw();
    else if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  private options(width: number, count: number): uPlot.Options {
    const axis: uPlot.Axis = {
      font: `12px ${getComputedStyle(this).fontFamily}`, stroke: () => this.css('--muted'), ticks: { show: false }, gap: 8,
    };
    return {
      width,
      height: HEIGHT,
      padding: [12, 26, 0, 0], // half of the last day's label
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 8, width: 2 },
        move: (plot, left, top) => [left < 0 ? left : plot.valToPos(plot.posToIdx(left), 'x'), top],
      },
      scales: {
        x: { time: false, range: count === 1 ? [-0.5, 0.5] : [0, count - 1] },
        y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.08)] },
      },
      series: [
        {},
        ...this.lines.map((_, i): uPlot.Series => ({
          stroke: () => this.colour(i),
          width: 2.25,
          dash: DASHES[i] ?? [],
          // a single day has no line
          points: { show: count === 1, size: 10, fill: () => this.colour(i) },
        })),
      ],
      axes: [
        {
          ...axis,
          size: 32,
          grid: { show: false },
          splits: (plot) => {
            const room = Math.max(2, Math.floor(plot.width / LABEL_PX));
            const step = Math.max(1, Math.ceil(count / room));
            const found: number[] = [];
            for (let at = count - 1; at >= 0; at -= step) found.unshift(at);
            return found;
          },
          values: (_, splits) => splits.map((at) => formatDayShort(this.dates[at] ?? '1970-01-01')),
        },
        {
          ...axis,
          size: (_plot, values) => 14 + Math.max(16, ...(values ?? []).map((text) => text.length * 7.5)),
          grid: { stroke: () => this.css('--line'), width: 1 },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7],
          values: (_, splits) => splits.map((each) => formatShort(each)),
        },
      ],
      hooks: { setCursor: [() => this.showTip()] },
    };
  }

  private showTip(): void {
    const { plot, tip } = this;
    const left = plot?.cursor.left ?? -1;
    const at = left >= 0 ? plot?.cursor.idx : undefined;
    const date = at === null || at === undefined ? undefined : this.dates[at];
    tip.hidden = date === undefined;
    if (plot === undefined || date === undefined || at === null || at === undefined) return;
    const title = document.createElement('p');
    title.textContent = formatWeekday(date);
    const rows = this.lines.map(({ name, days }, i) => {
      const row = document.createElement('div');
      const key = row.appendChild(document.createElement('i'));
      key.className = `key key-${i + 1}`;
      row.appendChild(document.createElement('span')).textContent = name;
      row.appendChild(document.createElement('b')).textContent = formatCount(days[at]?.[this.metric] ?? 0);
      return row;
    });
    tip.replaceChildren(title, ...rows);
    const x = plot.valToPos(at, 'x') + plot.over.offsetLeft;
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.max(half, Math.min(this.clientWidth - half, x))}px`;
  }
}

customElements.define('compare-chart', CompareChart);
