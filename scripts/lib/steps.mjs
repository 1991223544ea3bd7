// What must stand before anything of the project runs: dependencies, the addon, the compiled TypeScript.
// Each step is skipped when the hash of what it reads has not changed, so a second `npm start` builds
// nothing.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const stamps = join(root, 'target', '.quorate');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** A step that cannot go on; the message is the whole answer to the user. */
export class SetupError extends Error {}

/** Every file below `paths`, sorted, with the generated and the foreign left out. */
function filesOf(paths) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) {
        if (name !== 'target' && name !== 'node_modules' && !name.startsWith('.')) visit(join(path, name));
      }
    } else {
      found.push(path);
    }
  };
  for (const path of paths) visit(join(root, path));
  return found.sort();
}

function hashOf(paths, salt) {
  const hash = createHash('sha256').update(salt);
  for (const file of filesOf(paths)) hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Runs a command; its output is shown only when it fails, one line of it at a time while it works. */
export function runCommand(label, command, args, { env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } });
    const lines = [];
    const live = process.stderr.isTTY;
    let last = '';
    const onData = (chunk) => {
      for (const line of chunk.toString().split(/[\r\n]+/)) {
        if (!line.trim()) continue;
        lines.push(line);
        if (lines.length > 400) lines.shift();
        last = line.trim();
      }
    };
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const tick = () => {
      if (live) process.stderr.write(`\r\x1b[2K  ${label} ... ${seconds()} s  ${last.slice(0, 60)}`);
      else process.stderr.write(`  ${label} ... ${seconds()} s  ${last.slice(0, 80)}\n`);
    };
    const timer = setInterval(tick, live ? 500 : 10_000);
    if (live) tick();
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.on('error', (error) => {
      clearInterval(timer);
      reject(new SetupError(`${label}: ${command} could not be started (${error.message})`));
    });
    child.on('close', (status) => {
      clearInterval(timer);
      if (live) process.stderr.write('\r\x1b[2K');
      if (status === 0) {
        process.stderr.write(`  ${label}: done in ${seconds()} s\n`);
        resolve();
      } else {
        reject(new SetupError(`${lines.slice(-40).join('\n')}\n${label} failed (exit code ${status}).`));
      }
    });
  });
}

/** A step to take; `fresh` when what it reads has not changed since it was last taken. */
function stepOf({ name, label, reads, salt = '', makes, run }) {
  const stamp = join(stamps, name);
  const hash = () => hashOf(reads, `${process.platform} ${process.arch} ${salt}`);
  const made = () => makes.every((path) => existsSync(join(root, path)));
  return {
    fresh: () => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash() && made(),
    async take() {
      if (this.fresh()) return;
      await run(label);
      mkdirSync(stamps, { recursive: true });
      writeFileSync(stamp, hash());
    },
  };
}

/** The version in rust-toolchain.toml is the one every machine builds with. */
function requireRust() {
  const wanted = /channel = "([\d.]+)"/.exec(readFileSync(join(root, 'rust-toolchain.toml'), 'utf8'))?.[1];
  const answer = spawnSync('cargo', ['--version'], { cwd: root, encoding: 'utf8' });
  const found = /^cargo (\d+)\.(\d+)/.exec(answer.stdout ?? '');
  const [major, minor] = wanted.split('.').map(Number);
  if (!found) {
    throw new SetupError(
      `Quorate builds its core with Rust ${wanted} and no cargo was found: ` +
        "install it with `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh` and open a new shell.",
    );
  }
  if (Number(found[1]) < major || (Number(found[1]) === major && Number(found[2]) < minor)) {
    throw new SetupError(
      `Quorate builds its core with Rust ${wanted} and this is ${found[1]}.${found[2]}: ` +
        `install it with \`rustup toolchain install ${wanted}\`.`,
    );
  }
}

function addonFile() {
  return `quorate.${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}.node`;
}

/** Makes the checkout ready. `profile` is `start` (seconds to relink) or `dist` (what is published). */
export async function setup({ profile = 'start' } = {}) {
  const dependencies = stepOf({
    name: 'dependencies',
    label: 'installing dependencies',
    reads: ['package.json', 'package-lock.json'],
    makes: ['node_modules/@napi-rs/cli/package.json', 'node_modules/typescript/package.json'],
    // `install --no-save` takes the versions of the lock file and leaves it alone. Not `ci`: it refuses a
    // lock file made against a mirror that lacks the packages of foreign platforms. No dependency needs its
    // install script.
    run: (label) => {
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      return runCommand(label, npm, ['install', '--no-save', ...quiet]);
    },
  });
  const addon = stepOf({
    name: 'addon',
    label: 'building the addon',
    reads: ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'build.rs', 'src', 'crates'],
    salt: profile,
    makes: ['native.cjs', 'native.d.cts', addonFile()],
    run: async (label) => {
      const napi = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
      const flags = [
        '--package',
        'quorate-node',
        '--platform',
        '--profile',
        profile,
        '--no-const-enum',
        '--output-dir',
        '.',
      ];
      const names = ['--js', 'native.cjs', '--dts', 'native.d.cts'];
      await runCommand(label, process.execPath, [napi, 'build', ...flags, ...names]);
    },
  });
  const typescript = stepOf({
    name: 'typescript',
    label: 'compiling TypeScript',
    reads: ['tsconfig.json', 'ts', 'native.d.cts', 'package-lock.json'],
    makes: ['dist/index.js', 'dist/cli/main.js'],
    run: (label) => {
      // A module that was deleted must not live on in what is packed.
      rmSync(join(root, 'dist'), { recursive: true, force: true });
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      return runCommand(label, process.execPath, [tsc, '-p', 'tsconfig.json']);
    },
  });
  // What only the user can mend is said before anything is downloaded.
  if (!addon.fresh()) requireRust();
  await dependencies.take();
  await addon.take();
  await typescript.take();
}

/** Runs `work` and turns a SetupError into one plain answer with a non-zero exit code. */
export async function orExplain(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
