// browser.mjs - Debian's Chromium for a test file: pages, what they complained about, pictures, axe.
//
// One browser a file, started when the first page is opened and closed at the end; each page lives in
// a context of its own, so that no storage is shared unless a test asks for it. A test fails when a
// page logged an error or broke its Content-Security-Policy, except for what the test said it
// expects. Where there is no Chromium every test is skipped, by name. FOOTFALL_CHROMIUM names another.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import nodeTest from 'node:test';
import { delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { program, test } from '../integration/server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(dirname(program), 'screenshots');

/** How long a page may take to show what is waited for; sanitizer builds on a busy machine. */
export const SHOW_MS_MAX = 60_000;

function findChromium() {
  const named = process.env.FOOTFALL_CHROMIUM;
  if (named !== undefined) return named;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // the next place
      }
    }
  }
  return undefined;
}

const executablePath = findChromium();
/** Why tests are skipped, or false. */
export const noBrowser = executablePath === undefined && 'Chromium is not here: apt-get install chromium';

let started;
function browser() {
  started ??= chromium.launch({
    executablePath,
    // its own sandbox refuses to run as root, as in containers
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  return started;
}
nodeTest.after(async () => (await started)?.close());

/** What a page complained about, and what it was expected to. */
class Complaints {
  constructor(page, expected) {
    this.found = [];
    this.expected = [...expected];
    page.on('console', (message) => {
      if (message.type() === 'error') this.add(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.add(`uncaught: ${error.stack ?? error}`));
  }

  add(words) {
    if (!this.expected.some((each) => each.test(words))) this.found.push(words);
  }
}

/**
 * A test that opens pages: body({open, context, t}).
 *
 *   open(url, options)   a playwright Page in a context of its own, or in options.context.
 *                        options: width (1100), height (900), theme ('light' or 'dark'), locale
 *                        (en-GB), timezone (UTC), expect (patterns of errors that are no failure),
 *                        and what playwright's newContext() takes
 *   context(options)     a context, for several pages that share storage
 */
export function pageTest(name, options, body) {
  if (typeof options === 'function') [options, body] = [{}, options];
  test(name, { skip: noBrowser, timeout: 300_000, ...options }, async (t) => {
    const contexts = [];
    const complaints = [];
    const context = async ({ width = 1100, height = 900, theme = 'light', locale = 'en-GB', timezone = 'UTC', ...rest } = {}) => {
      const made = await (await browser()).newContext({
        viewport: { width, height }, colorScheme: theme, locale, timezoneId: timezone, reducedMotion: 'reduce', ...rest,
      });
      made.setDefaultTimeout(SHOW_MS_MAX);
      contexts.push(made);
      return made;
    };
    const open = async (url, { expect = [], context: given, ...rest } = {}) => {
      const page = await (given ?? (await context(rest))).newPage();
      complaints.push(new Complaints(page, expect));
      await page.goto(url);
      return page;
    };
    try {
      await body({ open, context, t });
      assert.deepEqual(complaints.flatMap(({ found }) => found), [], 'pages logged errors');
    } catch (error) {
      for (const { found } of complaints) for (const words of found) console.error(`page: ${words}`);
      await Promise.all(contexts.flatMap((each) => each.pages()).map((page, i) => picture(page, `failed-${i + 1}`).catch(() => {})));
      throw error;
    } finally {
      await Promise.all(contexts.map((each) => each.close()));
    }
  });
}

/** The whole page as build/screenshots/NAME.png. */
export async function picture(page, name) {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** What the window shows as build/screenshots/docs/NAME.png; docs/images holds copies of these. */
export async function pictureForDocs(page, name) {
  mkdirSync(join(pictures, 'docs'), { recursive: true });
  await page.screenshot({ path: join(pictures, 'docs', `${name}.png`) });
}

/** Fails when axe-core finds something serious or critical, and says what and where. */
export async function isAccessible(page, where = 'the page') {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const words = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(' ')} (${failureSummary})`).join('; ')}`);
  assert.deepEqual(words, [], `axe on ${where}`);
}

/** Resolves when the condition in the page holds; it gets the argument. Else fails with the words. */
export async function until(page, words, condition, argument) {
  try {
    await page.waitForFunction(condition, argument, { timeout: SHOW_MS_MAX });
  } catch (error) {
    throw new Error(`never came: ${words}`, { cause: error });
  }
}
