/**
 * range-bar.ts - which days, and whose: the choice of period, dates and time zone.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { App } from '../app.js';
import { type Period, rangeProblem } from '../model/address.js';
import { isZone, ownZone, zoneGroups, zoneOffset } from '../model/zones.js';

const PERIODS: readonly [Period, string][] = [
  ['daily', 'Today'], ['weekly', '7 days'], ['monthly', '30 days'], ['custom', 'Custom'],
];

function todayIn(zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(Date.now());
}

function choose(app: App, period: Period): void {
  if (period !== 'custom') {
    app.go({ period, start: undefined, end: undefined, page: 1 });
    return;
  }
  // begins with the days that are shown
  const today = todayIn(app.range.zone);
  app.go({ period, start: app.portfolio?.startDate || today, end: app.portfolio?.endDate || today, page: 1 });
}

function dates(app: App): TemplateResult {
  const { start, end } = app.address;
  const changed = (event: Event): void => {
    const fields = (event.currentTarget as HTMLElement).querySelectorAll('input');
    const [from, to] = [fields[0]?.value, fields[1]?.value];
    const problem = rangeProblem(from, to);
    const says = (event.currentTarget as HTMLElement).querySelector('.problem');
    if (says !== null) says.textContent = problem ?? '';
    if (problem === undefined) app.go({ period: 'custom', start: from, end: to, page: 1 });
  };
  return html`<div class="dates" @change=${changed} role="group" aria-label="Dates">
    <label>From <input type="date" name="start" .value=${start ?? ''} required></label>
    <label>to <input type="date" name="end" .value=${end ?? ''} required></label>
    <span class="problem" role="alert"></span>
  </div>`;
}

export function zoneChoice(app: App): TemplateResult {
  const { zone } = app.range;
  const option = (name: string, label: string): TemplateResult =>
    html`<option value=${name} ?selected=${name === zone}>${label}</option>`;
  const here = zoneOffset(ownZone);
  const isElsewhere = zone !== ownZone && zone !== 'UTC' && isZone(zone);
  return html`<label class="zone">
    <span class="unseen">Time zone of the days</span>
    ${keyed(zone, html`<select name="zone" @change=${(event: Event) => app.go({ zone: (event.target as HTMLSelectElement).value, page: 1 })}>
      ${isElsewhere ? option(zone, zone.replaceAll('_', ' ')) : nothing}
      ${ownZone === 'UTC' ? nothing : option(ownZone, `${ownZone.replaceAll('_', ' ')}${here === '' ? '' : ` (${here}), here`}`)}
      ${option('UTC', 'UTC')}
      ${zoneGroups().map(({ region, zones }) => html`<optgroup label=${region}>
        ${zones.filter(({ name }) => name !== zone && name !== ownZone).map(({ name, label }) => html`<option value=${name}>${label}</option>`)}
      </optgroup>`)}
    </select>`)}
  </label>`;
}

export function rangeBar(app: App): TemplateResult {
  const { period } = app.address;
  return html`<div class="range-bar">
    <fieldset class="segments">
      <legend class="unseen">Period</legend>
      ${PERIODS.map(([name, words]) => html`<label><input type="radio" name="period" value=${name}
        .checked=${name === period} @change=${() => choose(app, name)}><span>${words}</span></label>`)}
    </fieldset>
    ${period === 'custom' ? dates(app) : nothing}
    ${zoneChoice(app)}
  </div>`;
}
