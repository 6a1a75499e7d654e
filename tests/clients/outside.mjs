// outside.mjs - a project that knows the package only by its tarball.
//
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../integration/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const client = resolve(here, '../../clients/js');
export const exec = promisify(execFile);

/**
 * Packs the package and installs it into a new folder: {path, files, add, compile, remove}.
 *
 *   files                 what the tarball holds
 *   add(name, to = name)  copies a file of tests/clients/outside
 *   compile(options)      runs the TypeScript compiler over all that was added
 *   links                 packages beside it: {name: folder}
 */
export async function installOutside({ links = {}, compilerOptions = {} } = {}) {
  const folder = temporaryFolder();
  const path = join(folder.path, 'outside');
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder.path], { cwd: client });
  const [{ filename, files }] = JSON.parse(stdout);
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, 'footfall'), { recursive: true });
  await exec('tar', ['-xzf', join(folder.path, filename), '--strip-components=1', '-C', join(modules, 'footfall')]);
  const known = Object.fromEntries(['@types/node', 'undici-types', 'typescript'].map((name) => [name, join(client, 'node_modules', name)]));
  for (const [name, target] of Object.entries({ ...known, ...links })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(target, join(modules, name));
  }
  writeFileSync(join(path, 'package.json'), '{"name":"outside","type":"module","private":true}');
  const options = {
    strict: true, exactOptionalPropertyTypes: true, target: 'ES2022', module: 'NodeNext', types: ['node'], outDir: 'built', skipLibCheck: false, ...compilerOptions,
  };
  writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts', '*.cts', '*.tsx'] }));
  return {
    path,
    files: files.map((file) => file.path),
    add: (name, to = name) => copyFileSync(join(here, 'outside', name), join(path, to)),
    compile: (...more) => exec(join(client, 'node_modules/.bin/tsc'), ['-p', path, ...more]),
    remove: () => folder.remove(),
  };
}
