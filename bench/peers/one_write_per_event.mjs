// one_write_per_event.mjs - one UpdateItem that adds in place for each event, as fast as the engine
// takes them: plain HTTP over kept connections, no SDK. Run by parts/dynamodb.mjs on the load's core.
//
//     node one_write_per_event.mjs URL TABLE CLIENTS EVENTS LISTINGS ZIPF    prints {"seconds"}
//
// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';

import { zipf } from '../zipf.mjs';

const [url, table, clients, events, listings, skew] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(clients) });
const pick = zipf(Number(listings), Number(skew));
const day = new Date().toISOString().slice(0, 10);

function add() {
  const body = JSON.stringify({
    TableName: table,
    Key: { PK: { S: 'USER#agent-7' }, SK: { S: `METRICS#listing-${pick()}#${day}` } },
    UpdateExpression: 'SET updatedAt = :now ADD #views :one',
    ExpressionAttributeNames: { '#views': 'views' },
    ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(Date.now()) } },
  });
  return new Promise((done, failed) => {
    const request = http.request({
      hostname, port, method: 'POST', agent,
      headers: {
        'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(body), 'x-amz-target': 'DynamoDB_20120810.UpdateItem',
        // the engine looks at the shape of these two only, and no time is spent on signing
        authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=b', 'x-amz-date': '20260101T000000Z',
      },
    }, (response) => {
      response.resume().on('end', () => (response.statusCode === 200 ? done() : failed(new Error(`status ${response.statusCode}`))));
    });
    request.on('error', failed);
    request.end(body);
  });
}

let left = Number(events);
const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(clients) }, async () => {
  while (left > 0) {
    left -= 1;
    await add();
  }
}));
console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - began) / 1e9 }));
process.exit(0);
