// bare.mjs - the HTTP library and nothing else, answering at once: the requests/s there are.
//
// SPDX-License-Identifier: Apache-2.0

export const bare = {
  name: 'bare',
  async round({ footfall, samples, seconds }) {
    const server = await footfall.serveBare();
    const flags = ['--duration', seconds, '--check', 'off'];
    samples.add('bare POST', (await footfall.load(server.url, flags)).requestsPerSecond);
    samples.add('bare GET', (await footfall.load(server.url, [...flags, '--queries', 100])).requestsPerSecond);
    await server.stop();
  },
};
