/**
 * listings.ts - all listings of a user: their sum on top, then each, sorted, searched, in pages.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { App } from '../app.js';
import { ascendingByNature, COMPARED_MAX, COMPARED_MIN, type Sort } from '../model/address.js';
import { saveCsv } from '../model/csv.js';
import { formatCount, formatRange, formatRate, formatShort, plural } from '../model/format.js';
import { conversionOf, type Counts, LISTINGS_MAX, type Portfolio, type Row, sum } from '../model/portfolio.js';
import { baseUrl } from '../model/session.js';
import { command, failure, icon, liveBadge, spark, statusBadge, thumbnail, trend } from './parts.js';
import { rangeBar } from './range-bar.js';

const PAGE_ROWS = 20;
const COLUMNS: readonly [Sort, string][] = [
  ['listing', 'Listing'], ['views', 'Views'], ['shares', 'Shares'], ['inquiries', 'Inquiries'], ['conversionRate', 'Conversion'],
];
const plain = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
/** For searching: case and accents do not matter. */
const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

export const nameOf = ({ id, details }: Row): string => details?.address ?? id;

export function found(rows: Iterable<Row>, search: string): Row[] {
  const words = folded(search).split(/\s+/).filter((word) => word !== '');
  return [...rows].filter(({ id, details }) => {
    const text = folded(`${id} ${details?.address ?? ''}`);
    return words.every((word) => text.includes(word));
  });
}

function sorted(rows: Row[], sort: Sort, ascending: boolean): Row[] {
  const value = (row: Row): number => (sort === 'conversionRate' ? conversionOf(row) : sort === 'listing' ? 0 : row[sort]);
  const way = ascending ? 1 : -1;
  return rows.sort((a, b) => (sort === 'listing' ? way * plain.compare(nameOf(a), nameOf(b)) : way * (value(a) - value(b)))
    || plain.compare(a.id, b.id));
}

/* ---- the sum on top ---- */

function tile(words: string, value: string, change: unknown, line: unknown, kind: string): TemplateResult {
  return html`<div class="tile ${kind}">
    <dt>${words}</dt>
    <dd><span class="figure">${value}</span>${change}</dd>
    ${line === nothing ? nothing : html`<dd class="tile-line">${line}</dd>`}
  </div>`;
}

function totals(portfolio: Portfolio): TemplateResult {
  const rows = [...portfolio.rows.values()];
  const now = sum(rows);
  const before = sum(rows.map((row) => row.before));
  const days = portfolio.summedDays();
  const line = (name: keyof Counts): unknown =>
    days === undefined || days.length < 2 ? nothing : spark(days.map((day) => ({ date: day.date, count: day[name] })), name);
  return html`<section aria-label="All listings together">
    <dl class="tiles">
      ${tile('Views', formatShort(now.views), trend(now.views, before.views), line('views'), 'of-views')}
      ${tile('Shares', formatShort(now.shares), trend(now.shares, before.shares), line('shares'), 'of-shares')}
      ${tile('Inquiries', formatShort(now.inquiries), trend(now.inquiries, before.inquiries), line('inquiries'), 'of-inquiries')}
      ${tile('Conversion', formatRate(now), html`<span class="hint">inquiries of views</span>`, nothing, 'of-conversion')}
    </dl>
  </section>`;
}

function totalsSkeleton(): TemplateResult {
  return html`<div class="tiles" aria-hidden="true">${[1, 2, 3, 4].map(() => html`<div class="tile"><span class="bone short"></span><span class="bone tall"></span><span class="bone"></span></div>`)}</div>`;
}

/* ---- the table ---- */

function refuse(app: App, event: Event): void {
  event.preventDefault();
  app.announce(`At most ${COMPARED_MAX} listings can be compared.`);
}

function pick(app: App, id: string): void {
  const { compare } = app.address;
  const next = compare.includes(id) ? compare.filter((each) => each !== id) : [...compare, id];
  app.go({ compare: next }, { replace: true });
  app.announce(`${plural(next.length, 'listing', 'listings')} picked to be compared.`);
}

function columnHead(app: App, sort: Sort, words: string): TemplateResult {
  const { address } = app;
  const isThis = address.sort === sort;
  const ascending = isThis ? !address.ascending : ascendingByNature(sort);
  const state = isThis ? (address.ascending ? 'ascending' : 'descending') : nothing;
  return html`<th role="columnheader" scope="col" aria-sort=${state} class=${sort === 'listing' ? 'name' : 'number'}>
    <a data-in class="sort" href=${app.hrefOf({ sort, ascending, page: 1 })}>${words}<span class="sort-arrow" aria-hidden="true">${isThis ? (address.ascending ? '↑' : '↓') : '\u00a0'}</span></a>
  </th>`;
}

function cell(words: string, name: keyof Counts, row: Row): TemplateResult {
  return html`<td role="cell" class="number"><span class="cell-name" aria-hidden="true">${words}</span>
    <span class="cell-figure" data-metric=${name}>${formatCount(row[name])}</span> ${trend(row[name], row.before[name])}</td>`;
}

