// Completion and manual, each read by the program it is written for.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { run, temporaryFolder, test } from './server.mjs';

const folder = temporaryFolder();
after(() => folder.remove());

const isHere = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const without = (program) => (isHere(program) ? false : `${program} is not installed`);

async function print(...args) {
  const end = await run(args);
  assert.equal(end.code, 0, end.stderr);
  return end.stdout;
}

let commands; // 'record view' -> the names of its flags, read from --help
before(async () => {
  commands = new Map();
  mkdirSync(join(folder.path, 'sub'));
  writeFileSync(join(folder.path, 'key.file'), '');
  const walk = async (path) => {
    const help = await print(...path, '--help');
    if (path.length > 0) {
      assert.match(help, new RegExp(`^usage: footfall ${path.join(' ')}`), path.join(' '));
    }
    const list = [...help.matchAll(/^ {2}([a-z][a-z-]*) {3,}\S/gm)].map(([, name]) => name);
    if (list.length > 0 && (path.length === 0 || help.includes('COMMAND --help explains each'))) {
      for (const name of list) await walk([...path, name]);
    } else {
      commands.set(path.join(' '), [...help.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name));
    }
  };
  await walk([]);
  for (const known of ['serve', 'record view', 'export inquiries', 'journal dump', 'completion zsh']) {
    assert.ok(commands.has(known), `${known} among ${[...commands.keys()]}`);
  }
});

// the words typed so far, the last one being completed -> what must be offered, all of it or among it
const rows = () => [
  { words: ['rec'], all: ['record'] },
  { words: ['record', ''], all: ['inquiry', 'share', 'view'] },
  { words: ['record', 'view', '--pl'], all: ['--platform'] },
  { words: ['record', 'view', 'agent', 'listing', '--platform', 'x', '--so'], all: ['--source'] },
  { words: ['serve', '--auth', ''], all: ['key', 'off'] },
  { words: ['export', 'metrics', 'ada', '--format', 'c'], all: ['csv'] },
  { words: ['metrics', 'ada', '--key-file', 'k'], all: ['key.file'] },
  { words: ['metrics', 'ada', '--url', ''], all: [] },
  { words: ['metrics', 'ada', ''], all: [] },
  ...[...commands].map(([path, flags]) => ({
    words: [...path.split(' '), '--'], all: [...flags.map((name) => `--${name}`), '--help'],
  })),
];

function check(complete) {
  for (const { words, all } of rows()) {
    const offered = complete(words).sort();
    assert.deepEqual(offered, [...new Set(all)].sort(), words.join(' '));
  }
}

function shell(command, args, words) {
  const end = spawnSync(command, [...args, ...words], { cwd: folder.path, encoding: 'utf8' });
  assert.equal(end.stderr, '', words.join(' '));
  return end.stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, flags, choices, files', async () => {
  const script = join(folder.path, 'c.bash');
  writeFileSync(script, await print('completion', 'bash'));
  const driver = `set -u; source '${script}'; COMP_WORDS=(footfall "$@"); COMP_CWORD=$#; _footfall
    ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const complete = (words) => shell('bash', ['-c', driver, 'bash'], words);
  check(complete);
  assert.deepEqual(complete(['serve', '--auth', '=', 'o']), ['off'], 'bash parts --auth=o so');
  assert.deepEqual(complete(['metrics', 'ada', '--data', '']), ['sub'], 'folders alone');
});

test('zsh completes commands, flags, choices, files', { skip: without('zsh') }, async () => {
  const script = join(folder.path, '_footfall');
  writeFileSync(script, await print('completion', 'zsh'));
  // compadd and _files are there only while zsh completes; what they would filter is filtered here
  const driver = `compdef() { : }; compadd() { shift; print -l -- $@ }
    _files() { if [[ $1 == -/ ]]; then print -l -- *(/N); else print -l -- k*(N); fi }
    source '${script}'; words=(footfall "$@"); CURRENT=$#words; _footfall`;
  check((words) => shell('zsh', ['-f', '-c', driver, 'zsh'], words)
    .filter((offer) => offer.startsWith(words.at(-1))));
});

test('fish completes commands, flags, choices, files', { skip: without('fish') }, async () => {
  const script = join(folder.path, 'footfall.fish');
  writeFileSync(script, await print('completion', 'fish'));
  const driver = `source '${script}'; complete -C "footfall $argv"`;
  check((words) => shell('fish', ['--no-config', '-c', driver, '--'], [words.join(' ')])
    .map((line) => line.split('\t')[0]));
});

test('the manual page is clean and holds every command and flag', { skip: without('man') }, async () => {
  const page = join(folder.path, 'footfall.1');
  writeFileSync(page, await print('man'));
  const shown = spawnSync('man', ['--warnings', '-l', page], {
    encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '100', MAN_KEEP_FORMATTING: '' },
  });
  assert.equal(shown.stderr, '');
  assert.equal(shown.status, 0);
  for (const [path, flags] of commands) {
    assert.ok(shown.stdout.includes(`footfall ${path}`), path);
    for (const name of flags) assert.ok(shown.stdout.includes(`--${name}`), `${path} --${name}`);
  }
});

test('mandoc has nothing to say about the manual page', { skip: without('mandoc') }, async () => {
  const page = join(folder.path, 'footfall.1');
  writeFileSync(page, await print('man'));
  const said = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', page], { encoding: 'utf8' }).stdout;
  // the date is left out, so that a build gives the same page every day
  assert.deepEqual(said.split('\n').filter((line) => line !== '' && !line.includes('missing date')), []);
});
