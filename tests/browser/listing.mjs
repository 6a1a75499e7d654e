// listing.mjs - a site that shows <listing-metrics-display>, and what a test sees of it.
//
// SPDX-License-Identifier: Apache-2.0
import { bundled, startSite } from './site.mjs';
import { until } from './browser.mjs';

const script = `
  import 'footfall/element';
  import * as footfall from 'footfall';
  globalThis.footfall = footfall;
  globalThis.heard = [];
  for (const name of ['metrics-loaded', 'metrics-error', 'period-change']) {
    addEventListener(name, ({ detail }) => heard.push({ name, ...detail }));
  }`;
const style = `
  body { margin: 0; padding: 16px; background: #eef1f3; }
  h1 { position: absolute; clip-path: inset(50%); }
  @media (prefers-color-scheme: dark) { body { background: #0a0e12; } }`;

const escape = (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

/** A page with these attributes ({'user-id': …}; true for one without a value). */
export function pageOf(attributes, { lang = 'en-GB', scripts = '/page.js', inside } = {}) {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? name : `${name}="${escape(String(value))}"`));
  return `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>A listing</title><link rel="stylesheet" href="/style.css"><body><main><h1>A listing</h1>
    ${inside ?? `<listing-metrics-display ${text.join(' ')}></listing-metrics-display>`}
    </main><script type="module" src="${scripts}"></script></body></html>`;
}

/** The site, with show(attributes, options): the address of a page that shows it so. */
export async function startListingSite() {
  const site = await startSite({
    pages: { '/page.js': await bundled(script), '/style.css': { type: 'text/css', body: style } },
  });
  let pages = 0;
  site.show = (attributes, options) => {
    const path = `/listing-${++pages}`;
    site.pages[path] = pageOf(attributes, options);
    return site.url + path;
  };
  return site;
}

/** What a visitor reads in it. */
export async function reads(page) {
  return page.locator('listing-metrics-display').evaluate((element) => {
    const text = (selector) => element.shadowRoot.querySelector(selector)?.textContent.trim().replace(/\s+/g, ' ') ?? null;
    const rows = (selector) => [...element.shadowRoot.querySelectorAll(`${selector} tbody tr`)].map((row) =>
      [row.querySelector('.label, time').textContent.trim(), ...[...row.querySelectorAll('td')].map((cell) => cell.textContent)]);
    return {
      totals: ['views', 'shares', 'inquiries', 'conversion'].map((metric) => text(`[part~="value-${metric}"]`)),
      changes: ['views', 'shares', 'inquiries'].map((metric) => text(`[part~="total-${metric}"] .change`)),
      range: text('.range'), badge: text('.badge'), heading: text('.heading'), foot: text('.foot'),
      platforms: rows('[part="platforms"]'), days: rows('[part="days"]'), error: text('[part="error"]'), empty: text('[part="empty"]'),
    };
  });
}

/** Until the totals read so: ['3', '1', '0'] are views, shares and inquiries. */
export function shows(page, totals) {
  return until(page, `totals ${totals}`, (wanted) => {
    const root = document.querySelector('listing-metrics-display')?.shadowRoot;
    const found = ['views', 'shares', 'inquiries'].map((metric) => root?.querySelector(`[part~="value-${metric}"]`)?.textContent.trim());
    return wanted.every((each, i) => each === found[i]) && root.querySelector('.frame').getAttribute('aria-busy') === 'false';
  }, totals);
}

export function badgeSays(page, words) {
  return until(page, `badge ${words}`, (wanted) =>
    document.querySelector('listing-metrics-display')?.shadowRoot?.querySelector('.badge')?.textContent.trim() === wanted, words);
}
