// queries.mjs - a portal's month: one user with all listings, three platforms a day each.
//
// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';

const LISTINGS = 10_000;
export const DAYS = 30;

export function queryListings(scale) {
  return Math.round(LISTINGS * scale);
}

async function get(url) {
  const answer = await new Promise((done, failed) => http.get(url, { agent: false }, done).on('error', failed));
  let text = '';
  for await (const piece of answer) text += piece;
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}

async function answerBytes(url) {
  return Buffer.byteLength(JSON.stringify(await get(url)));
}

export const queries = {
  name: 'queries',
  async begin(bench) {
    bench.portal = bench.machine.freshFolder('portal');
    await bench.footfall.engine('load', bench.portal, queryListings(bench.scale), DAYS);
  },
  async round({ footfall, samples, seconds, scale, portal }) {
    const server = await footfall.serve(portal);
    const all = `${server.url}/v1/users/portal-0/metrics?period=monthly`;
    const page = await get(all);
    if (page.order.length !== 100 || page.metricsByListing[page.order[0]].totalViews === 0) throw new Error('the portal is not loaded');
    const flags = [
      '--duration', seconds, '--queries', 100, '--check', 'off', '--user-prefix', 'portal', '--users', 1,
      '--listings', queryListings(scale),
    ];
    const one = await footfall.load(server.url, flags);
    samples.add('GET one listing', one.requestsPerSecond);
    samples.add('GET one listing p99 us', one.query.serviceMicroseconds.p99);
    let count = 0;
    const began = process.hrtime.bigint();
    const passed = () => Number(process.hrtime.bigint() - began) / 1e9;
    while (passed() < seconds / 2) {
      await get(all);
      count += 1;
    }
    samples.add('GET all listings ms', (passed() / count) * 1e3);
    await server.stop();

    // every answer made anew, against the library sending as many bytes
    const forgetful = await footfall.serve(portal, ['--answer-cache-bytes', '0']);
    samples.add('GET one listing anew', (await footfall.load(forgetful.url, flags)).requestsPerSecond);
    const bytes = await answerBytes(`${forgetful.url}/v1/users/portal-0/listings/${page.order[0]}/metrics?period=monthly`);
    await forgetful.stop();
    samples.add('answer bytes', bytes);
    const same = await footfall.serveBare(bytes);
    samples.add('bare GET of the same size', (await footfall.load(same.url, flags)).requestsPerSecond);
    await same.stop();

    const found = await footfall.engine('ask', portal, queryListings(scale), DAYS);
    samples.add('engine one listing us', found.one_listing_p50_us);
    samples.add('engine all listings ms', found.all_listings_p50_us / 1e3);
  },
};
