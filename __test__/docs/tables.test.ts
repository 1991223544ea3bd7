import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('docs/requirements.md', () => {
  const rows = [
    ...read('docs/requirements.md').matchAll(/^\| (R[\w-]+) \| (.+?) \| (.+?) \| (.+?) \|$/gm),
  ].map(([, id = '', what = '', modules = '', tests = '']) => ({ id, what, modules, tests }));
  /** What stands in backquotes: paths, each with the name of a test after a colon where it matters. */
  const quoted = (cell: string): string[] =>
    [...cell.matchAll(/`([^`]+)`/g)].map((match) => String(match[1]));

  it('names each requirement once, in order', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(100);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names modules that exist', () => {
    const missing = rows.flatMap(({ id, modules }) => {
      const paths = quoted(modules);
      if (paths.length === 0) return [`${id}: no module`];
      return paths.filter((path) => !existsSync(join(root, path))).map((path) => `${id}: ${path}`);
    });
    expect(missing).toEqual([]);
  });

  it('names tests that exist', () => {
    const missing = rows.flatMap(({ id, tests }) => {
      const named = quoted(tests);
      if (named.length === 0) return [`${id}: no test`];
      return named.flatMap((entry) => {
        const [path = '', name] = entry.split(': ');
        if (!existsSync(join(root, path))) return [`${id}: ${path}`];
        return name && !read(path).includes(name) ? [`${id}: "${name}" in ${path}`] : [];
      });
    });
    expect(missing).toEqual([]);
  });

  it('names requirements that the user has', () => {
    const folder = join(root, '../shared/requirements');
    if (!existsSync(folder)) {
      process.stderr.write('SKIPPED: ../shared/requirements is absent\n');
      return;
    }
    const index = readdirSync(folder)
      .filter((name) => name.startsWith('INDEX-'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
    expect(rows.filter(({ id }) => !index.includes(`| ${id} |`)).map(({ id }) => id)).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  const page = read('docs/dependencies.md');

  it('lists every npm package with its pinned version', () => {
    const { dependencies = {}, devDependencies } = JSON.parse(read('package.json'));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(page, name).toContain(`\`${name}\``);
      expect(page, `${name} ${version}`).toContain(String(version));
    }
  });

  it('lists every crate with its pinned version', () => {
    const pinned = [...read('Cargo.toml').matchAll(/^([\w-]+) = (?:\{ version = )?"=([\d.]+)"/gm)];
    expect(pinned.length).toBeGreaterThan(5);
    for (const [, name, version] of pinned) {
      expect(page, name).toContain(`\`${name}\``);
      expect(page, `${name} ${version}`).toContain(String(version));
    }
  });
});

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');

  it('lists every crate and every room', () => {
    for (const name of readdirSync(join(root, 'crates'))) expect(page).toContain(`\`crates/${name}\``);
    for (const name of readdirSync(join(root, 'ts/domain'))) expect(page).toContain(`\`ts/domain/${name}\``);
  });

  it('names paths that exist', () => {
    const paths = [
      ...page.matchAll(/`((?:crates|ts|scripts|docs|bench|npm|__test__|examples|src)\/[\w./-]+)`/g),
    ];
    const missing = paths.map((match) => String(match[1])).filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});
