// live.mjs - what live updates cost: thousands of WebSockets on one server while events flow.
//
// live_load on the load's core is both the subscribers and the source of events, so that what it
// takes does not count as the server's. A run at a rate says how late messages are and that every
// subscriber ends with the exact counts; runs as fast as the server answers, with subscribers and
// without, say what recording loses to them.
//
// SPDX-License-Identifier: Apache-2.0
import fs from 'node:fs';
import { join } from 'node:path';

const SUBSCRIBERS = 5000;
const LISTINGS = 5000; // each watched by one
const RATE = 10_000;
const TICKS_PER_SECOND = 100;

const residentKiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const cpuSeconds = (pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** One run against a fresh server: live_load's report, with the server's memory and CPU time. */
async function measure({ footfall, machine, options }, subscribers, rate, seconds) {
  const folder = machine.freshFolder('live');
  const server = await footfall.serve(folder);
  try {
    const port = server.url.split(':').at(-1);
    const load = join(options.build, 'bench/live_load');
    const args = (count, perSecond, time) => [port, count, LISTINGS, perSecond, time].map(String);
    await machine.runLoad(load, args(0, rate, 1)); // rollup and pages are warm
    const before = { memory: residentKiB(server.child.pid), cpu: cpuSeconds(server.child.pid) };
    let most = before.memory;
    const watch = setInterval(() => (most = Math.max(most, residentKiB(server.child.pid))), 100);
    const text = await machine.runLoad(load, args(subscribers, rate, seconds));
    clearInterval(watch);
    const found = JSON.parse(text.trim().split('\n').at(-1));
    return {
      ...found,
      grownKiB: most - before.memory,
      cpuShare: (cpuSeconds(server.child.pid) - before.cpu) / seconds,
    };
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

export const live = {
  name: 'live',
  async round(bench) {
    const { samples, options } = bench;
    const seconds = Math.max(5, Math.ceil(options.seconds));
    const many = await measure(bench, SUBSCRIBERS, RATE, seconds);
    const none = await measure(bench, 0, RATE, seconds);
    if (many.closed > 0) throw new Error(`${many.closed} subscribers were closed`);
    samples.add('live subscribers that do not end with the exact counts', many.lagging);
    samples.add('live events/s', many.eventsPerSecond);
    samples.add('live events/s without subscribers', none.eventsPerSecond);
    samples.add('live messages/s', many.messages / seconds);
    for (const name of ['p50Ms', 'p90Ms', 'p99Ms', 'p999Ms']) samples.add(`live ${name}`, many[name]);
    samples.add('live KiB a subscriber', (many.grownKiB - none.grownKiB) / SUBSCRIBERS);
    samples.add('live share of a core', many.cpuShare);
    samples.add('live share of a core without subscribers', none.cpuShare);
    samples.add('live fastest without subscribers', (await measure(bench, 0, 0, seconds)).eventsPerSecond);
    const busy = await measure(bench, SUBSCRIBERS, 0, seconds);
    samples.add('live fastest', busy.eventsPerSecond);
    samples.add('live subscribers that do not end with the exact counts, at the fastest', busy.lagging);
  },
  section(samples) {
    if (!samples.has('live p99Ms')) return [];
    const of = (name, digits = 0) => samples.median(`live ${name}`).toFixed(digits);
    const loss = (name) => {
      const { median, min, max } = samples.spread(`live ${name}`, `live ${name} without subscribers`);
      const percent = (ratio) => `${((1 - ratio) * 100).toFixed(1)} %`;
      return `${percent(median)} (${percent(max)} to ${percent(min)})`;
    };
    return [
      '## Live updates',
      '',
      `${SUBSCRIBERS} WebSockets, each on a listing of its own, while events of random listings are posted in arrays over eight connections.`,
      '',
      '| what | |',
      '|---|---|',
      `| subscribers that did not end with the exact counts | ${of('subscribers that do not end with the exact counts')}; with recording at its fastest ${of('subscribers that do not end with the exact counts, at the fastest')} |`,
      `| from acknowledgement to delivery, at ${of('events/s')} events/s and ${of('messages/s')} messages/s | p50 ${of('p50Ms')} ms, p90 ${of('p90Ms')} ms, p99 ${of('p99Ms')} ms, p99.9 ${of('p999Ms')} ms; a listing is told of at most every 200 ms |`,
      `| memory of the server, a subscriber | ${of('KiB a subscriber', 1)} KiB |`,
      `| server's share of a core at that rate | ${of('share of a core', 2)}; without subscribers ${of('share of a core without subscribers', 2)} |`,
      `| events/s lost at that rate | ${loss('events/s')} |`,
      `| events/s lost when recording is as fast as it can be, on one core for all of the server | ${loss('fastest')} of ${of('fastest without subscribers')} |`,
      '',
    ];
  },
};
