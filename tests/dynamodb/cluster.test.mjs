// What a failed round leaves behind is what one needs to find out why.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomOf } from '../crash/oracle.mjs';
import { fresh, startServer, temporaryFolder, test } from '../integration/server.mjs';
import { startCluster } from './cluster.mjs';

test('the data of each node, the logs of all its lives, and the table are kept', async () => {
  const folder = temporaryFolder();
  const cluster = await startCluster({ nodes: 2, seed: 1, randomOf, rate: 0 });
  try {
    const [one, two] = cluster.nodes;
    const userId = fresh('agent');
    await one.server.record([{ userId, listingId: 'house', eventType: 'view' }]);
    await one.stop(); // it is in the table
    await one.start();
    await two.server.record([{ userId, listingId: 'house', eventType: 'share' }]);
    await two.kill9(); // it is in the journal, and perhaps in the table
    const kept = join(folder.path, 'kept');
    await cluster.keepAt(kept, { 'error.txt': 'words\n' });

    assert.deepEqual(readdirSync(kept).sort(), ['engine.log', 'error.txt', 'node-1', 'node-1.log', 'node-2', 'node-2.log', 'table.ndjson']);
    const read = (name) => readFileSync(join(kept, name), 'utf8');
    assert.equal(read('error.txt'), 'words\n');
    assert.match(read('engine.log'), /: it runs\n$/);
    const log = read('node-1.log');
    assert.equal(log.match(/event=started/g).length, 2, log);
    assert.match(log, /^--- life 1\n[^]*event=stopped[^]*^--- life 2\n/m);
    const items = read('table.ndjson').trimEnd().split('\n').map(JSON.parse);
    const day = items.find(({ SK }) => SK.S.startsWith('METRICS#house#'));
    assert.deepEqual([day.PK, day.views], [{ S: `USER#${userId}` }, { N: '1' }]);

    // the folder that was kept is one to start from
    const again = await startServer({ data: join(kept, 'node-2'), flags: two.flags, env: cluster.engine.credentials });
    assert.deepEqual(await again.totals(userId, 'house'), [1, 1, 0]);
    await again.stopsCleanly();
  } finally {
    await cluster.close();
    folder.remove();
  }
});

test('a cluster that cannot start says why', async () => {
  const { FOOTFALL_TEST_ENGINE: engine } = process.env;
  process.env.FOOTFALL_TEST_ENGINE = 'none';
  try {
    await assert.rejects(startCluster({ nodes: 1, seed: 1, randomOf, rate: 0 }), /there is no engine 'none'/);
  } finally {
    if (engine === undefined) delete process.env.FOOTFALL_TEST_ENGINE;
    else process.env.FOOTFALL_TEST_ENGINE = engine;
  }
});
