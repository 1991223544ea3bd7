// `npm run pack`: the tarballs that are published, in target/packages: quorate, which carries no binary, and
// one package for the platform it is built on. Plain `npm pack` makes one tarball with this platform's binary
// inside, to hand over as it is.
import './lib/require-node.mjs';

const { spawnSync } = await import('node:child_process');
const { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } = await import('node:fs');
const { join } = await import('node:path');
const { orExplain, root, setup, SetupError } = await import('./lib/steps.mjs');

const platform = 'linux-x64-gnu';
const binary = `quorate.${platform}.node`;
const out = join(root, 'target', 'packages');

function npmPack(folder) {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', out],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new SetupError(`npm pack failed in ${folder}:\n${stderr}`);
  return JSON.parse(stdout)[0].filename;
}

await orExplain(async () => {
  const profile = process.argv.includes('--fast') ? 'start' : 'dist';
  await setup({ profile });
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });

  const addon = join(out, platform);
  cpSync(join(root, 'npm', platform), addon, { recursive: true });
  copyFileSync(join(root, binary), join(addon, binary));
  console.log(npmPack(addon));

  // The published package names its platform packages; a checkout cannot, since they are not published yet.
  const main = join(out, 'quorate');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const kept = manifest.files.filter((name) => !name.endsWith('.node'));
  const copied = [...kept.filter((name) => !name.startsWith('!')), 'README.md', 'LICENSE'];
  mkdirSync(main);
  for (const name of copied) cpSync(join(root, name), join(main, name), { recursive: true });
  const published = {
    ...manifest,
    files: kept,
    optionalDependencies: { [`quorate-${platform}`]: manifest.version },
  };
  for (const key of ['scripts', 'devDependencies', 'napi']) delete published[key];
  writeFileSync(join(main, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  console.log(npmPack(main));
});
