import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Test data that lies beside the project; a test that needs an absent folder says so and is skipped. */
export function vectors(folder: string): { readonly path: string; readonly absent: boolean } {
  const path = fileURLToPath(new URL(`../../../shared/vectors/${folder}`, import.meta.url));
  const absent = !existsSync(path);
  if (absent) console.log(`SKIPPED: ../shared/vectors/${folder} is absent`);
  return { path, absent };
}
