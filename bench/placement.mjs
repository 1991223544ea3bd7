// Placement of a real trace: wall time, capacities, and quality against three greedy rules.
import { hypervolume, JOB_OBJECTIVES, JobScheduler } from 'quorate/placement';
import { exampleRows } from './lib/examples.mjs';
import { alternate, cpuUs, quantile, wallMs } from './lib/measure.mjs';
import { loadOpenb, overloadedNodes } from './lib/openb.mjs';
import { Report, short } from './lib/report.mjs';
import { Peer } from './peers/peer.mjs';

const RUNS = short ? 3 : 25;
const SIZES = short ? [100, 1000] : [100, 1000, 4000];
const GOALS_MS = { 100: 30, 1000: 200, 4000: 1200 };
const QUALITY_SEEDS = short ? 1 : 11;
/** The greedy rows are rounded for printing. */
const ROUNDING = 1.001;
const PEER_ROUNDS = short ? 1 : 5;
const SETTINGS = { population: 100, generations: 100 };

const report = new Report(import.meta.url);
if (loadOpenb(1) === null) {
  console.log('SKIPPED: the openb trace is absent');
  process.exit();
}

const scheduler = new JobScheduler();
const times = [];
let overloaded = 0;
let checked = 0;
for (const pods of SIZES) {
  const { nodes, jobs } = loadOpenb(pods);
  await scheduler.schedule(jobs, nodes, { ...SETTINGS, threads: 2 });
  for (const threads of [1, 2]) {
    const walls = [];
    const cpus = [];
    let unplaced = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const [wall, cpu] = [wallMs(), cpuUs()];
      const plan = await scheduler.schedule(jobs, nodes, { ...SETTINGS, threads, seed: run + 1 });
      walls.push(wallMs() - wall);
      cpus.push((cpuUs() - cpu) / 1000);
      unplaced = Math.max(unplaced, plan.unplaced.length);
      if (threads === 2 && run < 3) checkCapacities(nodes, jobs, plan);
    }
    times.push({ pods, threads, walls, cpus, unplaced });
  }
}

/** Every point of the front, not only the chosen one. */
function checkCapacities(nodes, jobs, plan) {
  for (const point of plan.front) {
    checked += 1;
    overloaded += overloadedNodes(nodes, jobs, point.assignment()).length;
  }
}

report.table(
  `openb, 1,523 nodes, 5 objectives, 100 x 100, through the Node API, ${RUNS} runs`,
  [
    'pods',
    'threads',
    'wall min ms',
    'wall p50 ms',
    'wall p95 ms',
    'CPU p50 ms',
    'CPU p95 ms',
    'unplaced, most',
  ],
  times.map(({ pods, threads, walls, cpus, unplaced }) => {
    const wall = [0, 0.5, 0.95].map((share) => quantile(walls, share));
    return [pods, threads, ...wall, quantile(cpus, 0.5), quantile(cpus, 0.95), unplaced];
  }),
);
for (const { pods, walls, cpus } of times.filter(({ threads }) => threads === 2)) {
  const p95 = quantile(walls, 0.95);
  report.figure({
    what: `openb, ${pods.toLocaleString('en-US')} pods on 2 threads, wall p95`,
    goal: `<= ${GOALS_MS[pods].toLocaleString('en-US')} ms${pods === 1000 ? '' : ' (study)'}`,
    measured: `${p95.toFixed(0)} ms (CPU p50 ${quantile(cpus, 0.5).toFixed(0)} ms)`,
    met: short ? null : p95 <= GOALS_MS[pods],
  });
}
report.figure({
  what: 'openb, capacity violations',
  goal: '0',
  measured: `${overloaded} nodes overloaded in ${checked} placements`,
  met: overloaded === 0,
});

if (!short) {
  const rust = await exampleRows('placement', 'openb_times', [RUNS]);
  report.table(
    'The core alone in Rust',
    ['what', 'pods', 'threads', 'wall p50 ms', 'wall p95 ms', 'CPU p50 ms', 'CPU p95 ms'],
    rust.map((row) => [
      row.what,
      ...[row.pods, row.threads, row.wall_p50_ms, row.wall_p95_ms, row.cpu_p50_ms, row.cpu_p95_ms].map(
        Number,
      ),
    ]),
  );
}

await againstGreedy();
await againstPagmo();
report.write();

