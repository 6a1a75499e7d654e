// report.mjs - RESULTS.md, its plots, and the table in README.md, all from the same samples.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import { join } from 'node:path';

import { budgetRows, budgetTable, count } from './budgets.mjs';
import { pointsOf } from './parts/growth.mjs';
import { barPlot, linePlot } from './plot.mjs';
import { loadCore, serverCore } from './machine.mjs';

const README_BEGIN = '<!-- bench: begin, written by script/bench -->';
const README_END = '<!-- bench: end -->';

const PEERS = [
  ['POST', 'Footfall: single events over HTTP, synced', true],
  ['arrays of 50', 'Footfall: arrays of 50 over HTTP, synced', true],
  ['NDJSON', 'Footfall: NDJSON over HTTP, synced', true],
  ['redis always', 'Redis HINCRBY, appendfsync always'],
  ['redis always by 16', 'the same, pipelined by 16'],
  ['redis everysec', 'Redis HINCRBY, appendfsync everysec'],
  ['redis everysec by 16', 'the same, pipelined by 16'],
  ['postgresql upsert', 'PostgreSQL: upsert a transaction'],
  ['postgresql batches of 50', 'PostgreSQL: 50 events a transaction'],
  ['seed get-then-put', 'the specification\'s design: get, then put'],
  ['seed add', 'the same with an atomic ADD'],
];

const GROWTH_COLUMNS = [
  ['ns', 'time of an event', (v) => `${v.toFixed(0)} ns`],
  ['cpu ns', 'processor time of an event, storing it included', (v) => `${v.toFixed(0)} ns`],
  ['memory MiB', 'peak memory', (v) => `${v.toFixed(0)} MiB`],
  ['listing-days', 'listing-days', count],
  ['journal bytes', 'journal, an event', (v) => `${v.toFixed(1)} B`],
  ['store bytes an event', 'store, an event', (v) => `${v.toFixed(1)} B`],
  ['store bytes a listing-day', 'store, a listing-day', (v) => `${v.toFixed(0)} B`],
  ['open ms', 'start, nothing to replay', (v) => `${v.toFixed(0)} ms`],
];

function peersSection(samples) {
  const found = PEERS.filter(([name]) => samples.has(name));
  if (found.length === 0) return [];
  const lost = (kind) => (samples.has(`seed ${kind} lost percent`) ? `${samples.median(`seed ${kind} lost percent`).toFixed(1)} %` : '');
  return [
    '## Beside others',
    '',
    '![Events a second](plots/peers.svg)',
    '',
    '| what | events/s, median | least | most | lost |',
    '|---|---|---|---|---|',
    ...found.map(([name, words]) => {
      const { median, min, max } = samples.spread(name);
      const losses = name.startsWith('seed ') ? lost(name.slice(5)) : '0';
      return `| ${words} | ${count(median)} | ${count(min)} | ${count(max)} | ${losses} |`;
    }),
    '',
    '- Redis: one `HINCRBY` of a number a listing, 64 clients of redis-benchmark, 10,000 listings. `everysec` may lose the last second.',
    '- PostgreSQL: a row a listing, day and platform; 64 clients of pgbench on a Unix socket, prepared statements, `synchronous_commit=on`, 10,000 listings evenly.',
    '- The specification\'s design reads a day\'s item, adds one and writes it back (node, AWS SDK, dynalite in memory); 32 clients meet on one listing. What is lost are views that another client\'s write overwrote.',
    '- Footfall: platform, source and id in each event, 95 % views, 4 % shares, 1 % inquiries, 10,000 listings by Zipf 0.99. `footfall load` checks after each run that what was acknowledged is counted; a difference ends the benchmark.',
    '',
  ];
}

function furtherSection(samples) {
  const lines = [];
  const add = (name, words, print) => {
    if (!samples.has(name)) return;
    const { median, min, max } = samples.spread(name);
    lines.push(`| ${words} | ${print(median)} | ${print(min)} | ${print(max)} |`);
  };
  const us = (value) => `${count(value)} µs`;
  const ms = (value) => `${value.toFixed(1)} ms`;
  add('POST p50 us', 'POST of one event, 64 connections, half are answered within', us);
  add('POST p99 us', 'the same, 99 of 100', us);
  add('GET one listing p99 us', 'GET of one listing, 64 connections, 99 of 100', us);
  add('postgresql answer', 'PostgreSQL: the same answer, made in SQL, 64 clients, answers/s', count);
  add('postgresql rows', 'PostgreSQL: its 90 rows alone, the month before and all sums left out, answers/s', count);
  add('GET all listings ms', 'GET of all listings, one after the other, each', ms);
  add('engine ids', 'engine in process with ids, events/s', count);
  add('engine plain longest group ms', 'longest group of 10,000, without ids', ms);
  add('engine ids longest group ms', 'longest group of 10,000, with ids', ms);
  if (lines.length === 0) return [];
  return ['## Further figures', '', '| what | median | least | most |', '|---|---|---|---|', ...lines, ''];
}

