// budgets.mjs - what each figure must reach, and whether it does: one table for RESULTS.md and
// README.md.
//
// A ratio is taken round by round; the table shows the median and, in brackets, the least and the
// most of the rounds.
//
// SPDX-License-Identifier: Apache-2.0
import { pointsOf } from './parts/growth.mjs';
import { DAYS, queryListings } from './parts/queries.mjs';
import { engineListings } from './parts/engine.mjs';
import { STREAMS } from './parts/recording.mjs';

export function count(value) {
  return Math.round(value).toLocaleString('en-US');
}

function percent(value) {
  return `${Math.round(value * 100)} %`;
}

function times(value) {
  return `${value.toFixed(value < 10 ? 2 : 0)} ×`;
}

function spreadOf({ median, min, max }, print) {
  return print(min) === print(max) ? print(median) : `${print(median)} (${print(min)} to ${print(max)})`;
}

/** Each: {what, value, ratio, budget, reached (undefined: there is no budget)}. */
export function budgetRows(samples, scale) {
  const rows = [];
  const add = (needs, make) => {
    if (samples.has(...needs)) rows.push(make());
  };
  const atLeast = (name, base, least, print, words) => {
    const spread = samples.spread(name, base);
    return { ratio: `${spreadOf(spread, print)} ${words}`, reached: spread.median >= least };
  };
  const figure = (name, unit) => `${spreadOf(samples.spread(name), count)} ${unit}`;
  const plain = (name, unit, print = count) => `${spreadOf(samples.spread(name), print)} ${unit}`;

  const single = 'POST of one event with an id, 64 connections, answered after the sync';
  add(['POST', 'bare POST'], () => ({
    what: single, value: figure('POST', 'requests/s'),
    ...atLeast('POST', 'bare POST', 0.6, percent, `of the bare HTTP library (${count(samples.median('bare POST'))})`),
    budget: '≥ 60 %, aim 80 %',
  }));
  add(['POST', 'redis always'], () => ({
    what: 'the same', value: '',
    ...atLeast('POST', 'redis always', 1.2, times, `Redis HINCRBY, appendfsync always (${count(samples.median('redis always'))})`),
    budget: '≥ 1.2 ×',
  }));
  add(['NDJSON', 'redis always by 16'], () => ({
    what: `NDJSON over HTTP with ids, ${STREAMS} streams`, value: figure('NDJSON', 'events/s'),
    ...atLeast('NDJSON', 'redis always by 16', 4, times, `Redis pipelined by 16, appendfsync always (${count(samples.median('redis always by 16'))})`),
    budget: '≥ 4 ×',
  }));
  add(['NDJSON'], () => ({
    what: 'the same', value: samples.has('redis always by 16') ? '' : figure('NDJSON', 'events/s'),
    ratio: `${percent(samples.median('NDJSON') / 2e6)} of 2 M`, budget: 'aim 2,000,000 events/s', reached: samples.median('NDJSON') >= 2e6,
  }));
  add(['engine plain'], () => ({
    what: `engine in process, groups of 10,000, ${count(engineListings(scale))} listings, Zipf 0.99`, value: figure('engine plain', 'events/s'),
    ratio: `${percent(samples.median('engine plain') / 4e6)} of 4 M`, budget: '≥ 4,000,000 events/s', reached: samples.median('engine plain') >= 4e6,
  }));
  for (const [kind, words] of [['zipf', 'Zipf 0.99'], ['even', 'evenly']]) {
    add([`sustained ${kind}`], () => {
      const share = samples.median(`sustained ${kind} store share`);
      return {
        what: `sustained until all is in the store, 10 M listings, ${words}`, value: figure(`sustained ${kind}`, 'events/s'),
        ratio: `${share > 0.5 ? 'the store' : 'recording'} sets the pace (${percent(share)} of the time was spent waiting for the store); ${count(samples.median(`sustained ${kind} listing-days`))} listing-days`,
        budget: 'state which side bounds it',
      };
    });
  }
  add(['engine one listing us'], () => ({
    what: `engine: one listing of ${count(queryListings(scale))}, ${DAYS} days, by platform`, value: plain('engine one listing us', 'µs', (v) => v.toFixed(1)),
    ratio: `${times(samples.median('engine one listing us') / 15)} the budget`, budget: '≤ 15 µs', reached: samples.median('engine one listing us') <= 15,
  }));
  add(['GET one listing', 'bare GET'], () => ({
    what: 'HTTP: the same', value: figure('GET one listing', 'requests/s'),
    ...atLeast('GET one listing', 'bare GET', 0.6, percent, `of the bare HTTP library (${count(samples.median('bare GET'))})`),
    budget: '≥ 60 %',
  }));
  add(['GET one listing', 'bare GET of the same size'], () => ({
    what: 'the same', value: '',
    ratio: `${spreadOf(samples.spread('GET one listing', 'bare GET of the same size'), percent)} of the bare HTTP library sending as many bytes, ${count(samples.median('answer bytes'))} (${count(samples.median('bare GET of the same size'))})`,
    budget: '',
  }));
  add(['GET one listing anew', 'bare GET of the same size'], () => ({
    what: 'the same with every answer made anew (`--answer-cache-bytes 0`)', value: figure('GET one listing anew', 'requests/s'),
    ratio: `${spreadOf(samples.spread('GET one listing anew', 'bare GET of the same size'), percent)} of the bare HTTP library sending as many bytes`,
    budget: '',
  }));
  add(['GET one listing', 'postgresql answer'], () => ({
    what: 'the same', value: '',
    ...atLeast('GET one listing', 'postgresql answer', 10, times, `PostgreSQL, the same answer, prepared, 64 clients (${count(samples.median('postgresql answer'))})`),
    budget: '≥ 10 ×',
  }));
  add(['engine all listings ms'], () => ({
    what: `engine: all ${count(queryListings(scale))} listings, ${DAYS} days, the first 100`, value: plain('engine all listings ms', 'ms', (v) => v.toFixed(1)),
    ratio: `${times(samples.median('engine all listings ms') / 10)} the budget`, budget: '≤ 10 ms', reached: samples.median('engine all listings ms') <= 10,
  }));
  add(['replay'], () => ({
    what: 'recovery: events replayed, with ids', value: figure('replay', 'events/s'),
    ratio: `${percent(samples.median('replay') / 4e6)} of 4 M`, budget: '≥ 4,000,000 events/s', reached: samples.median('replay') >= 4e6,
  }));
  addGrowth(rows, samples);
  return rows;
}

