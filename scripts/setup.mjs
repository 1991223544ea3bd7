// Makes the checkout ready: dependencies, addon, compiled TypeScript.
// Usage: node scripts/setup.mjs [--profile start|dist]
import './lib/require-node.mjs';

const { orExplain, setup } = await import('./lib/steps.mjs');
const at = process.argv.indexOf('--profile');
await orExplain(() => setup({ profile: at > 0 ? process.argv[at + 1] : 'start' }));
