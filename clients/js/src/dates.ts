/**
 * dates.ts - days as text and back, in UTC.
 */
import type { TimePeriod } from './types.js';

const DAY_MS = 86_400_000;
const DAYS: Record<TimePeriod, number> = { daily: 1, weekly: 7, monthly: 30 };
const RANGE_DAYS_MAX = 100_000;

/** The day as YYYY-MM-DD. Throws a RangeError for an invalid Date, as toISOString() does. */
export function formatDate(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Today as YYYY-MM-DD. */
export function getCurrentDate(): string {
  return formatDate(new Date());
}

/** The first moment of the day YYYY-MM-DD; an invalid Date for anything else, such as 2024-02-30. */
export function parseDate(text: string): Date {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00.000Z`) : new Date(NaN);
  return !Number.isNaN(date.getTime()) && formatDate(date) === text ? date : new Date(NaN);
}

/** The first day of the period that ends at endDate, at endDate's time of day. */
export function getStartDate(period: TimePeriod, endDate: Date = new Date()): Date {
  return new Date(endDate.getTime() - (DAYS[period] - 1) * DAY_MS);
}

/** Every day from one to the other, both included, as YYYY-MM-DD; none when the end is before. */
export function getDateRange(startDate: Date, endDate: Date): string[] {
  const first = parseDate(formatDate(startDate)).getTime();
  const last = parseDate(formatDate(endDate)).getTime();
  const count = Math.round((last - first) / DAY_MS) + 1;
  if (count > RANGE_DAYS_MAX) throw new RangeError(`a range of ${count} days`);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => formatDate(new Date(first + i * DAY_MS)));
}
