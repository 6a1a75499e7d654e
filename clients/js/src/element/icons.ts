/**
 * icons.ts - small glyphs of our own: shapes, and a letter or two for each platform.
 */
import { html, type TemplateResult } from 'lit';

const SHORT: Record<string, string> = {
  facebook: 'f', instagram: 'ig', linkedin: 'in', x: 'x', tiktok: 'tt', youtube: 'yt', pinterest: 'p',
  whatsapp: 'wa', messenger: 'm', snapchat: 'sc', reddit: 'r', threads: 'th', nextdoor: 'nd',
};
const NAMES: Record<string, string> = {
  facebook: 'Facebook', instagram: 'Instagram', linkedin: 'LinkedIn', x: 'X', tiktok: 'TikTok', youtube: 'YouTube',
  pinterest: 'Pinterest', whatsapp: 'WhatsApp', messenger: 'Messenger', snapchat: 'Snapchat', reddit: 'Reddit',
  threads: 'Threads', nextdoor: 'Nextdoor',
};

export function platformName(platform: string): string {
  return NAMES[platform] ?? platform.charAt(0).toUpperCase() + platform.slice(1);
}

/** A tile with letters, in one of the style sheet's hues; a compass for what has no platform. */
export function platformIcon(platform: string | null): TemplateResult {
  if (platform === null) {
    return html`<svg class="icon tile hue-none" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect width="24" height="24" rx="7"></rect>
      <circle cx="12" cy="12" r="6" fill="none" stroke-width="1.5"></circle>
      <path class="filled" d="m14.8 9.2-1.7 3.9-3.9 1.7 1.7-3.9z"></path></svg>`;
  }
  const letters = SHORT[platform] ?? platform.slice(0, 1).toLowerCase();
  const hue = Object.keys(SHORT).indexOf(platform);
  return html`<svg class="icon tile hue-${hue < 0 ? 'other' : hue % 7}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <rect width="24" height="24" rx="7"></rect>
    <text x="12" y="16.2" text-anchor="middle" font-size=${letters.length > 1 ? 10.5 : 12.5}>${letters}</text></svg>`;
}

const ARROWS = { up: 'M8 3.5 13 11H3z', down: 'M8 12.5 3 5h10z' };

export function arrow(direction: 'up' | 'down'): TemplateResult {
  return html`<svg class="icon arrow" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${ARROWS[direction]}></path></svg>`;
}

const STROKES = {
  download: 'M8 2.5v7.5M4.75 7 8 10.25 11.25 7M2.75 13.25h10.5',
  retry: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  warning: 'M8 2.5 14.2 13.4H1.8zM8 6.6v3M8 11.5v.2',
};

export function stroke(name: keyof typeof STROKES): TemplateResult {
  return html`<svg class="icon stroke" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${STROKES[name]}></path></svg>`;
}

/** A row of bars behind glass: what stands where nothing was counted. */
export function quiet(): TemplateResult {
  return html`<svg class="quiet" viewBox="0 0 96 56" aria-hidden="true" focusable="false">
    <path class="ground" d="M4 52h88"></path>
    <rect x="12" y="36" width="10" height="16" rx="2"></rect><rect x="28" y="28" width="10" height="24" rx="2"></rect>
    <rect x="44" y="40" width="10" height="12" rx="2"></rect><rect x="60" y="20" width="10" height="32" rx="2"></rect>
    <rect x="76" y="32" width="10" height="20" rx="2"></rect></svg>`;
}

/** How much of the most it is, as a bar; widths are SVG's, which no policy forbids. */
export function share(part: number): TemplateResult {
  const width = `${Math.max(0, Math.min(100, part * 100)).toFixed(1)}%`;
  return html`<svg class="share" aria-hidden="true" focusable="false"><rect class="track" width="100%" height="100%" rx="2"></rect>
    <rect class="part" width=${width} height="100%" rx="2"></rect></svg>`;
}
