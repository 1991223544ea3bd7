import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Codes that TypeScript raises: every complete one that stands in its sources as a string. */
function codesInTypeScript(): string[] {
  const files = readdirSync(join(root, 'ts'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((name) => {
    const text = readFileSync(join(root, 'ts', name), 'utf8');
    return [...text.matchAll(/'(QRT_ERR_[A-Z0-9]+_[A-Z0-9_]*[A-Z0-9])'/g)].map((match) => String(match[1]));
  });
}

const native = createRequire(import.meta.url)(join(root, 'native.cjs')) as { errorCodes(): string[] };
const raised = [...new Set([...native.errorCodes(), ...codesInTypeScript()])].sort();
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `(QRT_ERR_\w+)` \|/gm)].map((match) => String(match[1])).sort();

it('every code that can be raised is documented once, and nothing else is', () => {
  // A prefix that only tells whose fault an error is (the command line's exit code) is not a code.
  const prefixes = ['QRT_ERR_INTERNAL', 'QRT_ERR_NATIVE'];
  expect(documented).toEqual(raised.filter((code) => !prefixes.includes(code)));
});

it('no code stands in two crates', () => {
  const codes = native.errorCodes();
  expect(new Set(codes).size).toBe(codes.length);
});
