import { createRequire } from 'node:module';

/** The version of the package, which is known without the addon. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return version;
}
