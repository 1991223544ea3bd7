// Quality of NSGA-II against pagmo2 at equal evaluations, and how often constrained problems are solved.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinProblems, hypervolume, igdPlus, optimize } from 'quorate/placement';
import { median } from './lib/measure.mjs';
import { Report, short, vectorsFolder } from './lib/report.mjs';
import { Peer } from './peers/peer.mjs';

const SEEDS = short ? 3 : 11;
const SEEDS_AGAIN = 51;
const RUN = { population: 100, generations: 250 };
const VOLUME_LOSS_MAX = 0.002;
const DISTANCE_FACTOR_MAX = 1.05;
/** How far two implementations of one problem may lie apart (relative, by different math libraries). */
const OBJECTIVE_DIFFERENCE_MAX = 1e-6;

const CASES = [
  ...[1, 2, 3, 4, 6].map((number) => ({ problem: `ZDT${number}`, objectives: 2 })),
  ...[2, 3].flatMap((objectives) =>
    [1, 2, 3, 4, 5, 6, 7].map((number) => ({ problem: `DTLZ${number}`, objectives })),
  ),
  ...Array.from({ length: 9 }, (_, at) => ({ problem: `WFG${at + 1}`, objectives: 2 })),
];
const SHORT = new Set(['ZDT1', 'DTLZ2', 'WFG4']);

const report = new Report(import.meta.url);
const fronts = join(vectorsFolder, 'fronts');
const peer = existsSync(fronts) ? Peer.start() : null;
if (!existsSync(fronts)) console.log(`SKIPPED: ${fronts} is absent`);
const rows = [];
for (const one of peer ? CASES.filter(({ problem }) => !short || SHORT.has(problem)) : [])
  rows.push(await compare(one));
peer?.stop();

/** A miss is looked at again over more seeds: that tells a loss from the luck of eleven. */
async function compare(one) {
  const found = await compareOver(one, SEEDS);
  if (short || found.verdict === 'met') return { ...found, more: '' };
  const more = await compareOver(one, SEEDS_AGAIN);
  const [[volume, distance], [volumePeer, distancePeer]] = more.medians;
  const ratios = [volume / volumePeer, distance / distancePeer].map((ratio) => ratio.toFixed(4));
  return { ...found, more: `${more.verdict} (HV ${ratios[0]}x, IGD+ ${ratios[1]}x)` };
}

async function compareOver({ problem, objectives }, seeds) {
  const front = readFront(problem, objectives);
  const ours = { volume: [], distance: [] };
  const theirs = { volume: [], distance: [] };
  let difference = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const found = await optimize({ name: problem, objectiveCount: objectives }, { ...RUN, seed });
    add(ours, front, found.objectives);
    const answer = await peer.ask({ work: 'nsga2_pygmo', problem, objectives, ...RUN, seed });
    add(theirs, front, Float64Array.from(answer.objectives));
    if (seed === 1) difference = await differenceOf(problem, objectives, found);
  }
  const medians = [ours, theirs].map(({ volume, distance }) => [median(volume), median(distance)]);
  return { problem, objectives, medians, difference, verdict: verdictOf(medians) };
}

/** Volumes and distances in the scale of the reference front, where each objective spans 0 to 1. */
function add(into, front, objectives) {
  const scaled = front.scale(objectives);
  into.volume.push(hypervolume(scaled, new Float64Array(front.count).fill(1.1)));
  into.distance.push(igdPlus(scaled, front.points, front.count));
}

function verdictOf([[volume, distance], [volumePeer, distancePeer]]) {
  const keptVolume = volume >= volumePeer * (1 - VOLUME_LOSS_MAX);
  const keptDistance = distance <= distancePeer * DISTANCE_FACTOR_MAX;
  return (
    [keptVolume ? '' : 'HV', keptDistance ? '' : 'IGD+'].filter((miss) => miss !== '').join(', ') || 'met'
  );
}

