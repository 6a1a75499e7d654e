// footfall record, metrics, export: what people type, against a server and against a data folder.
//
// One server is filled once; what a command says is compared with what the API says, and what it
// says with --data, once the server has stopped, with what it said before.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before } from 'node:test';
import {
  DAY_MS, listingPath, program, run, startServer, temporaryFolder, test, utcDate, withQuery,
} from './server.mjs';

const folder = temporaryFolder();
const day = (back) => utcDate(Date.now() - back * DAY_MS);
const range = { startDate: day(39), endDate: day(1) }; // ends yesterday: midnight moves nothing
const rangeFlags = ['--start', range.startDate, '--end', range.endDate];
const odd = 'villa 漢字 🏠';
const formula = '=HYPERLINK("http://evil.example","x"),1';
const inquiries = 1_203; // more than a page
const big = '{"n":123456789012345678901234567890,"x":1e999,"again":1,"again":2,"text":"a\\nb"}';

let server;

async function fill() {
  const events = [];
  for (let back = 1; back < 40; back++) {
    const timestamp = Date.parse(`${day(back)}T12:00:00Z`);
    for (const [rank, listingId] of ['one', odd, formula].entries()) {
      for (let i = 0; i < (back * 7 + rank) % 5; i++) {
        events.push({
          userId: 'ada', listingId, timestamp, eventType: i === 3 ? 'share' : 'view',
          ...(i % 2 === 0 && { platform: ['facebook', 'linkedin'][rank % 2] }),
          ...(i % 3 === 0 && { source: 'mail' }),
        });
      }
    }
  }
  for (let i = 0; i < inquiries; i++) {
    events.push({
      userId: 'ada', listingId: 'asked', eventType: 'inquiry', inquiry: { n: i },
      timestamp: Date.parse(`${day(2)}T00:00:00Z`) + i,
    });
  }
  for (let at = 0; at < events.length; at += 1_000) await server.record(events.slice(at, at + 1_000));
}

before(async () => {
  server = await startServer();
  await fill();
});
after(async () => {
  await server.close();
  folder.remove();
});

/** Runs a command against the server. */
const ask = (...args) => run(args, { env: { FOOTFALL_URL: server.url } });

async function asks(...args) {
  const end = await ask(...args);
  assert.equal(end.code, 0, `${args}: ${end.stderr}`);
  assert.equal(end.stderr, '', 'nothing to complain about');
  return end.stdout;
}

