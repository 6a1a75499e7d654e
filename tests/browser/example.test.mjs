// clients/js/examples/element.html, as its first lines say to run it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, until } from './browser.mjs';
import { client, startSite } from './site.mjs';
import { traffic } from './traffic.mjs';

const site = await startSite({
  files: Object.fromEntries(['examples/element.html', 'dist/element.js', 'dist/element-class.js'].map((name) => [`/${name}`, `${client}/${name}`])),
});
site.policy = () => "default-src 'self' 'unsafe-inline' http://127.0.0.1:*"; // an example says all in one file
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
await server.record([...traffic('north-quay', 'NQ-1000', { days: 20 }), ...traffic('harbor-lane', 'HL-1', { days: 20, perDay: 3 })]);
for (const [user, listing, address] of [['north-quay', 'NQ-1000', '1 Quay Street'], ['harbor-lane', 'HL-1', '2 Harbor Lane']]) {
  await server.request('PUT', `/v1/users/${user}/listings/${listing}`, { body: { address } });
}

pageTest('the example shows a listing, another one, and a visit as it comes', async ({ open }) => {
  const page = await open(`${site.url}/examples/element.html?${new URLSearchParams({ server: server.url })}`);
  const views = async (user, listing) => (await server.totals(user, listing))[0];
  const shown = (user, listing, count) => until(page, `${count} views of ${listing}`, ([userId, id, total]) => {
    const display = document.querySelector('listing-metrics-display');
    return display.userId === userId && display.listingId === id && display.metrics?.totalViews === total;
  }, [user, listing, count]);
  const before = await views('north-quay', 'NQ-1000');
  await shown('north-quay', 'NQ-1000', before);
  await page.getByRole('button', { name: 'Visit it' }).click();
  await shown('north-quay', 'NQ-1000', before + 1);
  await page.getByText(`${before + 1} views in 30 days (live)`).waitFor();
  await isAccessible(page);
  await picture(page, 'element-example');
  await page.getByLabel('Agency').selectOption('harbor-lane');
  await shown('harbor-lane', 'HL-1', await views('harbor-lane', 'HL-1'));
  assert.equal(await page.locator('listing-metrics-display .heading').textContent(), '2 Harbor Lane');
});

stopsCleanlyAtTheEnd(server);
