// footfall import: files as agencies have them become events; what cannot be one is named; the same
// file again changes nothing, and a longer one goes on.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fresh, program, run, startServer, stopsCleanlyAtTheEnd, temporaryFolder, test } from './server.mjs';

const server = await startServer();
const folder = temporaryFolder();
process.on('exit', () => folder.remove());

let files = 0;
function file(content, end = 'csv') {
  const path = join(folder.path, `file-${(files += 1)}.${end}`);
  writeFileSync(path, content);
  return path;
}

/** Runs the import; fails unless it ends with `code`. Resolves with its JSON and what it said. */
async function importFile(path, flags = [], { code = 0, url = server.url } = {}) {
  const end = await run(['import', path, '--url', url, '--json', ...flags]);
  assert.equal(end.code, code, `${flags.join(' ')}: ${end.stdout}${end.stderr}`);
  const said = end.stdout === '' ? {} : JSON.parse(end.stdout);
  return { ...said, stderr: end.stderr, counts: [said.recorded, said.duplicates, said.rejected, said.skipped] };
}

const ranged = (date, query = {}) => ({ startDate: date, endDate: date, ...query });

test('an export with its own names, semicolons, a mark, CR LF and line ends in cells', async () => {
  const user = fresh('north-quay');
  const path = file(
    '\ufeffMLS No;Kind;When;Network;E-mail;Text\r\n' +
      'l-1;Page view;31.01.2012 23:30;Facebook;;\r\n' +
      'l-1;PAGE VIEW;31.01.2012 23:59;;;\r\n' +
      '\r\n' +
      'l-2;Enquiry;01.02.2012 00:10;;a@b.example;"When can I see it?\r\nTomorrow; or ""later"""\r\n' +
      'l-2;Favourite;01.02.2012 00:10;;;\r\n',
  );
  const flags = [
    '--user', user, '--timezone', 'Europe/Berlin', '--time-format', '%d.%m.%Y %H:%M',
    '--map', 'listingId=mls no,eventType=Kind,timestamp=When,platform=Network,inquiry.email=E-mail,inquiry.text=Text',
    '--values', 'eventType:Page view=view,eventType:Enquiry=inquiry,eventType:Favourite=',
    '--set', 'source=archive',
  ];
  const dry = await importFile(path, [...flags, '--dry-run']);
  assert.deepEqual([dry.dryRun, ...dry.counts], [true, 3, 0, 0, 1]);
  const shown = await run(['import', path, ...flags, '--dry-run']);
  assert.equal(JSON.parse(shown.stdout.split('\n')[0]).listingId, 'l-1', 'a dry run shows events');
  const done = await importFile(path, flags);
  assert.deepEqual(done.counts, [3, 0, 0, 1], done.stderr);
  assert.deepEqual(await server.totals(user, 'l-1', ranged('2012-01-31')), [2, 0, 0], '23:59 in Berlin is 22:59 UTC');
  assert.deepEqual(await server.totals(user, 'l-2', ranged('2012-01-31')), [0, 0, 1]);
  const metrics = await server.metrics(user, 'l-1', ranged('2012-01-31', { timezone: 'Europe/Berlin' }));
  assert.equal(metrics.byPlatform.facebook.views, 1);
  assert.equal(metrics.bySource.archive.views, 2);
  const inquiries = await server.get(`/v1/users/${user}/inquiries`);
  assert.deepEqual(inquiries.body.inquiries[0].inquiry, { email: 'a@b.example', text: 'When can I see it?\r\nTomorrow; or "later"' });
});

