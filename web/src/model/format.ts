/**
 * format.ts - numbers, days and sums of money as the reader's language writes them.
 */
const number = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
// days are names, not moments: written in the zone they are read in
const dayLong = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const dayShort = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });

export const formatCount = (count: number): string => number.format(count);
/** 1.2M for what has no room. */
export const formatShort = (count: number): string => (count < 100_000 ? number.format(count) : short.format(count));
/** Of a rate as the API has it: 2.5 is 2.5 %. */
export const formatRate = (rate: number): string => percent.format(rate / 100);
export const formatChange = (rate: number): string => change.format(Math.abs(rate) / 100);

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
