// docs/api/http.md is true: its examples run and answer what it shows, its calls and error codes
// are those of the program.
//
// Its ```sh blocks are run in order against one server. A ```json block behind one is the answer,
// with its status if that is not 200. Answers must be equal but for what depends on the day.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onOneDay, startServer, stopsCleanlyAtTheEnd, temporaryFolder, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const text = readFileSync(join(root, 'docs/api/http.md'), 'utf8');
const server = await startServer();

/** Examples as {line, script, status, answer}; answer is undefined where none is shown. */
function examples() {
  const blocks = /^```sh\n([^]*?)^```\n(?:```json(?: (\d+))?\n([^]*?)^```\n)?/gm;
  return [...text.matchAll(blocks)].map((found) => ({
    line: text.slice(0, found.index).split('\n').length,
    script: found[1],
    status: Number(found[2] ?? 200),
    answer: found[3] === undefined ? undefined : JSON.parse(found[3]),
  }));
}

/** Runs a block by a shell: {code, body, status}, of its last curl. */
async function runBlock(script, url, folder) {
  writeFileSync(join(folder, '.curlrc'), 'silent\nwrite-out = "\\n%{http_code}\\n"\n');
  const here = script.replaceAll('http://127.0.0.1:8080', url);
  const child = spawn('sh', ['-ec', `base=${url}/v1\n${here}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, CURL_HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (output += piece));
  const [code] = await once(child, 'close');
  const lines = output.trimEnd().split('\n');
  return { code, status: Number(lines.pop()), body: lines.pop() };
}

const OF_THE_DAY = /^(startDate|endDate|date|timestamp|receivedAt|updatedAt|lastUpdated|nextCursor)$/;

/** The answer without what another day makes different: there only the kind is left. */
function comparable(answer) {
  const replaced = (key, value) =>
    OF_THE_DAY.test(key) && value !== null && value !== 0 ? `<${typeof value}>` : value;
  return JSON.parse(JSON.stringify(answer, replaced));
}

test('the examples answer as the document shows', () =>
  onOneDay(async () => {
    const own = await startServer();
    const folder = temporaryFolder();
    try {
      for (const { line, script, status, answer } of examples()) {
        if (!/\bcurl\b/.test(script)) continue;
        const got = await runBlock(script, own.url, folder.path);
        const where = `docs/api/http.md:${line}: ${got.body}`;
        assert.equal(got.code, 0, where);
        if (answer === undefined) {
          assert.ok(got.status < 400, where);
        } else {
          assert.equal(got.status, status, where);
          assert.deepEqual(comparable(JSON.parse(got.body)), comparable(answer), where);
        }
      }
    } finally {
      folder.remove();
      await own.close();
    }
  }));

test('asking again with the tag is answered 304', async () => {
  const folder = temporaryFolder();
  const example = examples().find(({ script }) => script.includes('--etag-compare'));
  const got = await runBlock(example.script, server.url, folder.path);
  folder.remove();
  assert.equal(got.status, 304);
});

const patterns = (source) => [
  ...source.matchAll(/\.method = "(\w+)",\s*\.pattern = "([^"]+)"/g),
].map(([, method, pattern]) => `${method} ${pattern}`);
const routes = patterns(readFileSync(join(root, 'src/http/routes.c'), 'utf8'));
const calls = [...text.matchAll(/^\| \[`([A-Z]+ \/[^`]*)`\]\(#/gm)].map(([, call]) => call);

test('every call of the program is in the table of calls, and no other', () => {
  const ours = routes.map((route) => route.replace('{u}', '{user}').replace('{l}', '{listing}'));
  assert.ok(ours.length > 0);
  assert.deepEqual([...calls].sort(), [...ours].sort());
});

test('every address of the table is served, by the stated methods only', async () => {
  const methods = new Map();
  for (const call of calls) {
    const [method, path] = call.split(' ');
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, known] of methods) {
    const answer = await server.request('PATCH', path.replace(/\{\w+\}/g, 'x'));
    assert.equal(answer.status, 405, path);
    const allowed = answer.headers.allow.split(', ').filter((method) => method !== 'HEAD');
    assert.deepEqual(allowed.sort(), known.sort(), path);
  }
});

test('every link within the document leads somewhere', () => {
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    `#${title.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-')}`);
  for (const [, target] of text.matchAll(/\]\((#[^)]*)\)/g)) assert.ok(anchors.includes(target), target);
});

// What is said on the terminal when the server does not start or `footfall sql` refuses, or to a
// program that uses the C library; no request is answered with it.
const NOT_OVER_HTTP = [
  'invalid_argument', 'invalid_key', 'invalid_listen', 'invalid_origin', 'invalid_platform', 'no_key',
  'not_loopback', 'other_store', 'read_only', 'sql', 'store_elsewhere', 'too_many_platforms',
];

// What is said over a WebSocket only.
const OVER_WEBSOCKET = [
  ...readFileSync(join(root, 'docs/api/live.md'), 'utf8').split('| code | when |')[1].split('\n\n')[0]
    .matchAll(/^\| `(\w+)` \|/gm),
].map(([, code]) => code);

/** Codes in the calls that refuse, and the words for statuses. Commands speak to a terminal. */
function codesOfTheProgram() {
  const codes = new Set();
  for (const file of sources(join(root, 'src')).filter((path) => !path.includes('/src/cli/'))) {
    const source = readFileSync(file, 'utf8');
    // code is the first text in a call to fail_input, fail_code, ..._refuse or check_...
    const refusals = source.matchAll(/\b(?:fail_input|fail_code|\w*refuse|check_text)\(([^;"]*?)"(\w+)",/g);
    for (const [, , code] of refusals) codes.add(code);
  }
  const words = readFileSync(join(root, 'src/base/status.c'), 'utf8');
  for (const [, word] of words.matchAll(/case STATUS_\w+:\s+return "(\w+)";/g)) codes.add(word);
  codes.delete('ok');
  return codes;
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.c') ? [path] : [];
  });
}

test('every error code of the program is in the table of errors, and no other', () => {
  const table = text.slice(text.indexOf('| code | status |'), text.indexOf('## Limits'));
  const documented = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  assert.equal(new Set(documented).size, documented.length, 'no code stands there twice');
  assert.deepEqual([...documented, ...NOT_OVER_HTTP, ...OVER_WEBSOCKET].sort(), [...codesOfTheProgram()].sort());
});

stopsCleanlyAtTheEnd(server);
