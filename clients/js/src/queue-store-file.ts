/**
 * queue-store-file.ts - queued events in a folder, a file each, named by time and id.
 *
 * A file is written under another name, synced and renamed, so what is there is whole.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenQueueStore, QueueEntry, QueueStore } from './queue-store.js';

/** Ids may hold any character; times are padded so that names sort by them. */
function fileName(entry: QueueEntry): string {
  const hash = createHash('sha256').update(entry.id).digest('hex').slice(0, 32);
  return `${String(entry.at).padStart(15, '0')}-${hash}.json`;
}

async function readEntry(path: string): Promise<QueueEntry | undefined> {
  try {
    const entry = JSON.parse(await readFile(path, 'utf8')) as QueueEntry;
    return typeof entry.id === 'string' && typeof entry.text === 'string' ? entry : undefined;
  } catch {
    return undefined; // another process sent and removed it, or it is not ours
  }
}

class FolderStore implements QueueStore {
  constructor(private readonly folder: string) {}

  async add(entry: QueueEntry): Promise<void> {
    const path = join(this.folder, fileName(entry));
    const file = await open(`${path}.${process.pid}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(entry));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.${process.pid}.new`, path);
  }

  private async names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => name.endsWith('.json')).sort();
  }

  async first(count: number): Promise<QueueEntry[]> {
    const entries: QueueEntry[] = [];
    for (const name of await this.names()) {
      if (entries.length === count) break;
      const entry = await readEntry(join(this.folder, name));
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  async remove(entries: QueueEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) =>
        unlink(join(this.folder, fileName(entry))).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        }),
      ),
    );
  }

  async count(): Promise<number> {
    return (await this.names()).length;
  }
}

export const openQueueStore: OpenQueueStore = async (name) => {
  await mkdir(name, { recursive: true, mode: 0o700 });
  return new FolderStore(name);
};