test('times are read when they have one meaning, or as they are said to be', async () => {
  const moment = Date.UTC(2015, 5, 30, 22, 5);
  const rows = [
    { text: '2015-06-30T22:05:00Z' },
    { text: '2015-07-01 00:05:00+02:00' },
    { text: String(moment) },
    { text: '2015-07-01 00:05', flags: ['--timezone', 'Europe/Berlin'] },
    { text: '2015-07-01T00:05:00', flags: ['--timezone', 'Europe/Berlin'] },
    { text: '2015-06-30', flags: ['--timezone', 'UTC'], date: '2015-06-30' },
    { text: String(moment / 1000), flags: ['--time-format', 'seconds'] },
    { text: '6/30/2015 6:05 PM', flags: ['--time-format', '%m/%d/%Y %I:%M %p', '--timezone', 'America/New_York'] },
    { text: '01.07.15 00:05 +0200', flags: ['--time-format', '%d.%m.%y %H:%M %z'] },
    { text: '2015-07-01 00:05', says: '--timezone' },
    { text: '30/06/2015 22:05', says: '--time-format' },
    { text: '1435701900', says: 'seconds or milliseconds' },
    { text: '31.06.2015', flags: ['--time-format', '%d.%m.%Y', '--timezone', 'UTC'], says: 'does not exist' },
    { text: '1.7.', flags: ['--time-format', '%d.%m.%Y', '--timezone', 'UTC'], says: '--time-format' },
    { text: '1999-12-31T23:59:59Z', says: '2000-01-01' },
    { text: '1999-12-31T23:59:59Z', flags: ['--oldest', '1990-01-01'], date: '1999-12-31' },
    { text: '', says: 'missing' },
  ];
  for (const { text, flags = [], date = '2015-06-30', says } of rows) {
    const user = fresh('agent');
    const path = file(`userId,listingId,eventType,timestamp\n${user},l,view,${text}\n`);
    const errors = `${path}.errors`;
    const done = await importFile(path, [...flags, '--errors', errors]);
    assert.deepEqual(done.counts, says === undefined ? [1, 0, 0, 0] : [0, 0, 1, 0], `${text}: ${done.stderr}`);
    if (says === undefined) {
      assert.deepEqual(await server.totals(user, 'l', ranged(date)), [1, 0, 0], text);
    } else {
      const reject = JSON.parse(readFileSync(errors, 'utf8'));
      assert.equal(reject.line, 2, text);
      assert.ok(reject.error.includes(says), `${text}: ${reject.error}`);
      assert.equal(reject.record, `${user},l,view,${text}`);
    }
  }
});

test('a bad record is named with its line, and the others count', async () => {
  const user = fresh('agent');
  const path = file(
    'userId,listingId,eventType,timestamp,platform\n' +
      `${user},l,view,2020-01-01T00:00:00Z,\n` +
      `${user},l,click,2020-01-01T00:00:00Z,\n` + // 3
      `${user},l,view\n` + // 4
      `${user},"l" x,view,2020-01-01T00:00:00Z,\n` + // 5
      `${user},l,view,2020-01-01T00:00:00Z,myspace\n` + // 6
      `,l,view,2020-01-01T00:00:00Z,\n` + // 7
      `${user},${'x'.repeat(70_000)},view,2020-01-01T00:00:00Z,\n` + // 8
      `${user},l,"view,2020-01-01T00:00:00Z,\n` + // 9: never closed
      `${user},l,view,2020-01-02T00:00:00Z,\n` +
      `${user},l\xff,view,2020-01-02T00:00:00Z,\n`, // in UTF-8 here
  );
  appendFileSync(path, Buffer.from(`${user},l\xe4,view,2020-01-02T00:00:00Z,\n`, 'latin1')); // 12
  const errors = `${path}.errors`;
  const done = await importFile(path, ['--errors', errors]);
  const rejects = readFileSync(errors, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rejects.map(({ line, code }) => [line, code]), [
    [3, 'unknown_event_type'], [4, 'invalid_csv'], [5, 'invalid_csv'], [6, 'unknown_platform'], [7, 'missing_field'],
    [8, 'invalid_csv'], [9, 'invalid_csv'], [12, 'invalid_encoding'],
  ]);
  assert.deepEqual(done.counts, [3, 0, 8, 0]);
  assert.equal((await importFile(path, ['--restart', '--encoding', 'ISO-8859-1'])).recorded, 1, 'what was mended alone is new');
});

test('more refusals than an answer describes are all named', async () => {
  const user = fresh('agent');
  const lines = Array.from({ length: 1000 }, (_, i) => ({ userId: user, listingId: 'l', eventType: i % 2 ? 'view' : 'veiw', timestamp: 1577836800000 + i }));
  const path = file(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'ndjson');
  const errors = `${path}.errors`;
  const done = await importFile(path, ['--errors', errors]);
  assert.deepEqual(done.counts, [500, 0, 500, 0]);
  const rejects = readFileSync(errors, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rejects.map(({ line }) => line), Array.from({ length: 500 }, (_, i) => 2 * i + 1));
  assert.deepEqual(await server.totals(user, 'l', ranged('2020-01-01')), [500, 0, 0]);
});

