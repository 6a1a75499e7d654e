// postgresql.mjs - PostgreSQL with a row a listing, day and platform: an upsert a transaction, one
// for fifty, and the month of a listing: its rows, and Footfall's answer made of them in SQL.
//
// A cluster of its own, run by the user postgres when this is root, which PostgreSQL refuses to be.
// Prepared statements, 64 clients on a Unix socket; synchronous_commit is on. Upserts hit 10,000
// listings evenly, so that few of them wait for each other's rows.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { DAYS, queryListings } from '../parts/queries.mjs';

const CLIENTS = 64;
const BATCH = 50;
const PROGRAMS = '/usr/lib/postgresql/15/bin';

const SETTINGS = {
  listen_addresses: '', shared_buffers: '512MB', max_connections: 100, max_wal_size: '4GB', jit: 'off',
  autovacuum: 'off', // between its own turns it must not work beside others
};

const SCHEMA = `
CREATE TABLE metrics (
  user_id text, listing_id text, day date, platform text,
  views bigint NOT NULL DEFAULT 0, shares bigint NOT NULL DEFAULT 0, inquiries bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, listing_id, day, platform));
CREATE TABLE month (LIKE metrics INCLUDING ALL);
`;

const load = (listings) => `
INSERT INTO month (user_id, listing_id, day, platform, views, shares)
SELECT 'portal-0', 'l-' || lpad(l::text, 10, '0'), current_date - d, p, 1, 1
FROM generate_series(0, ${listings - 1}) l, generate_series(0, ${DAYS - 1}) d,
     unnest(ARRAY['facebook', 'instagram', 'linkedin']) p;
VACUUM ANALYZE month;
CHECKPOINT;
`;

const UPSERT = (listings) => `
\\set l random(0, ${listings - 1})
INSERT INTO metrics AS m (user_id, listing_id, day, platform, views) VALUES ('portal-0', 'l-' || :l, current_date, 'facebook', 1)
ON CONFLICT (user_id, listing_id, day, platform) DO UPDATE SET views = m.views + 1, updated_at = now();
`;

// ordered, so that two batches cannot wait for each other's rows
const UPSERT_BATCH = (listings) => `
INSERT INTO metrics AS m (user_id, listing_id, day, platform, views)
SELECT 'portal-0', 'l-' || l, current_date, 'facebook', count(*)
FROM (SELECT (random() * ${listings - 1})::int AS l FROM generate_series(1, ${BATCH})) AS events
GROUP BY l ORDER BY l
ON CONFLICT (user_id, listing_id, day, platform) DO UPDATE SET views = m.views + excluded.views, updated_at = now();
`;

const QUERY = (listings) => `
\\set l random(0, ${listings - 1})
SELECT day, platform, views, shares, inquiries FROM month
WHERE user_id = 'portal-0' AND listing_id = 'l-' || lpad((:l)::text, 10, '0')
  AND day BETWEEN current_date - ${DAYS - 1} AND current_date
ORDER BY day, platform;
`;

// What Footfall answers, made where the data is: totals, platforms, days with their platforms, and
// the change against the month before. (Footfall's answer has sources, too; this table has none.)
const answerOf = (listing) => `
WITH span AS (
  SELECT day, platform, views, shares, inquiries, updated_at, day > current_date - ${DAYS} AS is_now FROM month
  WHERE user_id = 'portal-0' AND listing_id = 'l-' || lpad((${listing})::text, 10, '0')
    AND day BETWEEN current_date - ${2 * DAYS - 1} AND current_date),
platforms AS (
  SELECT platform, sum(views) AS views, sum(shares) AS shares, sum(inquiries) AS inquiries, max(updated_at) AS updated_at
  FROM span WHERE is_now GROUP BY platform),
days AS (
  SELECT d::date AS day, coalesce(sum(views), 0) AS views, coalesce(sum(shares), 0) AS shares,
         coalesce(sum(inquiries), 0) AS inquiries, max(updated_at) AS updated_at,
         json_object_agg(coalesce(platform, ''), json_build_object('views', views, 'shares', shares, 'inquiries', inquiries, 'lastUpdated', updated_at)) AS platforms
  FROM generate_series(current_date - ${DAYS - 1}, current_date, interval '1 day') AS d LEFT JOIN span ON span.day = d::date
  GROUP BY d),
totals AS (
  SELECT sum(views) FILTER (WHERE is_now) AS views, sum(shares) FILTER (WHERE is_now) AS shares, sum(inquiries) FILTER (WHERE is_now) AS inquiries,
         sum(views) FILTER (WHERE NOT is_now) AS views_before, sum(shares) FILTER (WHERE NOT is_now) AS shares_before,
         sum(inquiries) FILTER (WHERE NOT is_now) AS inquiries_before
  FROM span)
SELECT json_build_object(
  'totalViews', views, 'totalShares', shares, 'totalInquiries', inquiries,
  'byPlatform', (SELECT json_object_agg(platform, json_build_object('views', p.views, 'shares', p.shares, 'inquiries', p.inquiries, 'lastUpdated', p.updated_at)) FROM platforms p),
  'dailyBreakdown', (SELECT json_agg(json_build_object('date', day, 'views', d.views, 'shares', d.shares, 'inquiries', d.inquiries, 'platforms', platforms, 'updatedAt', d.updated_at) ORDER BY day) FROM days d),
  'trends', json_build_object(
    'viewsChange', CASE WHEN views_before > 0 THEN (views - views_before) * 100 / views_before ELSE 100 END,
    'sharesChange', CASE WHEN shares_before > 0 THEN (shares - shares_before) * 100 / shares_before ELSE 100 END,
    'inquiriesChange', CASE WHEN inquiries_before > 0 THEN (inquiries - inquiries_before) * 100 / inquiries_before ELSE 0 END),
  'conversionRate', inquiries * 100 / nullif(views, 0)) FROM totals;
`;

