/**
 * app.ts - what is shown: an address, a session, the listings of a user; drawn anew when one of
 * them changes.
 */
import { render } from 'lit';
import { type Address, readAddress, type View, writeAddress } from './model/address.js';
import { type Failure, Portfolio, type Range } from './model/portfolio.js';
import { baseUrl, forgetToken, resumeSession, type Session, type Start, wordsForRefusal } from './model/session.js';
import { isZone, ownZone } from './model/zones.js';
import { page, titleOf } from './views/page.js';

const PROBE_MS_MIN = 1_000;
const PROBE_MS_MAX = 8_000;
/** What setTimeout() takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export type Phase =
  | { kind: 'starting' }
  | { kind: 'unreachable'; words: string }
  | { kind: 'sign-in'; words: string | undefined }
  | { kind: 'session'; session: Session };

export class App {
  address: Address;
  phase: Phase = { kind: 'starting' };
  portfolio: Portfolio | undefined;
  /** The server does not answer; it is asked again by itself. */
  isLost = false;
  /** Said to who listens and does not see. */
  announcement = '';

  private drawn = false;
  private probe: ReturnType<typeof setTimeout> | undefined;
  private expiry: ReturnType<typeof setTimeout> | undefined;
  private shown: { view: View; listing: string | undefined; phase: string } | undefined;

  constructor(private readonly root: HTMLElement) {
    this.address = readAddress(location.search);
    addEventListener('popstate', () => this.take(readAddress(location.search)));
    // a link with a token may be followed while the page is open already
    addEventListener('hashchange', () => {
      if (location.hash.includes('token=')) void this.start();
    });
  }

  async start(): Promise<void> {
    this.draw();
    this.begin(await resumeSession());
  }

  begin(start: Start): void {
    if (start.kind === 'unreachable') {
      this.phase = { kind: 'unreachable', words: start.words };
      if (this.probe === undefined) void this.look(PROBE_MS_MIN);
    }
    if (start.kind === 'asks') this.phase = { kind: 'sign-in', words: start.words };
    if (start.kind === 'session') this.enter(start.session);
    this.draw();
  }

  private enter(session: Session): void {
    this.phase = { kind: 'session', session };
    clearTimeout(this.expiry);
    if (session.expiresAt !== undefined) {
      const left = Math.min(Math.max(session.expiresAt - Date.now(), 0), TIMER_MS_MAX);
      this.expiry = setTimeout(() => this.signOut(wordsForRefusal('token_expired')), left);
    }
    if (session.userId !== undefined && this.address.user === undefined) {
      this.go({ user: session.userId }, { replace: true });
      return;
    }
    this.take(this.address);
  }

  signOut(words?: string): void {
    forgetToken();
    clearTimeout(this.expiry);
    this.closePortfolio();
    const isOff = this.phase.kind === 'session' && this.phase.session.token === undefined;
    if (isOff) {
      // there is nothing to sign out of but the user
      this.go({ ...readAddress(''), zone: this.address.zone });
      return;
    }
    this.phase = { kind: 'sign-in', words };
    this.draw();
  }

  /* ---- addresses ---- */

  hrefOf(patch: Partial<Address>): string {
    return writeAddress({ ...this.address, ...patch });
  }

  /** Shows another address. replace: it is no step to come back from. */
  go(patch: Partial<Address>, { replace = false } = {}): void {
    const to = { ...this.address, ...patch };
    const url = writeAddress(to);
    if (url !== location.search || replace) history[replace ? 'replaceState' : 'pushState'](null, '', location.pathname + url);
    this.take(to);
  }

  /** Links within the page change the address without loading it anew. */
  follow(event: MouseEvent): void {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = (event.target as Element | null)?.closest?.('a[data-in]');
    if (!isPlain || link === null || link === undefined || event.defaultPrevented) return;
    event.preventDefault();
    this.go(readAddress((link as HTMLAnchorElement).search));
  }

  private take(address: Address): void {
    this.address = address;
    if (address.zone === undefined || !isZone(address.zone)) {
      // in the address from the start, so that a link shows the same days elsewhere
      this.go({ zone: ownZone }, { replace: true });
      return;
    }
    this.openPortfolio();
    this.draw();
  }

  get range(): Range {
    const { period, start, end, zone = 'UTC' } = this.address;
    return { period, start, end, zone };
  }

  /** Whose listings may be looked at with this session, and are meant by the address. */
  get user(): string | undefined {
    const { phase, address } = this;
    if (phase.kind !== 'session' || address.user === undefined) return undefined;
    return phase.session.userId === undefined || phase.session.userId === address.user ? address.user : undefined;
  }

  private openPortfolio(): void {
    const { user, range, phase } = this;
    if (user === undefined || phase.kind !== 'session') {
      this.closePortfolio();
      return;
    }
    const open = this.portfolio;
    if (open !== undefined && open.user === user && JSON.stringify(open.range) === JSON.stringify(range)) return;
    this.closePortfolio();
    this.portfolio = new Portfolio(phase.session.client, user, range, () => this.draw(), (failure) => this.fail(failure));
  }

  private closePortfolio(): void {
    this.portfolio?.close();
    this.portfolio = undefined;
  }

  /* ---- when something fails ---- */

  fail({ code }: Failure): void {
    const words = wordsForRefusal(code);
    if (words !== undefined && this.phase.kind === 'session') this.signOut(words);
    if ((code === 'network_error' || code === 'timeout') && this.probe === undefined) void this.look(PROBE_MS_MIN);
  }

  /** Whether the server is there; if not, again after a growing pause. */
  private async look(pauseMs: number): Promise<void> {
    this.probe = setTimeout(() => {}, 0);
    const isThere = await fetch(`${baseUrl}/healthz`, { cache: 'no-store', signal: AbortSignal.timeout(5_000) })
      .then((response) => response.ok, () => false);
    if (isThere) {
      this.probe = undefined;
      if (this.isLost) this.regain();
      return;
    }
    if (!this.isLost) this.announce('The server cannot be reached. It is tried again by itself.');
    this.isLost = true;
    this.draw();
    this.probe = setTimeout(() => void this.look(Math.min(pauseMs * 1.6, PROBE_MS_MAX)), pauseMs * (0.75 + Math.random() / 2));
  }

  private regain(): void {
    this.isLost = false;
    this.announce('The server is back.');
    if (this.phase.kind === 'unreachable') void this.start();
    this.portfolio?.reconnect();
    this.draw();
  }

  announce(words: string): void {
    this.announcement = words;
    this.draw();
  }

  /* ---- drawing ---- */

  /** Soon, and once for all that changes until then. */
  draw = (): void => {
    if (this.drawn) return;
    this.drawn = true;
    queueMicrotask(() => {
      this.drawn = false;
      render(page(this), this.root);
      document.title = titleOf(this);
      this.moveFocus();
    });
  };

  /** Another view begins at its heading, for eyes and for screen readers. */
  private moveFocus(): void {
    const { view, listing } = this.address;
    const before = this.shown;
    this.shown = { view, listing, phase: this.phase.kind };
    if (before === undefined || this.phase.kind === 'starting' || before.phase === 'starting') return;
    if (before.view === view && before.listing === listing && before.phase === this.phase.kind) return;
    scrollTo(0, 0);
    this.root.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }
}
