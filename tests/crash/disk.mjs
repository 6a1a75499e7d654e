// disk.mjs - a file system on a disk whose power can be cut (power_disk.c).
//
//   program -> file system (ext4, xfs) -> loop device -> power_disk: cache -> medium
//
// Why what a cut leaves is what a power cut leaves. Data that was written but not synced is in
// the page cache of the file system above, which the cut does not touch and the unmounting after
// it cannot save, as the disk forgets all that comes later. Data that the file system has sent
// but not flushed is in the disk's cache, of which the cut keeps an arbitrary part, sector by
// sector. Between loop device and disk nothing is cached: the disk's file is opened with direct
// I/O. And the cut is one instant between two requests of the disk.
//
// Mounts belong to the mount namespace that script/crash and the test make: when its last
// process ends, however that comes, they are gone, and the loop devices with them.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, fsyncSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { program, temporaryFolder } from '../integration/server.mjs';

const exec = promisify(execFile);
const MIB = 320; // the least that mkfs.xfs makes is 300
const helper = join(dirname(program), 'tests/crash/power_disk');
export const noSync = join(dirname(program), 'tests/crash/no_sync.so');

const MKFS = {
  ext4: ['mkfs.ext4', '-q', '-F', '-N', '512', '-J', 'size=8', '-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard'],
  xfs: ['mkfs.xfs', '-q', '-f', '-K'],
};
export const FILE_SYSTEMS = Object.keys(MKFS);

/** A new mount and process namespace: whatever happens inside, nothing remains of it. */
export const NAMESPACE = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Why there can be no such disk here; undefined if there can. */
export function whyNot() {
  if (process.getuid() !== 0) return 'power cuts need root';
  if (!existsSync(helper)) return 'power cuts need libfuse3 (libfuse3-dev when building)';
  for (const device of ['/dev/fuse', '/dev/loop-control']) {
    try {
      accessSync(device, constants.R_OK | constants.W_OK);
    } catch {
      return `power cuts need ${device}`;
    }
  }
  const [unshare, ...rest] = NAMESPACE;
  if (spawnSync(unshare, [...rest, 'losetup', '--find']).status !== 0) {
    return 'power cuts need the right to mount, and a free loop device';
  }
  const missing = Object.values(MKFS).map(([name]) => name).find((name) => spawnSync(name, ['-V']).error);
  return missing && `power cuts need ${missing}`;
}

async function until(what, isSo) {
  for (let i = 0; i < 1_000; i++) {
    if (await isSo()) return;
    await delay(10);
  }
  throw new Error(`${what}: not within ten seconds`);
}

export class PowerDisk {
  constructor(fileSystem) {
    this.fileSystem = fileSystem;
    this.folder = temporaryFolder();
    this.below = join(this.folder.path, 'below');
    this.mounted = join(this.folder.path, 'mounted');
    this.disk = join(this.below, 'disk');
    this.isMounted = false;
  }

  async open() {
    mkdirSync(this.below);
    mkdirSync(this.mounted);
    this.child = spawn(helper, [String(MIB), this.below], { stdio: 'inherit' });
    this.gone = new Promise((done) => this.child.on('exit', done));
    await until('the disk appears', () => existsSync(this.disk));
    const [mkfs, ...options] = MKFS[this.fileSystem];
    await exec(mkfs, [...options, this.disk]);
    const file = openSync(this.disk, 'r+');
    fsyncSync(file);
    closeSync(file);
    await this.mount();
    return this;
  }

  async mount() {
    await exec('mount', ['-t', this.fileSystem, '-o', 'loop', this.disk, this.mounted]);
    this.isMounted = true;
  }

  /** Returns only when the loop device is free as well: nothing more can reach the disk. */
  async unmount() {
    await exec('umount', [this.mounted]);
    this.isMounted = false;
    await until('the loop device goes', async () => (await exec('losetup', ['-j', this.disk])).stdout === '');
  }

  /** The cut: at once, or right behind the Nth write from now on. */
  cut(seed, survives, writes = 0) {
    writeFileSync(join(this.below, 'control'), `cut ${seed} ${survives} ${writes}`);
  }

  /** Whether the power is off, and the sectors that the newest cut found in the disk's cache and kept. */
  state() {
    const [isOff, found, kept] = readFileSync(join(this.below, 'control'), 'utf8').split(' ').map(Number);
    return { isOff: isOff === 1, sectorsFound: found, sectorsKept: kept };
  }

  /** After a cut, when no process uses the file system any more: power is back. */
  async powerOn() {
    await this.unmount();
    writeFileSync(join(this.below, 'control'), 'on');
    await this.mount();
  }

  async keepAt(path) {
    await exec('cp', ['--sparse=always', this.disk, path]);
  }

  async close() {
    if (this.isMounted) await this.unmount();
    if (this.child !== undefined) {
      await exec('umount', [this.below]);
      assert.equal(await this.gone, 0, 'the disk ends in peace');
    }
    this.folder.remove();
  }
}