const ANSWER = (listings) => `
\\set l random(0, ${listings - 1})
${answerOf(':l')}`;

const asPostgres = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];

export const postgresql = {
  name: 'postgresql',
  missing: () => (fs.existsSync(join(PROGRAMS, 'initdb')) ? '' : `${PROGRAMS}/initdb`),
  async begin(bench) {
    const { machine, scale } = bench;
    const folder = dataFolder(machine);
    // a Unix socket's path may have 107 bytes, and folders of builds are deep
    this.socket = fs.mkdtempSync(join(os.tmpdir(), 'footfall-pg-'));
    machine.removals.push(folder, this.socket);
    giveToPostgres(folder, this.socket);
    await machine.run(join(PROGRAMS, 'initdb'), ['-D', folder, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C'], { as: asPostgres });
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.server = await machine.start(join(PROGRAMS, 'postgres'), ['-D', folder, '-k', this.socket, ...settings], { as: asPostgres, cwd: folder, stopSignal: 'SIGINT' });
    await this.waitUntilReady(machine);
    await this.sql(machine, SCHEMA + load(queryListings(scale)));
    const answer = JSON.parse(await this.sql(machine, answerOf('7')));
    assert.equal(answer.totalViews, 3 * DAYS);
    assert.deepEqual(answer.dailyBreakdown.map(({ views }) => views), Array(DAYS).fill(3));
    assert.equal(answer.byPlatform.instagram.shares, DAYS);
    this.scripts = machine.freshFolder('pgbench');
    fs.mkdirSync(this.scripts);
    for (const [name, text] of Object.entries({ upsert: UPSERT, batch: UPSERT_BATCH, rows: QUERY, answer: ANSWER })) {
      fs.writeFileSync(join(this.scripts, name), text(queryListings(scale)));
    }
  },
  async round({ machine, samples, seconds }) {
    samples.add('postgresql upsert', await this.pgbench(machine, seconds, 'upsert'));
    samples.add('postgresql batches of 50', BATCH * (await this.pgbench(machine, seconds, 'batch')));
    samples.add('postgresql rows', await this.pgbench(machine, seconds, 'rows'));
    samples.add('postgresql answer', await this.pgbench(machine, seconds, 'answer'));
    await this.sql(machine, 'CHECKPOINT;'); // its writes are not to come during another's turn
  },
  async end() {
    await this.server.stop();
  },
  async waitUntilReady(machine) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.sql(machine, 'SELECT 1;');
      } catch (error) {
        if (tries === 100) throw new Error(`${error.message}\n${fs.readFileSync(this.server.logPath, 'utf8').slice(-2000)}`);
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  },
  sql(machine, text) {
    return machine.run(join(PROGRAMS, 'psql'), ['-h', this.socket, '-U', 'postgres', '-d', 'postgres', '-q', '-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { input: text });
  },
  async pgbench(machine, seconds, script) {
    const text = await machine.runLoad(join(PROGRAMS, 'pgbench'), [
      '-h', this.socket, '-U', 'postgres', '-n', '-M', 'prepared', '-c', String(CLIENTS), '-j', '1', '-T', String(Math.ceil(seconds)),
      '-f', join(this.scripts, script), 'postgres',
    ]);
    const failed = /number of failed transactions: (\d+)/.exec(text)?.[1];
    if (failed !== '0') throw new Error(`pgbench: ${text}`);
    return Number(/tps = ([\d.]+)/.exec(text)?.[1]);
  },
};

/** Beside the other data, if the user postgres gets there; else where temporary files are. */
function dataFolder(machine) {
  const beside = machine.freshFolder('postgresql');
  fs.mkdirSync(beside, { mode: 0o700 });
  if (asPostgres.length === 0) return beside;
  try {
    execFileSync(asPostgres[0], [...asPostgres.slice(1), 'test', '-x', machine.work], { stdio: 'ignore' });
    return beside;
  } catch {
    return fs.mkdtempSync(join(os.tmpdir(), 'footfall-pgdata-'));
  }
}

function giveToPostgres(...folders) {
  if (asPostgres.length === 0) return;
  for (const folder of folders) execFileSync('chown', ['postgres:postgres', folder]);
}
