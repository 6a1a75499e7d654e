// The published library: what `meson install` puts down can be built against by what pkg-config
// says, shared and static, from C and C++; examples/journey.c, which is docs/api/library.md's
// program, runs and prints the journey.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onOneDay, program, temporaryFolder, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const build = dirname(resolve(program));
const header = readFileSync(join(root, 'include/footfall.h'), 'utf8');

/** Runs a program that must succeed; its stdout. */
function sh(command, args, env = {}) {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 120_000,
  });
  assert.equal(done.error, undefined, `${command}: ${done.error}`);
  assert.equal(done.status, 0, `${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

const has = (command) => spawnSync(command, ['--version']).status === 0;
const words = (text) => text.split(/\s+/).filter((word) => word !== '');

// What a sanitizer build needs of whoever links it.
const options = JSON.parse(sh('meson', ['introspect', build, '--buildoptions']));
const option = (name) => options.find((each) => each.name === name).value;
const sanitizer = [option('b_sanitize')].flat().filter((name) => name !== 'none' && name !== '');
const extra = sanitizer.length > 0 ? [`-fsanitize=${sanitizer.join(',')}`] : [];

const installed = temporaryFolder();
sh('meson', ['install', '-C', build, '--no-rebuild', '--quiet', '--destdir', installed.path]);
const prefix = join(installed.path, option('prefix'));
const libdir = join(prefix, option('libdir'));

function pkgConfig(...args) {
  const line = sh('pkg-config', [`--define-variable=prefix=${prefix}`, ...args, 'footfall'], {
    PKG_CONFIG_PATH: join(libdir, 'pkgconfig'),
  });
  return words(line);
}

const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
const journey = join(root, 'examples/journey.c');

/** Compiles the example as someone would who has the installed library and nothing of this tree. */
function compile(compiler, output, libraries) {
  const path = join(installed.path, output);
  sh(compiler, ['-std=c11', ...strict, ...extra, ...pkgConfig('--cflags'), journey, '-o', path,
    ...libraries]);
  return path;
}

const links = {
  shared: () => pkgConfig('--libs'),
  static: () =>
    pkgConfig('--static', '--libs').map((word) => (word === '-lfootfall' ? '-l:libfootfall.a' : word)),
};

const EXPECTED = `delivery 1: 2 recorded, 0 duplicates
delivery 2: 0 recorded, 2 duplicates
refused: unknown_platform, field platform
listing-123, DATE to DATE
  Total Views: 3
  Total Shares: 1
  Total Inquiries: 1
  Conversion: 33.3 %
  on facebook: 1 views, 0 shares, 0 inquiries
  on instagram: 0 views, 1 shares, 0 inquiries
  on linkedin: 0 views, 0 shares, 1 inquiries
  from newsletter: 1 views
  from social-media: 1 views
  from website: 1 views
most viewed of the month
  listing-123: 3 views
  listing-456: 1 views
today, side by side
  listing-123: 3 views, 1 inquiries
  listing-456: 1 views, 0 inquiries
who asked
  listing-123 on linkedin: {"name":"John Doe","email":"john@example.com"}
`;

for (const [name, libraries] of Object.entries(links)) {
  test(`the example is built against the ${name} library and prints the journey`, () =>
    onOneDay(async () => {
      const folder = temporaryFolder();
      try {
        const path = compile('cc', `journey-${name}`, libraries());
        const needs = sh('ldd', [path]).includes('libfootfall.so');
        assert.equal(needs, name === 'shared', sh('ldd', [path]));
        const printed = sh(path, [join(folder.path, 'data')], { LD_LIBRARY_PATH: libdir });
        assert.equal(printed.replace(/\d{4}-\d\d-\d\d/g, 'DATE'), EXPECTED);
      } finally {
        folder.remove();
      }
    }));
}

test('the library and the server keep the same folder', async () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  try {
    const path = compile('cc', 'journey-verified', links.shared());
    sh(path, [data], { LD_LIBRARY_PATH: libdir });
    sh(join(prefix, 'bin/footfall'), ['journal', 'verify', '--data', data]);
  } finally {
    folder.remove();
  }
});

for (const [compiler, standard, file] of [['cc', '-std=c11', 'alone.c'], ['clang', '-std=c11', 'alone.c'],
  ['c++', '-std=c++11', 'alone.cpp'], ['clang++', '-std=c++11', 'alone.cpp']]) {
  const skip = has(compiler) ? false : `${compiler} is not installed`;
  test(`the header stands alone in ${compiler} ${standard}`, { skip }, () => {
    const source = join(installed.path, file);
    writeFileSync(source, `#include <footfall.h>
int main(void)
{
    struct footfall_metric_event event;
    event.size = sizeof event;
    return footfall_version()[0] == '\\0' || event.size == 0;
}
`);
    const path = join(installed.path, `alone-${compiler}`);
    sh(compiler, [standard, ...strict, ...pkgConfig('--cflags'), '-c', source, '-o', `${path}.o`]);
  });
}

test('the libraries show the names of footfall.h and no others', () => {
  const declared = [...header.matchAll(/\b(footfall_\w+)\(\s*(?:struct|const|void)/g)]
    .map(([, name]) => name).filter((name) => name !== 'footfall_notice_fn').sort();
  const shown = (args) => words(sh('nm', args).split('\n').filter((line) => / [TDBRV] /.test(line))
    .map((line) => line.split(/\s+/).pop().replace(/@.*/, '')).join(' ')).sort();
  assert.ok(declared.length >= 20);
  assert.deepEqual(shown(['-D', '--defined-only', join(libdir, 'libfootfall.so')]), declared);
  if (sanitizer.length === 0)
    assert.deepEqual(shown(['-g', '--defined-only', join(libdir, 'libfootfall.a')]), declared);
});

test('what is installed is what someone needs to build and run, and no more', () => {
  const names = (folder) => readdirSync(folder).sort();
  assert.deepEqual(names(join(prefix, 'include')), ['footfall.h']);
  assert.deepEqual(names(join(libdir, 'pkgconfig')), ['footfall.pc']);
  assert.deepEqual(names(libdir).filter((name) => name.startsWith('lib')).map((name) =>
    name.replace(/\.so\.\d+\.\d+\.\d+$/, '.so.VERSION')),
  ['libfootfall.a', 'libfootfall.so', 'libfootfall.so.0', 'libfootfall.so.VERSION']);
  assert.ok(names(join(prefix, 'bin')).includes('footfall'));
});

test('the version is one: of the program, of the library, of pkg-config', () => {
  const [version] = pkgConfig('--modversion');
  const source = join(installed.path, 'version.c');
  writeFileSync(source, '#include <footfall.h>\n#include <stdio.h>\nint main(void)\n' +
    '{\n    puts(footfall_version());\n    return 0;\n}\n');
  const path = join(installed.path, 'version');
  sh('cc', [...extra, ...pkgConfig('--cflags'), source, '-o', path, ...links.shared()]);
  assert.equal(sh(path, [], { LD_LIBRARY_PATH: libdir }).trim(), version);
  assert.ok(sh(program, ['--version']).includes(version));
});

test('remove what was installed', () => installed.remove());
