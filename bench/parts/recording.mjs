// recording.mjs - events over HTTP, each load checked: what was acknowledged is counted.
//
// SPDX-License-Identifier: Apache-2.0

const STREAM_LINES = 3_000_000;
export const STREAMS = 2;

export const recording = {
  name: 'recording',
  async round({ footfall, machine, samples, seconds, scale }) {
    let server = await footfall.serve(machine.freshFolder('recording'));
    const single = await footfall.load(server.url, ['--duration', seconds]);
    samples.add('POST', single.requestsPerSecond);
    samples.add('POST p50 us', single.record.serviceMicroseconds.p50);
    samples.add('POST p99 us', single.record.serviceMicroseconds.p99);
    await server.stop();

    server = await footfall.serve(machine.freshFolder('recording'));
    const streams = await footfall.load(server.url, [
      '--events', Math.round(STREAM_LINES * scale), '--batch', 10_000, '--stream', '--connections', STREAMS,
    ]);
    samples.add('NDJSON', streams.eventsPerSecond);
    await server.stop();

    server = await footfall.serve(machine.freshFolder('recording'));
    const arrays = await footfall.load(server.url, ['--duration', seconds, '--batch', 50, '--connections', 64]);
    samples.add('arrays of 50', arrays.eventsPerSecond);
    await server.stop();
  },
};
