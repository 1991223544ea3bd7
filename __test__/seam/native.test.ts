import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AXES, JOB_OBJECTIVES, POWER_REGIONS, QUORUM_LEVELS, QUORUM_REQUIREMENTS } from 'quorate/placement';
import { TIERS } from 'quorate/services';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

it('the generated declarations are the ones that were reviewed', () => {
  const generated = readFileSync(join(root, 'native.d.cts'), 'utf8');
  expect(generated).toMatchSnapshot();
});

it('levels, tiers and names are the same on both sides', () => {
  expect(Object.keys(QUORUM_REQUIREMENTS)).toEqual([...QUORUM_LEVELS]);
  expect(Object.keys(TIERS)).toEqual(['BRONZE', 'SILVER', 'GOLD']);
  const generated = readFileSync(join(root, 'crates/diversity/src/axis.rs'), 'utf8');
  for (const axis of AXES) expect(generated).toContain(`=> "${axis}"`);
  const objectives = readFileSync(join(root, 'crates/placement/src/objectives.rs'), 'utf8');
  for (const objective of JOB_OBJECTIVES) expect(objectives).toContain(`=> "${objective}"`);
  const regions = readFileSync(join(root, 'crates/diversity/src/power_region.rs'), 'utf8');
  for (const region of POWER_REGIONS) expect(regions).toContain(`"${region}"`);
});
