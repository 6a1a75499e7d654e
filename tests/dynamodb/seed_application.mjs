// seed_application.mjs - the specification's own application, as far as it touches the table.
//
// Written from its document: savePerformanceMetrics(), getPerformanceMetrics() and
// queryPerformanceMetrics() of its repository, the increment that reads an item, adds one and
// writes it back, and the aggregation in memory. It knows nothing of Footfall.
//
// SPDX-License-Identifier: Apache-2.0
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';

const FIELD = { view: 'views', share: 'shares', inquiry: 'inquiries' };

function emptyMetrics(listingId, date) {
  return { listingId, date, views: 0, shares: 0, inquiries: 0, platforms: {}, updatedAt: 0 };
}

export class SeedApplication {
  constructor(client, table) {
    this.client = client;
    this.table = table;
  }

  key(userId, listingId, date) {
    return { PK: `USER#${userId}`, SK: `METRICS#${listingId}#${date}` };
  }

  async savePerformanceMetrics(userId, metrics) {
    await this.client.send(new PutCommand({
      TableName: this.table, Item: { ...this.key(userId, metrics.listingId, metrics.date), ...metrics },
    }));
  }

  async getPerformanceMetrics(userId, listingId, date) {
    const { Item } = await this.client.send(new GetCommand({ TableName: this.table, Key: this.key(userId, listingId, date) }));
    return Item;
  }

  async queryPerformanceMetrics(userId, listingId) {
    const { Items } = await this.client.send(new QueryCommand({
      TableName: this.table,
      KeyConditionExpression: 'PK = :pk AND begins_with(SK, :sk)',
      ExpressionAttributeValues: { ':pk': `USER#${userId}`, ':sk': `METRICS#${listingId}#` },
    }));
    return Items;
  }

  /** recordViewEvent(), recordShareEvent(), recordInquiryEvent(): read, add one, write back. */
  async record(userId, listingId, eventType, { platform, at }) {
    const date = new Date(at).toISOString().slice(0, 10);
    const { PK, SK, ...metrics } = (await this.getPerformanceMetrics(userId, listingId, date)) ?? emptyMetrics(listingId, date);
    metrics[FIELD[eventType]] += 1;
    if (platform !== undefined) {
      const before = metrics.platforms[platform] ?? { views: 0, shares: 0, inquiries: 0 };
      metrics.platforms[platform] = { ...before, [FIELD[eventType]]: before[FIELD[eventType]] + 1, lastUpdated: at };
    }
    metrics.updatedAt = at;
    await this.savePerformanceMetrics(userId, metrics);
  }

  /** getAggregatedMetrics() over what is given: totals and platforms. */
  static aggregate(days) {
    const sum = { totalViews: 0, totalShares: 0, totalInquiries: 0, byPlatform: {} };
    for (const day of days) {
      sum.totalViews += day.views;
      sum.totalShares += day.shares;
      sum.totalInquiries += day.inquiries;
      for (const [name, { views, shares, inquiries }] of Object.entries(day.platforms ?? {})) {
        const into = (sum.byPlatform[name] ??= { views: 0, shares: 0, inquiries: 0 });
        into.views += views;
        into.shares += shares;
        into.inquiries += inquiries;
      }
    }
    return sum;
  }
}
