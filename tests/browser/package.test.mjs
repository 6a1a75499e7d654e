// The packed package in a page of an outside project: what its bundler makes of the tarball runs.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { client, installOutside } from '../clients/outside.mjs';
import { fresh, startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { isAccessible, pageTest, picture, until } from './browser.mjs';
import { pageOf } from './listing.mjs';
import { startSite } from './site.mjs';

const modules = resolve(dirname(fileURLToPath(import.meta.url)), '../node_modules');
const site = await startSite();
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
site.connect.push(server.url);

pageTest('an outside project bundles the element and the component, and both show', async ({ open }) => {
  const outside = await installOutside({
    links: Object.fromEntries(['react', 'react-dom', 'scheduler'].map((name) => [name, join(modules, name)])),
  });
  after(() => outside.remove());
  outside.add('element.tsx');
  const { build } = createRequire(`${client}/package.json`)('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(outside.path, 'element.tsx')], tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    bundle: true, write: false, format: 'esm', minify: true, define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'warning',
    preserveSymlinks: true,
  });
  const user = fresh('agent');
  await server.record([{ userId: user, listingId: 'l', eventType: 'view' }]);
  site.pages['/page.js'] = { type: 'text/javascript', body: outputFiles[0].text };
  site.pages['/style.css'] = { type: 'text/css', body: '' };
  site.pages['/'] = pageOf({}, { inside: '<div id="element"></div><div id="react"></div>' });
  const page = await open(`${site.url}/?${new URLSearchParams({ baseUrl: server.url, userId: user, listingId: 'l' })}`);
  await until(page, 'three of them', () => {
    const all = [...document.querySelectorAll('listing-metrics-display')];
    return all.length === 3 && all.every((each) => each.metrics?.totalViews === 1);
  });
  assert.equal(await page.title(), '1 views');
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('listing-metrics-display')].map(({ period }) => period)), ['monthly', 'weekly', 'daily']);
  await isAccessible(page);
  await picture(page, 'element-outside');
});

stopsCleanlyAtTheEnd(server);
