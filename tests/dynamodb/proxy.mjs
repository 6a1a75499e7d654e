// proxy.mjs - a bad network between a node and its engine.
//
// It reads each request whole, picks one of the faults below by the random generator it was given,
// and acts it out. Whatever it does could happen: requests and answers get lost, come late or
// twice, and answers are damaged on their way; what the engine never says (a refused condition
// that held, a 200 for nothing, with a good checksum) it never says either.
//
//    node ──► proxy ──► engine          a request that was accepted is forwarded even when
//         ◄──       ◄──                 its sender has died meanwhile
//
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const SLOW_MS = [1, 150];
const LATE_MS = [20, 2500];

const THROTTLES = ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'];
const DENIALS = ['ExpiredTokenException', 'AccessDeniedException', 'UnrecognizedClientException'];

/** What can happen to an exchange, and how often beside the others. */
const FAULTS = {
  lostRequest: { weight: 3, act: async (proxy, exchange) => exchange.hangUp() },
  lostAnswer: {
    weight: 4,
    act: async (proxy, exchange) => {
      await proxy.forward(exchange);
      exchange.hangUp();
    },
  },
  slowRequest: {
    weight: 3,
    act: async (proxy, exchange) => {
      await delay(proxy.random.between(...SLOW_MS));
      exchange.answer(await proxy.forward(exchange));
    },
  },
  slowAnswer: {
    weight: 3,
    act: async (proxy, exchange) => {
      const reply = await proxy.forward(exchange);
      await delay(proxy.random.between(...SLOW_MS));
      exchange.answer(reply);
    },
  },
  // its sender gave up, and the engine gets it when others have overtaken it
  lateRequest: {
    weight: 4,
    act: async (proxy, exchange) => {
      proxy.later(exchange);
      exchange.hangUp();
    },
  },
  repeatedAtOnce: {
    weight: 4,
    act: async (proxy, exchange) => {
      const replies = await Promise.all([proxy.forward(exchange), proxy.forward(exchange)]);
      exchange.answer(proxy.random.pick(replies));
    },
  },
  repeatedLate: {
    weight: 4,
    act: async (proxy, exchange) => {
      exchange.answer(await proxy.forward(exchange));
      proxy.later(exchange);
    },
  },
  failedBefore: { weight: 2, act: async (proxy, exchange) => exchange.answer(serverFault(proxy.random)) },
  failedAfter: {
    weight: 4,
    act: async (proxy, exchange) => {
      await proxy.forward(exchange);
      exchange.answer(serverFault(proxy.random));
    },
  },
  throttled: { weight: 4, act: async (proxy, exchange) => exchange.answer(refusal(proxy.random, THROTTLES)) },
  // a copy of the request was throttled, another was not
  throttledAndLate: {
    weight: 2,
    act: async (proxy, exchange) => {
      proxy.later(exchange);
      exchange.answer(refusal(proxy.random, THROTTLES));
    },
  },
  denied: { weight: 1, act: async (proxy, exchange) => exchange.answer(refusal(proxy.random, DENIALS)) },
  // fewer bytes than were promised, or as many as promised and JSON that stops
  truncated: {
    weight: 4,
    act: async (proxy, exchange) => {
      const reply = await proxy.forward(exchange);
      const half = reply.body.subarray(0, reply.body.length >> 1);
      if (proxy.random.chance(0.5)) exchange.answerAndHangUp(reply, half);
      else exchange.answer({ ...reply, body: half });
    },
  },
  // an answer that is good JSON and wrong; only its checksum tells
  garbled: {
    weight: 4,
    act: async (proxy, exchange) => {
      const reply = await proxy.forward(exchange);
      exchange.answer(reply.headers['x-amz-crc32'] === undefined ? reply : { ...reply, body: garbled(reply.body) });
    },
  },
};

function serverFault(random) {
  const [status, type] = random.pick([[500, 'InternalServerError'], [503, 'ServiceUnavailable'], [502, undefined]]);
  const text = type === undefined ? '<html>Bad Gateway</html>' : JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'falsified' });
  return { status, headers: { 'content-type': type ? 'application/x-amz-json-1.0' : 'text/html' }, body: Buffer.from(text) };
}

