// with-engine.mjs - runs a program beside an engine of its own, and ends with the program's code.
//
//   node with-engine.mjs [--engine dynalite|dynamodb-local] -- PROGRAM [ARGUMENT...]
//
// The program finds the engine by FOOTFALL_DYNAMODB_ENDPOINT, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_REGION; nothing of the caller's AWS settings reaches it.
//
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { engineName, startEngine } from './engine.mjs';

function usage(words) {
  console.error(`with-engine: ${words}; node with-engine.mjs [--engine NAME] -- PROGRAM [ARGUMENT...]`);
  process.exit(2);
}

const args = process.argv.slice(2);
let name = engineName();
if (args[0] === '--engine') [, name] = args.splice(0, 2);
if (args.shift() !== '--' || args.length === 0) usage('which program?');

let engine;
try {
  engine = await startEngine(name);
} catch (error) {
  console.error(`with-engine: ${error.message}`);
  process.exit(2);
}
const program = spawn(args[0], args.slice(1), { stdio: 'inherit', env: engine.environment });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => program.kill(signal));
program.on('error', (error) => usage(`${args[0]} cannot be started: ${error.message}`));
program.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
