// The client in a page of another origin: it records, asks, and is told what it may not.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { fresh, startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { isAccessible, pageTest, picture } from './browser.mjs';
import { bundled, startSite } from './site.mjs';

const site = await startSite({
  pages: {
    '/': '<!doctype html><html lang="en"><title>A site</title><main><h1>A site</h1><p id="says"></p></main><script type="module" src="/page.js"></script>',
    '/page.js': await bundled("import * as footfall from 'footfall'; globalThis.footfall = footfall;"),
  },
});
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
site.connect.push(server.url);

pageTest('a page records and reads what it recorded', async ({ open }) => {
  const page = await open(site.url);
  const outcome = await page.evaluate(async ([baseUrl, user]) => {
    const client = new globalThis.footfall.Footfall({ baseUrl });
    await Promise.all([client.recordViewEvent(user, 'l', 'facebook'), client.recordShareEvent(user, 'l')]);
    const { metrics } = await client.getAggregatedMetrics(user, 'l', 'daily');
    document.querySelector('#says').textContent = `${metrics.totalViews} view, ${metrics.totalShares} share`;
    return [metrics.totalViews, metrics.totalShares, metrics.totalInquiries];
  }, [server.url, fresh('agent')]);
  assert.deepEqual(outcome, [1, 1, 0]);
  await isAccessible(page);
  await picture(page, 'client');
});

stopsCleanlyAtTheEnd(server);
