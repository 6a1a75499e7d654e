// Starting and stopping: what is said, what is refused, what stays.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after } from 'node:test';
import { fresh, run, startServer, temporaryFolder, test } from './server.mjs';

const folder = temporaryFolder();
after(() => folder.remove());

const loopback = ['--listen', '127.0.0.1:0', '--auth', 'off'];

async function withServer(options, body) {
  const server = await startServer(options);
  try {
    await body(server);
    if (server.child !== undefined) await server.stopsCleanly();
  } finally {
    await server.close();
  }
}

test('it says one line on stdout when it accepts, and logs to stderr', () =>
  withServer({}, async (server) => {
    assert.match(server.stdout[0], /^footfall: listening on http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.equal((await server.get('/healthz')).status, 200);
    await server.stopsCleanly();
    assert.equal(server.stdout.length, 1);
    for (const line of server.log.filter((each) => each !== server.stdout[0])) {
      assert.match(line, /^([a-z_]+=("([^"\\]|\\.)*"|\S*) ?)+$/, 'logfmt');
    }
  }));

test('IPv6 and names that mean loopback', async (t) => {
  for (const listen of ['[::1]:0', 'localhost:0']) {
    const server = await startServer({ flags: ['--listen', listen] }).catch((error) => error);
    if (server instanceof Error && /not known|not supported|assign requested/.test(server.message)) {
      t.diagnostic(`this machine has no ${listen}`);
      continue;
    }
    assert.ok(!(server instanceof Error), `${listen}: ${server}`);
    assert.match(server.url, /^http:\/\/(\[::1\]|localhost|127\.0\.0\.1):\d+$/);
    await server.close();
  }
});

test('a taken port is refused with a sentence', async () => {
  const other = net.createServer();
  await new Promise((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address();
  try {
    const data = join(folder.path, fresh('data'));
    const end = await run(['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--auth', 'off']);
    assert.notEqual(end.code, 0);
    assert.ok(end.stderr.includes(String(port)), end.stderr);
    assert.match(end.stderr, /in use|taken|another/, end.stderr);
    assert.equal(end.stdout, '');
  } finally {
    other.close();
  }
});

test('a second server on the same data is refused, and the first goes on', () =>
  withServer({}, async (server) => {
    const event = { userId: 'u', listingId: 'l', eventType: 'view' };
    await server.record(event);
    const end = await run(['serve', '--data', server.data, ...loopback]);
    assert.notEqual(end.code, 0);
    assert.ok(end.stderr.includes(server.data), end.stderr);
    assert.equal(end.stdout, '');
    await server.record(event);
    assert.deepEqual(await server.totals('u', 'l'), [2, 0, 0]);
  }));

test('a data folder that cannot be one is refused with its name', async () => {
  const file = join(folder.path, 'a-file');
  writeFileSync(file, 'not a folder');
  for (const data of [file, join(file, 'below'), join(folder.path, 'no', 'such', 'parent')]) {
    const end = await run(['serve', '--data', data, ...loopback]);
    assert.notEqual(end.code, 0, data);
    assert.ok(end.stderr.includes(data), `${data}: ${end.stderr}`);
    assert.equal(end.stdout, '', data);
  }
});

test('an unwritable folder is refused', { skip: process.getuid() === 0 && 'root may write anywhere' }, async () => {
  const data = join(folder.path, fresh('readonly'));
  mkdirSync(data, { mode: 0o500 });
  const end = await run(['serve', '--data', data, ...loopback]);
  assert.notEqual(end.code, 0);
  assert.ok(end.stderr.includes(data), end.stderr);
});

test('wrong flags: a sentence and an exit code; --help: 0', async () => {
  const data = ['--data', join(folder.path, fresh('data'))];
  const cases = [
    { args: ['--help'], good: true, says: /serve/ },
    { args: ['serve', '--help'], good: true, says: /--data/ },
    { args: ['--version'], good: true, says: /footfall \d/ },
    { args: [], says: /serve/ },
    { args: ['sreve'], says: /serve/ },
    { args: ['serve', '--dta', 'x'], says: /dta.*"data"/ },
    { args: ['serve', '--listen'], says: /--listen/ },
    { args: ['serve', 'extra', ...data], says: /extra/ },
    { args: ['serve', ...data, '--listen', '127.0.0.1:99999', '--auth', 'off'], says: /99999|port/ },
    { args: ['serve', ...data, '--listen', 'nowhere', '--auth', 'off'], says: /HOST:PORT|nowhere/ },
    { args: ['serve', ...data, '--auth', 'maybe'], says: /off/ },
    { args: ['serve', ...data, '--seal-interval-ms', 'soon', '--auth', 'off'], says: /seal-interval-ms/ },
  ];
  for (const row of cases) {
    const name = JSON.stringify(row.args);
    const end = await run(row.args);
    assert.equal(end.signal, null, name);
    if (row.good) assert.equal(end.code, 0, `${name}: ${end.stderr}`);
    else assert.notEqual(end.code, 0, name);
    assert.match(row.good ? end.stdout : end.stderr, row.says, name);
    if (!row.good) assert.equal(end.stdout, '', name);
  }
});

test('everything is there after a restart', () =>
  withServer({}, async (server) => {
    const userId = fresh('agent');
    const event = { userId, listingId: 'l', eventType: 'view', platform: 'facebook', source: 'email' };
    await server.record([event, { ...event, eventType: 'share' }, { ...event, eventType: 'inquiry', inquiry: { n: 1 } }]);
    await server.request('PUT', `/v1/users/${userId}/listings/l`, { body: { address: 'here' } });
    const ask = async () => ({
      metrics: await server.metrics(userId, 'l'),
      inquiries: (await server.get(`/v1/users/${userId}/inquiries`)).body,
      listing: (await server.get(`/v1/users/${userId}/listings/l`)).body,
      all: (await server.get(`/v1/users/${userId}/metrics`)).body,
    });
    const before = await ask();
    await server.restart();
    assert.deepEqual(await ask(), before);
    await server.kill9();
    await server.start();
    assert.deepEqual(await ask(), before);
    assert.ok(existsSync(join(server.data, 'footfall.db')));
    assert.ok(existsSync(join(server.data, 'journal')));
  }));

test('SIGTERM and SIGINT finish what was accepted, and end with 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    await withServer({}, async (server) => {
      const userId = fresh('agent');
      const event = { userId, listingId: 'l', eventType: 'view' };
      let acknowledged = 0;
      const client = async () => {
        for (;;) {
          const answer = await server.request('POST', '/v1/events', { body: event }).catch(() => null);
          if (answer === null) return; // it is gone
          if (answer.status !== 200) return; // it said so: 503
          acknowledged += 1;
        }
      };
      const clients = Array.from({ length: 8 }, client);
      while (acknowledged < 200) await server.get('/healthz');
      assert.deepEqual(await server.stop(signal), { code: 0, signal: null }, signal);
      await Promise.all(clients);
      await server.start();
      const [views] = await server.totals(userId, 'l');
      assert.ok(views >= acknowledged, `${views} of ${acknowledged}`);
      assert.ok(views <= acknowledged + 8, `${views} of ${acknowledged}`);
    });
  }
});