test('too many rejected records end the import', async () => {
  const path = file('{"userId":"u"}\n'.repeat(20_000), 'ndjson');
  const done = await importFile(path, ['--max-errors', '10'], { code: 1 });
  assert.equal(done.code, 'too_many_rejected');
  assert.ok(done.rejected < 20_000, 'it went on');
});

test('NDJSON lines are passed on, with what they lack', async () => {
  const user = fresh('agent');
  const lines = [
    { listingId: 'a', eventType: 'view' },
    { listingId: 'a', eventType: 'view', id: null, platform: null, timestamp: 1577836800000 },
    { listingId: 'a', eventType: 'view', id: 'own', platform: 'x' },
    { userId: `${user}-other`, listingId: 'a', eventType: 'view' },
  ].map((line) => JSON.stringify(line));
  lines.push('{ }', '', `{"listingId":"\\u0061","eventType":"view","\\u0069d":"own-2"}`, '[1]', '{"listingId":"a"', '{"a":"\\u0000"}');
  const path = file(`\ufeff${lines.join('\n')}`, 'jsonl');
  const set = ['--user', user, '--set', 'timestamp=2020-01-01T10:00:00Z,platform=facebook'];
  const done = await importFile(path, set);
  assert.deepEqual(done.counts, [5, 0, 4, 0], done.stderr);
  const metrics = await server.metrics(user, 'a', ranged('2020-01-01'));
  assert.deepEqual([metrics.byPlatform.facebook.views, metrics.byPlatform.x.views], [3, 1]);
  assert.deepEqual(await server.totals(`${user}-other`, 'a', ranged('2020-01-01')), [1, 0, 0]);
  const again = await importFile(path, [...set, '--restart']);
  assert.deepEqual(again.counts, [0, 5, 4, 0], 'its own ids and the made ones are known');
});

test('the same file again is nothing new, a longer one goes on, a changed one is refused', async () => {
  const user = fresh('agent');
  const line = (i) => `{"userId":"${user}","listingId":"l","eventType":"view","timestamp":${1577836800000 + i}}`;
  const path = file(`${line(1)}\n${line(2)}`, 'ndjson');
  assert.deepEqual((await importFile(path)).counts, [2, 0, 0, 0]);
  assert.deepEqual((await importFile(path)).counts, [0, 0, 0, 0]);
  const copy = file(readFileSync(path), 'ndjson');
  assert.deepEqual((await importFile(copy)).counts, [0, 2, 0, 0], 'a copy has the same ids');
  rmSync(`${copy}.bookmark`);
  assert.deepEqual((await importFile(copy)).counts, [0, 2, 0, 0], 'also without its bookmark');
  const other = await importFile(copy, ['--restart', '--bookmark', `${copy}.other`, '--set', 'platform=x']);
  assert.deepEqual(other.counts, [2, 0, 0, 0], 'given another platform its records are others');
  appendFileSync(path, `\n${line(3)}\n{"userId":"${user}","listi`);
  const half = await importFile(path);
  assert.deepEqual(half.counts, [1, 0, 1, 0], 'the half line is no event yet');
  appendFileSync(path, `ngId":"l","eventType":"view","timestamp":1577836800009}\n${line(5)}\n`);
  const whole = await importFile(path);
  assert.deepEqual(whole.counts, [2, 0, 0, 0], whole.stderr);
  assert.equal(whole.fromLine, 4);
  assert.equal(whole.allRuns.recorded, 5);
  assert.deepEqual(await server.totals(user, 'l', ranged('2020-01-01')), [7, 0, 0]);

  writeFileSync(path, readFileSync(path, 'utf8').replace(String(1577836800002), String(1577836800008)));
  const changed = await importFile(path, [], { code: 1 });
  assert.equal(changed.code, 'changed_file');
});

