// site.mjs - somebody's web site: pages on an origin of their own, under a strict policy.
//
// Pages are {path: html} or {path: {type, body}}; files are {path: file on disk}. The policy allows
// scripts of the site alone: no inline script, no inline style, no eval. Requests go to the site and
// to the addresses in `connect`.
//
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
/** The TypeScript client's folder: script/setup --for test built it. */
export const client = resolve(here, '../../clients/js');

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
};

export async function startSite({ pages = {}, files = {} } = {}) {
  const site = {
    pages,
    files,
    connect: [],
    policy: () =>
      ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action 'none'", "base-uri 'none'",
        "require-trusted-types-for 'script'", 'trusted-types lit-html', `connect-src 'self' ${site.connect.join(' ')}`].join('; '),
  };
  const server = http.createServer((request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    const page = site.pages[path];
    const file = site.files[path];
    if (page === undefined && file === undefined) {
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    const type = page?.type ?? (page === undefined ? TYPES[extname(path)] : TYPES['.html']);
    const body = page?.body ?? page ?? readFileSync(file);
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': site.policy(), 'Cache-Control': 'no-store' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  site.url = `http://127.0.0.1:${server.address().port}`;
  site.close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return site;
}

/** The package's entries by the names that others import them by. */
function entries() {
  const { name, exports } = JSON.parse(readFileSync(`${client}/package.json`, 'utf8'));
  return new Map(Object.entries(exports).flatMap(([path, { import: chosen }]) =>
    (chosen === undefined ? [] : [[path.replace('.', name), resolve(client, chosen.default)]])));
}

/**
 * A page's script as a bundler makes it of these lines, which may import the package by its name, and
 * the tests' packages; React from `react`, a folder with node_modules.
 */
export async function bundled(lines, { react = resolve(here, '..') } = {}) {
  const { build } = createRequire(`${client}/package.json`)('esbuild');
  const known = entries();
  const asOutside = {
    name: 'as-outside',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^footfall(\/|$)/ }, ({ path }) => ({ path: known.get(path) }));
      onResolve({ filter: /^react(-dom)?(\/|$)/ }, ({ path }) => ({ path: createRequire(`${react}/package.json`).resolve(path) }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: lines, resolveDir: here, loader: 'jsx' },
    bundle: true, write: false, format: 'esm', platform: 'browser', jsx: 'automatic', logLevel: 'warning', minify: true,
    tsconfigRaw: {}, // the package as outsiders have it: its own tsconfig.json is not in it
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [asOutside],
  });
  return { type: 'text/javascript', body: outputFiles[0].text };
}