test('flags win over the environment, the environment over the file', async () => {
  const file = join(folder.path, 'footfall.conf');
  writeFileSync(file, 'platforms = facebook, fromfile\n');
  const accepts = async (options) => {
    const found = [];
    await withServer(options, async (server) => {
      for (const platform of ['fromfile', 'fromenv', 'fromflag']) {
        const answer = await server.request('POST', '/v1/events', {
          body: { userId: 'u', listingId: 'l', eventType: 'view', platform },
        });
        if (answer.status === 200) found.push(platform);
      }
    });
    return found;
  };
  const env = { FOOTFALL_PLATFORMS: 'fromenv' };
  assert.deepEqual(await accepts({ flags: ['--config', file] }), ['fromfile']);
  assert.deepEqual(await accepts({ flags: ['--config', file], env }), ['fromenv']);
  assert.deepEqual(await accepts({ flags: ['--config', file, '--platforms', 'fromflag'], env }), ['fromflag']);
});

test('a configuration file with a mistake is refused by line', async () => {
  const file = join(folder.path, 'bad.conf');
  writeFileSync(file, '# fine\nplatfroms = facebook\n');
  const end = await run(['serve', '--data', join(folder.path, fresh('data')), ...loopback, '--config', file]);
  assert.notEqual(end.code, 0);
  assert.ok(end.stderr.includes('platfroms'), end.stderr);
  assert.match(end.stderr, /:2|line 2/, end.stderr);
});
