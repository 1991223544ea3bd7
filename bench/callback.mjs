// What an objective in JavaScript costs beyond its own work, per individual.
import { optimize } from 'quorate/placement';
import { cpuUs, median } from './lib/measure.mjs';
import { Report, short } from './lib/report.mjs';

const ROUNDS = short ? 3 : 11;
const GOAL_US = 2;
const VARIABLES = 30;

const report = new Report(import.meta.url);
const bounds = {
  lower: new Float64Array(VARIABLES),
  upper: new Float64Array(VARIABLES).fill(1),
  objectiveCount: 2,
};
const rows = [];
for (const [population, generations] of [
  [100, 250],
  [1000, 100],
]) {
  const individuals = population * (generations + 1);
  const found = [];
  for (let round = 0; round < ROUNDS + 1; round += 1) {
    const settings = { population, generations, threads: 1, seed: round + 1 };
    let inside = 0;
    const evaluate = (values) => {
      const before = cpuUs();
      const objectives = zdt1(values);
      inside += cpuUs() - before;
      return objectives;
    };
    const outside = (await cpuOf({ ...bounds, evaluate }, settings)) - inside;
    const builtin = await cpuOf('ZDT1', settings);
    // The first round only warms up.
    if (round > 0) found.push({ outside: outside / individuals, builtin: builtin / individuals, inside });
  }
  const overhead = median(found.map(({ outside, builtin }) => outside - builtin));
  rows.push({
    size: `${population} x ${generations}`,
    outside: median(found.map(({ outside }) => outside)),
    builtin: median(found.map(({ builtin }) => builtin)),
    inside: median(found.map((one) => one.inside / individuals)),
    overhead,
  });
}

async function cpuOf(problem, settings) {
  const before = cpuUs();
  await optimize(problem, settings);
  return cpuUs() - before;
}

function zdt1(values) {
  const count = values.length / VARIABLES;
  const objectives = new Float64Array(count * 2);
  for (let row = 0; row < count; row += 1) {
    const from = row * VARIABLES;
    let sum = 0;
    for (let at = 1; at < VARIABLES; at += 1) sum += values[from + at];
    const g = 1 + (9 * sum) / (VARIABLES - 1);
    objectives[row * 2] = values[from];
    objectives[row * 2 + 1] = g * (1 - Math.sqrt(values[from] / g));
  }
  return objectives;
}

report.table(
  `ZDT1 with objectives in JavaScript against the built-in, CPU us per individual, one thread, ${ROUNDS} rounds`,
  ['population x generations', 'run without evaluate()', 'evaluate()', 'built-in run', 'overhead'],
  rows.map(({ size, outside, inside, builtin, overhead }) => [size, outside, inside, builtin, overhead]),
);
for (const { size, overhead } of rows) {
  report.figure({
    what: `objective callback, overhead per individual, ${size}`,
    peer: 'built-in objectives',
    goal: `<= ${GOAL_US} us (study)`,
    measured: `${overhead.toFixed(2)} us`,
    met: short ? null : overhead <= GOAL_US,
  });
}
report.write();
