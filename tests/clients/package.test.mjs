// The package as others get it: packed, installed into a project outside, type-checked and run, as ES
// module and CommonJS; the journey and the specification's own usage run against the real server.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fresh, startServer, stopsCleanlyAtTheEnd, temporaryFolder, test } from '../integration/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const client = resolve(here, '../../clients/js');
const exec = promisify(execFile);
const server = await startServer();
const folder = temporaryFolder();
after(() => folder.remove());
const outside = join(folder.path, 'outside');

/** A project that knows the package only by its tarball. */
async function install() {
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder.path], { cwd: client });
  const [{ filename, files }] = JSON.parse(stdout);
  mkdirSync(join(outside, 'node_modules/footfall'), { recursive: true });
  await exec('tar', ['-xzf', join(folder.path, filename), '--strip-components=1', '-C', join(outside, 'node_modules/footfall')]);
  mkdirSync(join(outside, 'node_modules/@types'));
  for (const name of ['@types/node', 'undici-types', 'typescript']) {
    symlinkSync(join(client, 'node_modules', name), join(outside, 'node_modules', name));
  }
  writeFileSync(join(outside, 'package.json'), '{"name":"outside","type":"module","private":true}');
  const compilerOptions = {
    strict: true, target: 'ES2022', module: 'NodeNext', types: ['node'], outDir: 'built', skipLibCheck: false,
  };
  writeFileSync(join(outside, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.cts'] }));
  return files.map(({ path }) => path);
}

const run = (file, args = []) =>
  exec(process.execPath, [join(outside, 'built', file), ...args], {
    cwd: outside, env: { PATH: process.env.PATH, FOOTFALL_URL: server.url },
  });

test('it packs what it needs and nothing else', async () => {
  const files = await install();
  for (const name of ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts']) {
    assert.ok(files.includes(name), name);
  }
  assert.deepEqual(files.filter((name) => /^(src|test|node_modules|examples)\//.test(name)), []);
  const { dependencies } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  assert.equal(dependencies, undefined, 'no runtime dependency');
});

test('an outside project type-checks and runs it, by import and by require', async () => {
  const journey = readFileSync(join(client, 'examples/journey.ts'), 'utf8');
  writeFileSync(join(outside, 'journey.ts'), journey);
  copyFileSync(join(here, 'outside/usage.ts'), join(outside, 'usage.ts'));
  copyFileSync(join(here, 'outside/required.cts'), join(outside, 'required.cts'));
  copyFileSync(join(here, 'outside/types.ts'), join(outside, 'types.ts'));
  await exec(join(client, 'node_modules/.bin/tsc'), ['-p', outside]);

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
  const wrong = join(outside, 'wrong.ts');
  writeFileSync(wrong, `import { getAggregatedMetrics } from 'footfall';
    const { metrics } = await getAggregatedMetrics('u', 'l', 'yearly');
    console.log(metrics.totalViews);\n`);
  await assert.rejects(exec(join(client, 'node_modules/.bin/tsc'), ['-p', outside, '--noEmit']), ({ stdout }) => {
    assert.match(stdout, /'"yearly"' is not assignable/);
    assert.match(stdout, /'metrics' is possibly 'null'/);
    return true;
  });
});

stopsCleanlyAtTheEnd(server);
