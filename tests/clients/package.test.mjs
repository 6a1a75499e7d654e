// The package as others get it: packed, installed into a project outside, type-checked and run, as ES
// module and CommonJS; the journey and the specification's own usage run against the real server.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fresh, startServer, stopsCleanlyAtTheEnd, test } from '../integration/server.mjs';
import { client, exec, installOutside } from './outside.mjs';

const tests = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const server = await startServer();
const outside = await installOutside();
after(() => outside.remove());

const run = (file, args = []) =>
  exec(process.execPath, [join(outside.path, 'built', file), ...args], {
    cwd: outside.path, env: { PATH: process.env.PATH, FOOTFALL_URL: server.url },
  });

test('it packs what it needs and nothing else', () => {
  const { files } = outside;
  for (const name of ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts',
    'dist/element.js', 'dist/element-class.cjs', 'dist/element.d.ts', 'dist/react.js', 'dist/react.d.cts', 'dist/THIRD-PARTY.txt']) {
    assert.ok(files.includes(name), name);
  }
  assert.deepEqual(files.filter((name) => /^(src|test|node_modules|examples)\//.test(name)), []);
  const { dependencies } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  assert.equal(dependencies, undefined, 'no runtime dependency');
});

test('an outside project type-checks and runs it, by import and by require', async () => {
  copyFileSync(join(client, 'examples/journey.ts'), join(outside.path, 'journey.ts'));
  for (const name of ['usage.ts', 'required.cts', 'types.ts']) outside.add(name);
  await outside.compile();

  const user = fresh('agent');
  const { stdout } = await run('journey.js', [user]);
  assert.match(stdout, /Total Views: 5\nTotal Shares: 1\nTotal Inquiries: 1\n/);
  assert.match(stdout, /Conversion: 20 %\nDays: 30, the last with 5 views\nListings: listing-123, listing-456\n5 to 1 views\n$/);

  const usage = await run('usage.js', [fresh('agent')]);
  assert.match(usage.stdout, /^Total Views: 3\nTotal Shares: 1\nTotal Inquiries: 1\n/);
  const required = await run('required.cjs', [fresh('agent')]);
  assert.equal(required.stdout, 'recorded 1\n');
});

test('a type that is wrong does not compile', async () => {
  const wrong = join(outside.path, 'wrong.ts');
  writeFileSync(wrong, `import { getAggregatedMetrics } from 'footfall';
    const { metrics } = await getAggregatedMetrics('u', 'l', 'yearly');
    console.log(metrics.totalViews);\n`);
  await assert.rejects(outside.compile('--noEmit'), ({ stdout }) => {
    assert.match(stdout, /'"yearly"' is not assignable/);
    assert.match(stdout, /'metrics' is possibly 'null'/);
    return true;
  });
});

for (const [react, folder] of [['19', join(client, 'node_modules')], ['18', join(tests, 'browser/react18/node_modules')]]) {
  test(`the types of the element and of the component are there, with those of React ${react}`, async () => {
    const named = (name) => [name, join(folder, name)];
    const { version } = JSON.parse(readFileSync(join(folder, '@types/react/package.json'), 'utf8'));
    assert.ok(version.startsWith(`${react}.`), version);
    const links = Object.fromEntries(['@types/react', 'csstype', ...(react === '18' ? ['@types/prop-types'] : [])].map(named));
    const typed = await installOutside({ links, compilerOptions: { jsx: 'react-jsx', lib: ['ES2022', 'DOM', 'DOM.Iterable'], noEmit: true } });
    try {
      typed.add('element.tsx');
      writeFileSync(join(typed.path, 'dom.d.ts'), "declare module 'react-dom/client' { export function createRoot(at: Element): { render(node: unknown): void } }");
      writeFileSync(join(typed.path, 'wrong.tsx'), `import { ListingMetricsDisplay } from 'footfall/react';
        export const a = <ListingMetricsDisplay userId="u" />;
        export const b = <ListingMetricsDisplay userId="u" listingId="l" period="yearly" />;
        export const c = <listing-metrics-display theme="pink" />;
        document.createElement('listing-metrics-display').live = 'yes';\n`);
      // once for both: with all of the DOM's types the compiler takes its time
      await assert.rejects(typed.compile(), ({ stdout }) => {
        const faults = stdout.match(/[^\s(/]+\(\d+(?=,\d+\): error)/g);
        assert.deepEqual(faults, ['wrong.tsx(2', 'wrong.tsx(3', 'wrong.tsx(4', 'wrong.tsx(5'], stdout);
        return true;
      });
    } finally {
      typed.remove();
    }
  });
}

stopsCleanlyAtTheEnd(server);
