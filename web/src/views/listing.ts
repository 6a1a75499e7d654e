/**
 * listing.ts - a listing's page: what it is, its numbers (the element), who asked.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { App } from '../app.js';
import { COMPARED_MAX } from '../model/address.js';
import { formatPrice } from '../model/format.js';
import type { Details } from '../model/portfolio.js';
import { baseUrl } from '../model/session.js';
import { Inquiries, inquiriesPart } from './inquiries.js';
import { icon, statusBadge, thumbnail } from './parts.js';
import { zoneChoice } from './range-bar.js';

/** One page is open at a time; its inquiries stay while its numbers change. */
let open: { user: string; client: unknown; inquiries: Inquiries } | undefined;

function inquiriesOf(app: App, listing: string): Inquiries | undefined {
  const { phase, user } = app;
  if (phase.kind !== 'session' || user === undefined) return undefined;
  const { client } = phase.session;
  if (open === undefined || open.user !== user || open.client !== client || open.inquiries.listing !== listing) {
    open = { user, client, inquiries: new Inquiries(client, user, listing, app.draw, (failure) => app.fail(failure)) };
  }
  return open.inquiries;
}

function facts(id: string, details: Details | undefined): TemplateResult {
  const price = details?.price ?? null;
  return html`<p class="facts">
    ${details?.address == null ? nothing : html`<span class="id">${id}</span>`}
    ${price === null ? nothing : html`<span class="price">${formatPrice(price, details?.currency ?? null)}</span>`}
    ${statusBadge(details?.status)}
  </p>`;
}

export function listingView(app: App): TemplateResult {
  const { address, portfolio, phase } = app;
  const id = address.listing ?? '';
  const row = portfolio?.rows.get(id);
  const details = row?.details;
  const inquiries = inquiriesOf(app, id);
  if (portfolio?.state === 'ready') {
    inquiries?.show(app.range, { start: portfolio.startDate, end: portfolio.endDate }, row?.inquiries ?? 0);
  }
  const isPicked = address.compare.includes(id);
  const isFull = !isPicked && address.compare.length >= COMPARED_MAX;
  const toggle = (): void => {
    if (isFull) app.announce(`At most ${COMPARED_MAX} listings can be compared.`);
    else app.go({ compare: isPicked ? address.compare.filter((each) => each !== id) : [...address.compare, id] }, { replace: true });
  };
  const periodChanged = ({ detail }: CustomEvent<{ period: typeof address.period; startDate: string; endDate: string }>): void =>
    app.go({
      period: detail.period,
      start: detail.period === 'custom' ? detail.startDate : undefined,
      end: detail.period === 'custom' ? detail.endDate : undefined,
    });
  const failed = ({ detail }: CustomEvent<{ error: string; code: string }>): void => app.fail(detail);
  return html`
    <nav class="back" aria-label="Back"><a data-in href=${app.hrefOf({ view: 'listings', listing: undefined })}>${icon('left')}All listings</a></nav>
    <div class="heading listing-heading">
      <div class="listing-title">
        ${thumbnail(id, details)}
        <div>
          <h1 tabindex="-1">${details?.address ?? id}</h1>
          ${facts(id, details)}
        </div>
      </div>
      <div class="listing-tools">
        ${zoneChoice(app)}
        <button class="button" aria-pressed=${isPicked} aria-disabled=${isFull ? 'true' : nothing} @click=${toggle}>
          ${icon(isPicked ? 'done' : 'compare')}${isPicked ? 'Picked to compare' : 'Compare'}</button>
      </div>
    </div>
    <section class="card numbers" aria-label="Numbers">
      <listing-metrics-display
        user-id=${app.user ?? ''} listing-id=${id} base-url=${baseUrl} heading="Performance" live
        locale=${navigator.language} timezone=${app.range.zone}
        token=${phase.kind === 'session' ? phase.session.token ?? '' : ''}
        .period=${address.period} .startDate=${address.start ?? ''} .endDate=${address.end ?? ''}
        @period-change=${periodChanged} @metrics-error=${failed}></listing-metrics-display>
    </section>
    ${inquiries === undefined ? nothing : inquiriesPart(inquiries, app.range.zone)}`;
}
