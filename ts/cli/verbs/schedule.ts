import {
  JOB_OBJECTIVES,
  type Job,
  type JobNode,
  type JobObjective,
  JobScheduler,
  PLACEMENT_STRATEGIES,
  type PlacementStrategy,
  type SchedulePlan,
} from '../../domain/placement/index.js';
import * as parse from '../../parse.js';
import { readJson } from '../input.js';
import { progressBar, scatter, short, table } from '../terminal.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';
import { jobsOf, nodesOf } from '../workload.js';

/** `schedule`. */
export async function schedule({
  positionals,
  options,
  signal,
  json,
  print,
}: VerbContext): Promise<ExitCode> {
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
}

function show(plan: SchedulePlan, jobs: number, nodes: number, print: (text: string) => void): void {
  const { generations, evaluations, durationMs } = plan.statistics;
  print(`${plan.placed.length} of ${jobs} jobs placed on ${nodes} nodes in ${Math.round(durationMs)} ms`);
  if (plan.front.length > 1) {
    const bred = `${generations} generations, ${evaluations} evaluations`;
    print(`${plan.front.length} points on the Pareto front; ${bred}`);
  }
  print(`\n${table(['point', ...COLUMNS], rowsOf(plan))}`);
  if (plan.front.length > 1) {
    const points = plan.front.map(({ objectives }, at) => {
      return { x: objectives.latency, y: objectives.cost, chosen: at === plan.chosen };
    });
    print(`\n${scatter(points, { xLabel: 'latency ms', yLabel: 'cost' })}`);
  }
  for (const { message } of plan.certificates.slice(0, 5)) print(`- ${message}`);
  if (!plan.proven) print('- not proved: no placement of all jobs was found, nor a proof that there is none');
  for (const { jobId, message } of plan.unplaced.slice(0, 10)) print(`! ${jobId}: ${message}`);
  if (plan.unplaced.length > 10) print(`... and ${plan.unplaced.length - 10} more without a node`);
}

const COLUMNS = ['latency ms', 'imbalance 0-1', 'distrust 0-1', 'cost', 'price'];

/** The chosen point, and before it the best in each objective in which points differ. */
function rowsOf(plan: SchedulePlan): (string | number)[][] {
  const row = (label: string, at: number): (string | number)[] => {
    const objectives = plan.front[at]?.objectives;
    return [label, ...(objectives ? JOB_OBJECTIVES.map((name) => short(objectives[name])) : [])];
  };
  const differs = (name: JobObjective): boolean => {
    const { best, worst } = plan.extremes[name];
    return plan.front[best]?.objectives[name] !== plan.front[worst]?.objectives[name];
  };
  const label = plan.choice === 'only' ? 'the only one' : `chosen (${plan.choice})`;
  return [
    ...JOB_OBJECTIVES.filter(differs).map((name) => row(`best ${name}`, plan.extremes[name].best)),
    row(label, plan.chosen),
  ];
}
