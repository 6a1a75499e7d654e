// build.mjs - dist/: ES modules, CommonJS and types; the element with what it is made of in one file.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('.', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });

const common = { outdir: 'dist', bundle: true, target: 'es2021', platform: 'neutral', logLevel: 'warning' };

/** The package's own entries stay apart: each is loaded once, whoever imports it. */
const entriesApart = (extension) => ({
  name: 'entries-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/element(-class)?\.js$/ }, ({ path }) => ({
      path: path.replace(/\.js$/, extension), external: true, sideEffects: path === './element.js',
    }));
  },
});

for (const [format, extension] of [['esm', '.js'], ['cjs', '.cjs']]) {
  const shaped = { ...common, format, outExtension: { '.js': extension } };
  await build({
    ...shaped,
    entryPoints: ['src/index.ts', 'src/live.ts', 'src/queue-store-file.ts', 'src/queue-store-browser.ts'],
    external: ['#queue-store', 'node:*'],
  });
  await build({
    ...shaped,
    entryPoints: ['src/element-class.ts'],
    minify: true,
    mainFields: ['module', 'main'],
    conditions: ['browser', 'production'],
    inject: ['src/element/server-side.js'],
    legalComments: 'none', // they are in dist/THIRD-PARTY.txt
  });
  await build({ ...shaped, entryPoints: ['src/element.ts'], plugins: [entriesApart(extension)] });
  await build({
    ...shaped, entryPoints: ['src/react.ts'], external: ['react'], plugins: [entriesApart(extension)], banner: { js: "'use client';" },
  });
}

execFileSync('node_modules/.bin/tsc', ['--emitDeclarationOnly'], { stdio: 'inherit' });
rmSync('dist/element', { recursive: true }); // inside: nobody's business
// CommonJS reads types from .d.cts, whose imports must say so too
for (const name of readdirSync('dist').filter((each) => each.endsWith('.d.ts'))) {
  const text = readFileSync(`dist/${name}`, 'utf8').replace(/((?:from|import) '\.\/[\w-]+)\.js'/g, "$1.cjs'");
  writeFileSync(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`, text);
}

const bundled = ['lit', 'lit-html', 'lit-element', '@lit/reactive-element', 'uplot'];
const notices = bundled.map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
});
writeFileSync('dist/THIRD-PARTY.txt', `element-class.js and element-class.cjs hold:\n\n${notices.join('\n----\n\n')}`);
copyFileSync('../../LICENSE', 'LICENSE');
