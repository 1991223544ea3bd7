// `npm run lint`: every linter, all of them even when one finds something. The tidy rules run with `npm
// test`.
import './lib/require-node.mjs';

const { spawnSync } = await import('node:child_process');
const { join } = await import('node:path');
const { orExplain, root, setup } = await import('./lib/steps.mjs');

const bin = (path) => join(root, 'node_modules', ...path.split('/'));
const linters = [
  ['cargo', ['fmt', '--all', '--check']],
  ['cargo', ['clippy', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings']],
  [process.execPath, [bin('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '.']],
  [process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noEmit']],
  [process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.test.json', '--noEmit']],
];

await orExplain(async () => {
  await setup();
  for (const [command, args] of linters) {
    const name = [command === process.execPath ? 'node' : command, ...args]
      .join(' ')
      .replaceAll(`${root}/`, '');
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    if (status !== 0) process.exitCode = 1;
  }
});
