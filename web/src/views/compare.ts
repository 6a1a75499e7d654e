/**
 * compare.ts - two to five listings side by side: a line each, and their numbers.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { App } from '../app.js';
import { COMPARED_MAX, COMPARED_MIN, type Metric } from '../model/address.js';
import { saveCsv } from '../model/csv.js';
import { formatCount, formatDay, formatDayShort, formatRange, formatRate } from '../model/format.js';
import { conversionOf, type Counts, type Portfolio, type Row } from '../model/portfolio.js';
import './compare-chart.js';
import { found, nameOf } from './listings.js';
import { failure, icon, liveBadge, statusBadge, thumbnail, trend } from './parts.js';
import { rangeBar } from './range-bar.js';

const METRICS: readonly [Metric, string][] = [['views', 'Views'], ['shares', 'Shares'], ['inquiries', 'Inquiries']];
/** So many are offered while somebody types: the most viewed of those that match. */
const OFFERED_MAX = 50;
/** What stands in the field, so that what is offered matches it. */
let typed = '';

function without(app: App, id: string): void {
  app.go({ compare: app.address.compare.filter((each) => each !== id) });
}

function adding(app: App, portfolio: Portfolio): TemplateResult {
  const { compare } = app.address;
  const others = [...portfolio.rows.values()].filter(({ id }) => !compare.includes(id));
  const add = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    const text = typed = field.value;
    const row = others.find((each) => each.id === text || nameOf(each) === text);
    // who has typed home-1 may be on the way to home-12; what was chosen, or ended with Enter, is meant
    const isTyping = event instanceof InputEvent && event.inputType !== 'insertReplacementText';
    const mayGoOn = isTyping && others.some((each) => each !== row && (each.id.startsWith(text) || nameOf(each).startsWith(text)));
    if (row === undefined || mayGoOn) {
      app.draw();
      return;
    }
    field.value = typed = '';
    app.go({ compare: [...compare, row.id] });
    app.announce(`${nameOf(row)} was added.`);
  };
  if (compare.length >= COMPARED_MAX) return html`<p class="hint">Five are the most that fit.</p>`;
  return html`<label class="add"><span class="unseen">Add a listing</span>${icon('search')}
    <input list="others" name="add" placeholder="Add a listing" autocomplete="off" spellcheck="false" @input=${add} @change=${add}>
    <datalist id="others">${found(others, typed).sort((a, b) => b.views - a.views).slice(0, OFFERED_MAX)
      .map((row) => html`<option value=${row.id}>${nameOf(row)}</option>`)}</datalist></label>`;
}

function best(rows: readonly Row[], value: (row: Row) => number): number {
  const values = rows.map(value);
  const most = Math.max(...values);
  // a tie is nobody's lead
  return most > 0 && values.filter((each) => each === most).length === 1 ? values.indexOf(most) : -1;
}

function figure(words: string, text: string, isBest: boolean, change: unknown): TemplateResult {
  return html`<td role="cell" class="number ${isBest ? 'best' : ''}"><span class="cell-name" aria-hidden="true">${words}</span>
    <span class="cell-figure">${text}</span>${isBest ? html`<span class="unseen"> (the most)</span>` : nothing} ${change}</td>`;
}

function table(app: App, rows: readonly Row[]): TemplateResult {
  const leads = {
    views: best(rows, (row) => row.views), shares: best(rows, (row) => row.shares),
    inquiries: best(rows, (row) => row.inquiries), conversion: best(rows, conversionOf),
  };
  const count = (name: keyof Counts, words: string, row: Row, i: number): TemplateResult =>
    figure(words, formatCount(row[name]), leads[name] === i, trend(row[name], row.before[name]));
  return html`<table role="table" class="listings compared">
    <caption class="unseen">Compared listings</caption>
    <thead role="rowgroup"><tr role="row">
      <th role="columnheader" scope="col" class="name">Listing</th>
      ${METRICS.map(([, words]) => html`<th role="columnheader" scope="col" class="number">${words}</th>`)}
      <th role="columnheader" scope="col" class="number">Conversion</th>
      <th role="columnheader" scope="col" class="remove"><span class="unseen">Remove</span></th>
    </tr></thead>
    <tbody role="rowgroup">${rows.map((row, i) => html`<tr role="row" data-listing=${row.id}>
      <th role="rowheader" scope="row" class="name"><div class="who"><i class="key key-${i + 1}"></i>
        ${thumbnail(row.id, row.details)}
        <span class="who-words"><a data-in href=${app.hrefOf({ view: 'listing', listing: row.id })}>${nameOf(row)}</a>
        <span class="who-more">${row.details?.address == null ? nothing : html`<span class="id">${row.id}</span>`}${statusBadge(row.details?.status)}</span></span></div></th>
      ${count('views', 'Views', row, i)}${count('shares', 'Shares', row, i)}${count('inquiries', 'Inquiries', row, i)}
      ${figure('Conversion', formatRate(row), leads.conversion === i, nothing)}
      <td role="cell" class="remove"><button class="button quiet icon-only" aria-label="Remove ${nameOf(row)}" @click=${() => without(app, row.id)}>${icon('close')}</button></td>
    </tr>`)}</tbody>
  </table>`;
}

