import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AddressFormat, AddressIndex, type AddressSource, buildAddressIndex } from 'quorate/placement';
import { afterAll } from 'vitest';
import { START } from './clock.js';

/** A folder of this test file's own, gone when it ends. */
export function scratchFolder(): {
  path(name: string): string;
  write(name: string, text: string | Uint8Array): string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write(name, text) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
      return path(name);
    },
  };
}

let built = 0;

/** A source of one file. */
export function source(
  scratch: ReturnType<typeof scratchFolder>,
  kind: AddressSource['kind'],
  format: AddressFormat,
  text: string,
  overrides: Partial<AddressSource> = {},
): AddressSource {
  built += 1;
  const path = scratch.write(`source-${built}.txt`, text);
  return { name: `source ${built}`, kind, dateMs: START, files: [{ path, format }], ...overrides };
}

export async function indexOf(
  scratch: ReturnType<typeof scratchFolder>,
  sources: readonly AddressSource[],
): Promise<AddressIndex> {
  built += 1;
  const path = scratch.path(`index-${built}.ipdata`);
  await buildAddressIndex(sources, path);
  return AddressIndex.open(path);
}
