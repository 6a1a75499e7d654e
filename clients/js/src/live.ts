/**
 * live.ts - today's counts of listings, pushed while they change.
 *
 * Server-Sent Events over fetch(), because EventSource cannot send a key. Every message holds whole
 * counts, so what is shown is right after any of them. When the connection ends, or is silent for
 * longer than the server's heartbeat allows, it is made anew, after a growing pause with chance in
 * it, from where it was; a restarted server sends everything again.
 */
import type { Settings } from './options.js';
import type { PerformanceMetrics } from './types.js';

/** live: messages come. waiting: the connection is lost and will be tried again. refused: it makes
 *  no sense to try again (a wrong key, another's data, a wrong parameter). closed: by close(). */
export type LiveState = 'connecting' | 'live' | 'waiting' | 'refused' | 'closed';

export interface WatchOptions {
  userId: string;
  /** Up to 100; without it all that count something today. */
  listings?: string[] | undefined;
  /** An IANA name: whose day today is. UTC without it. */
  timezone?: string | undefined;
  /** Today's counts of a listing, first and whenever they change: replace what was there. */
  onMetrics: (metrics: PerformanceMetrics) => void;
  onState?: ((state: LiveState, error?: { error: string; code: string }) => void) | undefined;
}

export interface Watch {
  close(): void;
}

const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 30_000;
/** Two and a half heartbeats of the server. */
const SILENCE_MS_MAX = 75_000;
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);

interface StreamEvent {
  id: string | undefined;
  data: string;
}

/** Cuts a stream of text into events, as the HTML standard has it, 9.2.6. */
export class EventParser {
  private rest = '';
  private data: string[] = [];
  private id: string | undefined;

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) events.push({ id: this.id, data: this.data.join('\n') });
        this.data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') this.data.push(value);
      if (field === 'id') this.id = value;
    }
    return events;
  }
}

class Connection implements Watch {
  private readonly closing = new AbortController();
  private since: string | undefined;
  private pauseMs = PAUSE_MS_MIN;

  constructor(private readonly settings: Settings, private readonly options: WatchOptions) {
    void this.run();
  }

  close(): void {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    this.options.onState?.('closed');
  }

  private get closed(): boolean {
    return this.closing.signal.aborted;
  }

  private say(state: LiveState, error?: { error: string; code: string }): void {
    if (!this.closed) this.options.onState?.(state, error);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      this.say('connecting');
      if (!(await this.connect()) || this.closed) return;
      this.say('waiting');
      await this.pause();
    }
  }

  private pause(): Promise<void> {
    const ms = this.pauseMs * (0.5 + Math.random());
    this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MS_MAX);
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.closing.signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
    });
  }

  private address(): string {
    const { userId, listings, timezone } = this.options;
    const query = new URLSearchParams();
    for (const listing of listings ?? []) query.append('listing', listing);
    if (timezone !== undefined) query.set('timezone', timezone);
    if (this.since !== undefined) query.set('since', this.since);
    return `${this.settings.baseUrl}/v1/users/${encodeURIComponent(userId)}/live?${query}`;
  }

  /** One connection from its start to its end. Whether to try again. */
  private async connect(): Promise<boolean> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    let silence = setTimeout(end, SILENCE_MS_MAX);
    this.closing.signal.addEventListener('abort', end, { once: true });
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (this.settings.key !== undefined) headers.Authorization = `Bearer ${this.settings.key}`;
      const response = await this.settings.fetch(this.address(), {
        headers, signal: ending.signal, credentials: 'omit', cache: 'no-store',
      });
      if (!response.ok || response.body === null) return await this.refusal(response);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return true;
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS_MAX);
        for (const event of parser.push(value)) this.take(event);
      }
    } catch {
      return true; // the network: tried again
    } finally {
      clearTimeout(silence);
      this.closing.signal.removeEventListener('abort', end);
      end();
    }
  }

  private async refusal(response: Response): Promise<boolean> {
    if (LATER.has(response.status)) return true;
    const body = (await response.json().catch(() => ({}))) as { error?: string; code?: string };
    const error = body.error ?? `the server answered ${response.status}`;
    this.say('refused', { error, code: body.code ?? 'invalid_answer' });
    return false;
  }

  private take({ id, data }: StreamEvent): void {
    if (this.closed) return;
    const message = JSON.parse(data) as { type: string; metrics?: PerformanceMetrics };
    if (message.type === 'subscribed') {
      this.pauseMs = PAUSE_MS_MIN;
      this.say('live');
    }
    if (message.metrics !== undefined) this.options.onMetrics(message.metrics);
    if (id !== undefined) this.since = id;
  }
}

export function watch(settings: Settings, options: WatchOptions): Watch {
  return new Connection(settings, options);
}
