/**
 * address.ts - everything that the page shows, as its address: whose listings, which of them, of
 * which days. So a reload shows the same, a link can be handed on, and back and forward work.
 *
 *     /?user=agent-7&listing=listing-123&period=monthly&zone=America/Denver
 *
 * It is the query and not the path, so that ids may hold any character and the page works behind
 * any prefix. What is wrong in an address is passed over: it may have been typed.
 */
export type Period = 'daily' | 'weekly' | 'monthly' | 'custom';
export type Sort = 'views' | 'shares' | 'inquiries' | 'conversionRate' | 'listing';
export type View = 'listings' | 'listing' | 'compare';
export type Metric = 'views' | 'shares' | 'inquiries';

export interface Address {
  user: string | undefined;
  view: View;
  /** Of the view `listing`. */
  listing: string | undefined;
  /** Picked to be compared: 0 to COMPARED_MAX. */
  compare: readonly string[];
  period: Period;
  /** Of the period `custom`: YYYY-MM-DD. */
  start: string | undefined;
  end: string | undefined;
  /** An IANA name; undefined until one was chosen. */
  zone: string | undefined;
  sort: Sort;
  ascending: boolean;
  search: string;
  /** From 1. */
  page: number;
  /** What the comparison draws. */
  metric: Metric;
}

export const COMPARED_MIN = 2;
export const COMPARED_MAX = 5;
const RANGE_DAYS_MAX = 400;
const PERIODS: readonly Period[] = ['daily', 'weekly', 'monthly', 'custom'];
const SORTS: readonly Sort[] = ['views', 'shares', 'inquiries', 'conversionRate', 'listing'];
const METRICS: readonly Metric[] = ['views', 'shares', 'inquiries'];

function oneOf<T extends string>(value: string | null, known: readonly T[], otherwise: T): T {
  return known.find((each) => each === value) ?? otherwise;
}

function text(value: string | null): string | undefined {
  return value === null || value === '' ? undefined : value;
}

export function isDate(value: string | null | undefined): value is string {
  if (value === null || value === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

/** Days of a range, both ends included. */
export function daysBetween(start: string, end: string): number {
  return Math.round((Date.parse(end) - Date.parse(start)) / 86_400_000) + 1;
}

/** Why these two make no range, in words; undefined when they do. */
export function rangeProblem(start: string | undefined, end: string | undefined): string | undefined {
  if (!isDate(start) || !isDate(end)) return 'Choose the first and the last day.';
  if (start > end) return 'The first day is after the last.';
  if (daysBetween(start, end) > RANGE_DAYS_MAX) return `At most ${RANGE_DAYS_MAX} days can be shown at once.`;
  return undefined;
}

/** By a column's nature: names from A, numbers from the largest. */
export function ascendingByNature(sort: Sort): boolean {
  return sort === 'listing';
}

export function readAddress(query: string): Address {
  const from = new URLSearchParams(query);
  const listing = text(from.get('listing'));
  const compare = [...new Set(from.getAll('compare').filter((id) => id !== ''))].slice(0, COMPARED_MAX);
  const sort = oneOf(from.get('sort'), SORTS, 'views');
  let period = oneOf(from.get('period'), PERIODS, 'weekly');
  const [start, end] = [from.get('start'), from.get('end')];
  if (period === 'custom' && rangeProblem(start ?? undefined, end ?? undefined) !== undefined) period = 'weekly';
  const page = Number(from.get('page') ?? 1);
  return {
    user: text(from.get('user')),
    view: listing !== undefined ? 'listing' : from.get('view') === 'compare' ? 'compare' : 'listings',
    listing,
    compare,
    period,
    start: period === 'custom' ? start ?? undefined : undefined,
    end: period === 'custom' ? end ?? undefined : undefined,
    zone: text(from.get('zone')),
    sort,
    ascending: from.get('order') === null ? ascendingByNature(sort) : from.get('order') === 'asc',
    search: from.get('search') ?? '',
    page: Number.isInteger(page) && page >= 1 ? page : 1,
    metric: oneOf(from.get('metric'), METRICS, 'views'),
  };
}

/** The query with its question mark; what is as usual is left out. */
export function writeAddress(address: Address): string {
  const to = new URLSearchParams();
  const put = (name: string, value: string | undefined, usual?: string): void => {
    if (value !== undefined && value !== usual) to.append(name, value);
  };
  put('user', address.user);
  if (address.view === 'listing') put('listing', address.listing);
  if (address.view === 'compare') to.append('view', 'compare');
  for (const id of address.compare) to.append('compare', id);
  put('period', address.period, 'weekly');
  if (address.period === 'custom') {
    put('start', address.start);
    put('end', address.end);
  }
  put('zone', address.zone);
  put('sort', address.sort, 'views');
  if (address.ascending !== ascendingByNature(address.sort)) to.append('order', address.ascending ? 'asc' : 'desc');
  put('search', address.search, '');
  put('page', String(address.page), '1');
  put('metric', address.metric, 'views');
  // slashes are legal in a query, and zones are easier to read with them
  const query = to.toString().replaceAll('%2F', '/');
  return query === '' ? '?' : `?${query}`;
}
