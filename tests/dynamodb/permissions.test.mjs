// The policies on the page and in deploy/ allow exactly what the program sends, and the table of
// deploy/ is the one that create-table makes.
//
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import { run, test } from '../integration/server.mjs';
import { REGION, startEngine, tableName } from './engine.mjs';
import { documentClient } from './table.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path) => readFileSync(join(root, path), 'utf8');

const OPERATIONS = [...read('src/dynamodb/stats.c').matchAll(/\{"([A-Za-z]+)", (?:true|false)\}/g)].map(([, name]) => name);

/** The operations that these sources name. */
function operationsIn(paths) {
  return OPERATIONS.filter((name) => paths.some((path) => read(path).includes(`"${name}"`))).sort();
}

const STORE = 'src/store/dynamodb';
const MIGRATION = 'src/cli/migrate';
const sources = readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.c')).map((name) => join('src', name)).filter((path) => path !== 'src/dynamodb/stats.c');
// what looks after the table as a whole is not done by nodes, but for their look at its keys
const ofOperators = [`${STORE}/dynamodb_table.c`, `${STORE}/writer.c`];
const ofNodes = sources.filter((path) => path.startsWith(STORE) && path !== ofOperators[0]);

const actionsOf = (statement) => statement.Action.map((action) => /^dynamodb:(\w+)$/.exec(action)[1]).sort();

function policyOnPage(name) {
  const page = read('docs/operations/dynamodb.md');
  const [, text] = new RegExp(`<!-- policy: ${name} -->\\n\`\`\`json\\n(.*?)\`\`\``, 's').exec(page);
  const policy = JSON.parse(text);
  assert.equal(policy.Statement.length, 1);
  assert.match(policy.Statement[0].Resource, /^arn:aws:dynamodb:[^*]*:table\/footfall$/, 'one table, and no wildcard');
  return policy.Statement[0];
}

/** CloudFormation's short functions as the objects that they stand for. */
const customTags = ['!Ref', '!GetAtt', '!Sub', '!If'].map((tag) => ({
  tag, resolve: (text) => ({ [tag === '!Ref' ? 'Ref' : `Fn::${tag.slice(1)}`]: text }),
}));
const template = parse(read('deploy/dynamodb-table.yaml'), { customTags });

test('operations are named in the store and in the migration, and nowhere else', () => {
  const elsewhere = sources.filter((path) => !path.startsWith(STORE) && !path.startsWith(MIGRATION));
  assert.deepEqual(operationsIn(elsewhere), []);
});

test('a migration needs no more than a node and an operator are allowed', () => {
  const allowed = [...actionsOf(policyOnPage('node')), ...actionsOf(policyOnPage('operator'))];
  const migrating = operationsIn(sources.filter((path) => path.startsWith(MIGRATION)));
  assert.deepEqual(migrating.filter((name) => !allowed.includes(name)), []);
});

test('a node is allowed what it sends and nothing else', () => {
  assert.deepEqual(actionsOf(policyOnPage('node')), [...operationsIn(ofNodes), 'DescribeTable'].sort());
});

test('an operator is allowed what footfall dynamodb sends and nothing else', () => {
  assert.deepEqual(actionsOf(policyOnPage('operator')), operationsIn(ofOperators));
});

test('the policy of the CloudFormation file is the one on the page', () => {
  const { PolicyDocument } = template.Resources.NodePolicy.Properties;
  const { Resource, ...statement } = PolicyDocument.Statement[0];
  const { Resource: named, ...onPage } = policyOnPage('node');
  assert.deepEqual(statement, onPage);
  assert.deepEqual(Resource, { 'Fn::GetAtt': 'Table.Arn' });
});

test('the table of the CloudFormation file is the one that create-table makes', async () => {
  const engine = await startEngine();
  const client = documentClient(engine);
  try {
    const TableName = tableName();
    const made = await run(['dynamodb', 'create-table', '--dynamodb-table', TableName, '--region', REGION, '--dynamodb-endpoint', engine.endpoint], { env: engine.credentials });
    assert.equal(made.code, 0, made.stderr);
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    const { KeySchema, AttributeDefinitions, BillingMode, TimeToLiveSpecification } = template.Resources.Table.Properties;
    assert.deepEqual(Table.KeySchema, KeySchema);
    const byName = (list) => [...list].sort((a, b) => (a.AttributeName < b.AttributeName ? -1 : 1));
    assert.deepEqual(byName(Table.AttributeDefinitions), byName(AttributeDefinitions));
    assert.equal(Table.BillingModeSummary?.BillingMode ?? BillingMode, BillingMode);
    assert.equal(Table.GlobalSecondaryIndexes, undefined);
    const [, attribute] = /#define DYNAMODB_TABLE_TTL_ATTRIBUTE "(.+)"/.exec(read(`${STORE}/dynamodb_table.h`));
    assert.deepEqual(TimeToLiveSpecification, { AttributeName: attribute, Enabled: true });
  } finally {
    client.destroy();
    await engine.stop();
  }
});
