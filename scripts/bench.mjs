// `npm run bench`: the side-by-side runs of docs/benchmarks.md.
// Usage: node scripts/bench.mjs [name...] [--short] [--write] [--only-write]
//   --short       a minute in all: shows that every bench works, its figures judge nothing
//   --write       puts the results into docs/benchmarks.md, between its markers
//   --only-write  does that with the results of an earlier run
import './lib/require-node.mjs';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeDocument } from '../bench/lib/document.mjs';
import { setUpPeers } from '../bench/peers/setup.mjs';

const { SetupError, orExplain, root, runCommand, setup } = await import('./lib/steps.mjs');

const all = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length))
  .sort();
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const known = ['--short', '--write', '--only-write'];
const wrong = [
  ...flags.filter((flag) => !known.includes(flag)),
  ...names.filter((name) => !all.includes(name)),
];

await orExplain(async () => {
  if (wrong.length > 0) {
    throw new SetupError(`there is no ${wrong.join(', ')}: use one of ${[...all, ...known].join(', ')}`);
  }
  if (flags.includes('--short') && flags.some((flag) => flag.endsWith('write'))) {
    throw new SetupError(
      'the figures of a short run are not fit for the document: leave --short or --write out',
    );
  }
  const failed = flags.includes('--only-write') ? [] : await runBenches();
  if (flags.some((flag) => flag.endsWith('write'))) writeDocument();
  if (failed.length > 0) throw new SetupError(`benches that failed: ${failed.join(', ')}`);
});

async function runBenches() {
  await setup();
  const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: await publishedAddon() };
  const missing = setUpPeers();
  if (missing) console.error(`  ${missing}: benches run without them`);
  const wanted = names.length > 0 ? names : all;
  return wanted.filter((name) => {
    const args = [join(root, 'bench', `${name}.mjs`), ...(flags.includes('--short') ? ['--short'] : [])];
    return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status !== 0;
  });
}

/** The addon as it is published (profile `dist`), beside the one of the checkout, which stays as it is. */
async function publishedAddon() {
  const folder = join('target', 'bench', 'addon');
  mkdirSync(join(root, folder), { recursive: true });
  const napi = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  const options = ['--package', 'quorate-node', '--platform', '--profile', 'dist', '--no-const-enum'];
  const outputs = ['--js', 'native.cjs', '--dts', 'native.d.cts', '--output-dir', folder];
  const args = [napi, 'build', ...options, ...outputs];
  await runCommand('building the addon as published', process.execPath, args);
  const addon = readdirSync(join(root, folder)).find((name) => name.endsWith('.node'));
  if (!addon) throw new SetupError(`${folder} holds no addon`);
  return join(root, folder, addon);
}
