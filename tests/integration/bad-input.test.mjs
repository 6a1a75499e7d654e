// Bad input gets a status, a stable code, the field and a reason in words; and counts nothing.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, listingPath, startServer, stopsCleanlyAtTheEnd, test, utcDate, withQuery } from './server.mjs';

const server = await startServer();

/** Fails unless the answer is the refusal that `want` describes: {status, code, field, says, ...}. */
function assertRefused(answer, want, name) {
  const context = `${name}: ${answer.status} ${answer.text}`;
  assert.equal(answer.status, want.status ?? 400, context);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/, context);
  assert.equal(answer.body.success, false, context);
  assert.equal(answer.body.code, want.code, context);
  assert.ok(typeof answer.body.error === 'string' && answer.body.error.length > 5, context);
  for (const member of ['field', 'index', 'offset']) {
    if (member in want) assert.deepEqual(answer.body[member], want[member], context);
  }
  for (const word of want.says ?? []) {
    assert.ok(answer.body.error.includes(word), `${context}: does not say "${word}"`);
  }
}

const userId = fresh('agent');
const listingId = 'listing';
const good = { userId, listingId, eventType: 'view' };
const inquiry = { ...good, eventType: 'inquiry' };
const json = JSON.stringify(good);
const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);

const badEvents = [
  { name: 'nothing', body: '', code: 'invalid_json' },
  { name: 'no JSON', body: 'view', code: 'invalid_json', offset: 0 },
  { name: 'cut short', body: json.slice(0, -1), code: 'invalid_json', offset: json.length - 1 },
  { name: 'more behind it', body: `${json} x`, code: 'invalid_json', offset: json.length + 1 },
  { name: 'a comma too many', body: json.replace('}', ',}'), code: 'invalid_json', offset: json.length },
  { name: 'single quotes', body: json.replaceAll('"', "'"), code: 'invalid_json', offset: 1 },
  { name: 'a number', body: '42', codes: ['wrong_type', 'invalid_json'] },
  { name: 'a string', body: '"view"', codes: ['wrong_type', 'invalid_json'] },
  { name: 'null', body: 'null', codes: ['wrong_type', 'invalid_json'] },
  { name: 'NaN', body: json.replace('"view"', 'NaN'), code: 'invalid_json' },
  { name: 'a raw control character', body: json.replace('listing"', 'lis\u0001ting"'), code: 'invalid_json' },
  { name: 'a lone surrogate', body: json.replace('"listing"', '"\\ud800"'), code: 'invalid_json' },
  { name: 'an escaped NUL', body: json.replace('"listing"', '"a\\u0000b"'), codes: ['invalid_json', 'invalid_id'] },
  { name: 'overlong UTF-8', body: Buffer.concat([Buffer.from(json.slice(0, 11)), Buffer.from([0xc0, 0xaf]), Buffer.from(json.slice(11))]), codes: ['invalid_json', 'invalid_id'] },
  { name: 'no userId', body: { listingId, eventType: 'view' }, code: 'missing_field', field: 'userId' },
  { name: 'no listingId', body: { userId, eventType: 'view' }, code: 'missing_field', field: 'listingId' },
  { name: 'no eventType', body: { userId, listingId }, code: 'missing_field', field: 'eventType' },
  { name: 'an unknown field, its neighbour named', body: { ...good, plattform: 'facebook' }, code: 'unknown_field', field: 'plattform', says: ['platform'] },
  { name: 'an unknown field like another', body: { ...good, listingID: 'x' }, code: 'unknown_field', field: 'listingID', says: ['listingId'] },
  { name: 'the same field twice', body: json.replace('}', ',"userId":"x"}'), code: 'duplicate_field', field: 'userId' },
  { name: 'userId as a number', body: { ...good, userId: 7 }, code: 'wrong_type', field: 'userId' },
  { name: 'eventType as an object', body: { ...good, eventType: {} }, code: 'wrong_type', field: 'eventType' },
  { name: 'platform as an array', body: { ...good, platform: ['x'] }, code: 'wrong_type', field: 'platform' },
  { name: 'id as a boolean', body: { ...good, id: true }, code: 'wrong_type', field: 'id' },
  { name: 'inquiry as text', body: { ...inquiry, inquiry: 'call me' }, codes: ['wrong_type', 'invalid_inquiry'], field: 'inquiry' },
  { name: 'an unknown event type', body: { ...good, eventType: 'click' }, code: 'unknown_event_type', field: 'eventType', says: ['view', 'share', 'inquiry'] },
  { name: 'an event type in capitals', body: { ...good, eventType: 'View' }, code: 'unknown_event_type', field: 'eventType' },
  { name: 'an unknown platform', body: { ...good, platform: 'myspace' }, code: 'unknown_platform', field: 'platform', says: ['facebook', 'instagram', 'linkedin'] },
  { name: 'the platform none', body: { ...good, platform: 'none' }, code: 'unknown_platform', field: 'platform' },
  { name: 'an empty userId', body: { ...good, userId: '' }, code: 'invalid_id', field: 'userId' },
  { name: 'a userId of 129 bytes', body: { ...good, userId: 'u'.repeat(129) }, code: 'invalid_id', field: 'userId' },
  { name: 'a listingId of 129 bytes in 65 letters', body: { ...good, listingId: `${'ü'.repeat(64)}u` }, code: 'invalid_id', field: 'listingId' },
  { name: 'a listingId with #', body: { ...good, listingId: 'a#b' }, code: 'invalid_id', field: 'listingId' },
  { name: 'a listingId with a line end', body: { ...good, listingId: 'a\nb' }, code: 'invalid_id', field: 'listingId' },
  { name: 'the listingId .', body: { ...good, listingId: '.' }, code: 'invalid_id', field: 'listingId' },
  { name: 'the userId ..', body: { ...good, userId: '..' }, code: 'invalid_id', field: 'userId' },
  { name: 'an id of 65 bytes', body: { ...good, id: 'i'.repeat(65) }, code: 'invalid_id', field: 'id' },
  { name: 'an empty id', body: { ...good, id: '' }, code: 'invalid_id', field: 'id' },
  { name: 'a visitor of 65 bytes', body: { ...good, visitor: 'v'.repeat(65) }, code: 'invalid_id', field: 'visitor' },
  { name: 'a source of 65 bytes', body: { ...good, source: 's'.repeat(65) }, code: 'invalid_source', field: 'source' },
  { name: 'a source that Footfall keeps for itself', body: { ...good, source: '(other)' }, code: 'invalid_source', field: 'source' },
  { name: 'ten minutes ahead', body: () => ({ ...good, timestamp: Date.now() + 600_000 }), code: 'invalid_timestamp', field: 'timestamp' },
  { name: '402 days back', body: () => ({ ...good, timestamp: Date.now() - 402 * DAY_MS }), code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'seconds, not milliseconds', body: () => ({ ...good, timestamp: Math.floor(Date.now() / 1000) }), code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'a negative time', body: { ...good, timestamp: -1 }, code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'a time of 2^63', body: json.replace('}', ',"timestamp":9223372036854775808}'), codes: ['invalid_timestamp', 'wrong_type'], field: 'timestamp' },
  { name: 'a time of 1e999', body: json.replace('}', ',"timestamp":1e999}'), codes: ['invalid_timestamp', 'wrong_type'], field: 'timestamp' },
  { name: 'a date that does not exist', body: { ...good, timestamp: '2026-02-30T12:00:00Z' }, code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'a time without a zone', body: { ...good, timestamp: '2026-02-20T12:00:00' }, code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'a time that is none', body: { ...good, timestamp: 'yesterday' }, code: 'invalid_timestamp', field: 'timestamp' },
  { name: 'an inquiry on a view', body: { ...good, inquiry: { name: 'x' } }, code: 'invalid_inquiry', field: 'inquiry' },
  { name: 'an inquiry over 8 KiB', body: { ...inquiry, inquiry: { text: 'x'.repeat(8192) } }, code: 'invalid_inquiry', field: 'inquiry' },
  { name: 'an inquiry 100 levels deep', body: JSON.stringify(inquiry).replace('}', `,"inquiry":{"a":${deep(100)}}}`), code: 'invalid_inquiry', field: 'inquiry' },
  { name: '100,000 brackets', body: deep(100_000), codes: ['invalid_json', 'wrong_type'] },
];

