/**
 * styles.ts - how it looks. What begins with --footfall- is the page's to set; see README.md.
 */
import { css } from 'lit';

const light = css`
  --_text: var(--footfall-text, #16212b);
  --_muted: var(--footfall-muted, #566370);
  --_background: var(--footfall-background, #ffffff);
  --_surface: var(--footfall-surface, #f5f7f8);
  --_border: var(--footfall-border, #dfe4e8);
  --_control: var(--footfall-control-border, #87939e);
  --_accent: var(--footfall-accent, #0d6276);
  --_on-accent: var(--footfall-on-accent, #ffffff);
  --_positive: var(--footfall-positive, #17703f);
  --_negative: var(--footfall-negative, #a83a24);
  --_warning: var(--footfall-warning, #8a5a00);
  --_context: #b4c3ca;
  --_tile-light: 93%;
  --_tile-ink: 30%;
  color-scheme: light;
`;

const dark = css`
  --_text: var(--footfall-text, #e9eef2);
  --_muted: var(--footfall-muted, #a0adb9);
  --_background: var(--footfall-background, #12181e);
  --_surface: var(--footfall-surface, #1b232b);
  --_border: var(--footfall-border, #2b3640);
  --_control: var(--footfall-control-border, #66737f);
  --_accent: var(--footfall-accent, #5ec4da);
  --_on-accent: var(--footfall-on-accent, #08222a);
  --_positive: var(--footfall-positive, #66d19b);
  --_negative: var(--footfall-negative, #f2937c);
  --_warning: var(--footfall-warning, #e4b455);
  --_context: #3d4c58;
  --_tile-light: 24%;
  --_tile-ink: 82%;
  color-scheme: dark;
`;

