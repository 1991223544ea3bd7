import {
  type Job,
  type JobNode,
  JobScheduler,
  PLACEMENT_STRATEGIES,
  type PlacementStrategy,
  type SchedulePlan,
} from '../../domain/placement/index.js';
import * as parse from '../../parse.js';
import { readJson } from '../input.js';
import { progressBar, scatter, short, table } from '../terminal.js';
import { EXIT, type Verb } from '../verb.js';
import { jobsOf, nodesOf } from '../workload.js';

export const schedule: Verb = {
  name: 'schedule',
  summary: 'Place jobs on machines, and show the trade-offs that were possible',
  usage: 'FILE|- [--strategy NAME] [--population N] [--generations N] [--seed N]',
  help: [
    'FILE              an object with "machines" (capacity, latencyMs, costPerHour, pricePerHour) and "jobs"',
    `--strategy NAME   ${PLACEMENT_STRATEGIES.join(', ')} (default nsga_ii)`,
    '--population N    individuals (default 50)',
    '--generations N   generations (default 100)',
    '--seed N          same seed, same plan (default 1)',
  ],
  example: 'npx quorate schedule examples/fleet.json',
  positionals: 1,
  options: {
    strategy: { type: 'string' },
    population: { type: 'string' },
    generations: { type: 'string' },
    seed: { type: 'string' },
  },
  async run({ positionals, options, signal, json, print }) {
    const document = await readJson(positionals[0]);
    const nodes: JobNode[] = nodesOf(document);
    const jobs: Job[] = jobsOf(document);
    const number = (name: string): Record<string, number> =>
      options[name] === undefined
        ? {}
        : { [name]: parse.integer(Number(options[name]), `--${name}`, 0, Number.MAX_SAFE_INTEGER) };
    const strategy: PlacementStrategy = parse.oneOf(
      options['strategy'] ?? 'nsga_ii',
      '--strategy',
      PLACEMENT_STRATEGIES,
    );
    const bar = progressBar('scheduling');
    const settings = { ...number('population'), ...number('generations'), ...number('seed') };
    const plan = await new JobScheduler().schedule(jobs, nodes, {
      strategy,
      ...settings,
      signal,
      onProgress: bar.update,
    });
    bar.end();
    if (json) print(JSON.stringify({ ...plan, front: plan.front.map(({ objectives }) => ({ objectives })) }));
    else show(plan, jobs.length, nodes.length, print);
    return plan.feasible ? EXIT.yes : EXIT.no;
  },
};

function show(plan: SchedulePlan, jobs: number, nodes: number, print: (text: string) => void): void {
  const { generations, evaluations, durationMs } = plan.statistics;
  print(`${plan.placed.length} of ${jobs} jobs placed on ${nodes} nodes in ${Math.round(durationMs)} ms`);
  print(
    `${plan.front.length} points on the Pareto front; ${generations} generations, ${evaluations} evaluations\n`,
  );
  const row = (label: string, at: number): (string | number)[] => {
    const objectives = plan.front[at]?.objectives;
    if (!objectives) return [label];
    const { latency, loadBalance, trust, cost, price } = objectives;
    return [label, short(latency), short(loadBalance), short(trust), short(cost / 1e6), short(price / 1e6)];
  };
  const rows = Object.entries(plan.extremes).map(([name, { best }]) => row(`best ${name}`, best));
  rows.push(row(`chosen (${plan.choice})`, plan.chosen));
  print(table(['point', 'latency ms', 'imbalance', 'distrust', 'cost', 'price'], rows));
  if (plan.front.length > 1) {
    const points = plan.front.map(({ objectives }, at) => {
      return { x: objectives.latency, y: objectives.cost / 1e6, chosen: at === plan.chosen };
    });
    print(`\n${scatter(points, { xLabel: 'latency ms', yLabel: 'cost' })}`);
  }
  for (const { message } of plan.certificates.slice(0, 5)) print(`- ${message}`);
  for (const { jobId, message } of plan.unplaced.slice(0, 10)) print(`! ${jobId}: ${message}`);
  if (plan.unplaced.length > 10) print(`... and ${plan.unplaced.length - 10} more without a node`);
}
