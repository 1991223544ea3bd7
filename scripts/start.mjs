// `npm start`: makes the checkout ready and runs the main job.
import './lib/require-node.mjs';

const { orExplain, setup } = await import('./lib/steps.mjs');
await orExplain(async () => {
  await setup();
  await import('../examples/place-fleet.mjs');
});
