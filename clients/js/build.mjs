// build.mjs - dist/: ES modules, CommonJS and types.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('.', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });

const entries = ['src/index.ts', 'src/live.ts', 'src/queue-store-file.ts', 'src/queue-store-browser.ts'];
for (const [format, extension] of [['esm', '.js'], ['cjs', '.cjs']]) {
  await build({
    entryPoints: entries,
    outdir: 'dist',
    bundle: true,
    format,
    outExtension: { '.js': extension },
    target: 'es2021',
    platform: 'neutral',
    external: ['#queue-store', 'node:*'],
    logLevel: 'warning',
  });
}

execFileSync('node_modules/.bin/tsc', ['--emitDeclarationOnly'], { stdio: 'inherit' });
// CommonJS reads types from .d.cts, whose imports must say so too
for (const name of readdirSync('dist').filter((each) => each.endsWith('.d.ts'))) {
  const text = readFileSync(`dist/${name}`, 'utf8').replace(/(from '\.\/[\w-]+)\.js'/g, "$1.cjs'");
  writeFileSync(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`, text);
}
copyFileSync('../../LICENSE', 'LICENSE');
