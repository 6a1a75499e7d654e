/**
 * recorder.ts - many calls, few requests.
 *
 * Calls that are made while nothing is on its way leave together at the end of the current turn;
 * those that come while a request is on its way wait for it and leave together then. So a burst
 * costs a few requests, a single call costs no waiting, and the order of calls is kept.
 *
 * The server takes an array whole or not at all and says which event was wrong. That one's caller
 * gets the refusal; the others are sent again without it.
 */
import { type Answer, type Call } from './transport.js';
import type { RecordOutcome } from './types.js';

/** Inquiries of the largest size still fit into a body. */
const EVENTS_MAX = 500;

interface Waiting {
  text: string;
  answer: (outcome: RecordOutcome) => void;
}

export type Send = (call: Call) => Promise<Answer>;

export function recordFailure(answer: Answer & { success: false }): RecordOutcome {
  return { ...answer, recorded: 0, duplicates: 0 };
}

export class Recorder {
  private readonly waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly send: Send) {}

  /** Resolves when the event, as JSON, is durable or refused. */
  record(text: string): Promise<RecordOutcome> {
    return new Promise((answer) => {
      this.waiting.push({ text, answer });
      if (this.running) return;
      this.running = true;
      void Promise.resolve().then(() => this.run());
    });
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await this.deliver(this.waiting.splice(0, EVENTS_MAX));
    this.running = false;
  }

  private async deliver(batch: Waiting[]): Promise<void> {
    while (batch.length > 0) {
      const body = `[${batch.map(({ text }) => text).join(',')}]`;
      const answer = await this.send({ method: 'POST', path: '/v1/events', body });
      if (answer.success) {
        // A duplicate here is an earlier try of ours that was recorded: ids are new with each call.
        for (const each of batch) each.answer({ success: true, recorded: 1, duplicates: 0 });
        return;
      }
      const refused = answer.index === undefined ? batch.splice(0) : batch.splice(answer.index, 1);
      // an index beyond the batch would be an answer that makes no sense: all fail, none is lost
      const { index: _, ...words } = recordFailure(answer);
      for (const each of refused.length > 0 ? refused : batch.splice(0)) each.answer(words);
    }
  }
}
