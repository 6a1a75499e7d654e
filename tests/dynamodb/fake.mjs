// fake.mjs - an HTTP server that answers as a test says: DynamoDB, or who hands out credentials.
//
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import http from 'node:http';

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte >>> 0;
});
export function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** DynamoDB's error of that type. */
export const refusal = (type, message = 'words', status = 400) =>
  ({ status, body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }) });

/**
 * Starts one. answer(request, body, n) is asked for request n, from 0, and says
 * {status, body, headers, crc (false: none), cut (bytes after which the connection is broken),
 * destroy (no answer at all), waitMs}. Requests are kept in `seen`.
 */
export async function startFake(t, answer) {
  const seen = [];
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => (body += piece)).on('end', async () => {
      const n = seen.push({ method: request.method, url: request.url, headers: request.headers, body, socket: request.socket }) - 1;
      const said = (await answer(seen[n], body, n)) ?? {};
      if (said.destroy) return void request.socket.destroy();
      if (said.silent) return;
      const text = said.body ?? '{}';
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(text), ...said.headers };
      if (said.crc !== false) headers['x-amz-crc32'] = said.crc ?? crc32(text);
      response.writeHead(said.status ?? 200, headers);
      if (said.cut === undefined) return void response.end(text);
      response.write(text.slice(0, said.cut), () => request.socket.destroy());
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, port: server.address().port, seen, sockets };
}
