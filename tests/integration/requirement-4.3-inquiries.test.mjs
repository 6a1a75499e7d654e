// Requirement 4.3: an inquiry belongs to its listing, with its platform and with what was asked.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { DAY_MS, fresh, startServer, stopsCleanlyAtTheEnd, test, utcDate, withQuery } from './server.mjs';

const server = await startServer();

async function inquiriesOf(userId, query = {}) {
  const answer = await server.get(withQuery(`/v1/users/${userId}/inquiries`, query));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.success, true);
  return answer.body;
}

test('4.3 an inquiry counts and keeps its data', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const inquiry = { name: 'John Doe', email: 'john@example.com' };
  await server.record({ userId, listingId, eventType: 'inquiry', platform: 'linkedin', source: 'form', inquiry });

  const metrics = await server.metrics(userId, listingId);
  assert.deepEqual([metrics.totalViews, metrics.totalShares, metrics.totalInquiries], [0, 0, 1]);
  assert.equal(metrics.byPlatform.linkedin.inquiries, 1);

  const { inquiries, nextCursor } = await inquiriesOf(userId);
  assert.equal(inquiries.length, 1);
  assert.equal(inquiries[0].listingId, listingId);
  assert.equal(inquiries[0].platform, 'linkedin');
  assert.equal(inquiries[0].source, 'form');
  assert.deepEqual(inquiries[0].inquiry, inquiry);
  assert.equal(nextCursor, null);
});

test('4.3 what was asked is kept to the letter', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  const verbatim = '{"note" : "Grüße \\u00e9 \\"x\\"", "n": 1.50, "big": 12345678901234567890,\t"deep":[{"a":[null,true]}]}';
  const answer = await server.request('POST', '/v1/events', {
    headers: { 'Content-Type': 'application/json' },
    body: `{"userId":"${userId}","listingId":"${listingId}","eventType":"inquiry","inquiry":${verbatim}}`,
  });
  assert.equal(answer.status, 200, answer.text);
  const kept = await server.get(`/v1/users/${userId}/inquiries`);
  assert.ok(kept.text.includes(verbatim), kept.text);
  await server.restart();
  const after = await server.get(`/v1/users/${userId}/inquiries`);
  assert.ok(after.text.includes(verbatim), after.text);
});

test('4.3 an inquiry without data counts too', async () => {
  const [userId, listingId] = [fresh('agent'), fresh('listing')];
  await server.record({ userId, listingId, eventType: 'inquiry' });
  assert.deepEqual(await server.totals(userId, listingId), [0, 0, 1]);
  assert.equal((await inquiriesOf(userId)).inquiries.length, 1);
});

test('4.3 inquiries come newest first, page by page, by listing and by day', async () => {
  const userId = fresh('agent');
  const now = Date.now();
  const events = Array.from({ length: 25 }, (_, i) => ({
    userId,
    listingId: i % 5 === 0 ? 'fifth' : 'other',
    eventType: 'inquiry',
    id: `inquiry-${i}`,
    timestamp: now - i * DAY_MS,
    inquiry: { number: i },
  }));
  await server.record(events.slice(0, 13));
  await server.record(events.slice(13));

  const seen = [];
  let cursor = null;
  do {
    const page = await inquiriesOf(userId, { limit: 7, ...(cursor === null ? {} : { cursor }) });
    assert.ok(page.inquiries.length <= 7);
    seen.push(...page.inquiries.map((entry) => entry.inquiry.number));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, i) => i));

  const fifth = await inquiriesOf(userId, { listingId: 'fifth' });
  assert.deepEqual(fifth.inquiries.map((entry) => entry.inquiry.number), [0, 5, 10, 15, 20]);

  const some = await inquiriesOf(userId, {
    startDate: utcDate(now - 9 * DAY_MS),
    endDate: utcDate(now - 7 * DAY_MS),
  });
  assert.deepEqual(some.inquiries.map((entry) => entry.inquiry.number), [7, 8, 9]);
});

test('4.3 pages stay whole while inquiries arrive and after a restart', async () => {
  const userId = fresh('agent');
  const inquiry = (number) => ({
    userId, listingId: 'l', eventType: 'inquiry', timestamp: Date.now() - 60_000, inquiry: { number },
  });
  await server.record(Array.from({ length: 10 }, (_, i) => inquiry(i)));
  const first = await inquiriesOf(userId, { limit: 4 });
  await server.restart();
  await server.record({ ...inquiry(99), timestamp: Date.now() });
  const second = await inquiriesOf(userId, { limit: 100, cursor: first.nextCursor });
  const numbers = [...first.inquiries, ...second.inquiries].map((entry) => entry.inquiry.number);
  assert.deepEqual(numbers.sort((a, b) => a - b), Array.from({ length: 10 }, (_, i) => i));
});

stopsCleanlyAtTheEnd(server);
