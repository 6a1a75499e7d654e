// What the dashboard reckons with, without a browser: addresses, files for spreadsheets, changes.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = resolve(dirname(fileURLToPath(import.meta.url)), '../../web');
const { build } = createRequire(join(web, 'package.json'))('esbuild');

async function load(file) {
  const { outputFiles } = await build({
    entryPoints: [join(web, 'src/model', file)], bundle: true, write: false, format: 'esm', target: 'node18', logLevel: 'warning',
    external: ['#queue-store'],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
const address = await load('address.ts');
const { csvOf } = await load('csv.ts');
const { sizeOfChange } = await load('../../../clients/js/src/element/figures.ts');

const USUAL = {
  user: undefined, view: 'listings', listing: undefined, compare: [], period: 'weekly', start: undefined, end: undefined, zone: undefined,
  sort: 'views', ascending: false, search: '', page: 1, metric: 'views',
};

test('what an address says is read as it was written', () => {
  const hostile = ['a/b', 'ä ö&=?#%', '<img src=x onerror=1>', '..', '+', 'x'.repeat(128), '1', '__proto__', '\u202e'];
  const rows = [
    {}, { user: 'agent-7' }, { zone: 'America/Argentina/Buenos_Aires' }, { period: 'custom', start: '2024-02-29', end: '2024-03-01' },
    { sort: 'listing', ascending: true }, { sort: 'listing', ascending: false }, { sort: 'shares', ascending: true }, { page: 7 },
    { view: 'compare', compare: ['a', 'b'] }, { compare: ['a', 'b'] }, { metric: 'inquiries' },
    ...hostile.flatMap((id) => [{ user: id }, { view: 'listing', listing: id, user: id }, { compare: [id, 'other'] }, { search: id }]),
  ];
  for (const row of rows) {
    const whole = { ...USUAL, ...row };
    const text = address.writeAddress(whole);
    assert.deepEqual(address.readAddress(text), whole, text);
    assert.equal(new URL(text, 'http://localhost/').search, text === '?' ? '' : text, 'it is an address as browsers write it');
  }
});

test('what is wrong in an address is passed over', () => {
  const rows = [
    ['?period=yearly', {}], ['?period=custom', {}], ['?period=custom&start=2026-02-30&end=2026-03-01', {}],
    ['?period=custom&start=2026-03-02&end=2026-03-01', {}], ['?period=custom&start=2020-01-01&end=2026-01-01', {}],
    ['?start=2026-03-01&end=2026-03-02', {}], ['?page=0', {}], ['?page=1.5', {}], ['?page=-1', {}], ['?page=x', {}], ['?sort=beauty', {}],
    ['?compare=a&compare=a&compare=&compare=b', { compare: ['a', 'b'] }],
    ['?compare=a&compare=b&compare=c&compare=d&compare=e&compare=f', { compare: ['a', 'b', 'c', 'd', 'e'] }],
    ['?listing=', {}], ['?metric=likes', {}], ['?unknown=1', {}],
  ];
  for (const [query, want] of rows) assert.deepEqual(address.readAddress(query), { ...USUAL, ...want }, query);
});

test('a range is said to be none, and why', () => {
  for (const [start, end, words] of [
    ['2026-01-01', '2026-01-01', undefined], ['2025-01-01', '2026-02-04', undefined], ['2025-01-01', '2026-02-05', /At most 400 days/],
    ['2026-01-02', '2026-01-01', /after the last/], ['', '2026-01-01', /Choose/], [undefined, undefined, /Choose/], ['2026-13-01', '2026-01-01', /Choose/],
  ]) {
    const problem = address.rangeProblem(start, end);
    if (words === undefined) assert.equal(problem, undefined, `${start} to ${end}`);
    else assert.match(problem, words, `${start} to ${end}`);
  }
});

test('a file for spreadsheets holds no formula, and every text as it was', () => {
  for (const [cell, want] of [
    ['plain', 'plain'], [-5, '-5'], ['=1+1', "'=1+1"], ['+49', "'+49"], ['-x', "'-x"], ['@SUM(A1)', "'@SUM(A1)"], ['\tx', "'\tx"],
    ['a,b', '"a,b"'], ['a "b"', '"a ""b"""'], ['a\nb', '"a\nb"'], ['=a,"b"', `"'=a,""b"""`], ['', ''],
  ]) assert.equal(csvOf([[cell]]), `${want}\r\n`, JSON.stringify(cell));
});

test('a change is told in whole percents, never as none, and never as all while something is left', () => {
  for (const [percent, want] of [
    [0, 0], [12.5, 13], [-92.2, 92], [100, 100], [-100, 100], [-99.6, 99], [99.9, 99], [300.4, 300], [0.4, 0.4], [-0.96, 1], [0.0312, 0.03],
  ]) assert.equal(sizeOfChange(percent), want, `${percent} %`);
});
