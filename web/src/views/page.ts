/**
 * page.ts - the page around the views: header, banner, what is read out.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { App } from '../app.js';
import { compareView } from './compare.js';
import { listingView } from './listing.js';
import { listingsView } from './listings.js';
import { icon } from './parts.js';
import { otherUserView, signInView, startingView, unreachableView, userView } from './sign-in.js';

const licences = document.querySelector<HTMLLinkElement>('link[rel=license]')?.href ?? '';

export function titleOf(app: App): string {
  const { address, phase, portfolio } = app;
  if (phase.kind !== 'session' || app.user === undefined) return 'Sign in · Footfall';
  if (address.view === 'compare') return 'Comparison · Footfall';
  if (address.view === 'listing' && address.listing !== undefined) {
    return `${portfolio?.rows.get(address.listing)?.details?.address ?? address.listing} · Footfall`;
  }
  return `Listings of ${app.user} · Footfall`;
}

function content(app: App): TemplateResult {
  const { phase, address } = app;
  switch (phase.kind) {
    case 'starting': return startingView();
    case 'unreachable': return unreachableView(app, phase.words);
    case 'sign-in': return signInView(app, phase.words);
    case 'session': break;
  }
  if (app.user === undefined) {
    return phase.session.userId === undefined ? userView(app) : otherUserView(app, phase.session.userId);
  }
  if (address.view === 'compare') return compareView(app);
  if (address.view === 'listing') return listingView(app);
  return listingsView(app);
}

function account(app: App): TemplateResult | typeof nothing {
  const { user, phase } = app;
  if (phase.kind !== 'session') return nothing;
  const isOff = phase.session.token === undefined;
  if (isOff && user === undefined) return nothing;
  return html`<div class="account">
    <span class="account-name" title=${user ?? ''}>${icon('person')}<span>${user ?? phase.session.userId}</span></span>
    <button class="button quiet" @click=${() => app.signOut()}>${isOff ? 'Change user' : 'Sign out'}</button>
  </div>`;
}

function navigation(app: App): TemplateResult | typeof nothing {
  const { user, address } = app;
  if (user === undefined) return nothing;
  const link = (view: 'listings' | 'compare', words: unknown): TemplateResult => html`<a data-in
    href=${app.hrefOf({ view, listing: undefined, page: view === address.view ? address.page : 1 })}
    aria-current=${address.view === view ? 'page' : nothing}>${words}</a>`;
  const count = address.compare.length;
  return html`<nav aria-label="Main">
    ${link('listings', 'Listings')}
    ${link('compare', html`Compare${count > 0 ? html`<span class="count" aria-label="${count} picked">${count}</span>` : nothing}`)}
  </nav>`;
}

/** Not a link with '#': the part behind it is no part of the address here. */
function skip(): TemplateResult {
  const toMain = (): void => document.querySelector<HTMLElement>('h1')?.focus();
  return html`<button class="skip" @click=${toMain}>Skip to the content</button>`;
}

export function page(app: App): TemplateResult {
  const { address } = app;
  const home = app.hrefOf({ view: 'listings', listing: undefined, search: '', page: 1 });
  return html`
    ${skip()}
    <header class="top">
      <div class="top-inside">
        <a class="brand" data-in href=${home} aria-label="Footfall, all listings">
          <svg viewBox="0 0 32 32" aria-hidden="true"><rect class="brand-ground" width="32" height="32" rx="8"/><g class="brand-bars"><rect x="7" y="17" width="4.5" height="8" rx="2.25"/><rect x="13.75" y="12" width="4.5" height="13" rx="2.25"/><rect x="20.5" y="7" width="4.5" height="18" rx="2.25"/></g></svg>
          <span>Footfall</span>
        </a>
        ${navigation(app)}
        ${account(app)}
      </div>
    </header>
    <div class="banner ${app.isLost ? 'shown' : ''}" role="status">
      ${app.isLost ? html`${icon('warning')}<span><strong>The server cannot be reached.</strong> The numbers below may be old; it is tried again by itself.</span>` : nothing}
    </div>
    <main class="view-${address.view}">${content(app)}</main>
    <footer class="foot">Footfall <a href=${licences}>Licences of its parts</a></footer>
    <p class="unseen" aria-live="polite">${app.announcement}</p>`;
}