/** Amazon spells it `message` here and `Message` there. */
function refusal(random, types) {
  const text = JSON.stringify({
    __type: `com.amazon.coral.availability#${random.pick(types)}`, [random.pick(['message', 'Message'])]: 'falsified',
  });
  return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(text) };
}

/** Another digit where there is one; else an answer that says nothing. */
function garbled(body) {
  const text = body.toString('latin1');
  const at = text.search(/\d(?!.*\d)/s);
  if (at === -1) return Buffer.from(text === '{}' ? '{"Item":{}}' : '{}');
  return Buffer.from(`${text.slice(0, at)}${(Number(text[at]) + 1) % 10}${text.slice(at + 1)}`, 'latin1');
}

class Exchange {
  constructor(request, response, body) {
    this.request = request;
    this.response = response;
    this.body = body;
  }

  hangUp() {
    this.response.destroy();
  }

  answer({ status, headers, body }) {
    const kept = Object.entries(headers).filter(([name]) => !['connection', 'keep-alive', 'transfer-encoding', 'content-length'].includes(name));
    this.response.writeHead(status, { ...Object.fromEntries(kept), 'content-length': body.length });
    this.response.end(body);
  }

  answerAndHangUp({ status, headers, body }, sent) {
    this.response.writeHead(status, { 'content-type': headers['content-type'], 'content-length': body.length });
    this.response.write(sent, () => this.response.destroy());
  }
}

class Proxy {
  constructor({ target, random, rate = 0.3, faults = Object.keys(FAULTS) }) {
    this.target = new URL(target);
    this.random = random;
    this.rate = rate; // of the requests that meet a fault
    this.faults = faults.flatMap((name) => Array(FAULTS[name].weight).fill(name));
    this.isCut = false; // nothing gets through: the network is down
    this.counts = Object.fromEntries(['forwarded', 'cut', ...Object.keys(FAULTS)].map((name) => [name, 0]));
    this.pending = new Set(); // forwards under way or due later
    this.agent = new http.Agent({ keepAlive: true });
    this.server = http.createServer((request, response) => {
      response.on('error', () => {});
      const pieces = [];
      request.on('error', () => {}); // its sender died: what was not sent whole is lost
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => this.handle(new Exchange(request, response, Buffer.concat(pieces))));
    });
  }

  async start() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.endpoint = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async handle(exchange) {
    let fault;
    if (this.isCut) fault = 'cut';
    else if (this.random.chance(this.rate)) fault = this.random.pick(this.faults);
    this.counts[fault ?? 'forwarded'] += 1;
    try {
      if (fault === 'cut') exchange.hangUp();
      else if (fault === undefined) exchange.answer(await this.forward(exchange));
      else await FAULTS[fault].act(this, exchange);
    } catch {
      exchange.hangUp(); // the engine is gone, or whoever asked
    }
  }

  /** One copy to the engine: {status, headers, body}. */
  forward({ request, body }) {
    const reply = new Promise((done, failed) => {
      const headers = { ...request.headers, connection: 'keep-alive' };
      const copy = http.request({
        host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers, agent: this.agent,
      }, (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('error', failed);
        response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }));
      });
      copy.on('error', failed);
      copy.end(body);
    });
    return this.track(reply);
  }

  /** One copy to the engine after a while; nobody hears its answer. */
  later(exchange) {
    const copy = delay(this.random.between(...LATE_MS)).then(() => this.forward(exchange));
    this.track(copy).catch(() => {});
  }

  track(promise) {
    const entry = promise.then(() => {}, () => {}).finally(() => this.pending.delete(entry));
    this.pending.add(entry);
    return promise;
  }

  /** From here on a good network; resolves when nothing is on its way any more. */
  async calm() {
    this.rate = 0;
    this.isCut = false;
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  async close() {
    await this.calm();
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
  }
}

/** {target: the engine's URL, random, rate?, faults?}; the proxy listens at .endpoint. */
export async function startProxy(options) {
  return new Proxy(options).start();
}

export const FAULT_NAMES = Object.keys(FAULTS);
