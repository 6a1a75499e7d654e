/**
 * queue-store-browser.ts - queued events in IndexedDB.
 */
import type { OpenQueueStore, QueueEntry, QueueStore } from './queue-store.js';

const STORE = 'events';

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refused'));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB refused'));
    transaction.onerror = transaction.onabort;
  });
}

class BrowserStore implements QueueStore {
  constructor(private readonly database: IDBDatabase) {}

  private async change(work: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.database.transaction(STORE, 'readwrite', { durability: 'strict' });
    work(transaction.objectStore(STORE));
    await committed(transaction);
  }

  add(entry: QueueEntry): Promise<void> {
    return this.change((store) => store.put(entry));
  }

  first(count: number): Promise<QueueEntry[]> {
    const store = this.database.transaction(STORE).objectStore(STORE);
    return done(store.index('at').getAll(undefined, count) as IDBRequest<QueueEntry[]>);
  }

  remove(entries: QueueEntry[]): Promise<void> {
    return this.change((store) => {
      for (const { id } of entries) store.delete(id);
    });
  }

  count(): Promise<number> {
    return done(this.database.transaction(STORE).objectStore(STORE).count());
  }
}

export const openQueueStore: OpenQueueStore = async (name) => {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(STORE, { keyPath: 'id' }).createIndex('at', 'at');
  };
  return new BrowserStore(await done(opening));
};
