// docs/api/openapi.yaml is true: it is OpenAPI 3.1, its routes, parameters, rights and error codes are
// the program's, what the program answers is what it says, and its examples run.
//
// Schemas are read as strictly as they can be: a field of an answer that a schema does not name is an
// error here, although clients must bear with it.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { onOneDay, program, startServer, stopsCleanlyAtTheEnd, test } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path) => readFileSync(join(root, path), 'utf8');
const document = parse(read('docs/api/openapi.yaml'));
const routes = JSON.parse(execFileSync(join(dirname(program), 'tests/unit/http/print_routes')));

const KEY = 'a-service-key-for-tests-of-the-document';
const withKey = { Authorization: `Bearer ${KEY}` };
const start = () => startServer({ auth: [], env: { FOOTFALL_SERVICE_KEY: KEY } });
const server = await start();

/** What a $ref stands for; its siblings win. */
function deref(node) {
  if (node?.$ref === undefined) return node;
  const { $ref, ...siblings } = node;
  const target = $ref.slice(2).split('/').reduce((at, name) => at[name], document);
  return { ...deref(target), ...siblings };
}

const METHODS = ['get', 'post', 'put', 'delete'];
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.keys(item).filter((name) => METHODS.includes(name)).map((method) => {
    const operation = item[method];
    return {
      ...operation,
      method: method.toUpperCase(),
      path,
      name: `${method.toUpperCase()} ${path}`,
      parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(deref),
      security: operation.security ?? document.security,
    };
  }));
const operation = (id) => operations.find(({ operationId }) => operationId === id);

/* ---- the document itself ---- */

test('it is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.match(document.openapi, /^3\.1\./);
});

test('its version is the program\'s', () => {
  assert.match(execFileSync(program, ['--version'], { encoding: 'utf8' }),
    new RegExp(`\\b${document.info.version.replaceAll('.', '\\.')}\\b`));
});

test('the server answers it, to everybody, and 304 to who has it', async () => {
  const answer = await server.get('/v1/openapi.json');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, document);
  const again = await server.get('/v1/openapi.json', { 'If-None-Match': answer.headers.etag });
  assert.deepEqual([again.status, again.text], [304, '']);
  assert.equal(again.headers.etag, answer.headers.etag);
});

/* ---- against the table of routes ---- */

const NAMES = { u: 'user', l: 'listing' };
const documented = (pattern) => pattern.replace(/\{(\w)\}/g, (_, letter) => `{${NAMES[letter]}}`);

test('every route of the program is in the document, and no other', () => {
  const ours = routes.map(({ method, pattern }) => `${method} ${documented(pattern)}`).sort();
  assert.ok(ours.length > 10);
  assert.deepEqual(operations.map(({ name }) => name).sort(), ours);
});

for (const route of routes) {
  const name = `${route.method} ${documented(route.pattern)}`;
  test(`${name}: operation, parameters, rights, body and ETag are those of the route`, () => {
    const here = operations.find((each) => each.name === name);
    assert.ok(here, 'not in the document');
    assert.equal(here.operationId, route.operation);
    const query = here.parameters.filter((each) => each.in === 'query').map((each) => each.name);
    assert.deepEqual(query.sort(), [...route.parameters].sort());
    const inPath = here.parameters.filter((each) => each.in === 'path').map((each) => each.name);
    assert.deepEqual(inPath.sort(), [...name.matchAll(/\{(\w+)\}/g)].map(([, each]) => each).sort());
    const schemes = here.security.flatMap(Object.keys).sort();
    const right = route.token ? ['serviceKey', 'userToken'] : ['serviceKey'];
    assert.deepEqual(schemes, route.open ? [] : right);
    assert.equal(here.requestBody !== undefined, route.body > 0);
    if (route.cached) assert.ok(here.responses['304'], 'it has an ETag');
  });
}

/* ---- error codes ---- */