/** The chart's numbers, for who cannot see it, and who wants them. */
function dayTable(rows: readonly Row[], metric: Metric): TemplateResult {
  const dates = rows[0]?.days?.map(({ date }) => date) ?? [];
  return html`<details class="day-by-day"><summary>Day by day</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Day by day"><table>
      <thead><tr><th scope="col">Day</th>${rows.map((row) => html`<th scope="col">${nameOf(row)}</th>`)}</tr></thead>
      <tbody>${dates.map((date, i) => html`<tr><th scope="row">${formatDayShort(date)}</th>${rows.map((row) => html`<td>${formatCount(row.days?.[i]?.[metric] ?? 0)}</td>`)}</tr>`)}</tbody>
    </table></div></details>`;
}

function comparison(app: App, portfolio: Portfolio): TemplateResult {
  const { compare, metric } = app.address;
  portfolio.showDays(compare);
  const rows = compare.map((id) => portfolio.rowOf(id));
  const isDrawn = rows.every(({ days }) => days !== undefined);
  const words = METRICS.find(([name]) => name === metric)?.[1] ?? '';
  const save = (): void => saveCsv(`comparison-${portfolio.startDate}-${portfolio.endDate}.csv`, [
    ['date', 'listingId', 'address', 'views', 'shares', 'inquiries'],
    ...rows.flatMap((row) => (row.days ?? []).map((day) => [day.date, row.id, row.details?.address ?? '', day.views, day.shares, day.inquiries])),
  ]);
  const lines = rows.map((row) => ({ name: nameOf(row), days: row.days ?? [] }));
  return html`
    <section class="card chart-card" aria-labelledby="chart-title">
      <div class="chart-head">
        <h2 id="chart-title">${words} a day</h2>
        <fieldset class="segments"><legend class="unseen">What is drawn</legend>
          ${METRICS.map(([name, label]) => html`<label><input type="radio" name="metric" value=${name} .checked=${name === metric}
            @change=${() => app.go({ metric: name }, { replace: true })}><span>${label}</span></label>`)}
        </fieldset>
      </div>
      ${isDrawn ? html`<compare-chart role="img" aria-label=${`${words} a day from ${formatDay(portfolio.startDate)} to ${formatDay(portfolio.endDate)}; the numbers are in the table below`} .data=${{ lines, metric }}></compare-chart>`
        : html`<div class="compare-wait" aria-hidden="true"><span class="bone"></span></div>`}
      <ul class="legend">${rows.map((row, i) => html`<li><i class="key key-${i + 1}"></i>${nameOf(row)}</li>`)}</ul>
      ${isDrawn ? dayTable(rows, metric) : nothing}
    </section>
    <div class="card">${table(app, rows)}</div>
    <div class="tools">${adding(app, portfolio)}<button class="button" @click=${save}>${icon('download')}CSV</button></div>`;
}

function tooFew(app: App, portfolio: Portfolio): TemplateResult {
  const [only] = app.address.compare;
  return html`<section class="card notice">
    ${icon('compare')}
    <h2>${only === undefined ? 'Which listings?' : 'And which other?'}</h2>
    <p>${only === undefined ? 'Pick two to five, here or by the boxes in the list.' : `${nameOf(portfolio.rowOf(only))} is picked. Pick at least one more, here or by the boxes in the list.`}</p>
    ${adding(app, portfolio)}
    <a class="button" data-in href=${app.hrefOf({ view: 'listings' })}>To the list</a>
  </section>`;
}

export function compareView(app: App): TemplateResult {
  const { portfolio, address } = app;
  const isReady = portfolio?.state === 'ready';
  return html`
    <nav class="back" aria-label="Back"><a data-in href=${app.hrefOf({ view: 'listings' })}>${icon('left')}All listings</a></nav>
    <div class="heading">
      <div><h1 tabindex="-1">Comparison</h1>
      <p class="subtitle">${isReady ? html`${formatRange(portfolio.startDate, portfolio.endDate)}${liveBadge(app.isLost ? 'waiting' : portfolio.live)}` : '\u00a0'}</p></div>
      ${rangeBar(app)}
    </div>
    ${portfolio === undefined || portfolio.state === 'loading' ? html`<div class="card compare-wait" aria-busy="true"><p class="unseen" role="status">Loading</p><span class="bone"></span></div>`
      : portfolio.state === 'failed' ? failure(portfolio.failure?.error ?? '', () => void portfolio.load())
      : address.compare.length < COMPARED_MIN ? tooFew(app, portfolio)
      : comparison(app, portfolio)}`;
}
