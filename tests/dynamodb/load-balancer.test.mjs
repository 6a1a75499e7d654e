// docs/operations/many-nodes.md: its configurations do what the page says. nginx and HAProxy are
// run as they stand there, but for addresses; without them the tests are skipped by name.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { dirname, join, resolve } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../integration/server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/operations/many-nodes.md'), 'utf8');
const NODES = 4;
const USERS = Array.from({ length: 40 }, (_, i) => (i % 2 ? `agent-${i}` : `agent%2F${i}`));

function example(language) {
  const found = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))];
  assert.equal(found.length, 1, `one example of ${language}`);
  return found[0][1];
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A node that says which one it is. */
async function startNode(number) {
  const node = { number, seen: 0 };
  node.server = http.createServer((request, response) => {
    node.seen += 1;
    request.resume().on('end', () => response.end(String(number)));
  }).listen(0, '127.0.0.1');
  await once(node.server, 'listening');
  node.port = node.server.address().port;
  node.stop = () => {
    node.server.close();
    node.server.closeAllConnections();
  };
  return node;
}

const BALANCERS = {
  nginx: {
    text: (example_) => `daemon off; pid nginx.pid; error_log stderr;
      events {}
      http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path a; uwsgi_temp_path b; scgi_temp_path c;
      ${example_.replace('listen 80;', 'listen 127.0.0.1:PORT;')} }`,
    args: (path, folder) => ['-p', folder, '-c', path],
  },
  haproxy: {
    text: (example_) => example_.replace('bind :80', 'bind 127.0.0.1:PORT'),
    args: (path) => ['-db', '-f', path],
  },
};

function isHere(program) {
  return spawnSync(program, ['-v'], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } }).status === 0;
}

async function startBalancer(name, nodes, folder) {
  const port = await freePort();
  let text = BALANCERS[name].text(example(name)).replace('PORT', port);
  for (const { number, port: at } of nodes) text = text.replace(`10.0.0.1${number}:8080`, `127.0.0.1:${at}`);
  const path = join(folder, `${name}.conf`);
  writeFileSync(path, text);
  const child = spawn(name, BALANCERS[name].args(path, folder), {
    stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const exited = once(child, 'exit');
  const ask = (path_, { method = 'GET', headers = {} } = {}) => new Promise((done, failed) => {
    http.request({ host: '127.0.0.1', port, path: path_, method, headers, agent }, (response) => {
      let said = '';
      response.on('data', (piece) => (said += piece)).on('end', () => done({ status: response.statusCode, said }));
    }).on('error', failed).end();
  });
  for (let tries = 0; ; tries++) {
    const answer = await ask('/healthz').catch(() => ({ status: 0 }));
    if (answer.status === 200) break;
    assert.ok(tries < 200 && child.exitCode === null, `${name} does not answer`);
    await delay(50);
  }
  return {
    ask,
    stop: async () => {
      agent.destroy();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

for (const name of Object.keys(BALANCERS)) {
  test(`${name}: one user, one node, by path and by header; a lost node moves its users alone`, { timeout: 60_000, skip: !isHere(name) && `${name} is not installed` }, async () => {
    const folder = temporaryFolder();
    const nodes = await Promise.all(Array.from({ length: NODES }, (_, i) => startNode(i + 1)));
    const balancer = await startBalancer(name, nodes, folder.path);
    try {
      const nodeOf = async (user) => (await balancer.ask(`/v1/users/${user}/metrics?period=weekly`)).said;
      const home = new Map();
      for (const user of USERS) home.set(user, await nodeOf(user));
      assert.ok(new Set(home.values()).size === NODES, 'every node has users');
      for (const user of USERS) {
        assert.equal((await balancer.ask(`/v1/users/${user}/listings/a%2Fb/metrics`)).said, home.get(user), user);
        const event = await balancer.ask('/v1/events', { method: 'POST', headers: { 'Footfall-User': user } });
        assert.equal(event.said, home.get(user), `events of ${user}`);
      }
      const without = await Promise.all(USERS.map(() => balancer.ask('/v1/events', { method: 'POST' })));
      assert.equal(new Set(without.map(({ said }) => said)).size, 1, 'without a header: by the sender');

      const lost = nodes[1];
      lost.stop();
      for (const user of USERS) { // until the balancer has noticed
        for (let tries = 0; ; tries++) {
          const { status, said } = await balancer.ask(`/v1/users/${user}/metrics`).catch(() => ({ status: 0 }));
          if (status === 200) {
            if (home.get(user) === '2') assert.notEqual(said, '2');
            else assert.equal(said, home.get(user), `${user} stays where it was`);
            break;
          }
          assert.ok(tries < 200, `${user} is never answered`);
          await delay(50);
        }
      }
    } finally {
      await balancer.stop();
      for (const node of nodes) node.stop();
      folder.remove();
    }
  });
}
