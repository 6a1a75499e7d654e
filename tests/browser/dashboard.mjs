// dashboard.mjs - a market for the dashboard's tests, and its pages as a person finds them.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, utcDate } from '../integration/server.mjs';
import { traffic } from './traffic.mjs';

export const KEY = 'a-service-key-for-the-dashboard-in-a-browser';
export const asService = { Authorization: `Bearer ${KEY}` };
export const withKey = { auth: [], env: { FOOTFALL_SERVICE_KEY: KEY } };

/** A token that the server made. */
export async function tokenOf(server, user, access = 'read') {
  const path = `/v1/users/${encodeURIComponent(user)}/tokens`;
  const answer = await server.request('POST', path, { headers: asService, body: { access, expiresIn: 3600 } });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.token;
}

export async function record(server, events) {
  const answer = await server.request('POST', '/v1/events', { headers: asService, body: events });
  assert.equal(answer.status, 200, answer.text);
}

export async function describe(server, user, listing, details) {
  const path = `/v1/users/${encodeURIComponent(user)}/listings/${encodeURIComponent(listing)}`;
  const answer = await server.request('PUT', path, { headers: asService, body: details });
  assert.equal(answer.status, 200, answer.text);
}

const STREETS = ['Alder Row', 'Bittern Way', 'Cooper’s Reach', 'Drumlin Road', 'Fennel Close', 'Heron Bank', 'Juniper Rise'];

/** The nth of a market's listings. */
export const listingOf = (n) => `home-${String(n).padStart(2, '0')}`;
export const addressOf = (n) => `${3 + n * 7} ${STREETS[n % STREETS.length]}, Northmere`;

/**
 * An agent with so many listings, the first of which count most; weeks of traffic, so that pictures
 * look like something, and inquiries that say something.
 */
export async function market(server, { listings = 26, user = fresh('agent') } = {}) {
  for (let n = 1; n <= listings; n++) {
    await describe(server, user, listingOf(n), {
      address: addressOf(n), price: 240_000 + n * 15_000, currency: 'USD', status: n % 5 === 0 ? 'pending' : n % 7 === 0 ? 'sold' : 'active',
    });
    const events = traffic(user, listingOf(n), { days: 62, perDay: Math.max(1, 26 - n), seed: n * 31 });
    for (const event of events) {
      if (event.eventType !== 'inquiry') continue;
      event.inquiry = { name: 'Jordan Ellis', email: 'jordan@example.com', message: 'Could we see it on Saturday? We would come with two children and a dog.' };
    }
    await record(server, events);
  }
  return user;
}

/** The days before: 0 is today, in UTC. */
export const dayBefore = (days) => utcDate(Date.now() - days * DAY_MS);

/** The dashboard's address with these parameters. */
export function addressFor(server, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) for (const each of [value].flat()) query.append(name, each);
  return `${server.url}/?${query}`;
}

/** Options of open() for a page that is signed in. */
export async function signedIn(context, server, user, options = {}) {
  const made = await context(options);
  const token = await tokenOf(server, user);
  await made.addInitScript(([origin, text]) => {
    if (location.origin === origin) sessionStorage.setItem('footfall.token', text);
  }, [server.url, token]);
  return { context: made };
}

/* ---- what a page shows ---- */

export const heading = (page, text) => page.getByRole('heading', { level: 1, name: text, exact: true });
export const rowOf = (page, listing) => page.locator(`tr[data-listing="${listing}"]`);
export const figureOf = (page, listing, metric = 'views') => rowOf(page, listing).locator(`[data-metric="${metric}"]`);

/** Listings of the table, in order. */
export const shownListings = (page) =>
  page.locator('tr[data-listing]').evaluateAll((rows) => rows.map((row) => row.dataset.listing));

/** The number that a tile shows. */
export async function totalOf(page, name) {
  const text = await page.locator(`.of-${name} .figure`).innerText();
  return Number(text.replace(/[^\d.]/g, ''));
}

/** Parameters of the page's address. */
export function parametersOf(page) {
  const found = {};
  for (const [name, value] of new URL(page.url()).searchParams) found[name] = name in found ? [found[name], value].flat() : value;
  return found;
}