/** Largest relative difference between our objectives and the peer's, of the same variables. */
async function differenceOf(problem, objectives, found) {
  const answer = await peer.ask({ work: 'evaluate', problem, objectives, variables: [...found.variables] });
  return answer.objectives.reduce((most, value, at) => {
    const own = found.objectives[at] ?? Number.NaN;
    return Math.max(most, Math.abs(value - own) / Math.max(1, Math.abs(value)));
  }, 0);
}

function readFront(problem, count) {
  const names = [`${problem}.${count}D.csv`, `${problem}.csv`].map((name) => join(fronts, name));
  const text = readFileSync(names.find((name) => existsSync(name)) ?? '', 'utf8');
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  const low = Array.from({ length: count }, (_, axis) => Math.min(...rows.map((row) => row[axis])));
  const high = Array.from({ length: count }, (_, axis) => Math.max(...rows.map((row) => row[axis])));
  const scale = (values) =>
    Float64Array.from(
      values,
      (value, at) => (value - low[at % count]) / (high[at % count] - low[at % count]),
    );
  return { count, scale, points: scale(rows.flat()) };
}

report.table(
  `Medians over ${SEEDS} seeds, 100 x 250; objectives scaled to the reference front, HV reference 1.1. ` +
    "WFG8 is pymoo's on the peer's side: pagmo2's own differs from it",
  [
    'problem',
    'M',
    'HV ours',
    'HV pygmo',
    'IGD+ ours',
    'IGD+ pygmo',
    'verdict',
    `over ${SEEDS_AGAIN} seeds`,
    'same problem (max difference)',
  ],
  rows.map(({ problem, objectives, medians, difference, verdict, more }) => {
    const [[volume, distance], [volumePeer, distancePeer]] = medians;
    const digits = [volume, volumePeer, distance, distancePeer].map((value) => value.toFixed(5));
    return [problem, objectives, ...digits, verdict, more, difference.toExponential(0)];
  }),
);
const misses = rows.filter(({ verdict }) => verdict !== 'met');
const strange = rows.filter(({ difference }) => !(difference <= OBJECTIVE_DIFFERENCE_MAX));
report.figure({
  what: 'quality on ZDT, DTLZ (M = 2, 3), WFG, equal evaluations',
  peer: 'pygmo (pagmo2)',
  goal: 'median HV >= peer - 0.2 %, IGD+ <= 1.05x',
  measured:
    `${rows.length - misses.length} of ${rows.length} cases` +
    (misses.length > 0 ? `; missed: ${misses.map(nameOf).join(', ')}` : '') +
    (strange.length > 0 ? `; other problem in the peer: ${strange.map(nameOf).join(', ')}` : ''),
  met: short || !peer ? null : misses.length === 0,
});

function nameOf({ problem, objectives, verdict, more }) {
  const again = more === '' ? '' : `; over ${SEEDS_AGAIN} seeds: ${more}`;
  return `${problem} M=${objectives}${verdict === 'met' ? '' : ` (${verdict}${again})`}`;
}

const constrained = builtinProblems().filter((name) => /^(MW|C\d-DTLZ)/.test(name));
const solved = [];
for (const name of constrained) {
  const counts = { 'feasibility-first': 0, 'epsilon-level': 0 };
  for (const constraints of Object.keys(counts)) {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const found = await optimize(name, { ...RUN, seed, constraints });
      counts[constraints] += Number(found.feasible);
    }
  }
  solved.push([name, counts['feasibility-first'], counts['epsilon-level']]);
}
report.table(
  `Runs of ${SEEDS} that end feasible, 100 x 250`,
  ['problem', 'feasibility first', 'epsilon level'],
  solved,
);
const unsolved = solved.filter(([, first]) => first < SEEDS);
report.figure({
  what: `MW and C-DTLZ, feasible runs of ${SEEDS} (feasibility first)`,
  goal: 'all, or a reported reason',
  measured:
    `${solved.length - unsolved.length} of ${solved.length} problems in every run` +
    unsolved.map(([name, first, epsilon]) => `; ${name} ${first} (epsilon level ${epsilon})`).join(''),
  met: short ? null : unsolved.length === 0,
});
report.write();