const { enum: codes, 'x-codes': meanings } = document.components.schemas.ErrorCode;

test('the codes are those of docs/api/http.md, with their statuses', () => {
  const text = read('docs/api/http.md');
  const table = text.slice(text.indexOf('| code | status |'), text.indexOf('## Limits'));
  const rows = [...table.matchAll(/^\| (`[^|]*`) \| ([^|]*) \|/gm)].flatMap(([, cell, status]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(status) || undefined]));
  assert.ok(rows.length > 50);
  assert.deepEqual(Object.fromEntries(codes.map((code) => [code, meanings[code]?.status])),
    Object.fromEntries(rows));
  assert.deepEqual(Object.keys(meanings), codes);
  for (const code of codes) assert.ok(meanings[code].when.length > 10, code);
});

/* ---- answers against schemas ---- */

/** The schema with every object closed that does not say itself what else it may hold. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  if (copy.type === 'object' && copy.properties !== undefined && copy.additionalProperties === undefined)
    copy.additionalProperties = false;
  return copy;
}

const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);
ajv.addSchema({ $id: 'doc', components: { schemas: closed(document.components.schemas) } });
const validators = new Map();

function validate(schema, value, where) {
  const key = JSON.stringify(schema);
  if (!validators.has(key))
    validators.set(key, ajv.compile(JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', '"doc#/'))));
  const check = validators.get(key);
  assert.ok(check(value), `${where}\n${JSON.stringify(check.errors, null, 1)}\n${JSON.stringify(value)}`);
}

const seenCodes = new Set();
const seenStatuses = new Map(operations.map(({ name }) => [name, new Set()]));

/** The answer is one that the document has for this operation. */
function conforms(here, answer) {
  const where = `${here.name}: ${answer.status} ${answer.text.slice(0, 300)}`;
  const response = deref(here.responses[String(answer.status)]);
  assert.ok(response, `${where}: no such response in the document`);
  seenStatuses.get(here.name).add(answer.status);
  for (const name of Object.keys(response.headers ?? {}))
    assert.ok(answer.headers[name.toLowerCase()] !== undefined, `${where}: header ${name}`);
  if (response.content === undefined) {
    assert.equal(answer.text, '', where);
    return;
  }
  const [type] = answer.headers['content-type'].split(';');
  assert.ok(response.content[type], `${where}: ${type}`);
  validate(response.content[type].schema, answer.body ?? answer.text, where);
  if (answer.body?.code === undefined) return;
  seenCodes.add(answer.body.code);
  assert.equal(meanings[answer.body.code].status, answer.status, where);
}

/* ---- requests ---- */

/** The address, with values for parameters; an array is repeated. */
function address(here, values) {
  const path = here.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
  const query = here.parameters.filter((each) => each.in === 'query' && values[each.name] !== undefined)
    .flatMap(({ name }) => [values[name]].flat().map((value) => `${name}=${encodeURIComponent(value)}`));
  return query.length > 0 ? `${path}?${query.join('&')}` : path;
}

/** What a request needs at least. */
function requiredValues(here) {
  return Object.fromEntries(here.parameters.filter((each) => each.required)
    .map((each) => [each.name, each.example]));
}

function send(to, here, { values = {}, body, type = 'application/json', headers = withKey } = {}) {
  const sent = { ...headers };
  let bytes = body;
  if (body !== undefined) {
    sent['Content-Type'] = type;
    if (typeof body !== 'string') bytes = JSON.stringify(body);
  }
  return to.request(here.method, address(here, { ...requiredValues(here), ...values }),
    { headers: sent, body: bytes });
}

/* ---- examples ---- */

