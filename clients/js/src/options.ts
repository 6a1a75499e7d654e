/**
 * options.ts - where the server is and how patient to be.
 */

export interface FootfallOptions {
  /** The server. Default: FOOTFALL_URL, in a page its origin, else http://127.0.0.1:8080. */
  baseUrl?: string | undefined;
  /** Service key on a server of yours, a user's token in a page. Default: FOOTFALL_KEY. */
  key?: string | undefined;
  /** How long one try may take. */
  timeoutMs?: number | undefined;
  /** How often a call that failed for a passing reason is tried again. */
  retries?: number | undefined;
  /** The longest that a call may take with all its tries. */
  deadlineMs?: number | undefined;
  /** Instead of the global fetch. */
  fetch?: typeof fetch | undefined;
  /** What `enqueue()` keeps events under: a name in the browser's storage, a file under Node. */
  queueName?: string | undefined;
}

export type Settings = { [Name in Exclude<keyof FootfallOptions, 'key'>]-?: NonNullable<FootfallOptions[Name]> } & { key: string | undefined };

const LOCAL = 'http://127.0.0.1:8080';

function fromEnvironment(name: string): string | undefined {
  const value = typeof process === 'undefined' ? undefined : process.env?.[name];
  return value === '' ? undefined : value;
}

/** A page's own address; of no use in a sandboxed frame, where it is "null". */
function pageOrigin(): string | undefined {
  const origin = typeof document === 'undefined' ? undefined : globalThis.location?.origin;
  return origin?.startsWith('http') === true ? origin : undefined;
}

/** Fills in what is not said. Read at the first call, so the environment may be set until then. */
export function settingsOf(options: FootfallOptions): Settings {
  const baseUrl = options.baseUrl ?? fromEnvironment('FOOTFALL_URL') ?? pageOrigin() ?? LOCAL;
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    key: options.key ?? fromEnvironment('FOOTFALL_KEY'),
    timeoutMs: options.timeoutMs ?? 10_000,
    retries: options.retries ?? 5,
    deadlineMs: options.deadlineMs ?? 30_000,
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    queueName: options.queueName ?? fromEnvironment('FOOTFALL_QUEUE') ?? 'footfall-queue',
  };
}