export const styles = css`
  :host {
    ${light}
    display: block;
    container-type: inline-size;
    min-inline-size: 16rem;
    color: var(--_text);
    font-family: var(--footfall-font, Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif);
    font-size: var(--footfall-font-size, 0.9375rem);
    line-height: 1.45;
    text-align: start;
    -webkit-font-smoothing: antialiased;
  }
  :host([hidden]) { display: none; }
  @media (prefers-color-scheme: dark) {
    :host { ${dark} }
  }
  :host([theme='light']) { ${light} }
  :host([theme='dark']) { ${dark} }

  *, *::before, *::after { box-sizing: border-box; }
  h2, h3, p, fieldset, legend, table, figure, form { margin: 0; padding: 0; border: 0; font: inherit; }
  button, input { font: inherit; color: inherit; letter-spacing: inherit; }
  [hidden] { display: none !important; }
  .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  :focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }

  .frame {
    background: var(--_background);
    border: 1px solid var(--_border);
    border-radius: var(--footfall-radius, 14px);
    padding: 1rem;
    font-variant-numeric: tabular-nums;
  }

  /* ---- top: what it is, which days ---- */
  .top { display: flex; align-items: center; gap: 0.75rem; min-block-size: 1.75rem; margin-block-end: 0.75rem; }
  .heading { flex: 1; min-inline-size: 0; font-size: 1.1875rem; font-weight: 650; line-height: 1.3; letter-spacing: -0.012em; overflow-wrap: anywhere; }
  .badge { display: inline-flex; align-items: center; gap: 0.4em; flex: none; margin-inline-start: auto; font-size: 0.8125rem; font-weight: 550; color: var(--_muted); }
  .badge::before { content: ''; inline-size: 0.5rem; block-size: 0.5rem; border-radius: 50%; background: var(--_muted); }
  .badge.live { color: var(--_positive); }
  .badge.live::before { background: var(--_positive); animation: beat 2.4s ease-out infinite; }
  .badge.waiting { color: var(--_warning); }
  .badge.waiting::before { background: var(--_warning); }
  @keyframes beat {
    0% { box-shadow: 0 0 0 0 color-mix(in srgb, var(--_positive) 45%, transparent); }
    60%, 100% { box-shadow: 0 0 0 0.4rem transparent; }
  }

  .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.875rem; }
  .periods { display: inline-grid; grid-auto-flow: column; grid-auto-columns: 1fr; padding: 3px; border-radius: 10px; background: var(--_surface); box-shadow: inset 0 0 0 1px var(--_border); }
  .periods label { position: relative; display: block; }
  .periods input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .periods span { display: block; padding: 0.3rem 0.75rem; border-radius: 7px; font-size: 0.875rem; font-weight: 500; text-align: center; white-space: nowrap; color: var(--_muted); }
  .periods input:hover + span { color: var(--_text); }
  .periods input:checked + span { background: var(--_background); color: var(--_text); font-weight: 600; box-shadow: 0 0 0 1px var(--_border), 0 1px 2px rgb(0 0 0 / 0.08); }
  .periods input:focus-visible + span { outline: 2px solid var(--_accent); outline-offset: 1px; }
  .range { color: var(--_muted); font-size: 0.875rem; white-space: nowrap; min-block-size: 1.25rem; }

  .button {
    display: inline-flex; align-items: center; gap: 0.4rem; flex: none; min-block-size: 2rem; padding: 0.25rem 0.7rem; cursor: pointer;
    border: 1px solid var(--_border); border-radius: 8px; background: transparent; font-size: 0.875rem; font-weight: 550;
  }
  .button:hover { background: var(--_surface); }
  .button:disabled { opacity: 0.45; cursor: default; }
  .button.strong { border-color: transparent; background: var(--_accent); color: var(--_on-accent); }
  .button.strong:hover { background: color-mix(in srgb, var(--_accent) 88%, var(--_text)); }
  .csv { margin-inline-start: auto; }

  .dates { display: flex; flex-wrap: wrap; align-items: end; gap: 0.5rem 0.75rem; margin-block-start: 0.75rem; }
  .dates label { display: grid; gap: 0.2rem; font-size: 0.8125rem; font-weight: 500; color: var(--_muted); }
  .dates input { min-block-size: 2rem; inline-size: 9.75rem; padding: 0.2rem 0.5rem; border: 1px solid var(--_control); border-radius: 8px; background: var(--_background); color: var(--_text); font-size: 0.875rem; }
  .dates .fault { flex-basis: 100%; color: var(--_negative); font-size: 0.875rem; }

  /* ---- totals: each chooses what the chart shows ---- */
  .totals { display: grid; grid-template-columns: 1fr 1fr; gap: 0.625rem; margin-block: 0.875rem; }
  .total {
    display: grid; grid-template-rows: auto auto auto; align-content: start; gap: 0.1rem; padding: 0.7rem 0.875rem 0.65rem; text-align: start;
    border: 1px solid var(--_border); border-radius: 10px; background: transparent; position: relative; min-inline-size: 0;
  }
  button.total { cursor: pointer; }
  button.total:hover { background: var(--_surface); }
  button.total[aria-pressed='true'] { border-color: var(--_accent); box-shadow: inset 0 0 0 1px var(--_accent); background: color-mix(in srgb, var(--_accent) 6%, transparent); }
  .total .name { font-size: 0.8125rem; font-weight: 550; color: var(--_muted); }
  .total .value { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.025em; overflow-wrap: anywhere; }
  .total .change { display: flex; flex-wrap: wrap; align-items: center; column-gap: 0.45rem; min-block-size: 1.25rem; font-size: 0.8125rem; color: var(--_muted); }
  .up, .down { display: inline-flex; align-items: center; gap: 0.2rem; font-weight: 600; white-space: nowrap; }
  .up { color: var(--_positive); }
  .down { color: var(--_negative); }

  .icon { display: block; flex: none; }
  .arrow { inline-size: 0.6875rem; block-size: 0.6875rem; fill: currentColor; }
  .stroke { inline-size: 1rem; block-size: 1rem; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }

  /* ---- the chart ---- */
  .plot { position: relative; block-size: 264px; border-radius: 8px; }
  .plot .legend { display: flex; gap: 1rem; block-size: 32px; align-items: center; font-size: 0.8125rem; color: var(--_muted); }
  .legend span { display: inline-flex; align-items: center; gap: 0.4rem; white-space: nowrap; }
  .legend i { inline-size: 0.875rem; block-size: 0.625rem; border-radius: 2px; background: var(--_accent); }
  .legend i.context { background: var(--_context); }
  .legend i.before { block-size: 0; border-radius: 0; background: none; border-block-start: 2px dashed var(--_muted); }
  .canvas { position: relative; block-size: 232px; border-radius: 8px; touch-action: pan-y; }
  .probe { position: absolute; visibility: hidden; pointer-events: none; }
  .probe-own { color: var(--_accent); }
  .probe-own-area { color: color-mix(in srgb, var(--_accent) 18%, transparent); }
  .probe-context, .probe-context-area { color: var(--_context); }
  .probe-before { color: color-mix(in srgb, var(--_muted) 80%, transparent); }
  .probe-label { color: var(--_muted); }
  .probe-grid { color: var(--_border); }
  .tip {
    position: absolute; inset-block-start: 0; transform: translateX(-50%); pointer-events: none; z-index: 1; min-inline-size: 6.5rem; padding: 0.45rem 0.65rem;
    border: 1px solid var(--_border); border-radius: 8px; background: var(--_background); box-shadow: 0 4px 14px rgb(0 0 0 / 0.13); font-size: 0.8125rem; white-space: nowrap;
  }
  .tip-day { color: var(--_muted); }
  .tip-now { display: flex; gap: 0.35em; font-weight: 650; }
  .tip-before { display: flex; gap: 0.35em; color: var(--_muted); }
  .message { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 0.35rem; padding: 1rem; text-align: center; }
  .message .title { font-weight: 600; font-size: 1rem; }
  .message p { max-inline-size: 34rem; color: var(--_muted); overflow-wrap: anywhere; }
  .message .title { color: var(--_text); }
  .message p::first-letter { text-transform: uppercase; }
  .message .button { margin-block-start: 0.5rem; }
  .message > .stroke { inline-size: 1.75rem; block-size: 1.75rem; color: var(--_negative); stroke-width: 1.2; }
  .quiet { inline-size: 6rem; margin-block-end: 0.5rem; }
  .quiet rect { fill: var(--_border); }
  .quiet .ground { stroke: var(--_context); stroke-width: 2; stroke-linecap: round; }

  /* uPlot's own */
  .uplot, .uplot * { box-sizing: border-box; }
  .uplot { inline-size: min-content; font-family: inherit; line-height: 1.5; }
  .u-wrap { position: relative; user-select: none; }
  .u-over, .u-under { position: absolute; }
  .u-under { overflow: hidden; }
  .uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
  .u-axis, .u-select, .u-cursor-x { position: absolute; pointer-events: none; }
  .u-cursor-x { left: 0; top: 0; height: 100%; border-right: 1px solid var(--_muted); opacity: 0.55; will-change: transform; }
  .u-off { display: none; }

  /* ---- platforms and days ---- */
  .tables { display: grid; gap: 1.25rem; margin-block-start: 1.125rem; }
  section { min-inline-size: 0; }
  h3 { font-size: 0.9375rem; font-weight: 650; margin-block-end: 0.4rem; letter-spacing: -0.005em; }
  .scroll { position: relative; max-block-size: 19.6rem; overflow: auto; scrollbar-width: thin; border-radius: 6px; }
  table { inline-size: 100%; border-collapse: separate; border-spacing: 0; font-size: 0.875rem; }
  th { font-weight: 500; }
  thead th { position: sticky; inset-block-start: 0; z-index: 1; background: var(--_background); color: var(--_muted); font-size: 0.8125rem; text-align: end; padding: 0.3rem 0 0.35rem 0.5rem; border-block-end: 1px solid var(--_border); }
  th:first-child { text-align: start; padding-inline-start: 0; }
  tbody th, tbody td { padding: 0.42rem 0 0.42rem 0.5rem; border-block-end: 1px solid color-mix(in srgb, var(--_border) 60%, transparent); block-size: 2.35rem; }
  tbody tr:last-child > * { border-block-end: 0; }
  td { text-align: end; white-space: nowrap; }
  td.none { color: var(--_muted); }
  .who { display: grid; grid-template-columns: 1.625rem 1fr; align-items: center; column-gap: 0.6rem; row-gap: 0.25rem; }
  .who .label { overflow-wrap: break-word; line-height: 1.2; }
  .tile { inline-size: 1.625rem; block-size: 1.625rem; grid-row: span 2; }
  .share { inline-size: 100%; max-inline-size: 11rem; block-size: 4px; display: block; }
  .share .track { fill: var(--_border); }
  .share .part { fill: var(--_accent); }
  .tile text { font-weight: 700; font-family: inherit; }
  .tile rect { fill: hsl(var(--_hue, 205) var(--_chroma, 34%) var(--_tile-light)); }
  .tile text, .tile .filled { fill: hsl(var(--_hue, 205) var(--_chroma, 45%) var(--_tile-ink)); }
  .tile circle { stroke: hsl(var(--_hue, 205) var(--_chroma, 45%) var(--_tile-ink)); }
  .hue-0 { --_hue: 218; } .hue-1 { --_hue: 330; } .hue-2 { --_hue: 200; } .hue-3 { --_hue: 220; --_chroma: 8%; }
  .hue-4 { --_hue: 275; } .hue-5 { --_hue: 8; } .hue-6 { --_hue: 150; } .hue-none, .hue-other { --_hue: 205; --_chroma: 10%; }
  .nothing { color: var(--_muted); font-size: 0.875rem; padding-block: 0.5rem; }

  .foot { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; justify-content: space-between; align-items: center; min-block-size: 1.75rem; margin-block-start: 0.75rem; padding-block-start: 0.6rem; border-block-start: 1px solid var(--_border); font-size: 0.8125rem; color: var(--_muted); }
  .foot .stale { display: inline-flex; align-items: center; gap: 0.4rem; color: var(--_warning); font-weight: 550; }
  .foot button { border: 0; padding: 0; background: none; color: var(--_accent); font-weight: 600; cursor: pointer; text-decoration: underline; text-underline-offset: 0.15em; }

  /* ---- waiting: the places keep their sizes ---- */
  .waiting-for .totals, .waiting-for .plot, .waiting-for .tables { opacity: 0.45; transition: opacity 160ms ease-out 140ms; }
  .bone { display: inline-block; border-radius: 5px; background: var(--_surface); background-image: linear-gradient(100deg, transparent 30%, color-mix(in srgb, var(--_border) 70%, transparent) 50%, transparent 70%); background-size: 200% 100%; animation: shine 1.6s linear infinite; color: transparent; user-select: none; }
  .total .value .bone { inline-size: 4.5rem; } .total .change .bone { inline-size: 6.5rem; }
  .plot .bone { position: absolute; inset: 32px 0 30px; border-radius: 8px; }
  .tables .bone { display: block; block-size: 1.5rem; margin-block: 0 1.04rem; }
  @keyframes shine { from { background-position: 150% 0; } to { background-position: -50% 0; } }

  @container (max-width: 27rem) {
    .frame { padding: 0.8125rem; }
    .periods { inline-size: 100%; }
    .periods span { padding-inline: 0.2rem; }
    .range { flex: 1; }
    .dates label { flex: 1 1 8rem; }
    .dates input { inline-size: 100%; min-inline-size: 0; }
    .total { padding: 0.6rem 0.7rem; }
    .total .value { font-size: 1.5rem; }
    table { font-size: 0.8125rem; }
    thead th { font-size: 0.75rem; padding-inline-start: 0.375rem; }
    .who { grid-template-columns: 1.25rem 1fr; column-gap: 0.45rem; }
    .tile { inline-size: 1.25rem; block-size: 1.25rem; }
  }
  @container (min-width: 40rem) {
    .frame { padding: 1.375rem 1.5rem 1.125rem; }
    .totals { grid-template-columns: repeat(4, 1fr); gap: 0.75rem; margin-block: 1.125rem 0.875rem; }
    .tables { grid-template-columns: 1fr 1fr; gap: 2.25rem; }
    .heading { font-size: 1.3125rem; }
  }
  @container (min-width: 56rem) {
    .total { padding: 0.85rem 1.05rem 0.8rem; }
    .total .value { font-size: 2.125rem; }
    .tables { gap: 3rem; }
  }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation: none !important; transition: none !important; }
  }
  @media (forced-colors: active) {
    button.total[aria-pressed='true'], .periods input:checked + span { outline: 2px solid Highlight; }
    .legend i, .share .part { forced-color-adjust: none; }
  }
  @media print {
    .frame { border: 0; padding: 0; }
    .csv, .badge, .foot button { display: none; }
    .scroll { max-block-size: none; overflow: visible; }
  }
`;