test('a bookmark is of one server', async () => {
  const path = file('{"userId":"u","listingId":"l","eventType":"view"}\n', 'ndjson');
  await importFile(path);
  const data = join(folder.path, 'other-data');
  mkdirSync(data);
  const refused = await run(['import', path, '--data', data]);
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /--bookmark/);
  const done = await run(['import', path, '--data', data, '--bookmark', `${path}.data`, '--json']);
  assert.equal(JSON.parse(done.stdout).recorded, 1, done.stderr);
});

test('a bookmark is of one way to read the file', async () => {
  const [one, two] = [fresh('agent'), fresh('agent')];
  const path = file('{"listingId":"l","eventType":"view"}\n'.repeat(3), 'ndjson');
  assert.equal((await importFile(path, ['--user', one])).recorded, 3);
  for (const flags of [['--user', two], ['--user', one, '--set', 'platform=x'], ['--set', `userId=${one}`]]) {
    const refused = await run(['import', path, '--url', server.url, ...flags]);
    assert.equal(refused.code, 2, `${flags}: ${refused.stderr}`);
    assert.match(refused.stderr, /--user.*--bookmark.*--restart/s);
  }
  const second = await importFile(path, ['--user', two, '--bookmark', `${path}.two`]);
  assert.equal(second.recorded, 3, 'the same file for another user');
  assert.equal((await importFile(path, ['--user', one])).recorded, 0, 'the first is as it was');
  assert.deepEqual([await server.totals(one, 'l'), await server.totals(two, 'l')], [[3, 0, 0], [3, 0, 0]]);
});

test('standard input is imported once, too', async () => {
  const user = fresh('agent');
  const text = `userId,listingId,eventType,timestamp\n${`${user},l,share,2020-03-01T00:00:00Z\n`.repeat(500)}`;
  for (const [recorded, duplicates] of [[500, 0], [0, 500]]) {
    const child = spawn(program, ['import', '-', '--format', 'csv', '--url', server.url, '--json']);
    let stdout = '';
    child.stdout.on('data', (piece) => (stdout += piece));
    child.stdin.end(text);
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    const done = JSON.parse(stdout);
    assert.deepEqual([done.recorded, done.duplicates, done.bookmark], [recorded, duplicates, null]);
  }
});

test('what does not fit the command line is said, and nothing is sent', async () => {
  const csv = file('agent,listing,kind,at\nu,l,view,2020-01-01T00:00:00Z\n');
  const all = 'userId=agent,listingId=listing,eventType=kind,timestamp=at';
  const rows = [
    { name: 'no columns', says: /no column says the userId.*agent, listing, kind, at/ },
    { name: 'a column that is not there', flags: ['--map', all.replace('kind', 'type')], says: /no column "type"/ },
    { name: 'a field that is not there', flags: ['--map', 'listingID=listing'], says: /listingId/ },
    { name: 'no time', flags: ['--map', all.replace(',timestamp=at', '')], says: /timestamp/ },
    { name: 'a set that is none', flags: ['--set', 'view'], says: /FIELD=VALUE/ },
    { name: 'one id for all', flags: ['--set', 'id=1'], says: /same id/ },
    { name: 'a meaning that is none', flags: ['--values', 'view=view'], says: /FIELD:VALUE/ },
    { name: 'a zone that is none', flags: ['--map', all, '--timezone', 'Berlin'], says: /time zone/ },
    { name: 'an oldest that is none', flags: ['--oldest', 'any'], says: /YYYY-MM-DD/ },
    { name: 'an encoding that is none', flags: ['--map', all, '--encoding', 'LATIN-99'], says: /iconv/ },
    { name: 'a format that is none', flags: ['--time-format', 'dmy'], says: /--time-format/ },
    { name: 'columns of NDJSON', path: file('{}\n', 'ndjson'), flags: ['--map', all], says: /NDJSON/ },
    { name: 'an array', path: file('[{}]\n', 'json'), says: /jq/ },
    { name: 'a file of no kind', path: file('hello\n', 'txt'), says: /--format/ },
    { name: 'a spreadsheet', path: file('PK\x03\x04', 'xlsx'), code: 1, says: /CSV/ },
    { name: 'compressed', path: file(Buffer.from([0x1f, 0x8b, 8, 0]), 'csv'), code: 1, says: /gunzip/ },
    { name: 'UTF-16', path: file(Buffer.from('\ufeffuserId', 'utf16le')), code: 1, says: /UTF-8/ },
    { name: 'an empty file', path: file(''), code: 1, says: /empty/ },
    { name: 'no file', path: join(folder.path, 'nothing.csv'), code: 1, says: /No such file/ },
    { name: 'a folder', path: folder.path, code: 1, says: /folder/ },
  ];
  for (const { name, path = csv, flags = [], code = 2, says } of rows) {
    const end = await run(['import', path, '--url', server.url, ...flags]);
    assert.equal(end.code, code, `${name}: ${end.stdout}${end.stderr}`);
    assert.match(end.stderr, says, name);
    assert.ok(!existsSync(`${path}.bookmark`), `${name}: a bookmark was begun`);
  }
});

