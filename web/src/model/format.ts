/**
 * format.ts - numbers, days and sums of money as the reader's language writes them.
 */
import { sizeOfChange } from '../../../clients/js/src/element/figures.js';

const number = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
// of one length, so that a column of them compares at a glance
const percent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 3 });
// days are names, not moments: written in the zone they are read in
const dayLong = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const dayShort = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });

export const formatCount = (count: number): string => number.format(count);
/** 1.2M for what has no room. */
export const formatShort = (count: number): string => (count < 100_000 ? number.format(count) : short.format(count));
/** Inquiries of views; without views there is no rate. */
export const formatRate = ({ views, inquiries }: { views: number; inquiries: number }): string =>
  (views === 0 ? '–' : percent.format(inquiries / views));
/** The size of a change that the API gives in percent. */
export const formatChange = (rate: number): string => change.format(sizeOfChange(rate) / 100);

const dateOf = (day: string): Date => new Date(`${day}T00:00:00Z`);
export const formatDay = (day: string): string => dayLong.format(dateOf(day));
export const formatDayShort = (day: string): string => dayShort.format(dateOf(day));
export const formatWeekday = (day: string): string => weekday.format(dateOf(day));
export function formatRange(start: string, end: string): string {
  return start === end ? weekday.format(dateOf(start)) : dayLong.formatRange(dateOf(start), dateOf(end));
}

export function formatMoment(ms: number, zone: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(ms);
}

export function formatPrice(price: number, currency: string | null): string {
  if (currency !== null) {
    try {
      return new Intl.NumberFormat(undefined, { style: 'currency', currency, maximumFractionDigits: 0 }).format(price);
    } catch {
      return `${currency} ${number.format(price)}`;
    }
  }
  return number.format(price);
}

/** "1 view", "2 views". */
export function plural(count: number, one: string, many: string): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}
