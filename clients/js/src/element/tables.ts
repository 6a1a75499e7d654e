/**
 * tables.ts - the totals, the platforms and the days, as markup.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { DisplayMessages } from '../element-types.js';
import type { PerformanceMetrics } from '../types.js';
import { columnsOf } from './chart.js';
import { change, type Figures, type Metric, METRICS, platformRows, total } from './figures.js';
import { arrow, platformIcon, platformName, share } from './icons.js';
import { fill, type Writing } from './words.js';

/** What a table is made of. */
export interface Sheet {
  figures: Figures;
  words: DisplayMessages;
  writing: Writing;
  today: string;
}

function changeWords({ figures, words, writing }: Sheet, metric: Metric): TemplateResult | typeof nothing {
  const found = change(figures, metric);
  if (found === undefined) return nothing;
  const { percent, before } = found;
  const said = before === undefined ? nothing : html`<span>${fill(figures.days.length === 1 && figures.now.period === 'daily' ? words.yesterday : words.before, { count: writing.count(before) })}</span>`;
  if (percent === 0) return html`<span>${words.same}</span>${before === 0 ? nothing : said}`;
  const direction = percent > 0 ? 'up' : 'down';
  const size = writing.change(percent);
  const isNew = before === 0;
  return html`<span class=${direction} part="change ${direction}">${arrow(direction)}${isNew
    ? words.fresh
    : html`<span aria-hidden="true">${size}</span><span class="unseen">${fill(words[direction], { percent: size })}</span>`}</span>${said}`;
}

/** A number that people came for. With `choose` it is a button. */
export function figureTile(
  metric: Metric | 'conversion', sheet: Sheet | null, words: DisplayMessages, bones: boolean, pressed = false, choose?: () => void,
): TemplateResult {
  let value: unknown = '–';
  let below: unknown = nothing;
  if (sheet !== null) {
    const { now } = sheet.figures;
    value = metric === 'conversion' ? now.totalViews === 0 ? '–' : sheet.writing.rate(now.conversionRate ?? 0) : sheet.writing.count(total(sheet.figures, metric));
    below = metric === 'conversion' ? words.conversionHint : changeWords(sheet, metric);
  } else if (bones) {
    value = html`<span class="bone" aria-hidden="true">0</span>`;
    below = html`<span class="bone" aria-hidden="true">0</span>`;
  }
  const inside = html`<span class="name">${words[metric]}</span>
    <span class="value" part="value value-${metric}">${value}</span><span class="change">${below}</span>`;
  return choose === undefined
    ? html`<div class="total" part="total total-${metric}">${inside}</div>`
    : html`<button class="total" part="total total-${metric}" type="button" aria-pressed=${pressed ? 'true' : 'false'} @click=${choose}>${inside}</button>`;
}

function counts(row: Record<Metric, number>, writing: Writing): TemplateResult[] {
  return METRICS.map((metric) => html`<td class=${row[metric] === 0 ? 'none' : ''}>${writing.count(row[metric])}</td>`);
}

function head(first: string, words: DisplayMessages): TemplateResult {
  return html`<thead><tr><th scope="col">${first}</th>${METRICS.map((metric) => html`<th scope="col">${words[metric]}</th>`)}</tr></thead>`;
}

/** Bars are of the metric that is charted. */
export function platformTable({ figures, words, writing }: Sheet, metric: Metric): TemplateResult {
  const rows = platformRows(figures);
  const most = Math.max(1, ...rows.map((row) => row[metric]));
  return html`<section part="platforms" aria-labelledby="platforms"><h3 id="platforms">${words.platforms}</h3>
    ${rows.length === 0 ? html`<p class="nothing">${words.noPlatform}</p>` : html`<div class="scroll" tabindex="0" role="group" aria-labelledby="platforms"><table>
      ${head(words.platform, words)}
      <tbody>${rows.map((row) => html`<tr>
        <th scope="row"><span class="who">${platformIcon(row.platform)}<span class="label">${row.platform === null ? words.elsewhere : platformName(row.platform)}</span>${share(row[metric] / most)}</span></th>
        ${counts(row, writing)}</tr>`)}</tbody>
    </table></div>`}
  </section>`;
}

/** What the chart shows, newest first. */
export function dayTable({ figures, words, writing, today }: Sheet): TemplateResult {
  const days: PerformanceMetrics[] = [...columnsOf(figures).days].reverse();
  return html`<section part="days" aria-labelledby="days"><h3 id="days">${words.days}</h3>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="days"><table>
      ${head(words.day, words)}
      <tbody>${days.map((day) => html`<tr>
        <th scope="row"><time datetime=${day.date}>${day.date === today ? html`${words.today} · ${writing.shortDay(day.date)}` : writing.weekDay(day.date)}</time></th>
        ${counts(day, writing)}</tr>`)}</tbody>
    </table></div>
  </section>`;
}
