/**
 * queue-store.ts - what keeps queued events: IndexedDB in a page, a folder under Node.
 *
 * Entries are written and removed one by one, so that several pages or processes can share a store.
 * An entry that two of them send at once counts once, by its id.
 */
export interface QueueEntry {
  /** The event's id. */
  id: string;
  /** When it was queued: milliseconds. */
  at: number;
  /** The event as JSON. */
  text: string;
}

export interface QueueStore {
  /** Resolves when the entry survives the end of the page or process. */
  add(entry: QueueEntry): Promise<void>;
  /** The oldest, at most so many. */
  first(count: number): Promise<QueueEntry[]>;
  remove(entries: QueueEntry[]): Promise<void>;
  count(): Promise<number>;
}

export type OpenQueueStore = (name: string) => Promise<QueueStore>;