function addGrowth(rows, samples) {
  const ends = (name) => {
    const points = pointsOf(samples, `growth ${name}`);
    return [points[0], points.at(-1)];
  };
  if (pointsOf(samples, 'growth ns').length < 2) return;
  const [[few, startFew], [many, startMany]] = ends('open ms');
  rows.push({
    what: `start, nothing to replay, ${count(few)} and ${count(many)} listings`, value: `${startFew.toFixed(0)} and ${startMany.toFixed(0)} ms`,
    ratio: times(startMany / startFew), budget: 'does not depend on the store\'s size', reached: startMany <= 1.5 * startFew,
  });
  const [[, cheap], [, dear]] = ends('ns');
  rows.push({
    what: `growth: time of an event, ${count(few)} and ${count(many)} listings`, value: `${cheap.toFixed(0)} and ${dear.toFixed(0)} ns`,
    ratio: times(dear / cheap), budget: '≤ 1.5 ×', reached: dear <= 1.5 * cheap,
  });
  if (samples.has('sustained even memory MiB')) {
    rows.push({
      what: 'memory at the configured 512 MiB for what the store does not have yet, 10 M listings', value: `${count(samples.median('sustained even memory MiB'))} MiB`,
      ratio: '', budget: 'bounded by configuration',
    });
  }
}

const YES_NO = new Map([[true, 'yes'], [false, '**no**'], [undefined, '']]);

/** Markdown lines. */
export function budgetTable(rows) {
  return [
    '| what | measured | against | budget | reached |',
    '|---|---|---|---|---|',
    ...rows.map(({ what, value, ratio, budget, reached }) => `| ${what} | ${value} | ${ratio} | ${budget} | ${YES_NO.get(reached)} |`),
  ];
}
