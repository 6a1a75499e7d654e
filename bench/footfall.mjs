// footfall.mjs - Footfall under test: its server, its load generator, its engine in process; and the
// bare library that it is compared with.
//
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

const LISTENING = /listening on (http:\/\/\S+)\n/;

export class Footfall {
  constructor(machine, build) {
    this.machine = machine;
    this.program = join(build, 'footfall');
    this.build = build;
  }

  async serve(folder, flags = [], { env } = {}) {
    const server = await this.machine.start(this.program, [
      'serve', '--data', folder, '--listen', '127.0.0.1:0', '--auth', 'off', ...flags,
    ], { ready: LISTENING, env });
    return { ...server, url: server.found };
  }

  /** Its GET answers that many bytes. */
  async serveBare(bytes = 1024) {
    const server = await this.machine.start(join(this.build, 'bench/bare_server'), ['127.0.0.1:0', String(bytes)], { ready: LISTENING });
    return { ...server, url: server.found };
  }

  /**
   * Runs `footfall load` on the load's core. Every answer must have been a 200, or a 503 that was
   * waited for, which is the time it takes; wrong counts are a failure of `footfall load`.
   */
  async load(url, flags) {
    const report = JSON.parse(await this.machine.runLoad(this.program, [
      'load', '--url', url, '--json', ...flags.map(String),
    ]));
    if (report.troubles.answers.some(({ status }) => status !== 503) || report.troubles.cut + report.troubles.timeouts > 0) {
      throw new Error(`${url}: ${JSON.stringify(report.troubles)}`);
    }
    return report;
  }

  /** bench/engine_bench on both cores, for the store's thread works beside whoever records. */
  async engine(...args) {
    const text = await this.machine.run(join(this.build, 'bench/engine_bench'), args.map(String));
    return Object.fromEntries(text.trim().split('\n').filter((line) => line !== '').map((line) => {
      const [name, value] = line.split(' ');
      return [name, Number(value)];
    }));
  }
}
