import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const dist = (path: string): string => fileURLToPath(new URL(`dist/${path}`, import.meta.url));

export default defineConfig({
  // Tests import the package by its public names, as a user does.
  resolve: {
    alias: {
      'quorate/placement': dist('domain/placement/index.js'),
      'quorate/trust': dist('domain/trust/index.js'),
      'quorate/fleet': dist('domain/fleet/index.js'),
      'quorate/services': dist('domain/services/index.js'),
      'quorate/errors': dist('errors.js'),
      quorate: dist('index.js'),
    },
  },
  test: {
    include: ['__test__/**/*.test.ts'],
    // An addon in a worker thread of the test runner is torn down with it: forks keep tests apart.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