function tableRow(app: App, row: Row): TemplateResult {
  const { id, details, days } = row;
  const isPicked = app.address.compare.includes(id);
  const isFull = !isPicked && app.address.compare.length >= COMPARED_MAX;
  const line = days === undefined ? html`<span class="bone line" aria-hidden="true"></span>`
    : spark(days.map(({ date, views }) => ({ date, count: views })), 'views');
  return html`<tr role="row" data-listing=${id} class=${isPicked ? 'picked' : ''}>
    <td role="cell" class="pick"><label><input type="checkbox" .checked=${isPicked} aria-disabled=${isFull ? 'true' : nothing}
      @click=${(event: Event) => { if (isFull) refuse(app, event); }} @change=${() => pick(app, id)}
      aria-label="Compare ${nameOf(row)}"></label></td>
    <th role="rowheader" scope="row" class="name"><div class="who">
      ${thumbnail(id, details)}
      <span class="who-words"><a data-in href=${app.hrefOf({ view: 'listing', listing: id, page: 1, search: '' })}>${nameOf(row)}</a>
      <span class="who-more">${details?.address == null ? nothing : html`<span class="id">${id}</span>`}${statusBadge(details?.status)}</span></span>
    </div></th>
    ${cell('Views', 'views', row)}
    ${cell('Shares', 'shares', row)}
    ${cell('Inquiries', 'inquiries', row)}
    <td role="cell" class="number"><span class="cell-name" aria-hidden="true">Conversion</span><span class="cell-figure">${formatRate(row)}</span></td>
    <td role="cell" class="days">${line}</td>
  </tr>`;
}

function table(app: App, rows: readonly Row[]): TemplateResult {
  // roles are written out: as cards on a small screen it would be no table to screen readers
  const isOneDay = app.portfolio !== undefined && app.portfolio.startDate === app.portfolio.endDate;
  return html`<table role="table" class="listings ${isOneDay ? 'one-day' : ''}">
    <caption class="unseen">Listings, with what they counted</caption>
    <thead role="rowgroup"><tr role="row">
      <th role="columnheader" scope="col" class="pick"><span class="unseen">Compare</span></th>
      ${COLUMNS.map(([sort, words]) => columnHead(app, sort, words))}
      <th role="columnheader" scope="col" class="days">Views a day</th>
    </tr></thead>
    <tbody role="rowgroup">${repeat(rows, ({ id }) => id, (row) => tableRow(app, row))}</tbody>
  </table>`;
}

function tableSkeleton(): TemplateResult {
  return html`<div class="card skeleton" aria-hidden="true">${[1, 2, 3, 4, 5, 6].map(() => html`<div class="skeleton-row"><span class="bone square"></span><span class="bone"></span><span class="bone short"></span><span class="bone short"></span></div>`)}</div>`;
}

function pages(app: App, count: number, page: number, last: number): TemplateResult | typeof nothing {
  if (last <= 1) return nothing;
  const link = (to: number, words: string, inside: unknown): TemplateResult => to < 1 || to > last
    ? html`<span class="button off" aria-hidden="true">${inside}</span>`
    : html`<a class="button" data-in href=${app.hrefOf({ page: to })} aria-label=${words}>${inside}</a>`;
  const first = (page - 1) * PAGE_ROWS + 1;
  return html`<nav class="pages" aria-label="Pages of the list">
    <span>${formatCount(first)}–${formatCount(Math.min(count, page * PAGE_ROWS))} of ${formatCount(count)}</span>
    ${link(page - 1, 'Page before', html`${icon('left')}`)}
    ${link(page + 1, 'Next page', html`${icon('right')}`)}
  </nav>`;
}

/* ---- what stands above the table ---- */

function tools(app: App, portfolio: Portfolio, rows: readonly Row[]): TemplateResult {
  const { address } = app;
  const search = (event: Event): void => app.go({ search: (event.target as HTMLInputElement).value, page: 1 }, { replace: true });
  const sortBy = (event: Event): void => {
    const sort = (event.target as HTMLSelectElement).value as Sort;
    app.go({ sort, ascending: ascendingByNature(sort), page: 1 });
  };
  const save = (): void => saveCsv(`listings-${portfolio.startDate}-${portfolio.endDate}.csv`, [
    ['listingId', 'address', 'status', 'views', 'shares', 'inquiries', 'conversionRate', 'startDate', 'endDate', 'timezone'],
    ...rows.map((row) => [row.id, row.details?.address ?? '', row.details?.status ?? '', row.views, row.shares, row.inquiries,
      Math.round(conversionOf(row) * 100) / 100, portfolio.startDate, portfolio.endDate, app.range.zone]),
  ]);
  return html`<div class="tools">
    <label class="search">${icon('search')}<span class="unseen">Search by address or id</span>
      <input type="search" name="search" placeholder="Search by address or id" autocomplete="off" spellcheck="false" .value=${address.search} @input=${search}></label>
    <label class="sort-choice"><span>Sort by</span> <select name="sort" @change=${sortBy}>
      ${COLUMNS.map(([sort, words]) => html`<option value=${sort} ?selected=${sort === address.sort}>${words}</option>`)}</select></label>
    <button class="button" @click=${save}>${icon('download')}CSV</button>
  </div>`;
}

