/**
 * csv.ts - what is shown as a table file: a line a day, a column a count and platform. RFC 4180, with
 * a byte order mark so that spreadsheets see UTF-8.
 */
import { type Figures, METRICS, platformRows } from './figures.js';

/** Spreadsheets run cells that begin like a formula: an apostrophe keeps them text. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csvOf(listingId: string, figures: Figures): string {
  const platforms = platformRows(figures).flatMap(({ platform }) => (platform === null ? [] : [platform]));
  const head = ['listingId', 'date', ...METRICS, ...platforms.flatMap((name) => METRICS.map((metric) => `${name} ${metric}`))];
  const lines = figures.days.map((day) => [
    listingId,
    day.date,
    ...METRICS.map((metric) => day[metric]),
    ...platforms.flatMap((name) => METRICS.map((metric) => day.platforms[name]?.[metric] ?? 0)),
  ]);
  return `\uFEFF${[head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** A name that every file system takes. */
export function csvName(listingId: string, { now }: Figures): string {
  const name = listingId.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 80);
  return `${name || 'listing'}-${now.startDate}-${now.endDate}.csv`;
}
