// enqueue() in a real browser: IndexedDB keeps events until the server has them, through lost
// connections, page changes and closed pages; each counts once.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startFlaky } from '../clients/flaky.mjs';
import { fresh, startServer, stopsCleanlyAtTheEnd } from '../integration/server.mjs';
import { pageTest, SHOW_MS_MAX, until } from './browser.mjs';
import { bundled, startSite } from './site.mjs';

const html = '<!doctype html><html lang="en"><title>A site</title><main><h1>A site</h1></main>';
const site = await startSite({
  pages: {
    '/': `${html}<script type="module" src="/page.js"></script>`,
    '/other': html,
    '/page.js': await bundled("import * as footfall from 'footfall'; globalThis.footfall = footfall;"),
  },
});
after(() => site.close());
const server = await startServer({ flags: ['--cors-origin', site.url] });
const flaky = await startFlaky(server.url);
after(() => flaky.close());
site.connect.push(server.url, flaky.url);

/** The page's client, which keeps its events under that name. */
async function begin(page, baseUrl, queueName) {
  await until(page, 'the client', () => globalThis.footfall !== undefined);
  await page.evaluate(([url, name]) => (globalThis.client = new globalThis.footfall.Footfall({ baseUrl: url, queueName: name, retries: 0 })), [baseUrl, queueName]);
}
const enqueue = (page, event) => page.evaluate((each) => globalThis.client.enqueue(each), event);
const flush = (page) => page.evaluate(() => globalThis.client.flush());
async function emptied(page) {
  const end = Date.now() + SHOW_MS_MAX;
  while ((await flush(page)).left > 0) assert.ok(Date.now() < end, 'the queue never emptied');
}
const kept = (page, name) => page.evaluate((database) => new Promise((done, failed) => {
  const opening = indexedDB.open(database);
  opening.onerror = () => failed(opening.error);
  opening.onsuccess = () => {
    const counting = opening.result.transaction('events').objectStore('events').count();
    counting.onsuccess = () => (opening.result.close(), done(counting.result));
  };
}), name);
const view = (userId, more) => ({ userId, listingId: 'l', eventType: 'view', ...more });
const views = async (user) => (await server.totals(user, 'l'))[0];

async function counted(user, count) {
  const end = Date.now() + SHOW_MS_MAX;
  while ((await views(user)) < count && Date.now() < end) await new Promise((done) => setImmediate(done));
  assert.equal(await views(user), count);
}

pageTest('it is sent at once when it can be, and nothing stays', async ({ open }) => {
  const user = fresh('agent');
  const queue = fresh('queue');
  const page = await open(site.url);
  await begin(page, server.url, queue);
  assert.deepEqual(await enqueue(page, view(user)), { success: true });
  await counted(user, 1);
  assert.equal((await flush(page)).left, 0);
  assert.equal(await kept(page, queue), 0);
});

pageTest('offline it is kept; online again it is sent by itself', async ({ open, context }) => {
  const user = fresh('agent');
  const queue = fresh('queue');
  const shared = await context();
  const page = await open(site.url, { context: shared, expect: [/ERR_INTERNET_DISCONNECTED/] });
  await begin(page, server.url, queue);
  await shared.setOffline(true);
  for (let i = 0; i < 3; i++) assert.deepEqual(await enqueue(page, view(user)), { success: true });
  const failed = await flush(page);
  assert.deepEqual([failed.success, failed.code, failed.left], [false, 'network_error', 3]);
  assert.equal(await kept(page, queue), 3);
  assert.equal(await views(user), 0);
  await shared.setOffline(false);
  await counted(user, 3);
  await emptied(page);
  assert.equal(await kept(page, queue), 0);
  assert.equal(await views(user), 3);
});

pageTest('what one page kept the next page sends', async ({ open, context }) => {
  const user = fresh('agent');
  const queue = fresh('queue');
  const shared = await context();
  const first = await open(site.url, { context: shared, expect: [/ERR_/] });
  await begin(first, flaky.url, queue);
  flaky.plan.push('cut', 'cut', 'cut', 'cut', 'cut', 'cut');
  for (let i = 0; i < 2; i++) await enqueue(first, view(user));
  assert.equal((await flush(first)).left, 2);
  await first.close();
  flaky.plan.length = 0;
  const second = await open(site.url, { context: shared });
  await begin(second, server.url, queue);
  assert.deepEqual(await flush(second), { success: true, sent: 2, dropped: 0, left: 0 });
  assert.equal(await views(user), 2);
});

pageTest('an answer that got lost makes no second count', async ({ open }) => {
  const user = fresh('agent');
  const queue = fresh('queue');
  const page = await open(site.url, { expect: [/ERR_/] });
  await begin(page, flaky.url, queue);
  flaky.plan.push('pass', 'swallow'); // the preflight, and the events
  await enqueue(page, view(user));
  await emptied(page);
  assert.equal(await views(user), 1);
});

pageTest('a page that is left sends what it kept', async ({ open }) => {
  const user = fresh('agent');
  const queue = fresh('queue');
  const page = await open(site.url, { expect: [/ERR_|503|CORS/] });
  await begin(page, flaky.url, queue);
  flaky.plan.push('pass', 'refuse');
  await enqueue(page, view(user));
  while (flaky.plan.length > 0) await new Promise((done) => setImmediate(done)); // it was tried, and refused
  assert.equal(await kept(page, queue), 1);
  assert.equal(await views(user), 0);
  await page.goto(`${site.url}/other`);
  await counted(user, 1);
  // it came with the page's leaving: nothing else of that page could send it
  await page.goto(site.url);
  await begin(page, server.url, queue);
  assert.equal((await flush(page)).left, 0);
  assert.equal(await views(user), 1);
});

stopsCleanlyAtTheEnd(server);
