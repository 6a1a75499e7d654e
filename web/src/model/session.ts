/**
 * session.ts - who looks: the token that was pasted, or came with a link, and what it is for.
 *
 * The token lives in this tab (sessionStorage), or on this device if the user says so
 * (localStorage). It goes to this server alone, in the Authorization field. A link may carry it
 * behind '#', where browsers send it to nobody; it is taken out of the address at once.
 */
import { Footfall } from '../../../clients/js/src/client.js';

export interface Session {
  /** Undefined where the server asks for none. */
  token: string | undefined;
  /** Whose listings a token opens; undefined where any user's may be looked at. */
  userId: string | undefined;
  /** Milliseconds; undefined without a token. */
  expiresAt: number | undefined;
  client: Footfall;
}

/** `asks`: the page for a user id, where there are no tokens, else for a token. */
export type Start =
  | { kind: 'session'; session: Session }
  | { kind: 'asks'; words?: string }
  | { kind: 'unreachable'; words: string };

const NAME = 'footfall.token';

/** Where the server is: the folder of this page. */
export const baseUrl = new URL('.', location.href).href.replace(/\/$/, '');

function clientOf(token: string | undefined): Footfall {
  return new Footfall({
    baseUrl,
    ...(token === undefined ? {} : { key: token }),
    // somebody waits: rather say soon that it does not work, and go on trying meanwhile
    retries: 1, timeoutMs: 15_000, deadlineMs: 20_000,
  });
}

/* Storage may be forbidden; then a session lasts as long as the page. */
function storageDo<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function keptToken(): string | undefined {
  return storageDo(() => sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME)) ?? undefined;
}

function keep(token: string, onDevice: boolean): void {
  storageDo(() => (onDevice ? localStorage : sessionStorage).setItem(NAME, token));
}

export function forgetToken(): void {
  storageDo(() => sessionStorage.removeItem(NAME));
  storageDo(() => localStorage.removeItem(NAME));
}

/** The token behind '#', taken out of the address. */
export function takeTokenFromAddress(): string | undefined {
  const found = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
  if (found !== undefined) history.replaceState(history.state, '', location.pathname + location.search);
  return found;
}

/** Words for a code of the server's, where it is about the token. */
export function wordsForRefusal(code: string): string | undefined {
  if (code === 'token_expired') return 'Your token has expired. Ask for a new one.';
  if (code === 'unauthorized') return 'The server does not know this token, or no longer. Ask for a new one.';
  return undefined;
}

/** Asks the server what the token is; undefined asks whether it wants one. */
export async function openSession(token: string | undefined): Promise<Start> {
  const client = clientOf(token);
  const answer = await client.get(['session']);
  if (!answer.success) {
    const words = wordsForRefusal(answer.code);
    return words === undefined ? { kind: 'unreachable', words: answer.error } : { kind: 'asks', words };
  }
  const { auth, holder, userId, access, expiresAt } = answer.body;
  if (auth === 'off') return { kind: 'session', session: { token: undefined, userId: undefined, expiresAt: undefined, client: clientOf(undefined) } };
  if (holder === 'service') {
    return { kind: 'asks', words: 'This is the service key. It opens everything and must not be in a page: use it to make a token.' };
  }
  if (holder !== 'user') return { kind: 'asks' };
  if (access === 'record') return { kind: 'asks', words: 'This token may record events, and not read what was counted. Ask for one with the access “read”.' };
  return { kind: 'session', session: { token, userId: userId as string, expiresAt: expiresAt as number, client } };
}

/** With the token of the address, or else the kept one. */
export async function resumeSession(): Promise<Start> {
  const linked = takeTokenFromAddress();
  const start = await openSession(linked ?? keptToken());
  if (linked !== undefined && start.kind === 'session' && start.session.token !== undefined) {
    forgetToken();
    keep(linked, false);
  }
  if (start.kind === 'asks') forgetToken();
  return start;
}

export async function signIn(token: string, onDevice: boolean): Promise<Start> {
  const start = await openSession(token);
  if (start.kind === 'session' && start.session.token !== undefined) keep(token, onDevice);
  return start;
}