function growthSection(samples) {
  const sizes = pointsOf(samples, 'growth ns').map(([size]) => size);
  if (sizes.length === 0) return [];
  const cells = (name, print) => pointsOf(samples, `growth ${name}`).map(([, value]) => print(value)).join(' | ');
  return [
    '## Growth',
    '',
    'Four million events in groups of 10,000, Zipf 0.99, 1,000 listings a user, in process; medians of three.',
    '',
    `| listings | ${sizes.map(count).join(' | ')} |`,
    `|---|${sizes.map(() => '---|').join('')}`,
    ...GROWTH_COLUMNS.map(([name, words, print]) => `| ${words} | ${cells(name, print)} |`),
    '',
    '![Time of an event](plots/growth-cost.svg)',
    '',
    '![Memory](plots/growth-memory.svg)',
    '',
    '![Bytes on disk](plots/growth-disk.svg)',
    '',
    '![Starting](plots/start.svg)',
    '',
    '![Replay](plots/replay.svg)',
    '',
    'Memory is bounded by `--memory-bytes` and `--dedupe-ids`, whatever the number of listings; here the budget was 2 GiB, so nothing waited. The journal is recycled once its events are in the store.',
    '',
  ];
}

/** What the live part or another has to say: part.section(samples) gives Markdown lines. */
function otherSections(parts, samples) {
  return parts.flatMap((part) => (part.section === undefined ? [] : part.section(samples)));
}

export function results({ samples, machineLines, options, skipped, failed, parts, scale }) {
  return [
    '# Measured',
    '',
    `By \`script/bench\` on ${new Date().toISOString().slice(0, 10)}. Budgets are aims, not assertions. All values of all rounds: [results.json](results.json).`,
    '',
    ...machineLines,
    `- server on core ${serverCore}, load on core ${loadCore}; engine figures use both; ${options.rounds} rounds, in turn, ${options.seconds} s each over HTTP`,
    ...skipped.map(({ name, missing }) => `- not measured: ${name}, for want of ${missing}`),
    ...failed.map(({ name, words }) => `- **failed: ${name}**: ${words}`),
    '',
    '## Budgets',
    '',
    'Median of the rounds, and in brackets their least and most. A ratio is taken within each round. Where a budget is missed, [LIMITS.md](LIMITS.md) says why.',
    '',
    ...budgetTable(budgetRows(samples, scale)),
    '',
    ...peersSection(samples),
    ...furtherSection(samples),
    ...growthSection(samples),
    ...otherSections(parts, samples),
  ].join('\n').replace(/\n+$/, '\n');
}

/** {file name: SVG} */
export function plots(samples) {
  const drawn = {};
  const growth = (name, words) => ({ name: words, points: pointsOf(samples, `growth ${name}`) });
  const bars = PEERS.filter(([name]) => samples.has(name)).map(([name, words, own]) => ({ name: words, value: samples.median(name), own }));
  if (bars.length > 0) drawn['peers.svg'] = barPlot({ title: 'Events recorded a second', unit: '/s', bars });
  if (pointsOf(samples, 'growth ns').length > 0) {
    const xLabel = 'listings';
    drawn['growth-cost.svg'] = linePlot({
      title: 'Time of an event against the number of listings', xLabel, yLabel: 'ns',
      series: [growth('ns', 'until it is durable and counted'), growth('cpu ns', 'processor time, storing it included')],
    });
    drawn['growth-memory.svg'] = linePlot({ title: 'Peak memory against the number of listings', xLabel, yLabel: 'MiB', series: [growth('memory MiB', 'after 4 M events')] });
    drawn['growth-disk.svg'] = linePlot({
      title: 'Bytes on disk against the number of listings', xLabel, yLabel: 'bytes',
      series: [growth('journal bytes', 'journal, an event'), growth('store bytes an event', 'store, an event'), growth('store bytes a listing-day', 'store, a listing-day')],
    });
    drawn['start.svg'] = linePlot({ title: 'Start with nothing to replay, against the number of listings', xLabel, yLabel: 'ms', series: [growth('open ms', 'start')] });
  }
  const replay = pointsOf(samples, 'replay ms');
  if (replay.length > 0) {
    drawn['replay.svg'] = linePlot({ title: 'Start with a journal to replay', xLabel: 'events in the journal, with ids', yLabel: 'ms', logX: false, series: [{ name: 'start', points: replay }] });
  }
  return drawn;
}

/** Puts the table of budgets between the marks of README.md; false when it has none. */
export function writeReadme(path, samples, scale) {
  const text = fs.readFileSync(path, 'utf8');
  const begin = text.indexOf(README_BEGIN);
  const end = text.indexOf(README_END);
  if (begin < 0 || end < begin) return false;
  const table = budgetTable(budgetRows(samples, scale)).join('\n');
  fs.writeFileSync(path, `${text.slice(0, begin + README_BEGIN.length)}\n${table}\n${text.slice(end)}`);
  return true;
}

export function writeAll(root, report, samples, scale) {
  const folder = join(root, 'bench');
  fs.mkdirSync(join(folder, 'plots'), { recursive: true });
  for (const [name, svg] of Object.entries(plots(samples))) fs.writeFileSync(join(folder, 'plots', name), svg);
  fs.writeFileSync(join(folder, 'results.json'), `${JSON.stringify(samples, null, 1)}\n`);
  fs.writeFileSync(join(folder, 'RESULTS.md'), report);
  return writeReadme(join(root, 'README.md'), samples, scale);
}