/** Names of an operation's examples, in order, each with its request and its answer. */
function examplesOf(here) {
  const found = new Map();
  const at = (name) => {
    if (!found.has(name)) found.set(name, { values: {} });
    return found.get(name);
  };
  for (const [type, media] of Object.entries(here.requestBody?.content ?? {}))
    for (const [name, { value }] of Object.entries(media.examples ?? {}))
      Object.assign(at(name), { body: value, type });
  for (const [status, response] of Object.entries(here.responses))
    for (const media of Object.values(deref(response).content ?? {}))
      for (const [name, { value }] of Object.entries(media.examples ?? {}))
        Object.assign(at(name), { status: Number(status), answer: value });
  // parameters are shared by calls: an example of one that this call has no answer for is another's
  for (const parameter of here.parameters)
    for (const [name, { value }] of Object.entries(parameter.examples ?? {}))
      if (found.has(name)) found.get(name).values[parameter.name] = value;
  return found;
}

const OF_THE_DAY =
  /^(startDate|endDate|date|timestamp|receivedAt|updatedAt|lastUpdated|nextCursor|expiresAt|token)$/;

/** The answer without what another day makes different: there only the kind is left. */
function comparable(answer) {
  return JSON.parse(JSON.stringify(answer, (key, value) =>
    OF_THE_DAY.test(key) && value !== null && value !== 0 ? `<${typeof value}>` : value));
}

test('the examples, sent in order, are answered as shown', () =>
  onOneDay(async () => {
    const own = await start();
    try {
      let sent = 0;
      for (const here of operations) {
        for (const [name, example] of examplesOf(here)) {
          const where = `${here.name}, example ${name}`;
          assert.notEqual(example.answer, undefined, `${where}: no response has its answer`);
          const answer = await send(own, here, example);
          assert.equal(answer.status, example.status, `${where}: ${answer.text}`);
          conforms(here, answer);
          assert.deepEqual(comparable(answer.body), comparable(example.answer), where);
          const { schema } = deref(here.responses[example.status]).content['application/json'];
          validate(schema, example.answer, `${where}: as written`);
          sent++;
        }
      }
      assert.ok(sent >= 20, `${sent} examples`);
    } finally {
      await own.close();
    }
  }));

test('bodies of examples that are answered 200 keep to the schema of requests', () => {
  for (const here of operations)
    for (const [name, { body, type, status }] of examplesOf(here))
      if (body !== undefined && type === 'application/json' && status === 200)
        validate(here.requestBody.content[type].schema, body, `${here.name}, example ${name}`);
});

/* ---- every operation: what it answers when all is well, and when it is not ---- */

const event = { userId: 'agent-7', listingId: 'listing-123', eventType: 'view' };
const minimalBody = {
  record_events: event,
  put_listing: { status: 'active' },
  create_token: { access: 'read' },
};

// connections that stay open: live.test.mjs asks them
const answered = operations.filter((here) => here['x-stays-open'] === undefined);

