// power.mjs - the power goes under load, again and again, on one file system.
//
// What was acknowledged is what had been answered before the cut was ordered; all that was under
// way stays open. So the oracle's floor is true at the instant of the cut.
//
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer } from '../integration/server.mjs';
import { FILE_SYSTEMS, noSync, PowerDisk } from './disk.mjs';
import { FLAGS, Load } from './load.mjs';

const LOAD_MS = [50, 500];
const WRITE_MS_MAX = 50;
const PROOF_TRIES = 8;

/** What of the disk's cache survives; most often a part. */
const SURVIVES = ['none', 'all', 'writes', 'writes', 'sectors', 'sectors'];

/** The seed says which file system and which way of writing the journal. */
export function variantOf(seed) {
  return {
    fileSystem: FILE_SYSTEMS[seed % 2],
    io: Math.floor(seed / 2) % 2 === 0 ? 'buffered' : 'direct',
  };
}

/** How a loss shows: an acknowledged event is missing, or a start refuses what is left. */
const LOSS = /.*(acknowledged or shown before|is lost|details of|footfall: .*(journal|footfall\.db)).*/;

/**
 * Ends acknowledgements and the power, then the server. Half of the cuts come at once; the others
 * right behind one of the next writes, which then lies in the disk's cache and may be torn.
 */
async function cutOnce({ disk, server, load, survives }) {
  const { random } = load;
  const seed = random.below(2 ** 31);
  const writes = survives === 'none' ? 0 : random.below(8) - 3;
  await load.runAndKill(server, random.between(...LOAD_MS), async () => {
    load.endOfAcknowledgements();
    disk.cut(seed, survives, Math.max(0, writes));
    for (let i = 0; i < WRITE_MS_MAX && !disk.state().isOff; i++) await delay(1);
    if (!disk.state().isOff) disk.cut(seed, survives); // no such write came
    await server.kill9();
  });
  const cache = disk.state();
  await disk.powerOn();
  return cache;
}

/** The power goes while the server starts: it recovers, or makes its data folder. */
async function cutStart({ disk, server, random, msMax }) {
  const starting = server.start().catch(() => null);
  await delay(random.below(msMax));
  disk.cut(random.below(2 ** 31), random.pick(SURVIVES));
  await server.kill9();
  await starting;
  await disk.powerOn();
}

/**
 * Says what it found after each cut; throws at the first thing that is wrong, after keep(disk) if
 * that is given.
 */
export async function cutChain({ seed, cuts, say, keep }) {
  const { fileSystem, io } = variantOf(seed);
  const load = new Load(seed);
  const { random } = load;
  const disk = await new PowerDisk(fileSystem).open();
  let server;
  try {
    const flags = [...FLAGS, '--journal-io', io];
    server = await startServer({ flags, data: join(disk.mounted, 'before') });
    const startMs = performance.now();
    await server.restart();
    const msMax = 2 * (performance.now() - startMs);
    await server.stopsCleanly();
    server.data = join(disk.mounted, 'data'); // its first start is cut, too
    for (let i = random.below(3); i > 0; i--) await cutStart({ disk, server, random, msMax });
    await server.start();
    for (let cut = 1; cut <= cuts; cut++) {
      const cache = await cutOnce({ disk, server, load, survives: random.pick(SURVIVES) });
      if (random.chance(0.3)) await cutStart({ disk, server, random, msMax });
      await server.start();
      say(cut, { ...cache, ...(await load.reckon(server, `cut ${cut}, ${fileSystem}, ${io}`)) });
      if (random.chance(0.2)) await server.restart();
    }
    await server.stopsCleanly();
  } catch (error) {
    server?.printLog();
    await server?.close();
    await keep?.(disk);
    throw error;
  } finally {
    await server?.close();
    await disk.close();
  }
}

/**
 * The same with a server whose record syncs lie: a reckoning has to find the loss, or this whole
 * harness is blind. Other files' syncs make records durable by chance (a disk flushes all it has),
 * so seals wait, and there are several tries. Resolves with the words of the loss.
 */
export async function proveThatLossShows(seed) {
  const { fileSystem, io } = variantOf(seed);
  const when = `${fileSystem}, ${io}, records not synced`;
  const load = new Load(seed);
  const disk = await new PowerDisk(fileSystem).open();
  const flags = ['--journal-segment-bytes', '1048576', '--seal-interval-ms', '60000', '--journal-io', io];
  let server;
  try {
    server = await startServer({ flags, data: join(disk.mounted, 'data'), env: lying() });
    for (let attempt = 0; attempt < PROOF_TRIES; attempt++) {
      await cutOnce({ disk, server, load, survives: 'none' });
      await server.start();
      await load.assertRemembered(server, when);
    }
  } catch (error) {
    const loss = LOSS.exec(error.message);
    if (loss === null) throw error;
    return loss[0];
  } finally {
    await server?.close();
    await disk.close();
  }
  throw new Error(`${when}: nothing was lost in ${PROOF_TRIES} cuts, so this harness is blind`);
}

function lying() {
  // sanitizer builds: the shim comes before their runtime
  return { LD_PRELOAD: noSync, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` };
}
