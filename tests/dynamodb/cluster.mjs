// cluster.mjs - nodes that share a table, each behind a bad network of its own.
//
// Whoever finds something wrong keeps what it was found in: keepAt() leaves each node's data folder
// and the logs of all its lives, and the table, which the engine has in memory only.
//
// SPDX-License-Identifier: Apache-2.0
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, temporaryFolder } from '../integration/server.mjs';
import { REGION, startEngine, tableName } from './engine.mjs';
import { startProxy } from './proxy.mjs';
import { createTable, documentClient, tableAsText } from './table.mjs';

const START_TRIES = 20; // a node that finds no table on a bad network refuses to start
const SEAL_MS = 150;
const FLUSH_TRIES = 1200;
const FLUSH_PAUSE_MS = 100;

class Node {
  constructor(cluster, number, proxy) {
    this.cluster = cluster;
    this.number = number;
    this.proxy = proxy;
    this.data = join(cluster.folder.path, `node-${number}`);
    this.isUp = false;
    this.sealMs = SEAL_MS;
    this.lives = []; // its log, life by life: lines
  }

  get flags() {
    return [
      '--store', 'dynamodb', '--dynamodb-endpoint', this.proxy?.endpoint ?? this.cluster.engine.endpoint,
      '--dynamodb-table', this.cluster.table, '--region', REGION,
      '--dynamodb-writer', String(this.number), '--seal-interval-ms', String(this.sealMs), '--journal-segment-bytes', '1048576', '--refresh-interval-ms', '200',
      ...this.cluster.flags,
    ];
  }

  /** Starts, again and again while the network is too bad for it. */
  async start() {
    const { engine, program, under } = this.cluster;
    for (let tries = 1; ; tries++) {
      try {
        this.server = await startServer({ data: this.data, flags: this.flags, env: engine.credentials, program, under });
        this.lives.push(this.server.log);
        this.isUp = true;
        return this;
      } catch (error) {
        this.lives.push([error.message]);
        if (tries === START_TRIES || this.proxy === undefined) throw error;
        await delay(50);
      }
    }
  }

  async kill9() {
    this.isUp = false;
    await this.server.close();
  }

  async flushed() {
    for (let tries = 0; tries < FLUSH_TRIES; tries++) {
      const { text } = await this.server.get('/metrics');
      if (/^footfall_store_lag_seconds 0$/m.test(text)) return;
      await delay(FLUSH_PAUSE_MS);
    }
    throw new Error(`node ${this.number} has not flushed everything`);
  }

  /** Ends it with everything in the table; on a slow machine that takes longer than its own patience. */
  async stop() {
    this.isUp = false;
    if (this.sealMs < FLUSH_TRIES * FLUSH_PAUSE_MS) await this.flushed();
    await this.server.stopsCleanly();
    await this.server.close();
  }
}

class Cluster {
  constructor() {
    this.nodes = [];
  }

  async start({ nodes, randomOf, seed, rate, program, under, flags = [] }) {
    this.folder = temporaryFolder();
    this.program = program;
    this.under = under;
    this.flags = flags;
    this.engine = await startEngine();
    this.client = documentClient(this.engine);
    this.table = tableName();
    await createTable(this.client, this.table);
    for (let number = 1; number <= nodes; number++) {
      const proxy = await startProxy({ target: this.engine.endpoint, random: randomOf(seed + number), rate });
      this.nodes.push(new Node(this, number, proxy));
    }
    await Promise.all(this.nodes.map((node) => node.start()));
    return this;
  }

  /** One more node, over a good network. */
  async addNode(number, { sealMs = SEAL_MS } = {}) {
    const node = new Node(this, number);
    node.sealMs = sealMs;
    this.nodes.push(node);
    return node.start();
  }

  /** From here on a good network, and nothing old on its way. */
  async calm() {
    await Promise.all(this.nodes.map(({ proxy }) => proxy?.calm()));
  }

  /** What the proxies did, all together. */
  faults() {
    const sums = {};
    for (const { proxy } of this.nodes) {
      for (const [name, count] of Object.entries(proxy?.counts ?? {})) sums[name] = (sums[name] ?? 0) + count;
    }
    return sums;
  }

  printLogs() {
    for (const { server } of this.nodes) server?.printLog();
  }

  /** Kills the nodes and leaves their data, their logs, the table and these texts at the path. */
  async keepAt(path, texts = {}) {
    for (const { server } of this.nodes) await server?.close();
    const files = { ...texts, 'engine.log': this.engine.lastWords() };
    for (const { number, lives } of this.nodes) {
      files[`node-${number}.log`] = lives.map((lines, at) => `--- life ${at + 1}\n${lines.join('\n')}\n`).join('');
    }
    files['table.ndjson'] = await tableAsText(this.client, this.table).catch((error) => `the engine does not give it: ${error.stack}\n`);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder.path, name), text);
    renameSync(this.folder.path, path);
  }

  async close() {
    for (const { server } of this.nodes) await server?.close();
    await Promise.all(this.nodes.map(({ proxy }) => proxy?.close()));
    this.client?.destroy();
    await this.engine?.stop();
    this.folder.remove();
  }
}

/** {nodes, seed, randomOf, rate, program?, under?, flags?} */
export async function startCluster(options) {
  const cluster = new Cluster();
  try {
    return await cluster.start(options);
  } catch (error) {
    cluster.printLogs();
    await cluster.close();
    throw error;
  }
}
