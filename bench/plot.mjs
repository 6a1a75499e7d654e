// plot.mjs - charts as SVG text: lines over a logarithmic or even axis, and bars.
//
// Readable on light and dark pages: no background, text and grid in greys that both show, colours
// of middle brightness that differ without hue too (each line has its own mark).
//
// SPDX-License-Identifier: Apache-2.0

const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 76;
const RIGHT = 24;
const TOP = 56;
const BOTTOM = 52;
const COLOURS = ['#2f7ed8', '#d9722e', '#3d9a50', '#a05cc0'];
const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #6b7280; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #9ca3af; stroke-opacity: 0.35; }
  .axis { stroke: #6b7280; }
  @media (prefers-color-scheme: dark) { text { fill: #a8b0bd; } .axis { stroke: #a8b0bd; } }
</style>`;

function escaped(text) {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
}

/** 1,500,000 as 1.5 M. */
export function short(value) {
  for (const [unit, letter] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (Math.abs(value) >= unit) return `${Number((value / unit).toPrecision(3))} ${letter}`;
  }
  return String(Number(value.toPrecision(3)));
}

/** Round numbers that divide 0..max in four to eight. */
function ticksTo(max) {
  const raw = max / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw);
  const ticks = [];
  for (let tick = 0; tick < max + step; tick += step) ticks.push(tick);
  return ticks;
}

function frame(title, height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
${STYLE}
<text class="title" x="${LEFT}" y="22">${escaped(title)}</text>
${body.join('\n')}
</svg>
`;
}

function mark(kind, x, y, colour) {
  const shapes = [
    `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`,
    `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`,
    `<path d="M${x} ${y - 5}l5 9h-10z" fill="${colour}"/>`,
    `<path d="M${x} ${y - 5}l5 5l-5 5l-5 -5z" fill="${colour}"/>`,
  ];
  return shapes[kind % shapes.length];
}

/**
 * Lines from zero up. series: [{name, points: [[x, y], ...]}]; logX: powers of ten are evenly far.
 */
export function linePlot({ title, xLabel, yLabel, series, logX = true }) {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ticks = ticksTo(Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)), 1e-9));
  const top = ticks.at(-1);
  const scaleOf = logX ? Math.log10 : (x) => x;
  const from = logX ? scaleOf(Math.min(...xs)) : 0;
  const width = scaleOf(Math.max(...xs)) - from || 1;
  const xOf = (x) => Math.round((LEFT + ((scaleOf(x) - from) / width) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
  const yOf = (y) => Math.round((HEIGHT - BOTTOM - (y / top) * (HEIGHT - TOP - BOTTOM)) * 10) / 10;

  const body = ticks.map((tick) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yOf(tick)}" y2="${yOf(tick)}"/>
<text x="${LEFT - 8}" y="${yOf(tick) + 4}" text-anchor="end">${short(tick)}</text>`);
  for (const x of new Set(xs)) body.push(`<text x="${xOf(x)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${short(x)}</text>`);
  body.push(`<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yOf(0)}" y2="${yOf(0)}"/>`);
  body.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(xLabel)}</text>`);
  body.push(`<text x="14" y="${(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 14 ${(TOP + HEIGHT - BOTTOM) / 2})">${escaped(yLabel)}</text>`);
  let legend = LEFT;
  series.forEach(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    body.push(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(([x, y]) => `${xOf(x)},${yOf(y)}`).join(' ')}"/>`);
    for (const [x, y] of points) body.push(mark(i, xOf(x), yOf(y), colour));
    body.push(mark(i, legend + 5, 38, colour), `<text x="${legend + 15}" y="42">${escaped(name)}</text>`);
    legend += 34 + name.length * 6.6;
  });
  return frame(title, HEIGHT, body);
}

/** Bars from the left, their values written behind them. bars: [{name, value, own}]. */
export function barPlot({ title, unit, bars }) {
  const ROW = 26;
  const names = 300;
  const height = TOP + bars.length * ROW;
  const top = Math.max(...bars.map(({ value }) => value));
  const body = bars.flatMap(({ name, value, own }, i) => {
    const y = TOP - 14 + i * ROW;
    const width = Math.max(1, Math.round((value / top) * (WIDTH - names - 120)));
    return [
      `<text x="${names - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${names}" y="${y}" width="${width}" height="18" fill="${COLOURS[own ? 0 : 1]}"/>`,
      `<text x="${names + width + 6}" y="${y + 14}">${escaped(`${short(value)} ${unit}`)}</text>`,
    ];
  });
  return frame(title, height, body);
}