/** The greedy rules run in Rust on the same instance; each gives one placement. */
async function againstGreedy() {
  const rows = await exampleRows('placement', 'openb_quality', [1000]);
  const greedy = rows.filter(({ what }) => !what.startsWith('nsga')).map(greedyOf);
  const rules = greedy.filter(({ what }) => what !== 'all three');
  const worst = JOB_OBJECTIVES.map((_, axis) => 1.1 * Math.max(...rules.map(({ best }) => best[axis])));
  const { nodes, jobs } = loadOpenb(1000);
  const found = [];
  for (let seed = 1; seed <= QUALITY_SEEDS; seed += 1) {
    const plan = await scheduler.schedule(jobs, nodes, { ...SETTINGS, seed });
    const points = plan.front.map(({ objectives }) => JOB_OBJECTIVES.map((name) => objectives[name]));
    const scaled = Float64Array.from(points.flat(), (value, at) => value / worst[at % worst.length]);
    const volume = hypervolume(scaled, new Float64Array(worst.length).fill(1));
    const best = worst.map((_, axis) => Math.min(...points.map((point) => point[axis])));
    found.push({ what: `nsga_ii, seed ${seed}`, volume, best, count: points.length });
  }
  report.table(
    'openb, 1,000 pods: share of the box below 1.1 x the worst greedy value that is dominated, best values',
    ['rule', 'hypervolume', 'points', ...JOB_OBJECTIVES],
    [...greedy, ...found].map(({ what, volume, count, best }) => [what, volume, count, ...best]),
  );
  const least = Math.min(...found.map(({ volume }) => volume));
  const single = Math.max(...rules.map(({ volume }) => volume));
  report.figure({
    what: 'openb, hypervolume against the best of best-fit, spread and weighted-sum greedy',
    peer: 'greedy rules',
    goal: 'better',
    measured: `${least.toFixed(4)} (least of ${QUALITY_SEEDS} seeds) against ${single.toFixed(4)}`,
    ratio: least / single,
    met: least > single,
  });
  const bestOfRules = worst.map((_, axis) => Math.min(...rules.map(({ best }) => best[axis])));
  const behind = JOB_OBJECTIVES.filter((_, axis) =>
    found.some(({ best }) => best[axis] > bestOfRules[axis] * ROUNDING),
  );
  report.figure({
    what: 'openb, best value of each objective against the best of the three rules',
    peer: 'greedy rules',
    goal: 'better on each',
    measured: behind.length === 0 ? 'better or equal on all' : `worse on ${behind.join(', ')}`,
    met: behind.length === 0,
  });
}

/** The same sizes in pagmo2's NSGA-II over integers: it takes no constraints, overload is a penalty there. */
async function againstPagmo() {
  const peer = Peer.start();
  if (!peer) return;
  const { nodes, jobs } = loadOpenb(1000);
  const column = (list, value) => list.map(value);
  const instance = {
    nodes: {
      cpu: column(nodes, ({ cpuCores }) => cpuCores),
      memory: column(nodes, ({ memoryGb }) => memoryGb),
      gpu: column(nodes, ({ gpus }) => gpus),
      latency: column(nodes, ({ latencyMs }) => latencyMs),
      distrust: column(nodes, ({ trust }) => 1 - trust / 10_000),
      cost: column(nodes, ({ costPerHour }) => costPerHour),
      price: column(nodes, ({ pricePerHour }) => pricePerHour),
    },
    jobs: {
      cpu: column(jobs, ({ cpuCores }) => cpuCores),
      memory: column(jobs, ({ memoryGb }) => memoryGb),
      gpu: column(jobs, ({ gpus }) => gpus),
    },
  };
  let feasible = 0;
  const ours = async (round) => {
    const before = cpuUs();
    await scheduler.schedule(jobs, nodes, { ...SETTINGS, threads: 1, seed: round + 1 });
    return (cpuUs() - before) / 1e6;
  };
  const theirs = async (round) => {
    const answer = await peer.ask({ work: 'placement_pygmo', ...instance, ...SETTINGS, seed: round + 1 });
    feasible += answer.feasible;
    return answer.seconds;
  };
  const times = await alternate(PEER_ROUNDS, ours, theirs);
  peer.stop();
  report.figure({
    what: 'openb, 1,000 pods, one thread, CPU time',
    peer: 'pygmo (pagmo2; objectives in numpy)',
    goal: '',
    measured:
      `${times.ours.toFixed(2)} s against ${times.peer.toFixed(2)} s; of pagmo2's individuals ` +
      `${feasible} of ${PEER_ROUNDS * SETTINGS.population} overload no node`,
    ratio: times.ratio,
  });
}

/** The last columns are the objectives, in our order and our units. */
function greedyOf(row) {
  const cells = Object.values(row).slice(-JOB_OBJECTIVES.length).map(Number);
  return { what: row.what, volume: Number(row.hypervolume), count: Number(row.points), best: cells };
}
