// Four nodes, kill -9 and a bad network: every count is exact, in totals and cells, also when
// events are sent again at other nodes; and the same harness finds the drift of a build whose guard
// is left out, and of nodes that do not share their ids.
//
// Rounds: script/test --rounds N (4 here at most); a failed run's seed: --seed N. Hundreds:
// script/crash --chaos N.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program, test } from '../integration/server.mjs';
import { chaosChain } from './chaos.mjs';

const rounds = Math.min(4, Number(process.env.FOOTFALL_CRASH_ROUNDS ?? 4));
const seed = Number(process.env.FOOTFALL_SEED ?? Date.now() % 1_000_000_000);
const unguarded = join(dirname(program), 'tests/dynamodb/footfall_unguarded');

test(`nothing is lost and nothing counts twice, ${rounds} rounds (seed ${seed})`, { timeout: 120_000 + rounds * 60_000 }, async () => {
  console.log(`FOOTFALL_SEED=${seed}`);
  const found = await chaosChain({ seed, rounds, say: console.log });
  console.log(JSON.stringify(found));
  assert.ok(found.acknowledged > 0 && found.kills > 0 && found.fresh > 0, 'it has done something');
});

test('without the guard the same harness finds drift', { timeout: 300_000, skip: !existsSync(unguarded) && 'there is no build without the guard' }, async () => {
  const found = await chaosChain({ seed, rounds: 3, program: unguarded, isDriftExpected: true });
  console.log(JSON.stringify(found));
  assert.ok(found.drift > 0, 'requests that came twice were counted twice');
});

test(`an event that is sent to several nodes counts once when they share ids (seed ${seed})`, { timeout: 180_000 }, async () => {
  const found = await chaosChain({ seed, rounds: 1, movesIds: true, say: console.log });
  console.log(JSON.stringify(found));
  assert.ok(found.acknowledged > 0 && found.moved > 0 && found.duplicates > 0, 'it has done something');
});

test('with ids of its own on each node the same harness finds drift', { timeout: 180_000 }, async () => {
  const found = await chaosChain({ seed, rounds: 1, movesIds: true, flags: [], isDriftExpected: true });
  console.log(JSON.stringify(found));
  assert.ok(found.drift > 0, 'what was sent to two nodes was counted twice');
});
