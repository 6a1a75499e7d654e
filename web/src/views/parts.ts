/**
 * parts.ts - small things that several views show.
 */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatChange, formatCount, formatDayShort } from '../model/format.js';
import { changeOf, type Details } from '../model/portfolio.js';

type Shown = TemplateResult | typeof nothing;

const icons = {
  copy: svg`<rect x="8" y="8" width="12" height="12" rx="2.5"/><path d="M16 8V6.5A2.5 2.5 0 0 0 13.5 4h-7A2.5 2.5 0 0 0 4 6.5v7A2.5 2.5 0 0 0 6.5 16H8"/>`,
  done: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  search: svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`,
  left: svg`<path d="M14.5 5.5 8 12l6.5 6.5"/>`,
  right: svg`<path d="M9.5 5.5 16 12l-6.5 6.5"/>`,
  download: svg`<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14"/>`,
  compare: svg`<path d="M6 19V10m6 9V5m6 14v-6"/>`,
  close: svg`<path d="m6.5 6.5 11 11m0-11-11 11"/>`,
  person: svg`<circle cx="12" cy="8.5" r="3.75"/><path d="M4.75 20c.8-3.6 3.7-5.5 7.25-5.5s6.45 1.9 7.25 5.5"/>`,
  house: svg`<path d="m4 11.5 8-7 8 7M6.5 10v9.5h11V10M10 19.5v-5.5h4v5.5"/>`,
  warning: svg`<path d="M12 4.5 2.9 19.5h18.2zM12 10v4.5m0 2.6v.1"/>`,
};

export function icon(name: keyof typeof icons): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${icons[name]}</svg>`;
}

/** From so many on a change is told in percent; of fewer a percentage would make much of nothing. */
const PERCENT_FROM = 10;

/** A change against the days before: an arrow and a number, and the same in words. */
export function trend(now: number, before: number): Shown {
  if (now === 0 && before === 0) return nothing;
  const words = `${formatCount(before)} in the days before`;
  if (before === 0) return html`<span class="trend up" title=${words}>new</span>`;
  if (now === before) return html`<span class="trend" title=${words}>same</span>`;
  const isUp = now > before;
  const size = before < PERCENT_FROM ? formatCount(Math.abs(now - before)) : formatChange(changeOf(now, before));
  return html`<span class="trend ${isUp ? 'up' : 'down'}" title=${words}
    ><span aria-hidden="true">${isUp ? '↑' : '↓'}</span><span class="unseen">${isUp ? 'up' : 'down'} by </span>${size}</span>`;
}

const SPARK_WIDTH = 120;
const SPARK_HEIGHT = 32;

/** A line of the days; its words for who cannot see it. */
export function spark(days: readonly { date: string; count: number }[], what: string): Shown {
  const [first] = days;
  if (first === undefined || days.length === 1) return nothing; // one day has no line
  const counts = days.map(({ count }) => count);
  const most = Math.max(...counts);
  const y = (count: number): number => SPARK_HEIGHT - 2 - (most === 0 ? 0 : (count / most) * (SPARK_HEIGHT - 5));
  const x = (i: number): number => (i / (counts.length - 1)) * SPARK_WIDTH;
  const line = counts.map((count, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(count).toFixed(1)}`).join('');
  const peak = days.find(({ count }) => count === most) ?? first;
  const words = most === 0 ? `No ${what} in these days`
    : `${what} a day: at most ${formatCount(most)}, on ${formatDayShort(peak.date)}`;
  return html`<svg class="spark" viewBox="0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${words}>
    <path class="spark-area" d="${line}L${SPARK_WIDTH} ${SPARK_HEIGHT}L0 ${SPARK_HEIGHT}Z"></path>
    <path class="spark-line" d=${line}></path>
  </svg>`;
}

/** One of six tints, always the same for the same listing. */
function tintOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 6;
}

/** The listing's picture, or a house where there is none or it does not come. */
export function thumbnail(id: string, details: Details | undefined): TemplateResult {
  // the page may load pictures over https alone; what is told of as http: is mostly there, too, if it names no port
  const image = details?.image?.replace(/^http:(?=\/\/[^/?#:@]+([/?#]|$))/i, 'https:');
  const isShown = image !== undefined && /^https:/i.test(image);
  const missing = (event: Event): void => (event.target as HTMLElement).classList.add('missing');
  const came = (event: Event): void => (event.target as HTMLElement).classList.remove('missing');
  return html`<span class="thumbnail tint-${tintOf(id)}">${icon('house')}${isShown
    ? html`<img src=${image} alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer" @error=${missing} @load=${came}>`
    : nothing}</span>`;
}

const STATUS_TONES: Record<string, string> = { active: 'good', new: 'good', pending: 'waiting', 'under offer': 'waiting', sold: 'over', withdrawn: 'over' };

export function statusBadge(status: string | null | undefined): Shown {
  if (status === null || status === undefined || status === '') return nothing;
  return html`<span class="status ${STATUS_TONES[status.toLowerCase()] ?? ''}">${status}</span>`;
}

/** Whether the live connection stands; without one, numbers are asked for every minute. */
export function liveBadge(state: string): TemplateResult {
  const words = state === 'live' ? 'Live' : state === 'refused' ? 'Every minute' : 'Connecting';
  return html`<span class="live ${state === 'live' ? 'on' : ''}"><span class="live-dot" aria-hidden="true"></span>${words}</span>`;
}

/** What went wrong, and a way to try it again. */
export function failure(words: string, retry: () => void): TemplateResult {
  return html`<section class="card notice" role="alert">
    ${icon('warning')}
    <h2>The numbers could not be loaded</h2>
    <p>${words}</p>
    <button class="button primary" @click=${retry}>Try again</button>
  </section>`;
}

/** A command to copy. */
export function command(text: string): TemplateResult {
  const copy = async (event: Event): Promise<void> => {
    const button = event.currentTarget as HTMLButtonElement;
    const says = button.querySelector('.copy-says');
    let done = true;
    await navigator.clipboard.writeText(text).catch(() => (done = false));
    if (!done) {
      // without permission: at least it is selected
      const range = document.createRange();
      range.selectNodeContents(button.closest('.command')?.querySelector('code') ?? button);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
    }
    if (says !== null) says.textContent = done ? 'Copied' : 'Selected';
    button.classList.add('done');
    setTimeout(() => {
      if (says !== null) says.textContent = 'Copy';
      button.classList.remove('done');
    }, 2_500);
  };
  return html`<div class="command">
    <div class="command-head"><span>Shell</span><button class="button quiet small" @click=${copy}>${icon('copy')}<span class="copy-says" aria-live="polite">Copy</span></button></div>
    <pre tabindex="0" role="region" aria-label="Command"><code>${text}</code></pre>
  </div>`;
}