function picked(app: App): TemplateResult | typeof nothing {
  const { compare } = app.address;
  if (compare.length === 0) return nothing;
  const enough = compare.length >= COMPARED_MIN;
  return html`<div class="picked-bar" role="region" aria-label="Comparison">
    <span>${enough ? `${compare.length} picked` : 'Pick another listing to compare'}${compare.length === COMPARED_MAX ? ', the most that fit' : ''}</span>
    <button class="button quiet" @click=${() => app.go({ compare: [] }, { replace: true })}>Clear</button>
    ${enough ? html`<a class="button primary" data-in href=${app.hrefOf({ view: 'compare' })}>${icon('compare')}Compare</a>` : nothing}
  </div>`;
}

/* ---- when there is nothing ---- */

/** As a word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function curlLine(app: App): string {
  const event = JSON.stringify({ userId: app.user, listingId: 'listing-123', eventType: 'view', platform: 'facebook' });
  const isOff = app.phase.kind === 'session' && app.phase.session.token === undefined;
  const key = isOff ? '' : ` \\\n  -H "Authorization: Bearer $FOOTFALL_SERVICE_KEY"`;
  return `curl --json ${quoted(event)}${key} \\\n  ${quoted(`${baseUrl}/v1/events`)}`;
}

function empty(app: App, portfolio: Portfolio): TemplateResult {
  return html`<section class="card notice empty">
    <svg class="empty-picture" viewBox="0 0 160 80" aria-hidden="true"><path class="ground" d="M8 72h144"/><rect x="22" y="52" width="14" height="20" rx="4"/><rect x="50" y="40" width="14" height="32" rx="4"/><rect x="78" y="46" width="14" height="26" rx="4"/><rect x="106" y="28" width="14" height="44" rx="4"/><rect class="next" x="134" y="12" width="14" height="60" rx="4"/></svg>
    <h2>Nothing counted yet</h2>
    <p>No views, shares or inquiries of ${app.user} ${portfolio.startDate === portfolio.endDate ? 'today' : 'in these days'}. The first one shows here by itself; to send it from a shell:</p>
    ${command(curlLine(app))}
    ${app.address.period === 'monthly' || app.address.period === 'custom' ? nothing
      : html`<a class="button" data-in href=${app.hrefOf({ period: 'monthly', page: 1 })}>Look at the last 30 days</a>`}
  </section>`;
}

function noMatch(app: App): TemplateResult {
  return html`<section class="card notice">
    <h2>No listing matches “${app.address.search}”</h2>
    <p>Search looks at addresses and ids.</p>
    <button class="button" @click=${() => app.go({ search: '', page: 1 })}>Show all listings</button>
  </section>`;
}

/* ---- all of it ---- */

function list(app: App, portfolio: Portfolio): TemplateResult {
  const { address } = app;
  const rows = sorted(found(portfolio.rows.values(), address.search), address.sort, address.ascending);
  const last = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
  const page = Math.min(address.page, last);
  const shown = rows.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS);
  portfolio.showDays(shown.map(({ id }) => id));
  return html`
    ${totals(portfolio)}
    ${tools(app, portfolio, rows)}
    <p class="unseen" role="status">${plural(rows.length, 'listing', 'listings')}</p>
    ${portfolio.isCut ? html`<p class="remark">Only the first ${formatCount(LISTINGS_MAX)} listings are shown and added up here. The API has all of them.</p>` : nothing}
    ${rows.length === 0 ? noMatch(app) : html`<div class="card">${table(app, shown)}</div>${pages(app, rows.length, page, last)}`}
    ${picked(app)}`;
}

export function listingsView(app: App): TemplateResult {
  const { portfolio } = app;
  const isReady = portfolio?.state === 'ready';
  const subtitle = isReady ? formatRange(portfolio.startDate, portfolio.endDate) : '\u00a0';
  return html`
    <div class="heading">
      <div>
        <h1 tabindex="-1">Listings</h1>
        <p class="subtitle">${subtitle}${isReady ? html`<span class="dot" aria-hidden="true"></span>${plural(portfolio.rows.size, 'listing', 'listings')}${liveBadge(app.isLost ? 'waiting' : portfolio.live)}` : nothing}</p>
      </div>
      ${rangeBar(app)}
    </div>
    ${portfolio === undefined || portfolio.state === 'loading'
      ? html`<div aria-busy="true"><p class="unseen" role="status">Loading</p>${totalsSkeleton()}${tableSkeleton()}</div>`
      : portfolio.state === 'failed' ? failure(portfolio.failure?.error ?? '', () => void portfolio.load())
      : portfolio.rows.size === 0 ? empty(app, portfolio)
      : list(app, portfolio)}`;
}