for (const here of answered) {
  const body = minimalBody[here.operationId];
  const call = (more) => send(server, here, { body, ...more });

  test(`${here.name}: well asked`, async () => {
    if (here.operationId.endsWith('_listing'))
      await send(server, operation('put_listing'), { body: { price: 1 } });
    const answer = await call();
    assert.equal(answer.status, 200, answer.text);
    conforms(here, answer);
    if (here.responses['304'] === undefined) return;
    const again = await call({ headers: { ...withKey, 'If-None-Match': answer.headers.etag } });
    assert.equal(again.status, 304);
    conforms(here, again);
  });

  test(`${here.name}: without a key, with a wrong one, with a token of another user`, async () => {
    const { body: made } = await send(server, operation('create_token'),
      { values: { user: 'agent-8' }, body: { access: 'all' } });
    for (const [headers, status] of [[{}, 401], [{ Authorization: 'Bearer wrong' }, 401],
      [{ Authorization: `Bearer ${made.token}` }, 403]]) {
      const answer = await call({ headers });
      // what is open does not look at the key; asked who one is, it does
      const isOpen = here.security.length === 0;
      const isChecked = here['x-checks-key'] === true && headers.Authorization === 'Bearer wrong';
      assert.equal(answer.status, isOpen && !isChecked ? 200 : status, answer.text);
      conforms(here, answer);
    }
  });

  test(`${here.name}: asked wrongly`, async () => {
    const cases = [['unknown_parameter', {}, '?timzone=UTC']];
    if (here.path.includes('{user}')) cases.push(['invalid_id', { user: 'a#b' }, '']);
    if (here.path.includes('{listing}')) cases.push(['invalid_id', { listing: '#' }, '']);
    if (here.path.includes('{date}')) cases.push(['invalid_date', { date: 'today' }, '']);
    for (const [code, values, suffix] of cases) {
      const path = address(here, { ...requiredValues(here), ...values });
      const answer = await server.request(here.method, suffix === '' ? path : path.split('?')[0] + suffix,
        { headers: { ...withKey, ...(body && { 'Content-Type': 'application/json' }) }, body: body && JSON.stringify(body) });
      assert.equal(answer.body?.code, code, `${here.name}: ${answer.text}`);
      conforms(here, answer);
    }
    if (here.requestBody === undefined) return;
    const answers = [
      await call({ body: '{', type: 'application/json' }),
      await call({ body: 'x', type: 'text/plain' }),
      await call({ headers: { ...withKey, 'Content-Encoding': 'gzip' } }),
      await call({ body: `{"a":"${'x'.repeat(9 * 1024 * 1024)}"}` }),
    ];
    assert.deepEqual(answers.map(({ status }) => status), [400, 415, 415, 413]);
    for (const answer of answers) conforms(here, answer);
  });
}

/* What else can be provoked: [operation, values, code] or [operation, body, code]. */
const WRONG_QUESTIONS = [
  ['get_aggregated_metrics', { period: 'yearly' }, 'invalid_period'],
  ['get_aggregated_metrics', { startDate: '2026-02-30', endDate: '2026-03-01' }, 'invalid_date'],
  ['get_aggregated_metrics', { startDate: '2026-02-03' }, 'invalid_range'],
  ['get_aggregated_metrics', { timezone: 'Mars/Base' }, 'unknown_timezone'],
  ['get_aggregated_metrics', { period: ['daily', 'daily'] }, 'duplicate_parameter'],
  ['get_metrics_for_date_range', { startDate: undefined, endDate: undefined }, 'missing_parameter'],
  ['get_all_listings_metrics', { sort: 'likes' }, 'invalid_sort'],
  ['get_all_listings_metrics', { direction: 'up' }, 'invalid_direction'],
  ['get_all_listings_metrics', { include: 'all' }, 'invalid_include'],
  ['get_all_listings_metrics', { limit: 1001 }, 'invalid_limit'],
  ['get_all_listings_metrics', { cursor: 'made-up' }, 'invalid_cursor'],
  ['compare_listings', { listing: ['a'] }, 'invalid_listing_count'],
  ['get_inquiries', { limit: 0 }, 'invalid_limit'],
  ['get_listing', { listing: 'nobody-described-it' }, 'listing_not_found'],
  ['delete_listing', { listing: 'nobody-described-it' }, 'listing_not_found'],
  ['record_events', { oldest: 'long-ago' }, 'invalid_date', event],
  ['record_events', {}, 'missing_field', { userId: 'agent-7' }],
  ['record_events', {}, 'duplicate_field', '{"userId":"a","userId":"b"}'],
  ['record_events', {}, 'wrong_type', { ...event, userId: 7 }],
  ['record_events', {}, 'invalid_id', { ...event, id: '' }],
  ['record_events', {}, 'invalid_source', { ...event, source: '(other)' }],
  ['record_events', {}, 'invalid_timestamp', { ...event, timestamp: 'yesterday' }],
  ['record_events', {}, 'unknown_platform', { ...event, platform: 'facebok' }],
  ['record_events', {}, 'invalid_inquiry', { ...event, inquiry: {} }],
  ['record_events', {}, 'too_many_events', Array(10_001).fill(event)],
  ['put_listing', {}, 'invalid_listing', { price: -1 }],
  ['create_token', {}, 'invalid_expiry', { access: 'read', expiresIn: 1 }],
];

