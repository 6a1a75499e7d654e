// table.mjs - a table as another application sees it: by Amazon's own SDK.
//
// SPDX-License-Identifier: Apache-2.0
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, ScanCommand as RawScanCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { setTimeout as delay } from 'node:timers/promises';

export const METRICS_KEY = /^METRICS#(?<listingId>[^#]+)#(?<date>\d{4}-\d\d-\d\d)$/;

/** A document client for an engine of engine.mjs; destroy() it at the end. */
export function documentClient({ endpoint, credentials }) {
  return DynamoDBDocumentClient.from(new DynamoDBClient({
    endpoint,
    region: credentials.AWS_REGION,
    credentials: { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY },
  }));
}

/** The table of the schema, as `footfall dynamodb create-table` makes it, for tests of something else. */
export async function createTable(client, name) {
  await client.send(new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['PK', 'SK'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }, { AttributeName: 'SK', KeyType: 'RANGE' }],
  }));
  await whenActive(client, name);
}

/** An engine answers first and makes the table then: until that is done nobody finds it. */
export async function whenActive(client, name) {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table.TableStatus === 'ACTIVE') return;
    await delay(5);
  }
}

async function allPages(client, command, input) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await client.send(new command({ ...input, ExclusiveStartKey, ConsistentRead: true }));
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

/** A user's items whose sort key begins with the prefix. */
export function itemsOf(client, table, userId, prefix) {
  return allPages(client, QueryCommand, {
    TableName: table,
    KeyConditionExpression: 'PK = :pk AND begins_with(SK, :sk)',
    ExpressionAttributeValues: { ':pk': `USER#${userId}`, ':sk': prefix },
  });
}

/** Everything in the table. */
export function allItems(client, table) {
  return allPages(client, ScanCommand, { TableName: table });
}

/** Everything in the table as lines of DynamoDB's own JSON, which says of what type each thing is. */
export async function tableAsText(client, table) {
  const items = await allPages(client, RawScanCommand, { TableName: table });
  const plain = (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value);
  return items.map((item) => `${JSON.stringify(item, plain)}\n`).join('');
}