test('a server that is busy is waited for, as long as it asks and no longer than patience', async () => {
  const answers = [
    { status: 503, headers: { 'Retry-After': '1' }, body: { success: false, error: 'the store is behind', code: 'store_behind' } },
    // it stopped in the middle: the rest begins at its line 3
    { status: 503, headers: { 'Retry-After': '1' }, body: { success: false, error: 'full', code: 'disk_full', recorded: 2, duplicates: 0, rejected: 0, errors: [], nextLine: 3 } },
    { status: 'cut' },
    { status: 200, body: { success: true, recorded: 3, duplicates: 0, rejected: 0, errors: [] } },
  ];
  const bodies = [];
  const times = [];
  const busy = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      bodies.push(body.trim().split('\n').map((line) => JSON.parse(line)));
      times.push(Date.now());
      const answer = answers.shift() ?? { status: 503, headers: { 'Retry-After': '30' }, body: { success: false, error: 'full', code: 'disk_full' } };
      if (answer.status === 'cut') return request.socket.destroy();
      response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
      return response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise((done) => busy.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${busy.address().port}`;
  try {
    const path = file('{"userId":"u","listingId":"l","eventType":"view"}\n'.repeat(5), 'ndjson');
    const done = await importFile(path, [], { url });
    assert.deepEqual(done.counts, [5, 0, 0, 0]);
    assert.deepEqual(bodies.map((body) => body.length), [5, 5, 3, 3]);
    assert.deepEqual(bodies[0], bodies[1], 'the same lines with the same ids');
    assert.deepEqual(bodies[3], bodies[1].slice(2));
    assert.equal(new Set(bodies[0].map(({ id }) => id)).size, 5);
    assert.ok(times[1] - times[0] >= 990 && times[2] - times[1] >= 990, 'Retry-After was waited for');

    const other = file('{"userId":"u","listingId":"m","eventType":"view"}\n', 'ndjson');
    const impatient = await importFile(other, ['--patience', '5'], { url, code: 1 });
    assert.equal(impatient.code, 'disk_full');
    assert.equal(JSON.parse(readFileSync(`${other}.bookmark`, 'utf8')).offset, 0);
  } finally {
    busy.closeAllConnections();
    busy.close();
  }
});

test('Ctrl-C ends it between two pieces, and the same command goes on', async () => {
  const user = fresh('agent');
  const count = 200_000;
  const lines = Array.from({ length: count }, (_, i) => `{"userId":"${user}","listingId":"l","eventType":"view","timestamp":${1577836800000 + i}}\n`);
  const path = file(lines.join(''), 'ndjson');
  const child = spawn(program, ['import', path, '--url', server.url, '--json']);
  let stdout = '';
  child.stdout.on('data', (piece) => (stdout += piece));
  while (!existsSync(`${path}.bookmark`) && child.exitCode === null) await new Promise((done) => setImmediate(done));
  child.kill('SIGINT');
  const [code, signal] = await once(child, 'close');
  assert.deepEqual([code, signal], [1, null], stdout);
  assert.equal(JSON.parse(stdout).code, 'stopped');
  const rest = await importFile(path);
  assert.equal(rest.allRuns.recorded, count);
  assert.equal(rest.duplicates, 0, 'a clean stop repeats nothing');
  assert.deepEqual(await server.totals(user, 'l', ranged('2020-01-01')), [count, 0, 0]);
});

stopsCleanlyAtTheEnd(server);
