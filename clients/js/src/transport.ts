/**
 * transport.ts - one request, tried until it is answered or there is no sense in trying.
 *
 * Tried again: no connection, no answer in time, and the statuses that say "later" (408, 425, 429,
 * 500 is not one of them, 502, 503, 504). Between tries it waits as long as Retry-After says, or
 * else a random part of a growing pause, so that many pages do not come back at the same moment.
 * Trying again is safe: every event bears an id, and a question changes nothing.
 */
import type { Settings } from './options.js';
import type { Outcome } from './types.js';

export type Json = Record<string, unknown>;

export type Answer =
  | { success: true; body: Json }
  | (Outcome & { success: false; error: string; code: string; index?: number });

const LATER = new Set([408, 425, 429, 502, 503, 504]);
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 10_000;

interface Try {
  answer: Answer;
  /** Whether it may go better later, and after which pause if the server said. */
  later: boolean;
  pauseMs?: number;
}

export interface Call {
  method: 'GET' | 'POST';
  /** Begins with a slash, escaped. */
  path: string;
  /** JSON. */
  body?: string;
  /** The page is going away: the browser must finish the request by itself, and only one is made. */
  keepalive?: boolean;
}

export type Parameters = Record<string, string | number | string[] | undefined>;

/** An address under /v1, each segment escaped. */
export function path(segments: string[], parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  const text = query.toString();
  return `/v1/${segments.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

function failure(code: string, error: string): Answer {
  return { success: false, code, error };
}

function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

async function readAnswer(response: Response): Promise<Try> {
  const later = LATER.has(response.status);
  const pauseMs = retryAfterMs(response.headers.get('retry-after'));
  const pause = pauseMs === undefined ? {} : { pauseMs };
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    const error = `the answer ${response.status} is not JSON: is this a Footfall server?`;
    return { answer: failure('invalid_answer', error), later, ...pause };
  }
  const json = (typeof body === 'object' && body !== null ? body : {}) as Json;
  if (response.ok && json.success === true) return { answer: { success: true, body: json }, later: false };
  const answer: Answer = {
    success: false,
    error: typeof json.error === 'string' ? json.error : `the server answered ${response.status}`,
    code: typeof json.code === 'string' ? json.code : 'invalid_answer',
    ...(typeof json.index === 'number' ? { index: json.index } : {}),
  };
  return { answer, later, ...pause };
}

async function tryOnce(settings: Settings, call: Call, timeoutMs: number): Promise<Try> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (settings.key !== undefined) headers.Authorization = `Bearer ${settings.key}`;
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const response = await settings.fetch(settings.baseUrl + call.path, {
      method: call.method,
      headers,
      signal: controller.signal,
      // no cookies: the key is the credential
      credentials: 'omit',
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(call.keepalive === true ? { keepalive: true } : {}),
    });
    return await readAnswer(response);
  } catch (error) {
    if (controller.signal.aborted) {
      return { answer: failure('timeout', `no answer from ${settings.baseUrl} in ${timeoutMs} ms`), later: true };
    }
    const cause = error instanceof Error ? (error.cause as Error | undefined)?.message ?? error.message : String(error);
    return { answer: failure('network_error', `${settings.baseUrl} cannot be reached: ${cause}`), later: true };
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Never throws. */
export async function request(settings: Settings, call: Call): Promise<Answer> {
  const deadline = Date.now() + settings.deadlineMs;
  for (let tries = 0; ; tries++) {
    const left = deadline - Date.now();
    const { answer, later, pauseMs } = await tryOnce(settings, call, Math.max(1, Math.min(settings.timeoutMs, left)));
    if (answer.success || !later || tries >= settings.retries || call.keepalive === true) return answer;
    const widest = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** tries);
    const wait = pauseMs === undefined ? Math.random() * widest : pauseMs + Math.random() * PAUSE_MS_MIN;
    if (Date.now() + wait >= deadline) return answer;
    await sleep(wait);
  }
}