/** Rows of cells, by RFC 4180; throws at what it does not allow. */
function parseCsv(text) {
  const rows = [];
  let row = [];
  for (let at = 0; at < text.length; ) {
    let cell;
    if (text[at] === '"') {
      const found = /"((?:[^"]|"")*)"/y;
      found.lastIndex = at;
      const match = found.exec(text);
      assert.ok(match, `an open quote at ${at}`);
      cell = match[1].replaceAll('""', '"');
      at = found.lastIndex;
    } else {
      cell = /^[^",\r\n]*/.exec(text.slice(at, at + 4_096))[0];
      at += cell.length;
    }
    row.push(cell);
    if (text[at] === ',') at += 1;
    else {
      assert.equal(text.slice(at, at + 2), '\r\n', `a row's end at ${at}`);
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

const jsonLines = (text) => text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
const sum = (rows, pick) => rows.reduce((total, each) => total + Number(pick(each)), 0);

// ---- record

test('a recorded view, share and inquiry are counted, with all that was said of them', async () => {
  const file = join(folder.path, 'inquiry.json');
  writeFileSync(file, big);
  assert.equal(await asks('record', 'view', 'bob', 'l/1', '--platform', 'facebook', '--source=mail',
    '--visitor', 'v1', '--at', `${day(3)}T10:00:00Z`), 'recorded\n');
  assert.equal(await asks('record', 'share', 'bob', 'l/1', '--at', String(Date.parse(`${day(3)}T11:00:00Z`)),
    '--platform', 'linkedin'), 'recorded\n');
  assert.equal(await asks('record', 'inquiry', 'bob', 'l/1', '--inquiry-file', file, '--id', 'i1',
    '--at', `${day(3)}T12:00:00Z`, '--json'), '{"success":true,"recorded":1,"duplicates":0}\n');
  const again = await asks('record', 'inquiry', 'bob', 'l/1', '--inquiry', '{}', '--id', 'i1');
  assert.match(again, /^this id is recorded already/);

  const answer = await server.get(withQuery(`${listingPath('bob', 'l/1')}/metrics/${day(3)}`, {}));
  const { views, shares, inquiries: asked, platforms } = answer.body.metrics;
  assert.deepEqual([views, shares, asked], [1, 1, 1]);
  assert.equal(platforms.facebook.views, 1);
  assert.equal(platforms.linkedin.shares, 1);
  const kept = await server.get('/v1/users/bob/inquiries');
  assert.ok(kept.text.includes(big), 'the inquiry to the byte');
  assert.ok((await asks('export', 'inquiries', 'bob')).includes(big), 'and so is its export');
});

test('an inquiry comes from standard input too', () => {
  const end = spawnSync(program, ['record', 'inquiry', 'bob', 'stdin', '--inquiry-file', '-', '--url', server.url],
    { input: '{"from":"stdin"}', encoding: 'utf8' });
  assert.equal(end.status, 0, end.stderr);
});

// ---- metrics

test('metrics --json is the API\'s answer', async () => {
  const rows = [
    [['ada', 'one', ...rangeFlags], `${listingPath('ada', 'one')}/metrics`, range],
    [['ada', odd, ...rangeFlags, '--timezone', 'Asia/Tokyo'], `${listingPath('ada', odd)}/metrics`,
      { ...range, timezone: 'Asia/Tokyo' }],
    [['ada', 'one', '--date', day(4)], `${listingPath('ada', 'one')}/metrics`, { startDate: day(4), endDate: day(4) }],
    [['ada', ...rangeFlags, '--sort', 'inquiries', '--limit', '2'], '/v1/users/ada/metrics',
      { ...range, sort: 'inquiries', limit: 2, include: 'dailyBreakdown' }],
    [['ada', '--sort', 'listingId', '--direction', 'desc', ...rangeFlags], '/v1/users/ada/metrics',
      { ...range, sort: 'listingId', direction: 'desc', limit: 20, include: 'dailyBreakdown' }],
    [['ada', 'one', odd, ...rangeFlags], `/v1/users/ada/compare?listing=one&listing=${encodeURIComponent(odd)}`, range],
  ];
  for (const [args, path, query] of rows) {
    const said = JSON.parse(await asks('metrics', ...args, '--json'));
    const url = path.includes('?') ? `${path}&${new URLSearchParams(query)}` : withQuery(path, query);
    assert.deepEqual(said, (await server.get(url)).body, args.join(' '));
  }
});

test('a listing in full: totals, days, platforms, sources, all adding up', async () => {
  const text = await asks('metrics', 'ada', 'one', '--start', day(20), '--end', day(1));
  const number = (line) => Number(line.split(/ {2,}/)[1].replaceAll(',', ''));
  const lines = text.split('\n');
  const views = number(lines.find((line) => line.startsWith('Views')));
  const metrics = await server.metrics('ada', 'one', { startDate: day(20), endDate: day(1) });
  assert.equal(views, metrics.totalViews);
  const blocks = text.split('\n\n').map((block) => block.trimEnd().split('\n'));
  for (const title of ['platform', 'source', 'day']) {
    const block = blocks.find(([first]) => first.startsWith(title));
    assert.ok(block, `a table by ${title}:\n${text}`);
    assert.equal(sum(block.slice(1), number), views, `views by ${title}`);
  }
  assert.match(text, /^one of ada\n/);
  assert.ok(!/[\x1b]/.test(text), 'no colours in a file');
});

test('a ranking and a comparison: a line each', async () => {
  const ranking = await asks('metrics', 'ada', ...rangeFlags, '--sort', 'listingId');
  const names = ranking.split('\n').slice(4).map((line) => line.split(/ {2,}/)[0]);
  assert.deepEqual(names.filter((name) => name !== ''), [formula, 'asked', 'one', odd, '(a column of the days is 2 days)']);
  assert.match(await asks('metrics', 'ada', '--limit', '1', ...rangeFlags), /the first 1; more with --limit/);
  const beside = await asks('metrics', 'ada', odd, 'nope', ...rangeFlags);
  assert.match(beside, /\nnope {2,}0 {2,}0\.0 % {2,}0 {2,}0 {2,}0\.00 %/);
  assert.match(await asks('metrics', 'nobody'), /no listing of this user was viewed/);
});

test('changes have one decimal, so that a column of them stands in line', async () => {
  // of a listing with views before and after, of one that was only asked about, of one unheard of
  const columns = (text) => text.split('\n').map((line) => line.search(/\d % /)).filter((at) => at >= 0);
  const comparison = await asks('metrics', 'ada', 'one', 'asked', 'nope', '--start', day(8), '--end', day(2));
  const changes = [...comparison.matchAll(/ ([-+]?\d+\.?\d*) % {2,}\d/g)].map(([, words]) => words);
  assert.equal(changes.length, 3, comparison);
  for (const words of changes) assert.match(words, /^([-+]\d+|0)\.\d$/, comparison);
  assert.equal(new Set(columns(comparison).slice(0, 3)).size, 1, comparison);
});

test('block characters where they can be shown, ASCII elsewhere, colours on a terminal alone', async () => {
  const args = ['metrics', 'ada', 'one', ...rangeFlags];
  const as = async (env) => (await run(args, { env: { FOOTFALL_URL: server.url, ...env } })).stdout;
  assert.match(await as({ LC_ALL: 'C.UTF-8', TERM: 'xterm' }), /[▁▂▃▄▅▆▇█]/);
  assert.ok(!/[▁▂▃▄▅▆▇█]/.test(await as({ LC_ALL: 'C', TERM: 'xterm' })));
  assert.ok(!/[▁▂▃▄▅▆▇█]/.test(await as({ LC_ALL: 'C.UTF-8', TERM: 'dumb' })));

  const onTerminal = (env) => {
    const command = [program, ...args].map((word) => `'${word}'`).join(' ');
    const end = spawnSync('script', ['-qec', `stty cols 60; ${command}`, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', FOOTFALL_URL: server.url, TERM: 'xterm', ...env },
    });
    assert.equal(end.status, 0, end.stdout + end.stderr);
    return end.stdout;
  };
  assert.match(onTerminal({}), /\x1b\[1mone\x1b\[0m/);
  assert.ok(!onTerminal({ NO_COLOR: '1' }).includes('\x1b['));
  assert.ok(!onTerminal({ TERM: 'dumb' }).includes('\x1b['));
  for (const line of onTerminal({ NO_COLOR: '1', TERM: 'dumb' }).split(/\r?\n/)) {
    assert.ok(line.length <= 60, `wider than the terminal: ${line}`);
  }
});

// ---- export

test('export metrics: every counted day once, as NDJSON and as CSV', async () => {
  const text = await asks('export', 'metrics', 'ada', ...rangeFlags);
  const lines = jsonLines(text);
  const all = (await server.get(withQuery('/v1/users/ada/metrics', { ...range, include: 'dailyBreakdown' }))).body;
  const days = Object.values(all.metricsByListing).flatMap((each) => each.dailyBreakdown)
    .filter((each) => each.views + each.shares + each.inquiries > 0);
  const order = (a, b) => (a.listingId + a.date < b.listingId + b.date ? -1 : 1);
  assert.deepEqual([...lines].sort(order), days.sort(order));

  const [titles, ...rows] = parseCsv(await asks('export', 'metrics', 'ada', '--format', 'csv', ...rangeFlags));
  assert.deepEqual(titles, ['listingId', 'date', 'views', 'shares', 'inquiries', 'updatedAt']);
  assert.deepEqual(
    rows.map(([listing, date, ...counts]) => [listing.replace(/^'/, ''), date, ...counts.slice(0, 3).map(Number)]),
    lines.map((each) => [each.listingId, each.date, each.views, each.shares, each.inquiries]),
  );
  assert.ok(rows.some(([listing]) => listing === `'${formula}`), 'no formula for a spreadsheet');
  assert.ok(rows.every((cells) => /^2\d{3}-\d\d-\d\dT[\d:.]+Z$/.test(cells[5])));

  const platforms = parseCsv(await asks('export', 'metrics', 'ada', '--format', 'csv', '--by-platform', ...rangeFlags));
  assert.deepEqual(platforms.shift(), ['listingId', 'date', 'platform', 'views', 'shares', 'inquiries']);
  for (const column of [3, 4, 5]) {
    assert.equal(sum(platforms, (row) => row[column]), sum(rows, (row) => row[column - 1]));
  }
});

test('export metrics: a listing, a range of years, a zone, and a user without any', async () => {
  const years = ['--start', '2020-01-01', '--end', range.endDate];
  const ranged = jsonLines(await asks('export', 'metrics', 'ada', ...rangeFlags));
  assert.deepEqual(jsonLines(await asks('export', 'metrics', 'ada', ...years)), ranged);
  const one = await asks('export', 'metrics', 'ada', '--listing', odd, ...years);
  assert.deepEqual(jsonLines(one), ranged.filter((each) => each.listingId === odd));
  const tokyo = jsonLines(await asks('export', 'metrics', 'ada', '--timezone', 'Asia/Tokyo'));
  const views = (lines) => sum(lines, (each) => each.views);
  assert.equal(views(tokyo), views(ranged));
  assert.equal(await asks('export', 'metrics', 'nobody'), '');
  assert.equal(parseCsv(await asks('export', 'metrics', 'nobody', '--format', 'csv')).length, 1);
});

test('export inquiries: all pages, the newest first', async () => {
  const lines = jsonLines(await asks('export', 'inquiries', 'ada'));
  assert.deepEqual(lines.map((each) => each.inquiry.n), Array.from({ length: inquiries }, (_, i) => inquiries - 1 - i));
  const [titles, ...rows] = parseCsv(await asks('export', 'inquiries', 'ada', '--format=csv', '--listing=asked'));
  assert.deepEqual(titles, ['id', 'listingId', 'timestamp', 'receivedAt', 'platform', 'source', 'inquiry']);
  assert.deepEqual(rows.map((cells) => cells[6]), lines.map((each) => JSON.stringify(each.inquiry)));
  assert.equal(rows[0][2], new Date(lines[0].timestamp).toISOString());
  const ranged = await asks('export', 'inquiries', 'ada', '--start', '2020-01-01', '--end', day(2));
  assert.equal(jsonLines(ranged).length, inquiries);
  assert.equal(await asks('export', 'inquiries', 'ada', '--start', day(1), '--end', day(1)), '');
});

test('a file is there whole or not at all', async () => {
  const place = join(folder.path, 'out');
  mkdirSync(place);
  const file = join(place, 'metrics.csv');
  await asks('export', 'metrics', 'ada', '--format', 'csv', '--output', file, ...rangeFlags);
  const whole = readFileSync(file, 'utf8');
  assert.ok(parseCsv(whole).length > 50);
  assert.equal(statSync(file).mode & 0o777, 0o600);

  const failed = await ask('export', 'metrics', 'ada', '--timezone', 'Mars/Base', '--output', file);
  assert.equal(failed.code, 2);
  assert.equal(readFileSync(file, 'utf8'), whole, 'what was there stays');
  const link = join(place, 'link.csv');
  symlinkSync(file, link);
  await asks('export', 'metrics', 'nobody', '--format', 'csv', '--output', link);
  assert.equal(parseCsv(readFileSync(file, 'utf8')).length, 1, 'through the link');
  await asks('export', 'metrics', 'ada', '--output', '/dev/null', ...rangeFlags);
  assert.ok(statSync('/dev/null').isCharacterDevice());
  assert.deepEqual(readdirSync(place).sort(), ['link.csv', 'metrics.csv'], 'nothing else is left');
});

test('a reader who has had enough ends it quietly; a full disk does not', async () => {
  const shell = (script) => spawnSync('bash', ['-c', script], {
    encoding: 'utf8', env: { ...process.env, FOOTFALL_URL: server.url },
  });
  const piped = shell(`'${program}' export inquiries ada | head -n 1; echo "\${PIPESTATUS[0]}"`);
  assert.equal(piped.stderr, '');
  assert.match(piped.stdout, /^\{.*\}\n[01]\n$/);
  for (const command of ['export metrics ada', 'metrics ada', 'record view bob full', 'man', '--help']) {
    const full = shell(`'${program}' ${command} >/dev/full`);
    assert.equal(full.status, 1, command);
    assert.match(full.stderr, /^footfall: stdout cannot be written: No space left on device\n$/, command);
  }
});

// ---- whom it talks to

test('no server: it says where, and what to do', async () => {
  for (const args of [['record', 'view', 'a', 'b'], ['metrics', 'a'], ['export', 'metrics', 'a']]) {
    const end = await run([...args, '--url', 'http://127.0.0.1:1']);
    assert.equal(end.code, 1);
    assert.equal(end.stdout, '');
    assert.match(end.stderr, /no server answers at http:\/\/127\.0\.0\.1:1 .*footfall serve.*--url.*--data/);
  }
});

test('a key: from the environment or a file, never wrong in silence', async () => {
  const key = 'k'.repeat(32);
  const locked = await startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: key } });
  try {
    const file = join(folder.path, 'key');
    writeFileSync(file, `${key}\n`);
    const wrong = join(folder.path, 'wrong-key');
    writeFileSync(wrong, `${'x'.repeat(32)}\n`);
    const blank = join(folder.path, 'blank-key');
    writeFileSync(blank, `\n${key}\n`);
    const record = (flags, env = {}) =>
      run(['record', 'view', 'a', 'b', '--url', `${locked.url}/`, ...flags], { env });
    const rows = [
      [[], {}, 1, /wants a key: set FOOTFALL_KEY, or name a file with --key-file/],
      [[], { FOOTFALL_KEY: 'y'.repeat(32) }, 1, /wants another key/],
      [['--key-file', wrong], { FOOTFALL_KEY: key }, 1, /wants another key/],
      [[], { FOOTFALL_KEY: 'short' }, 2, /16 to 512 characters/],
      [[], { FOOTFALL_KEY: `${key}\r\nX-Evil: 1` }, 2, /printable/],
      [['--key-file', join(folder.path, 'none')], {}, 1, /No such file/],
      [['--key-file', blank], { FOOTFALL_KEY: key }, 2, /its first line is empty/],
      [[], { FOOTFALL_KEY: key }, 0, /^$/],
      [['--key-file', file], {}, 0, /^$/],
      [['--key-file', file], { http_proxy: 'http://127.0.0.1:1' }, 0, /^$/],
    ];
    for (const [flags, env, code, words] of rows) {
      const end = await record(flags, env);
      assert.equal(end.code, code, `${flags} ${Object.keys(env)}: ${end.stderr}`);
      assert.match(end.stderr, words);
      assert.ok(!end.stderr.includes(key));
    }
    await locked.stopsCleanly();
  } finally {
    await locked.close();
  }
});

/** A server that is no Footfall: answers every request with what `answer` writes. */
async function impostor(answer, body) {
  const requests = [];
  const fake = http.createServer((request, response) => {
    requests.push(request);
    answer(response, requests.length);
  });
  await new Promise((done) => fake.listen(0, '127.0.0.1', done));
  try {
    return await body(`http://127.0.0.1:${fake.address().port}`, requests);
  } finally {
    fake.closeAllConnections?.();
    await new Promise((done) => fake.close(done));
  }
}

test('whatever answers: no crash, no key to strangers, words', async () => {
  const json = (status, body, fields = {}) => (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...fields });
    response.end(body);
  };
  const rows = [
    [json(200, 'hello'), /does not answer in JSON|not shaped as a Footfall/],
    [json(200, '[]'), /does not answer in JSON|not shaped as a Footfall/],
    [json(200, '{}'), /not shaped as a Footfall/],
    [json(200, '{"order":["a"],"metricsByListing":{}}'), /not shaped as a Footfall/],
    [json(404, '<html>'), /answers 404 and not in Footfall's words/],
    [json(301, '', { Location: 'http://127.0.0.1:1/' }), /answers 301 and not in Footfall's words/],
    [json(500, '{"success":false,"error":"it hurts","code":"io_error"}'), /^footfall: it hurts\n$/],
    [(response) => response.destroy(), /the connection failed/],
  ];
  for (const [answer, words] of rows) {
    await impostor(answer, async (url, requests) => {
      for (const args of [['metrics', 'a'], ['export', 'metrics', 'a']]) {
        const end = await run([...args, '--url', url], { env: { FOOTFALL_KEY: 'k'.repeat(32) } });
        assert.equal(end.code, 1, end.stderr);
        assert.match(end.stderr, words, `${args}`);
      }
      assert.equal(requests.length, 2, 'asked once each, and no other server after it');
    });
  }
});

test('an export waits for an overloaded server', async () => {
  const overloaded = (response, count) => {
    const busy = count === 1;
    response.writeHead(busy ? 503 : 200, { 'Content-Type': 'application/json', 'Retry-After': '1' });
    response.end(busy ? '{"success":false,"error":"overloaded","code":"overloaded"}'
      : '{"success":true,"inquiries":[],"nextCursor":null}');
  };
  await impostor(overloaded, async (url, requests) => {
    const end = await run(['export', 'inquiries', 'a', '--url', url]);
    assert.equal(end.code, 0, end.stderr);
    assert.equal(requests.length, 2);
  });
});

// ---- wrong words

test('wrong words: exit code 2, and what to do', async () => {
  const file = join(folder.path, 'no.json');
  writeFileSync(file, '[1]');
  const rows = [
    [[], /usage: footfall COMMAND/],
    [['recrod'], /did you mean "record"/],
    [['record'], /usage: footfall record view\|share\|inquiry/],
    [['record', 'vew', 'a', 'b'], /did you mean "view"/],
    [['record', 'view', 'a'], /something is missing: footfall record view USER LISTING/],
    [['record', 'view', 'a', 'b', 'c'], /one word too many/],
    [['record', 'view', 'a', 'b', '--inquiry', '{}'], /no flag "--inquiry"/],
    [['record', 'view', 'a', 'b', '--platform', 'myspace'], /unknown platform "myspace".*facebook/],
    [['record', 'view', 'a', 'b', '--at', 'yesterday'], /timestamp/],
    [['record', 'view', 'a#b', 'c'], /must not contain/],
    [['record', 'inquiry', 'a', 'b', '--inquiry', '{'], /the inquiry is not JSON: .*byte 1/],
    [['record', 'inquiry', 'a', 'b', '--inquiry-file', file], /must be a JSON object/],
    [['record', 'inquiry', 'a', 'b', '--inquiry', '{}', '--inquiry-file', file], /which is it/],
    [['metrics'], /something is missing/],
    [['journal', 'dump', '--from', '5', '--to', '3'], /--from lies after --to/],
    [['metrics', 'a', '--period', 'yearly'], /one of daily\|weekly\|monthly/],
    [['metrics', 'a', '--period', 'daily', '--date', '2026-01-01'], /which is it/],
    [['metrics', 'a', '--start', '2026-01-01'], /--start and --end go together/],
    [['metrics', 'a', '--date', '2026-02-30'], /does not exist/],
    [['metrics', 'a', '--timezone', 'Mars'], /not a time zone/],
    [['metrics', 'a', 'b', '--sort', 'views'], /leave LISTING out/],
    [['metrics', 'a', 'b', 'c', 'b'], /the listing "b" is named twice/],
    [['serve', '--lisen'], /unknown setting "lisen"; did you mean "listen"\?/],
    [['serve', '--memory-bytes', '1KiB'], /memory-bytes must be a size .*from 16 MiB to 1024 GiB, and not "1KiB"/],
    [['migrate'], /--from is missing: data:DIR or dynamodb:TABLE/],
    [['restore', 'b'], /needs --to NEWDIR, or --check/],
    [['metrics', 'a', '--limit', '0'], /a whole number from 1 to 1000/],
    [['metrics', 'a', '--start', '2020-01-01', '--end', '2026-01-01'], /at most 400/],
    [['export'], /usage: footfall export metrics\|inquiries/],
    [['export', 'metrics', 'a', '--format', 'xml'], /one of ndjson\|csv/],
    [['export', 'metrics', 'a', '--start', '2026-02-30', '--end', '2026-03-01'], /is no date/],
    [['export', 'metrics', 'a', '--start', '2026-03-02', '--end', '2026-03-01'], /lies after/],
    [['export', 'metrics', 'a', '--by-platform'], /goes with --format csv/],
    [['export', 'inquiries', 'a', '--by-platform'], /no flag/],
    [['export', 'inquiries', 'a', '--timezone', 'UTC'], /give them too/],
    [['export', 'metrics', 'a', '--output', folder.path], /is a folder; name a file/],
    [['metrics', 'a', '--url', 'ftp://x'], /no address of a server/],
    [['metrics', 'a', '--url', 'http://u:p@127.0.0.1:1'], /no address of a server/],
    [['metrics', 'a', '--url', 'http://127.0.0.1:1/?q'], /no address of a server/],
    [['metrics', 'a', '--url', 'http://127.0.0.1:1', '--data', folder.path], /which is it/],
    [['completion', 'tcsh'], /unknown command/],
    [['man', 'x'], /one word too many/],
  ];
  for (const [args, words] of rows) {
    const end = await ask(...args);
    assert.equal(end.code, 2, `${args}: ${end.stderr}`);
    assert.equal(end.stdout, '', args.join(' '));
    assert.match(end.stderr, words, args.join(' '));
  }
  const bytes = spawnSync('bash', ['-c', `'${program}' record view $'a\\xff' b`], { encoding: 'utf8' });
  assert.equal(bytes.status, 2);
  assert.match(bytes.stderr, /must be UTF-8/);
});

test('a data folder: refused while a server has it, and none is made by a typing mistake', async () => {
  const missing = join(folder.path, 'mistyped');
  const rows = [
    [server.data, /a server uses this folder; talk to it with --url/],
    [missing, /there is no such folder; if a new one is meant/],
    [folder.path, /holds other things and no journal/],
  ];
  for (const [data, words] of rows) {
    const end = await run(['metrics', 'ada', '--data', data]);
    assert.equal(end.code, 1, end.stderr);
    assert.match(end.stderr, words);
  }
  assert.ok(!existsSync(missing));
  assert.ok(!existsSync(join(folder.path, 'journal')));
});

test('an empty folder becomes a data folder, which a server then serves', async () => {
  const data = join(folder.path, 'new');
  mkdirSync(data);
  const end = await run(['record', 'view', 'a', 'b', '--data', data, '--at', `${day(1)}T00:00:00Z`]);
  assert.equal(end.code, 0, end.stderr);
  assert.equal(end.stderr, '');
  const then = await startServer({ data });
  try {
    assert.deepEqual(await then.totals('a', 'b'), [1, 0, 0]);
    await then.stopsCleanly();
  } finally {
    await then.close();
  }
});

// ---- the last one: stops the server

test('a data folder says what its server said', async () => {
  const commands = [
    ['metrics', 'ada', ...rangeFlags],
    ['metrics', 'ada', ...rangeFlags, '--json'],
    ['metrics', 'ada', 'one', ...rangeFlags, '--timezone', 'America/New_York'],
    ['metrics', 'ada', 'one', odd, ...rangeFlags],
    ['export', 'metrics', 'ada', ...rangeFlags],
    ['export', 'metrics', 'ada', ...rangeFlags, '--format', 'csv', '--by-platform'],
    ['export', 'inquiries', 'ada'],
    ['export', 'inquiries', 'bob', '--format', 'csv'],
  ];
  const said = [];
  for (const args of commands) said.push(await asks(...args));
  const { data } = server;
  await server.stopsCleanly();
  for (const [i, args] of commands.entries()) {
    const end = await run([...args, '--data', data], { env: { FOOTFALL_URL: server.url } });
    assert.equal(end.code, 0, `${args}: ${end.stderr}`);
    assert.equal(end.stdout, said[i], args.join(' '));
  }
});
