// ListingMetricsDisplay in React 19 and 18: props reach the element, events come back, and a server
// that renders the page imports it without a browser.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, until } from './browser.mjs';
import { badgeSays, reads, shows, startListingSite } from './listing.mjs';
import { bundled, client } from './site.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const VERSIONS = { 18: join(here, 'react18'), 19: resolve(here, '..') };
const key = 'the-service-key-of-these-tests-0123456789';
const site = await startListingSite();
after(() => site.close());
const server = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key }, flags: ['--cors-origin', site.url] });
site.connect.push(server.url);
const asService = { Authorization: `Bearer ${key}` };
const record = (events) => server.request('POST', '/v1/events', { body: events, headers: asService });
const view = (userId, listingId) => ({ userId, listingId, eventType: 'view' });

const script = `
  import { StrictMode, useRef, useState, version } from 'react';
  import { createRoot } from 'react-dom/client';
  import { ListingMetricsDisplay } from 'footfall/react';
  const { baseUrl, userId, token } = JSON.parse(new URLSearchParams(location.search).get('with'));
  globalThis.heard = [];
  globalThis.version = version;
  function App() {
    const [listingId, setListing] = useState('a');
    const [isShown, setShown] = useState(true);
    const element = useRef(null);
    globalThis.refresh = () => element.current.refresh();
    return <>
      <button onClick={() => setListing('b')}>The other</button>
      <button onClick={() => setShown(false)}>Away</button>
      {isShown && <ListingMetricsDisplay ref={element} userId={userId} listingId={listingId} baseUrl={baseUrl} token={token}
        live heading={'Listing ' + listingId} className="own" style={{ maxWidth: 900 }}
        onMetricsLoaded={({ metrics }) => heard.push(['loaded', metrics.totalViews])}
        onMetricsError={({ code }) => heard.push(['error', code])}
        onPeriodChange={({ period }) => heard.push(['period', period])} />}
    </>;
  }
  createRoot(document.querySelector('#root')).render(<StrictMode><App /></StrictMode>);`;

for (const [major, react] of Object.entries(VERSIONS)) {
  pageTest(`React ${major} shows it, changes it and hears of it`, async ({ open }) => {
    const user = fresh('agent');
    await record([view(user, 'a'), view(user, 'b'), view(user, 'b')]);
    const made = await server.request('POST', `/v1/users/${user}/tokens`, { body: { access: 'read' }, headers: asService });
    site.pages[`/react${major}.js`] = await bundled(script, { react });
    const url = site.show({}, { scripts: `/react${major}.js`, inside: '<div id="root"></div>' });
    const given = JSON.stringify({ baseUrl: server.url, userId: user, token: made.body.token });
    const page = await open(`${url}?with=${encodeURIComponent(given)}`);
    await shows(page, ['1', '0', '0']);
    assert.match(await page.evaluate(() => globalThis.version), new RegExp(`^${major}\\.`));
    await badgeSays(page, 'Live');
    const { tag, wide } = await page.locator('listing-metrics-display').evaluate((element) => ({ tag: element.cloneNode().outerHTML, wide: element.offsetWidth }));
    assert.match(tag, /class="own"/);
    assert.ok(!tag.includes(made.body.token), 'the token is no attribute');
    assert.equal(wide, 900);
    await isAccessible(page, `React ${major}`);
    await picture(page, `element-react${major}`);

    await page.getByRole('radio', { name: '30 days' }).click();
    await until(page, 'the period is heard', () => globalThis.heard.some(([name, value]) => name === 'period' && value === 'monthly'));
    await page.getByRole('button', { name: 'The other' }).click();
    await shows(page, ['2', '0', '0']);
    assert.equal((await reads(page)).heading, 'Listing b');
    assert.equal(await page.locator('listing-metrics-display').evaluate((element) => element.period), 'monthly', 'what the visitor chose stays');
    await record([view(user, 'b')]);
    await shows(page, ['3', '0', '0']);
    await page.evaluate(() => globalThis.refresh());
    const heard = await page.evaluate(() => globalThis.heard);
    assert.deepEqual([heard[0], heard.at(-1)], [['loaded', 1], ['loaded', 3]]);
    assert.deepEqual(heard.filter(([name]) => name === 'error'), []);
    await page.getByRole('button', { name: 'Away' }).click();
    await until(page, 'it is gone', () => document.querySelector('listing-metrics-display') === null);
  });

  test(`React ${major} renders it on a server, where there is no browser`, async () => {
    const lines = `
      import { createRequire } from 'node:module';
      const require = createRequire(${JSON.stringify(`${react}/package.json`)});
      const { createElement } = require('react');
      const { renderToString } = require('react-dom/server');
      const Module = require('node:module');
      const peer = require.resolve('react'); // the package finds it where the page has it
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...more) => (name === 'react' ? peer : resolve(name, ...more));
      const { ListingMetricsDisplay } = require(${JSON.stringify(`${client}/dist/react.cjs`)});
      console.log(renderToString(createElement(ListingMetricsDisplay, { userId: 'ann', listingId: 'a', token: 'secret', className: 'own' })));
      await import(${JSON.stringify(`${client}/dist/element.js`)});`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', lines]);
    assert.equal(stdout.trim(), '<listing-metrics-display class="own"></listing-metrics-display>');
    assert.equal(stderr, '');
  });
}

pageTest('without registration it has the name that the page gives it', async ({ open }) => {
  const user = fresh('agent');
  await record([view(user, 'a')]);
  const made = await server.request('POST', `/v1/users/${user}/tokens`, { body: { access: 'read' }, headers: asService });
  site.pages['/class.js'] = await bundled(`
    import { defineListingMetricsDisplay, ListingMetricsDisplayElement } from 'footfall/element-class';
    globalThis.before = [customElements.get('listing-metrics-display'), customElements.get('our-numbers')];
    defineListingMetricsDisplay('our-numbers');
    defineListingMetricsDisplay('our-numbers');
    globalThis.isOne = document.querySelector('our-numbers') instanceof ListingMetricsDisplayElement;`);
  const inside = `<our-numbers base-url="${server.url}" user-id="${user}" listing-id="a" token="${made.body.token}"></our-numbers>`;
  const page = await open(site.show({}, { scripts: '/class.js', inside }));
  await until(page, 'its numbers', () => document.querySelector('our-numbers')?.metrics?.totalViews === 1);
  assert.deepEqual(await page.evaluate(() => [globalThis.before.every((each) => each === undefined), globalThis.isOne]), [true, true]);
});

stopsCleanlyAtTheEnd(server);
