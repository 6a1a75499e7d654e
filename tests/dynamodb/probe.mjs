// probe.mjs - the client of DynamoDB as a process of one's own: client_probe.c says what it obeys.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const build = dirname(process.env.FOOTFALL_BIN ?? join(root, 'build/footfall'));
const program = join(build, 'tests/dynamodb/dynamodb_client_probe');

export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };

/** Starts one with just these AWS variables; it ends with the test `t`, and must end well. */
export function startProbe(t, env = KEYS) {
  assert.ok(existsSync(program), `${program} is not built: run script/setup --for test`);
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|.*_proxy$)/i.test(name));
  const child = spawn(program, [], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...Object.fromEntries(kept), AWS_REGION: 'eu-central-1', AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...env,
    },
  });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  t.after(async () => {
    child.stdin.end();
    const [code, signal] = await ended;
    assert.equal(signal ?? code, 0, 'the probe ended well');
  });
  const ask = async (order) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await lines.next();
    assert.ok(!done, 'the probe answers');
    return JSON.parse(value);
  };
  return {
    ask,
    open: (options) => ask({ open: options }),
    /** One call, or `times` at once: their answers. */
    call: async (operation = 'GetItem', body = '{}', times = 1) => {
      const { answers, error } = await ask({ calls: [[operation, body, times]] });
      assert.equal(error, undefined);
      return times === 1 ? answers[0] : answers;
    },
    row: async (operation) => (await ask({ rows: true })).rows[operation],
  };
}
