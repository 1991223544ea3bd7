// The peers that benches are compared with, in a virtual environment of their own: node bench/peers/setup.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '..', '..', 'target', 'bench-venv');
const stamp = join(folder, 'installed.txt');
const wanted = readFileSync(join(here, 'requirements.txt'), 'utf8');

/** The interpreter of the environment. */
export const python = join(folder, 'bin', 'python');

/** Installs the pinned peers once. Null when they are there, else a sentence that says what is missing. */
export function setUpPeers() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return null;
  mkdirSync(folder, { recursive: true });
  const steps = [
    ['python3', ['-m', 'venv', folder]],
    [
      python,
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '-r',
        'bench/peers/requirements.txt',
      ],
    ],
    [python, ['-c', 'import moocore, pymoo, pygmo']],
  ];
  for (const [command, args] of steps) {
    console.error(`  peers: ${command === 'python3' ? 'making an environment' : args.slice(-1)[0]} ...`);
    const { status, stderr, error } = spawnSync(command, args, {
      cwd: join(here, '..', '..'),
      encoding: 'utf8',
    });
    if (status !== 0) {
      const reason = error?.message ?? stderr.trim().split('\n').at(-1);
      return `the peers are not available (${command} ${args.slice(0, 3).join(' ')}: ${reason})`;
    }
  }
  writeFileSync(stamp, wanted);
  return null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = setUpPeers();
  console.log(missing ?? `the peers are ready:\n${wanted.trim()}`);
  process.exitCode = missing === null ? 0 : 1;
}
