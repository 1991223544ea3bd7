import { readFileSync } from 'node:fs';

/** The version of the package, which is known without the addon. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
