// `npm test`: makes the checkout ready, then runs the Rust tests and the TypeScript tests, and counts them.
// Arguments go to vitest: `npm test -- placement` runs the TypeScript tests whose path has "placement" in it,
// alone.
import './lib/require-node.mjs';

const { spawn } = await import('node:child_process');
const { mkdirSync, writeFileSync } = await import('node:fs');
const { join } = await import('node:path');
const { orExplain, root, setup, SetupError } = await import('./lib/steps.mjs');

/** Runs a command with its output shown as it comes; resolves with the output and the exit code. */
function show(command, args) {
  return new Promise((resolve, reject) => {
    const { FORCE_COLOR: _, ...env } = process.env;
    const child = spawn(command, args, { cwd: root, env: { ...env, NO_COLOR: '1' } });
    let output = '';
    const onData = (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.on('error', (error) => reject(new SetupError(`${command} could not be started: ${error.message}`)));
    child.on('close', (status) => resolve({ status, output }));
  });
}

function sum(output, pattern) {
  return [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

async function rustTests() {
  console.log('\nRust tests\n');
  const { status, output } = await show('cargo', [
    'test',
    '--workspace',
    '--exclude',
    'quorate-node',
    '--quiet',
  ]);
  return {
    passed: sum(output, /^test result: .*? (\d+) passed/gm),
    failed: sum(output, /; (\d+) failed/g) + (status !== 0 && !/ failed/.test(output) ? 1 : 0),
    // A test that has to skip says so in a line of its own, since cargo knows no skipped tests.
    skipped: sum(output, /; (\d+) ignored/g) + [...output.matchAll(/^SKIPPED: /gm)].length,
    status,
  };
}

async function typescriptTests(filters) {
  console.log('\nTypeScript tests\n');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status, output } = await show(process.execPath, [vitest, 'run', '--reporter=default', ...filters]);
  const line = /^\s*Tests .*$/m.exec(output)?.[0] ?? '';
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  const failed = count('failed') + (status !== 0 && count('failed') === 0 ? 1 : 0);
  return { passed: count('passed'), failed, skipped: count('skipped'), status };
}

await orExplain(async () => {
  await setup();
  const filters = process.argv.slice(2);
  const rust = filters.length > 0 ? { passed: 0, failed: 0, skipped: 0, status: 0 } : await rustTests();
  const typescript = await typescriptTests(filters);
  const total = (key) => rust[key] + typescript[key];
  const line =
    `tests: ${total('passed')} passed (${rust.passed} Rust, ${typescript.passed} TypeScript), ` +
    `${total('failed')} failed, ${total('skipped')} skipped`;
  mkdirSync(join(root, 'target', '.quorate'), { recursive: true });
  writeFileSync(join(root, 'target', '.quorate', 'tests.txt'), `${line}\n`);
  console.log(`\n${line}`);
  if (rust.status !== 0 || typescript.status !== 0) process.exitCode = 1;
});