for (const [id, values, code, body] of WRONG_QUESTIONS) {
  test(`${id} refuses with ${code}: ${JSON.stringify(values)}`, async () => {
    const answer = await send(server, operation(id), { values, body });
    assert.equal(answer.body?.code, code, answer.text);
    conforms(operation(id), answer);
  });
}

test('a line that is too long is reported in its place', async () => {
  const answer = await send(server, operation('record_events'), {
    type: 'application/x-ndjson',
    body: `${JSON.stringify(event)}\n"${'x'.repeat(70_000)}"\n`,
  });
  assert.equal(answer.body?.errors[0].code, 'line_too_long', answer.text);
  conforms(operation('record_events'), answer);
  seenCodes.add('line_too_long');
});

test('a token of too little access is refused', async () => {
  const { body: made } = await send(server, operation('create_token'), { body: { access: 'record' } });
  const headers = { Authorization: `Bearer ${made.token}` };
  const answer = await send(server, operation('get_inquiries'), { headers });
  assert.equal(answer.body.code, 'forbidden');
  conforms(operation('get_inquiries'), answer);
});

test('a head that is too large is refused', async () => {
  const headers = { ...withKey };
  for (let i = 0; i < 101; i++) headers[`X-Field-${i}`] = 'x';
  const answer = await send(server, operation('healthz'), { headers });
  assert.equal(answer.status, 431);
  conforms(operation('healthz'), answer);
});

test('what is refused before an operation is known has the shape of errors, too', async () => {
  const error = document.components.schemas.Error;
  for (const [method, path, code] of [['GET', '/v1/nothing', 'not_found'],
    ['PATCH', '/v1/events', 'method_not_allowed'], ['GET', '/v1/users/%zz/metrics', 'invalid_escape'],
    ['GET', `/v1/users/a/metrics?${'a=1&'.repeat(120)}`, 'too_many_parameters']]) {
    const answer = await server.request(method, path, { headers: withKey });
    assert.equal(answer.body?.code, code, answer.text);
    validate(error, answer.body, path);
    assert.equal(meanings[code].status, answer.status);
    seenCodes.add(code);
  }
});

test('a server without a key says so to strangers, and makes no tokens', async () => {
  const open = await startServer();
  try {
    const headers = { Host: 'www.example.com' };
    const foreign = await send(open, operation('get_inquiries'), { headers });
    assert.equal(foreign.body.code, 'foreign_origin');
    conforms(operation('get_inquiries'), foreign);
    const token = await send(open, operation('create_token'), { headers: {}, body: { access: 'read' } });
    assert.equal(token.body.code, 'auth_off');
    conforms(operation('create_token'), token);
  } finally {
    await open.close();
  }
});

// Of connections that stay open: live.test.mjs and live-hostile.test.mjs.
const OF_LIVE = [
  'invalid_since', 'not_a_websocket', 'too_many_listings', 'too_many_subscribers', 'too_many_watches',
  'unsupported_version',
];

// Codes that take a fault, another time, or bytes that no HTTP client sends: other tests provoke them.
const PROVOKED_ELSEWHERE = [
  'busy', 'corrupt', 'disk_full', 'foreign', 'id_undecided', 'ids_unavailable', 'invalid', 'invalid_request',
  'invalid_target', 'io_error', 'no_memory', 'outcome_unknown', 'overloaded', 'request_timeout', 'stopped',
  'store_behind', 'store_unreachable', 'token_expired', 'too_large',
];

test('every other code has been seen in an answer', () => {
  assert.deepEqual(codes.filter((code) => !seenCodes.has(code)).sort(),
    [...PROVOKED_ELSEWHERE, ...OF_LIVE].sort());
});

stopsCleanlyAtTheEnd(server);
