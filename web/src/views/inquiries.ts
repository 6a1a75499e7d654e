/**
 * inquiries.ts - what people wrote about a listing, newest first, a page at a time.
 *
 * What they sent may be anything: it is shown as text, whatever it says.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { Footfall } from '../../../clients/js/src/client.js';
import { platformName } from '../../../clients/js/src/element/icons.js';
import type { Address } from '../model/address.js';
import { formatMoment } from '../model/format.js';
import { type Failure, type Range } from '../model/portfolio.js';
import { icon } from './parts.js';

interface Inquiry {
  id: string;
  timestamp: number;
  platform: string | null;
  source: string | null;
  inquiry: Record<string, unknown> | null;
}

const PAGE = 10;

/** The dates of a period are the server's to say; they are known when the counts came. */
export type Days = Pick<Address, 'start' | 'end'>;

export class Inquiries {
  rows: Inquiry[] = [];
  state: 'loading' | 'ready' | 'failed' = 'loading';
  failure: Failure | undefined;
  next: string | null = null;
  private turn = 0;

  constructor(
    private readonly client: Footfall,
    private readonly user: string,
    readonly listing: string,
    private readonly changed: () => void,
    private readonly failed: (failure: Failure) => void,
  ) {}

  private key = '';
  /** Shows those of these days; count: of the listing, so that a new one is fetched. */
  show(range: Range, days: Days, count: number): void {
    const key = JSON.stringify([range.zone, days.start, days.end, count]);
    if (key === this.key || days.start === undefined) return;
    // a new inquiry is added to what is shown; other days take its place
    const sameDays = this.days !== undefined && this.days.startDate === days.start && this.days.endDate === days.end &&
      this.days.timezone === range.zone;
    this.key = key;
    this.days = { startDate: days.start, endDate: days.end, timezone: range.zone };
    void this.load(sameDays ? Math.max(this.rows.length, PAGE) : PAGE, sameDays);
  }
  private days: { startDate: string; endDate: string | undefined; timezone: string } | undefined;

  async load(limit = PAGE, quietly = false): Promise<void> {
    const turn = ++this.turn;
    if (!quietly) {
      this.state = 'loading';
      this.rows = [];
      this.changed();
    }
    const page = await this.ask(Math.min(limit, 1000), undefined);
    if (turn !== this.turn || page === undefined) return;
    this.rows = page.inquiries;
    this.next = page.nextCursor;
    this.state = 'ready';
    this.changed();
  }

  async more(): Promise<void> {
    const turn = ++this.turn;
    const page = await this.ask(PAGE, this.next ?? undefined);
    if (turn !== this.turn || page === undefined) return;
    this.rows = [...this.rows, ...page.inquiries];
    this.next = page.nextCursor;
    this.changed();
  }

  private async ask(limit: number, cursor: string | undefined): Promise<{ inquiries: Inquiry[]; nextCursor: string | null } | undefined> {
    const answer = await this.client.get(['users', this.user, 'inquiries'], {
      listingId: this.listing, ...this.days, limit, cursor,
    });
    if (answer.success) return answer.body as unknown as { inquiries: Inquiry[]; nextCursor: string | null };
    this.failure = { error: answer.error, code: answer.code };
    if (this.rows.length === 0) this.state = 'failed';
    this.failed(this.failure);
    this.changed();
    return undefined;
  }
}

/** "firstName" and "first_name" as people write it. */
function labelOf(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').trim().toLowerCase();
  return words === '' ? key : words[0]?.toUpperCase() + words.slice(1);
}

function valueOf(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (key.toLowerCase() === 'email' && /^[^\s@<>"'?&]+@[^\s@<>"'?&]+$/.test(value)) return html`<a href="mailto:${value}">${value}</a>`;
  if (/^(phone|tel|telephone|mobile)$/i.test(key) && /^[+\d][\d\s().-]{4,30}$/.test(value)) {
    return html`<a href="tel:${value.replace(/[^+\d]/g, '')}">${value}</a>`;
  }
  return value;
}

const MESSAGE_KEYS = ['message', 'question', 'text', 'comment'];
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function card({ timestamp, platform, source, inquiry }: Inquiry, zone: string): TemplateResult {
  const sent = inquiry ?? {};
  const name = isText(sent.name) ? sent.name : undefined;
  const messageKey = MESSAGE_KEYS.find((key) => isText(sent[key]));
  const rest = Object.entries(sent).filter(([key, value]) => key !== messageKey && (key !== 'name' || name === undefined) && value !== null && value !== '');
  return html`<li class="inquiry">
    <div class="inquiry-head">
      <h3>${name ?? 'Somebody'}</h3>
      <p>${isText(platform) ? html`<span class="tag">${platformName(platform)}</span>` : nothing}${isText(source) ? html`<span class="tag">${source}</span>` : nothing}
      <time datetime=${new Date(timestamp).toISOString()}>${formatMoment(timestamp, zone)}</time></p>
    </div>
    ${messageKey === undefined ? nothing : html`<blockquote>${sent[messageKey]}</blockquote>`}
    ${rest.length === 0 ? nothing : html`<dl>${rest.map(([key, value]) => html`<div><dt>${labelOf(key)}</dt><dd>${valueOf(key, value)}</dd></div>`)}</dl>`}
  </li>`;
}

export function inquiriesPart(inquiries: Inquiries, zone: string): TemplateResult {
  const { state, rows, next } = inquiries;
  return html`<section class="inquiries" aria-labelledby="inquiries-title" aria-busy=${state === 'loading'}>
    <h2 id="inquiries-title">Inquiries</h2>
    ${state === 'loading' ? html`<div class="card skeleton" aria-hidden="true"><div class="skeleton-row"><span class="bone"></span><span class="bone short"></span></div></div>`
      : state === 'failed' ? html`<div class="card notice" role="alert"><p>${inquiries.failure?.error}</p><button class="button" @click=${() => void inquiries.load()}>Try again</button></div>`
      : rows.length === 0 ? html`<div class="card quiet-note">${icon('person')}<p>Nobody has asked in these days.</p></div>`
      : html`<ol class="card inquiry-list">${rows.map((each) => card(each, zone))}</ol>
        ${next === null ? nothing : html`<button class="button more" @click=${() => void inquiries.more()}>Older inquiries</button>`}`}
  </section>`;
}
