// summary.mjs - adds up what the runners left in a folder and says it in one line.
//
// unit.json and faults.json are Meson's logs, a test program a line; *.tap comes from node's runner. A unit test
// program prints a line for each of its tests; one that died or hung counts as a failure even if
// every line it managed to print was good.
//
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];

function addUnitProgram({ name: whole, result, stdout = '', stderr = '' }) {
  const name = whole.replace(/^.* \/ /, ''); // with its suite in front, when there are several
  const lines = `${stdout}\n${stderr}`.split('\n');
  const named = (mark) => new Set(lines.map((line) => mark.exec(line)?.[1]).filter(Boolean));
  const passed = named(/^\[\s+OK \] (\w+)/);
  const failed = named(/^\[\s+FAILED\s+\] ([a-z]\w*)/);
  const skipped = named(/^\[\s+SKIPPED\s+\] ([a-z]\w*)/);
  if (result === 'SKIP' && skipped.size === 0) skipped.add('all of it');
  if (!['OK', 'SKIP'].includes(result) && failed.size === 0) failed.add(`ended with ${result}`);
  if (passed.size + failed.size + skipped.size === 0) passed.add('all of it');

  total.passed += passed.size;
  total.failed += failed.size;
  total.skipped += skipped.size;
  for (const test of failed) failures.push(`${name}: ${test}`);
  for (const test of skipped) skips.push(`${name}: ${test}`);
}

function addTap(file) {
  const text = readFileSync(file, 'utf8');
  const name = basename(file, '.tap');
  const count = (word) => {
    const found = [...text.matchAll(new RegExp(`^# ${word} (\\d+)$`, 'gm'))].pop();
    return found ? Number(found[1]) : 0;
  };
  const failed = count('fail') + count('cancelled');
  total.passed += count('pass');
  total.skipped += count('skipped') + count('todo');
  total.failed += failed;
  for (const [, test] of text.matchAll(/^\s*not ok \d+ - (.*)$/gm)) failures.push(`${name}: ${test}`);
  for (const [, test] of text.matchAll(/^\s*ok \d+ - (.* # (?:SKIP|TODO).*)$/gm)) {
    skips.push(`${name}: ${test}`);
  }
  if (count('tests') === 0) {
    total.failed += 1; // the runner itself died
    failures.push(`${name}: its runner left no summary`);
  }
}

const folder = process.argv[2];
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith('.json')) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line.trim() !== '') addUnitProgram(JSON.parse(line));
    }
  }
  if (name.endsWith('.tap')) addTap(join(folder, name));
}

console.log('');
for (const skip of skips) console.log(`skipped  ${skip}`);
for (const failure of failures) console.log(`FAILED   ${failure}`);
const nothing = total.passed + total.failed + total.skipped === 0;
if (nothing) console.log('No test matched.');
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || nothing ? 1 : 0);
