// build.mjs - dist/: the dashboard's page and the files it loads, named by their content, each
// also compressed; manifest.json lists them for the program's build (src/http/pages_embed.py).
//
// Nothing in dist/ depends on when or where it was built: the same sources give the same bytes.
//
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** The client's sources are built as they stand: what they import comes from here. */
const fromHere = {
  name: 'from-here',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(lit|uplot|@lit\/.*)(\/|$)/ }, ({ path, pluginData, kind }) =>
      pluginData === 'here' ? undefined
        : resolve(path, { kind, resolveDir: process.cwd(), pluginData: 'here' }));
    onResolve({ filter: /^#queue-store$/ }, () => ({
      path: join(process.cwd(), '../clients/js/src/queue-store-browser.ts'),
    }));
  },
};

const { metafile } = await build({
  entryPoints: { app: 'src/main.ts', icon: 'src/icon.svg' },
  outdir: 'dist.new',
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  conditions: ['browser', 'production'],
  target: ['es2022', 'chrome110', 'firefox110', 'safari16.4'],
  legalComments: 'none',
  loader: { '.woff2': 'file', '.svg': 'copy' },
  plugins: [fromHere],
  metafile: true,
  logLevel: 'warning',
});

/* What others wrote goes with their licences. */
const parts = ['lit', 'lit-html', 'lit-element', '@lit/reactive-element', 'uplot', '@fontsource-variable/inter'];
const licences = parts.map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
}).join('\n----\n\n');
const licencesName = `licences-${createHash('sha256').update(licences).digest('hex').slice(0, 8).toUpperCase()}.txt`;
writeFileSync(`dist.new/${licencesName}`, licences);
const outputs = [...Object.keys(metafile.outputs).map((path) => basename(path)), licencesName].sort();

/** The built file of this name without its hash. */
function built(start, extension) {
  const found = outputs.find((name) => name.startsWith(`${start}-`) && name.endsWith(extension));
  if (found === undefined) throw new Error(`${start}${extension} was not built`);
  return found;
}

const page = readFileSync('src/index.html', 'utf8').replace(/\{\{(\w+)(\.\w+)\}\}/g,
  (_, start, extension) => `assets/${built(start, extension)}`);
writeFileSync('dist.new/index.html', page);

const names = ['index.html', ...outputs];
const files = names.map((name) => {
  const content = readFileSync(join('dist.new', name));
  const compressed = {
    '.br': brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    '.gz': gzipSync(content, { level: 9 }),
  };
  const sizes = Object.entries(compressed).filter(([, bytes]) => bytes.length < content.length * 0.95);
  for (const [suffix, bytes] of sizes) writeFileSync(join('dist.new', name + suffix), bytes);
  return {
    name,
    type: TYPES[extname(name)],
    sha256: createHash('sha256').update(content).digest('hex'), // so that the manifest changes with it
    bytes: content.length,
    ...Object.fromEntries(sizes.map(([suffix, bytes]) => [suffix.slice(1), bytes.length])),
  };
});
mkdirSync('dist', { recursive: true });
// the manifest comes last, so that a build that was cut off is not taken for one
writeFileSync('dist.new/manifest.json', `${JSON.stringify({ files }, null, 1)}\n`);
rmSync('dist', { recursive: true, force: true });
renameSync('dist.new', 'dist');
for (const { name, bytes, br } of files) console.log(`${name}  ${bytes} bytes${br ? `, ${br} compressed` : ''}`);
