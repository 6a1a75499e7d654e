/**
 * sign-in.ts - before there is anything to show: whose listings, and with which token.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { App } from '../app.js';
import { resumeSession, signIn } from '../model/session.js';
import { icon } from './parts.js';

export function startingView(): TemplateResult {
  return html`<div class="gate" aria-busy="true"><h1 class="unseen" tabindex="-1">Footfall</h1><p class="unseen">Loading</p></div>`;
}

export function unreachableView(app: App, words: string): TemplateResult {
  return html`<div class="gate"><section class="card notice" role="alert">
    ${icon('warning')}
    <h1 tabindex="-1">No answer from the server</h1>
    <p>${words}</p>
    <button class="button primary" @click=${async () => app.begin(await resumeSession())}>Try again</button>
  </section></div>`;
}

export function signInView(app: App, words: string | undefined): TemplateResult {
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const fields = new FormData(form);
    const token = String(fields.get('token')).trim();
    if (token === '') return;
    const button = form.querySelector('button');
    button?.setAttribute('aria-disabled', 'true');
    const start = await signIn(token, fields.get('keep') !== null);
    button?.removeAttribute('aria-disabled');
    if (start.kind === 'asks') app.begin({ kind: 'asks', words: start.words ?? 'The server does not know this token. Ask for a new one.' });
    else if (start.kind === 'unreachable') app.begin({ kind: 'asks', words: start.words });
    else app.begin(start);
  };
  return html`<div class="gate"><section class="card gate-card">
    <h1 tabindex="-1">See how your listings are doing</h1>
    <p class="lead">Views, shares and inquiries, as they happen. Sign in with the token that your agency gave you.</p>
    ${words === undefined ? nothing : html`<p class="refusal" role="alert" id="refusal">${words}</p>`}
    <form @submit=${submit} novalidate>
      <label class="field"><span>Token</span>
        <input name="token" type="password" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="eyJhbGciOi…" required
          aria-describedby=${words === undefined ? nothing : 'refusal'}></label>
      <label class="check"><input type="checkbox" name="keep"><span>Stay signed in on this device</span></label>
      <button class="button primary wide">Sign in</button>
    </form>
    <p class="aside">Without that choice the token is forgotten when this tab is closed.</p>
  </section></div>`;
}

export function userView(app: App): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const user = String(new FormData(event.target as HTMLFormElement).get('user')).trim();
    if (user !== '') app.go({ user });
  };
  return html`<div class="gate"><section class="card gate-card">
    <h1 tabindex="-1">Whose listings?</h1>
    <p class="lead">This server runs without a key, for this machine only: name any user to see what was counted.</p>
    <form @submit=${submit} novalidate>
      <label class="field"><span>User</span>
        <input name="user" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="agent-7" maxlength="128" required></label>
      <button class="button primary wide">Show listings</button>
    </form>
  </section></div>`;
}

/** A link of somebody else's. */
export function otherUserView(app: App, own: string): TemplateResult {
  return html`<div class="gate"><section class="card gate-card">
    <h1 tabindex="-1">These are another user’s listings</h1>
    <p class="lead">This address is about <strong>${app.address.user}</strong>, and your token is for <strong>${own}</strong>.</p>
    <a class="button primary wide" data-in href=${`?${new URLSearchParams({ user: own })}`}>Show the listings of ${own}</a>
    <button class="button wide" @click=${() => app.signOut()}>Sign in with another token</button>
  </section></div>`;
}
