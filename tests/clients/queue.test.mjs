// enqueue(): kept until the server has it, through failures, restarts and refusals.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { Footfall } from '../../clients/js/dist/index.js';
import { fresh, startServer, stopsCleanlyAtTheEnd, temporaryFolder, test } from '../integration/server.mjs';
import { startFlaky } from './flaky.mjs';

const server = await startServer();
const flaky = await startFlaky(server.url);
const folder = temporaryFolder();
after(() => {
  folder.remove();
  return flaky.close();
});
const view = (userId, more) => ({ userId, listingId: 'l', eventType: 'view', ...more });
const queueAt = (queueName, baseUrl = server.url) => new Footfall({ baseUrl, queueName, retries: 0 });
const kept = (queueName) => readdirSync(queueName).filter((name) => name.endsWith('.json'));
const views = async (user) => (await server.totals(user, 'l'))[0];

test('what cannot be sent is kept, and sent by the next process', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  const offline = queueAt(queueName, 'http://127.0.0.1:9');
  for (let i = 0; i < 5; i++) assert.deepEqual(await offline.enqueue(view(user)), { success: true });
  const failed = await offline.flush();
  assert.deepEqual([failed.success, failed.code, failed.left], [false, 'network_error', 5]);
  assert.equal(kept(queueName).length, 5);

  const sent = await queueAt(queueName).flush();
  assert.deepEqual(sent, { success: true, sent: 5, dropped: 0, left: 0 });
  assert.equal(kept(queueName).length, 0);
  assert.equal(await views(user), 5);
});

test('a process that is killed leaves what it kept', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  const script = `
    import { Footfall } from ${JSON.stringify(new URL('../../clients/js/dist/index.js', import.meta.url).href)};
    const client = new Footfall({ baseUrl: 'http://127.0.0.1:9', queueName: ${JSON.stringify(queueName)} });
    await client.enqueue(${JSON.stringify(view(user))});
    process.kill(process.pid, 'SIGKILL');`;
  await assert.rejects(promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]), /SIGKILL|killed/i);
  assert.equal((await queueAt(queueName).flush()).sent, 1);
  assert.equal(await views(user), 1);
});

test('an answer that got lost makes no second count', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  flaky.plan.push('swallow');
  const client = queueAt(queueName, flaky.url);
  await client.enqueue(view(user));
  await client.flush();
  await client.flush();
  assert.equal(kept(queueName).length, 0);
  assert.equal(await views(user), 1);
});

test('an event keeps the time at which it was queued', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  const before = Date.now();
  await queueAt(queueName, 'http://127.0.0.1:9').enqueue(view(user));
  const [name] = kept(queueName);
  const { timestamp } = JSON.parse(JSON.parse(readFileSync(join(queueName, name), 'utf8')).text);
  assert.ok(timestamp >= before && timestamp <= Date.now());
});

test('one that is refused for good is dropped, and the others are sent', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  const offline = queueAt(queueName, 'http://127.0.0.1:9');
  await offline.enqueue(view(user));
  await offline.enqueue(view(user, { platform: 'myspace' }));
  await offline.enqueue(view(user));
  assert.deepEqual(await queueAt(queueName).flush(), { success: true, sent: 2, dropped: 1, left: 0 });
  assert.equal(await views(user), 2);
});

test('entries go before the server could have forgotten their ids', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  const offline = queueAt(queueName, 'http://127.0.0.1:9');
  await offline.enqueue(view(user));
  await offline.enqueue(view(user));
  const [name] = kept(queueName);
  const entry = JSON.parse(readFileSync(join(queueName, name), 'utf8'));
  const at = entry.at - 21 * 3600 * 1000;
  const old = name.replace(/^\d+/, String(at).padStart(15, '0'));
  writeFileSync(join(queueName, old), JSON.stringify({ ...entry, at }));
  assert.deepEqual(await queueAt(queueName).flush(), { success: true, sent: 2, dropped: 1, left: 0 });
  assert.equal(await views(user), 2);
});

test('it holds so many and no more, and says so', async () => {
  const queueName = join(folder.path, fresh('queue'));
  const offline = queueAt(queueName, 'http://127.0.0.1:9');
  await offline.enqueue(view('u'));
  for (let i = 0; i < 10_000; i++) writeFileSync(join(queueName, `${String(i).padStart(15, '0')}-x.json`), '{}');
  const outcome = await offline.enqueue(view('u'));
  assert.deepEqual([outcome.success, outcome.code], [false, 'queue_full']);
});

test('what is in the folder and is no entry does not stop the rest', async () => {
  const user = fresh('agent');
  const queueName = join(folder.path, fresh('queue'));
  await queueAt(queueName, 'http://127.0.0.1:9').enqueue(view(user));
  writeFileSync(join(queueName, '000000000000001-x.json'), 'broken');
  const outcome = await queueAt(queueName).flush();
  assert.equal(outcome.sent, 1);
  assert.equal(await views(user), 1);
});

stopsCleanlyAtTheEnd(server);
