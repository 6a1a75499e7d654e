// run.mjs - the measurements of script/bench: which parts, in which order, how often.
//
// A part is {name, missing?(bench), begin?(bench), round?(bench), end?(bench), once?(bench),
// section?(samples)}. `missing` names what is not installed, and the part is skipped; `round` is
// called once a round, in turn with the other parts', so that a slow minute of the machine meets
// all; `once` after the rounds; `section` gives Markdown lines for RESULTS.md. What they measure
// goes to bench.samples.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Footfall } from './footfall.mjs';
import { Machine } from './machine.mjs';
import { bare } from './parts/bare.mjs';
import { dynamodb } from './parts/dynamodb.mjs';
import { engine } from './parts/engine.mjs';
import { growth } from './parts/growth.mjs';
import { queries } from './parts/queries.mjs';
import { recording } from './parts/recording.mjs';
import { sustained } from './parts/sustained.mjs';
import { postgresql } from './peers/postgresql.mjs';
import { redis } from './peers/redis.mjs';
import { seed } from './peers/seed.mjs';
import { results, writeAll } from './report.mjs';
import { Samples } from './samples.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const say = (words) => process.stderr.write(`${words}\n`);

function die(words) {
  say(`bench: ${words}`);
  process.exit(1);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      build: { type: 'string', default: join(root, 'build-bench') },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      scale: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-results': { type: 'boolean', default: false },
    },
  });
  const number = (name, usual, quick, max) => {
    const value = Number(values[name] ?? (values.quick ? quick : usual));
    if (!(value > 0 && value <= max)) die(`--${name} takes a number above 0, up to ${max}`);
    return value;
  };
  return {
    ...values,
    build: resolve(values.build),
    rounds: Math.ceil(number('rounds', 3, 1, 100)),
    seconds: number('seconds', 5, 2, 600),
    scale: number('scale', 1, 0.1, 1),
  };
}

async function allParts() {
  const parts = [bare, recording, queries, engine, redis, postgresql, seed, dynamodb, sustained, growth];
  // live updates are measured by a file of their own
  if (fs.existsSync(join(root, 'bench/live.mjs'))) parts.push((await import('./live.mjs')).live);
  return parts;
}

function choose(parts, only) {
  if (only === undefined) return parts;
  const names = only.split(',');
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) die(`there is no part '${unknown[0]}': ${parts.map(({ name }) => name).join(', ')}`);
  return parts.filter(({ name }) => names.includes(name));
}

async function main() {
  const options = readOptions();
  const chosen = choose(await allParts(), options.only);
  const [load] = os.loadavg();
  const machine = new Machine(options.build);
  const samples = new Samples(say);
  const bench = {
    root, options, machine, samples, say, seconds: options.seconds, scale: options.scale,
    footfall: new Footfall(machine, options.build),
  };
  const machineLines = [
    ...machine.describe(),
    `- load average before the first round: ${load.toFixed(1)} (above 0.5 others were at work, and the figures are theirs too)`,
  ];
  if (load > 0.5) say(`The load average is ${load.toFixed(1)}: something else is at work, and the figures will show it.`);

  const skipped = [];
  const parts = [];
  for (const part of chosen) {
    const missing = part.missing?.(bench);
    if (missing) {
      say(`skipping ${part.name}: there is no ${missing}`);
      skipped.push({ name: part.name, missing });
    } else {
      parts.push(part);
    }
  }
  // a part that fails is left out from there on, by name; the others go on
  const failed = [];
  const attempt = async (part, step) => {
    if (part[step] === undefined || failed.some(({ name }) => name === part.name)) return;
    try {
      await part[step](bench);
    } catch (error) {
      if (machine.isEnding) await new Promise(() => {}); // its servers were stopped with all else
      say(`${part.name} failed: ${error.stack}`);
      failed.push({ name: part.name, words: error.message.split('\n')[0].slice(0, 200) });
    }
  };
  for (const part of parts) {
    if (part.begin) say(`${part.name}: preparing`);
    await attempt(part, 'begin');
  }
  for (let round = 0; round < options.rounds; round++) {
    samples.round = round;
    for (const part of parts) {
      if (part.round) say(`round ${round + 1} of ${options.rounds}: ${part.name}`);
      await attempt(part, 'round');
    }
  }
  samples.round = 0;
  for (const part of [...parts].reverse()) await attempt(part, 'end');
  for (const part of parts) {
    if (part.once) say(`${part.name}:`);
    await attempt(part, 'once');
  }

  const report = results({ samples, machineLines, options, skipped, failed, parts, scale: options.scale });
  process.stdout.write(report);
  const isWhole = options.only === undefined && options.scale === 1 && !options['no-results'];
  if (!isWhole) {
    say('\nNot written to bench/RESULTS.md, which holds whole runs only.');
  } else if (writeAll(root, report, samples, options.scale)) {
    say('\nWritten: bench/RESULTS.md, bench/results.json, bench/plots, and the table in README.md.');
  } else {
    failed.push({ name: 'README.md', words: 'it has lost the marks between which its table stands' });
  }
  await machine.stopAll(); // what a failed part left
  for (const { name, words } of failed) say(`failed: ${name}: ${words}`);
  return failed.length === 0 ? 0 : 1;
}

main().then((code) => process.exit(code), (error) => die(error.stack));