test('a bad event is refused with its field and a reason, and counts nothing', async () => {
  for (const row of badEvents) {
    const body = typeof row.body === 'function' ? row.body() : row.body;
    const answer = await server.request('POST', '/v1/events', {
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    const want = { ...row, code: row.codes?.includes(answer.body?.code) ? answer.body.code : row.code };
    assertRefused(answer, want, row.name);
  }
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
  const all = await server.get(`/v1/users/${userId}/metrics`);
  assert.deepEqual(all.body.order, []);
});

test('one bad event in an array: none is recorded and its index is named', async () => {
  const cases = [
    { name: 'the first', at: 0 },
    { name: 'in the middle', at: 3 },
    { name: 'the last', at: 6 },
  ];
  for (const row of cases) {
    const events = Array.from({ length: 7 }, () => good);
    events[row.at] = { ...good, platform: 'myspace' };
    const answer = await server.request('POST', '/v1/events', { body: events });
    assertRefused(answer, { code: 'unknown_platform', field: 'platform', index: row.at }, row.name);
  }
  const cut = await server.request('POST', '/v1/events', {
    body: `[${json},${json},${json.slice(0, -1)}`,
    headers: { 'Content-Type': 'application/json' },
  });
  assertRefused(cut, { code: 'invalid_json' }, 'an array cut short');
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

test('an array may be empty and may hold 10,000, not more', async () => {
  const user = fresh('agent');
  const event = { userId: user, listingId, eventType: 'view' };
  assert.deepEqual(await server.record([]), { success: true, recorded: 0, duplicates: 0 });
  const many = await server.request('POST', '/v1/events', { body: Array(10_001).fill(event) });
  assertRefused(many, { status: 413, code: 'too_many_events', says: ['10000'] }, '10,001 events');
  assert.deepEqual(await server.totals(user, listingId), [0, 0, 0]);
  assert.equal((await server.record(Array(10_000).fill(event))).recorded, 10_000);
});

test('a body over 8 MiB is refused', async () => {
  const answer = await server
    .request('POST', '/v1/events', {
      body: `[${json}${' '.repeat(8 * 1024 * 1024)}]`,
      headers: { 'Content-Type': 'application/json' },
      agent: false,
    })
    .catch((error) => error);
  // the server may close before it has read everything: then the client sees a reset
  if (answer instanceof Error) assert.match(answer.code, /ECONNRESET|EPIPE/);
  else assertRefused(answer, { status: 413, code: 'body_too_large', says: ['8388608', 'ndjson'] }, 'over 8 MiB');
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

test('a Content-Type is required, and the refusal says how to send one', async () => {
  for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
    const answer = await server.request('POST', '/v1/events', {
      body: json,
      headers: type === undefined ? {} : { 'Content-Type': type },
    });
    assertRefused(answer, { status: 415, code: 'unsupported_media_type', says: ['--json'] }, `${type}`);
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
    const user = fresh('agent');
    const answer = await server.request('POST', '/v1/events', {
      body: JSON.stringify({ ...good, userId: user }),
      headers: { 'Content-Type': type },
    });
    assert.equal(answer.status, 200, `${type}: ${answer.text}`);
  }
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

const metricsPath = `${listingPath(userId, listingId)}/metrics`;
const daysPath = `${listingPath(userId, listingId)}/days`;
const badQueries = [
  { name: 'a misspelled parameter', path: metricsPath, query: { timzone: 'Europe/Berlin' }, code: 'unknown_parameter', field: 'timzone', says: ['timezone'] },
  { name: 'a parameter twice', path: `${metricsPath}?period=daily&period=weekly`, code: 'duplicate_parameter', field: 'period' },
  { name: 'an unknown period', path: metricsPath, query: { period: 'yearly' }, code: 'invalid_period', field: 'period', says: ['daily', 'weekly', 'monthly'] },
  { name: 'a period and dates', path: metricsPath, query: { period: 'daily', startDate: '2026-01-01', endDate: '2026-01-02' }, code: 'invalid_range', field: 'period' },
  { name: 'a start without an end', path: metricsPath, query: { startDate: '2026-01-01' }, code: 'invalid_range', field: 'endDate' },
  { name: 'an end without a start', path: metricsPath, query: { endDate: '2026-01-01' }, code: 'invalid_range', field: 'startDate' },
  { name: '30 February', path: metricsPath, query: { startDate: '2026-02-30', endDate: '2026-03-01' }, code: 'invalid_date', field: 'startDate' },
  { name: '29 February in no leap year', path: metricsPath, query: { startDate: '2026-02-01', endDate: '2026-02-29' }, code: 'invalid_date', field: 'endDate' },
  { name: 'month 13', path: metricsPath, query: { startDate: '2025-13-01', endDate: '2026-02-01' }, code: 'invalid_date', field: 'startDate' },
  { name: 'a date without zeros', path: metricsPath, query: { startDate: '2026-1-1', endDate: '2026-01-02' }, code: 'invalid_date', field: 'startDate' },
  { name: 'the end before the start', path: metricsPath, query: { startDate: '2026-01-02', endDate: '2026-01-01' }, code: 'invalid_range', field: 'endDate' },
  { name: '401 days', path: metricsPath, query: { startDate: '2025-01-01', endDate: '2026-02-05' }, code: 'invalid_range', field: 'endDate', says: ['400'] },
  { name: 'an unknown time zone', path: metricsPath, query: { timezone: 'Mars/Olympus' }, code: 'unknown_timezone', field: 'timezone' },
  { name: 'an offset for a zone', path: metricsPath, query: { timezone: '+05:30' }, code: 'unknown_timezone', field: 'timezone' },
  { name: 'a path for a zone', path: metricsPath, query: { timezone: '../../../etc/passwd' }, code: 'unknown_timezone', field: 'timezone' },
  { name: 'days without a range', path: daysPath, query: {}, code: 'missing_parameter', field: 'startDate' },
  { name: 'a day that does not exist', path: `${metricsPath}/2026-02-30`, query: {}, code: 'invalid_date' },
  { name: 'an unknown sort', path: `/v1/users/${userId}/metrics`, query: { sort: 'clicks' }, code: 'invalid_sort', field: 'sort', says: ['views', 'conversionRate'] },
  { name: 'an unknown direction', path: `/v1/users/${userId}/metrics`, query: { direction: 'up' }, code: 'invalid_direction', field: 'direction', says: ['asc', 'desc'] },
  { name: 'a limit of 0', path: `/v1/users/${userId}/metrics`, query: { limit: 0 }, code: 'invalid_limit', field: 'limit', says: ['1000'] },
  { name: 'a limit of 1,001', path: `/v1/users/${userId}/metrics`, query: { limit: 1001 }, code: 'invalid_limit', field: 'limit' },
  { name: 'a limit that is no number', path: `/v1/users/${userId}/inquiries`, query: { limit: 'all' }, code: 'invalid_limit', field: 'limit' },
  { name: 'a damaged cursor', path: `/v1/users/${userId}/metrics`, query: { cursor: 'x' }, code: 'invalid_cursor', field: 'cursor' },
  { name: 'a damaged cursor of inquiries', path: `/v1/users/${userId}/inquiries`, query: { cursor: 'x' }, code: 'invalid_cursor', field: 'cursor' },
  { name: 'an unknown include', path: `/v1/users/${userId}/metrics`, query: { include: 'everything' }, code: 'invalid_include', field: 'include', says: ['dailyBreakdown'] },
  { name: 'one listing to compare', path: `/v1/users/${userId}/compare`, query: { listing: 'a' }, code: 'invalid_listing_count', field: 'listing', says: ['2', '20'] },
  { name: '21 listings to compare', path: `/v1/users/${userId}/compare?${Array.from({ length: 21 }, (_, i) => `listing=l${i}`).join('&')}`, code: 'invalid_listing_count', field: 'listing' },
  { name: 'a user id with #', path: '/v1/users/a%23b/metrics', query: {}, code: 'invalid_id' },
  { name: 'a listing id with a control character', path: `/v1/users/${userId}/listings/a%0Ab/metrics`, query: {}, code: 'invalid_id' },
  { name: 'a broken escape', path: `/v1/users/${userId}/listings/a%zz/metrics`, query: {}, code: 'invalid_escape' },
  { name: 'a parameter on events', method: 'POST', path: '/v1/events', query: { dry: 'true' }, code: 'unknown_parameter', field: 'dry' },
  { name: 'a parameter on a day', path: `${metricsPath}/2026-01-01`, query: { period: 'daily' }, code: 'unknown_parameter', field: 'period' },
];

test('a bad question is refused with its field and a reason', async () => {
  for (const row of badQueries) {
    const method = row.method ?? 'GET';
    const answer = await server.request(method, withQuery(row.path, row.query ?? {}), {
      ...(method === 'POST' ? { body: good } : {}),
    });
    const want = { ...row, code: row.codes?.includes(answer.body?.code) ? answer.body.code : row.code };
    assertRefused(answer, want, row.name);
  }
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

test('bad listing details are refused', async () => {
  const path = listingPath(userId, 'detailed');
  const cases = [
    { name: 'an unknown field', body: { adress: 'x' }, code: 'unknown_field', field: 'adress', says: ['address'] },
    { name: 'an immutable field', body: { userId: 'x' }, code: 'unknown_field', field: 'userId' },
    { name: 'a price as text', body: { price: '100' }, code: 'wrong_type', field: 'price' },
    { name: 'a negative price', body: { price: -1 }, code: 'invalid_listing', field: 'price' },
    { name: 'a currency of four letters', body: { currency: 'EURO' }, code: 'invalid_listing', field: 'currency' },
    { name: 'a currency in small letters', body: { currency: 'eur' }, code: 'invalid_listing', field: 'currency' },
    { name: 'a script for an image', body: { image: 'javascript:alert(1)' }, code: 'invalid_listing', field: 'image' },
    { name: 'an address over 512 bytes', body: { address: 'a'.repeat(513) }, code: 'invalid_listing', field: 'address' },
    { name: 'a status over 32 bytes', body: { status: 's'.repeat(33) }, code: 'invalid_listing', field: 'status' },
    { name: 'the same field twice', body: '{"price":1,"price":2}', codes: ['duplicate_field', 'invalid_json'] },
    { name: 'an array', body: '[]', code: 'wrong_type' },
    { name: 'no JSON', body: '{', code: 'invalid_json' },
  ];
  for (const row of cases) {
    const answer = await server.request('PUT', path, {
      body: row.body,
      headers: { 'Content-Type': 'application/json' },
    });
    const want = { ...row, code: row.codes?.includes(answer.body?.code) ? answer.body.code : row.code };
    assertRefused(answer, want, row.name);
  }
  assert.equal((await server.get(path)).status, 404);
});

test('what is not there: 404; a wrong method: 405 with Allow', async () => {
  for (const path of ['//', '/index.html', '/assets', '/v1', '/v2/events', '/v1/events/1', '/v1/users/u/metric', '/v1/users//metrics', `${metricsPath}/`]) {
    const answer = await server.get(path);
    assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
    assert.equal(answer.body.success, false, path);
  }
  const cases = [
    { method: 'GET', path: '/v1/events', allow: ['POST'] },
    { method: 'PUT', path: '/v1/events', allow: ['POST'] },
    { method: 'DELETE', path: metricsPath, allow: ['GET', 'HEAD'] },
    { method: 'POST', path: metricsPath, allow: ['GET', 'HEAD'] },
    { method: 'PATCH', path: listingPath(userId, listingId), allow: ['DELETE', 'GET', 'HEAD', 'PUT'] },
    { method: 'POST', path: '/healthz', allow: ['GET', 'HEAD'] },
  ];
  for (const row of cases) {
    const answer = await server.request(row.method, row.path, {
      ...(['POST', 'PUT', 'PATCH'].includes(row.method) ? { body: good } : {}),
    });
    const name = `${row.method} ${row.path}`;
    assertRefused(answer, { status: 405, code: 'method_not_allowed' }, name);
    assert.deepEqual((answer.headers.allow ?? '').split(/, */).sort(), row.allow, name);
  }
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

test('NDJSON: good lines count, bad lines are described by number', async () => {
  const user = fresh('agent');
  const event = { userId: user, listingId, eventType: 'view' };
  const answer = await server.ndjson([
    event,
    '',
    { ...event, platform: 'myspace' },
    '{"userId":',
    { ...event, id: 'same' },
    { ...event, id: 'same' },
    `{"userId":"${'x'.repeat(70_000)}"}`,
    event,
  ]);
  assert.equal(answer.status, 200, answer.text);
  const { success, recorded, duplicates, rejected, errors } = answer.body;
  assert.deepEqual({ success, recorded, duplicates, rejected }, { success: true, recorded: 3, duplicates: 1, rejected: 3 });
  assert.deepEqual(errors.map(({ line, code, field, offset }) => [line, code, field, offset]), [
    [3, 'unknown_platform', 'platform', JSON.stringify({ ...event, platform: '' }).length - 3],
    [4, 'invalid_json', undefined, 10],
    [7, 'line_too_long', undefined, undefined],
  ]);
  for (const { error } of errors) assert.ok(error.length > 5, error);
  assert.deepEqual(await server.totals(user, listingId), [3, 0, 0]);
});

test('NDJSON: all lines rejected is 400, and only the first 100 are described', async () => {
  const answer = await server.ndjson(Array(250).fill({ ...good, eventType: 'click' }));
  assert.equal(answer.status, 400, answer.text);
  assert.equal(answer.body.success, false);
  assert.equal(answer.body.recorded, 0);
  assert.equal(answer.body.rejected, 250);
  assert.equal(answer.body.errors.length, 100);
  assert.deepEqual(answer.body.errors.map(({ line }) => line), Array.from({ length: 100 }, (_, i) => i + 1));
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 0]);
});

test('NDJSON: an empty stream, CR LF, and a last line without an end', async () => {
  const user = fresh('agent');
  const line = JSON.stringify({ ...good, userId: user });
  const send = (body) =>
    server.request('POST', '/v1/events', { body, headers: { 'Content-Type': 'application/x-ndjson' } });
  const empty = await send('');
  assert.equal(empty.status, 200, empty.text);
  assert.equal(empty.body.recorded, 0);
  const two = await send(`${line}\r\n${line}`);
  assert.equal(two.status, 200, two.text);
  assert.equal(two.body.recorded, 2);
  const spaces = await send(`\n\n  ${line}  \n`);
  assert.equal(spaces.body.recorded, 1, spaces.text);
  assert.deepEqual(await server.totals(user, listingId), [3, 0, 0]);
});

test('NDJSON: a stream may be longer than any one body or array', async () => {
  const user = fresh('agent');
  const event = { ...good, userId: user, visitor: 'v'.repeat(64), source: 's'.repeat(64) };
  const count = 45_000; // over 8 MiB, over 10,000 events
  const answer = await server.ndjson(Array(count).fill(JSON.stringify(event)));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.recorded, count);
  assert.deepEqual(await server.totals(user, listingId), [count, 0, 0]);
});

test('dates: any day that exists may be asked for', async () => {
  const leap = await server.get(`${metricsPath}/2024-02-29`);
  assert.equal(leap.status, 200, leap.text);
  const future = utcDate(Date.now() + 40 * DAY_MS);
  const answer = await server.get(`${metricsPath}/${future}`);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.metrics.views, 0);
});

stopsCleanlyAtTheEnd(server);
