/**
 * queue.ts - events kept here until the server has them.
 *
 * For pages that may be offline and processes that may stop: `add` resolves when the event is kept,
 * not when it is recorded. Entries leave when the server has them, when it refuses them for good, or
 * after QUEUE_MS_MAX: the server remembers ids for a day, so an entry that was sent but not removed
 * must never be sent after that. Nothing else loses one.
 *
 * Sent: at once, when the browser is online again, after growing pauses while it fails, and when the
 * page is hidden or left. A page that is left runs no further: its storage would not answer any more.
 * So what waits is known here, too, and goes out in the event's own turn.
 */
import type { OpenQueueStore, QueueEntry, QueueStore } from './queue-store.js';
import type { Answer } from './transport.js';
import type { Send } from './recorder.js';
import type { Outcome } from './types.js';

export const QUEUE_MS_MAX = 20 * 3600 * 1000;
export const QUEUE_ENTRIES_MAX = 10_000;
const BATCH_MAX = 200;
/** What browsers let a page send while it goes away. */
const KEEPALIVE_BYTES_MAX = 60_000;
const PAUSE_MS_MIN = 5_000;
const PAUSE_MS_MAX = 300_000;

export interface FlushOutcome extends Outcome {
  sent: number;
  /** Refused for good, or too old. */
  dropped: number;
  /** Still kept. */
  left: number;
}

export class Queue {
  private store: Promise<QueueStore> | undefined;
  /** Of what is kept: as many as one last request may take. */
  private readonly waiting = new Map<string, QueueEntry>();
  private flushing: Promise<FlushOutcome> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pauseMs = PAUSE_MS_MIN;

  constructor(
    private readonly send: Send,
    private readonly open: OpenQueueStore,
    private readonly name: string,
  ) {}

  private opened(): Promise<QueueStore> {
    if (this.store === undefined) {
      this.store = this.open(this.name);
      this.store.catch(() => (this.store = undefined)); // the next call tries anew
      this.listen();
    }
    return this.store;
  }

  private listen(): void {
    if (typeof document === 'undefined') return;
    addEventListener('online', () => void this.flush());
    addEventListener('pagehide', () => void this.leave());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.leave();
    });
  }

  async add(entry: QueueEntry): Promise<Outcome> {
    try {
      const store = await this.opened();
      if ((await store.count()) >= QUEUE_ENTRIES_MAX) {
        return { success: false, code: 'queue_full', error: `${QUEUE_ENTRIES_MAX} events wait already` };
      }
      this.know([entry]);
      await store.add(entry);
    } catch (error) {
      this.waiting.delete(entry.id);
      return { success: false, code: 'queue_failed', error: `the event could not be kept: ${String(error)}` };
    }
    void this.flush();
    return { success: true };
  }

  /** Sends what is kept. Calls that meet share one walk. */
  flush(): Promise<FlushOutcome> {
    this.flushing ??= this.walk().finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  private know(entries: QueueEntry[]): void {
    for (const entry of entries) if (this.waiting.size < BATCH_MAX) this.waiting.set(entry.id, entry);
  }

  private async remove(store: QueueStore, entries: QueueEntry[]): Promise<void> {
    for (const { id } of entries) this.waiting.delete(id);
    await store.remove(entries);
  }

  private async walk(): Promise<FlushOutcome> {
    const outcome: FlushOutcome = { success: true, sent: 0, dropped: 0, left: 0 };
    try {
      const store = await this.opened();
      for (;;) {
        const entries = await this.withoutOld(store, await store.first(BATCH_MAX), outcome);
        if (entries.length === 0) break;
        this.know(entries);
        const answer = await this.deliver(store, entries, outcome);
        if (!answer.success) {
          Object.assign(outcome, { success: false, code: answer.code, error: answer.error });
          break;
        }
      }
      outcome.left = await store.count();
    } catch (error) {
      Object.assign(outcome, { success: false, code: 'queue_failed', error: String(error) });
    }
    this.planNext(outcome);
    return outcome;
  }

  private async withoutOld(store: QueueStore, entries: QueueEntry[], outcome: FlushOutcome): Promise<QueueEntry[]> {
    const oldest = Date.now() - QUEUE_MS_MAX;
    const old = entries.filter(({ at }) => at < oldest);
    if (old.length === 0) return entries;
    await this.remove(store, old);
    outcome.dropped += old.length;
    const young = entries.filter(({ at }) => at >= oldest);
    return young.length > 0 ? young : this.withoutOld(store, await store.first(BATCH_MAX), outcome);
  }

  /** Sends the entries; the one that the server refuses for good is dropped and the rest sent. */
  private async deliver(store: QueueStore, entries: QueueEntry[], outcome: FlushOutcome): Promise<Answer> {
    let left = entries;
    for (;;) {
      const body = `[${left.map(({ text }) => text).join(',')}]`;
      const answer = await this.send({ method: 'POST', path: '/v1/events', body });
      if (answer.success) {
        await this.remove(store, left);
        outcome.sent += left.length;
        return answer;
      }
      const refused = answer.index === undefined ? undefined : left[answer.index];
      if (refused === undefined) return answer;
      await this.remove(store, [refused]);
      outcome.dropped += 1;
      left = left.filter((entry) => entry !== refused);
      if (left.length === 0) return { success: true, body: {} };
    }
  }

  private planNext({ success, left }: FlushOutcome): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (left === 0 || success) {
      this.pauseMs = PAUSE_MS_MIN;
      return;
    }
    this.timer = setTimeout(() => void this.flush(), this.pauseMs * (0.5 + Math.random()));
    // a process that has nothing else to do may end; the next one finds the entries
    (this.timer as { unref?: () => void }).unref?.();
    this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MS_MAX);
  }

  /** The page is going away: what fits into one last request is sent, and stays kept until answered. */
  private async leave(): Promise<void> {
    const oldest = Date.now() - QUEUE_MS_MAX;
    const entries: QueueEntry[] = [];
    let bytes = 2;
    for (const entry of this.waiting.values()) {
      bytes += entry.text.length * 3 + 1;
      if (bytes > KEEPALIVE_BYTES_MAX) break;
      if (entry.at >= oldest) entries.push(entry);
    }
    if (entries.length === 0) return;
    const body = `[${entries.map(({ text }) => text).join(',')}]`;
    // nothing is awaited before this: the request leaves while the page still may
    const answer = await this.send({ method: 'POST', path: '/v1/events', body, keepalive: true });
    try {
      if (answer.success) await this.remove(await this.opened(), entries);
    } catch {
      // they are kept: the next page sends them, and they count once
    }
  }
}
