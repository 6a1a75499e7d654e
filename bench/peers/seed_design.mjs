// seed_design.mjs - records views of one listing the way the specification's own code does, over
// the AWS SDK; run by peers/seed.mjs on the load's core.
//
//     node seed_design.mjs URL get-then-put|add CLIENTS EVENTS      prints {"seconds", "counted"}
//
// get-then-put: read the day's item, add one, write it back. add: one UpdateItem that adds in place.
//
// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';

import {
  CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

const [url, kind, clients, events] = process.argv.slice(2);
const TableName = 'metrics';
const day = new Date().toISOString().slice(0, 10);
const Key = { PK: { S: 'USER#agent-7' }, SK: { S: `METRICS#listing-123#${kind}#${day}` } };

const client = new DynamoDBClient({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  requestHandler: { httpAgent: new http.Agent({ keepAlive: true, maxSockets: Number(clients) }) },
});

const number = (attribute) => Number(attribute?.N ?? 0);

async function getThenPut() {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  const now = { N: String(Date.now()) };
  const facebook = Item?.platforms?.M.facebook?.M;
  await client.send(new PutItemCommand({
    TableName,
    Item: {
      ...Key,
      listingId: { S: 'listing-123' },
      date: { S: day },
      views: { N: String(number(Item?.views) + 1) },
      shares: Item?.shares ?? { N: '0' },
      inquiries: Item?.inquiries ?? { N: '0' },
      platforms: {
        M: {
          facebook: {
            M: {
              views: { N: String(number(facebook?.views) + 1) },
              shares: { N: '0' },
              inquiries: { N: '0' },
              lastUpdated: now,
            },
          },
        },
      },
      updatedAt: now,
    },
  }));
}

async function add() {
  await client.send(new UpdateItemCommand({
    TableName,
    Key,
    UpdateExpression: 'ADD #views :one SET updatedAt = :now',
    ExpressionAttributeNames: { '#views': 'views' },
    ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(Date.now()) } },
  }));
}

try {
  await client.send(new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }, { AttributeName: 'SK', KeyType: 'RANGE' }],
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }, { AttributeName: 'SK', AttributeType: 'S' }],
  }));
} catch (error) {
  if (error.name !== 'ResourceInUseException') throw error;
}
const once = kind === 'add' ? add : getThenPut;
let left = Number(events);
const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(clients) }, async () => {
  while (left > 0) {
    left -= 1;
    await once();
  }
}));
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
console.log(JSON.stringify({ seconds, counted: number(Item.views) }));
process.exit(0);
