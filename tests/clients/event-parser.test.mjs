// The stream of events is cut right, wherever the network cuts it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../../clients/js/dist/live.js';

const STREAM = ': hello\n\nid: s-1\ndata: {"a":1}\n\ndata:two\r\ndata: lines\r\n\r\nevent: x\nretry: 5\nid\n: heartbeat\n\nid: s-2\ndata\n\ndata: last, not ended';
const EVENTS = [
  { id: 's-1', data: '{"a":1}' }, { id: 's-1', data: 'two\nlines' }, { id: 's-2', data: '' },
];

test('the same events come whole, cut at any place, and letter by letter', () => {
  const whole = new EventParser();
  assert.deepEqual(whole.push(STREAM), EVENTS);
  for (let at = 1; at < STREAM.length; at++) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(STREAM.slice(0, at)), ...parser.push(STREAM.slice(at))], EVENTS, `cut at ${at}`);
  }
  const slow = new EventParser();
  assert.deepEqual([...STREAM].flatMap((letter) => slow.push(letter)), EVENTS);
});
