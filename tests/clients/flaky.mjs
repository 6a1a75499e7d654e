// flaky.mjs - a proxy before a server that answers as it is told: what networks do to clients.
//
// plan: an array of steps for the next requests; after it everything passes.
//   'pass'   'refuse' (503, Retry-After: 0)   'cut' (before the server sees it)
//   'swallow' (the server answers, the client never hears)   'babble' (not JSON)
//
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import http from 'node:http';

export async function startFlaky(target) {
  const seen = []; // {method, path, headers, body}
  const plan = [];
  const proxy = http.createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const { method, url: path, headers } = request;
    seen.push({ method, path, headers, body: body.toString() });
    const step = plan.shift() ?? 'pass';
    if (step === 'cut') return request.socket.destroy();
    if (step === 'babble') return response.writeHead(502).end('<html>');
    if (step === 'refuse') {
      response.writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '0' });
      return response.end('{"success":false,"error":"later","code":"overloaded"}');
    }
    const onward = http.request(target + path, { method, headers: { ...headers, host: new URL(target).host } });
    onward.end(body);
    const [answer] = await once(onward, 'response');
    const text = [];
    for await (const piece of answer) text.push(piece);
    if (step === 'swallow') return request.socket.destroy();
    response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(text));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    plan,
    seen,
    close: () => {
      proxy.closeAllConnections();
      return new Promise((done) => proxy.close(done));
    },
  };
}
