// NSGA-II against pagmo2 (pygmo) and pymoo: same problems, operators and sizes; one thread each.
import { hypervolume, optimize } from 'quorate/placement';
import { alternate, cpuUs, median } from './lib/measure.mjs';
import { Report, short } from './lib/report.mjs';
import { Peer } from './peers/peer.mjs';

const ROUNDS = short ? 1 : 7;
const PYMOO_ROUNDS = 3;
/** Hypervolume may be this part below the peer's. */
const VOLUME_LOSS_MAX = 0.002;
const CASES = [
  { problem: 'ZDT1', objectives: 2, population: 1000, generations: 100, goal: 20 },
  { problem: 'DTLZ2', objectives: 3, population: 1000, generations: 100, goal: 25 },
  { problem: 'ZDT1', objectives: 2, population: 100, generations: 250, goal: null },
  { problem: 'DTLZ2', objectives: 3, population: 100, generations: 250, goal: null },
];

const report = new Report(import.meta.url);
const peer = Peer.start();
const rows = [];
for (const one of peer ? CASES.filter(({ population }) => !short || population < 1000) : []) {
  rows.push(await against('pygmo', one, ROUNDS));
  if (!short && one.goal !== null) rows.push(await against('pymoo', one, PYMOO_ROUNDS));
}
peer?.stop();

async function against(library, { problem, objectives, population, generations, goal }, rounds) {
  const reference = new Float64Array(objectives).fill(1.1);
  const volumes = { ours: [], peer: [] };
  const ours = async (round) => {
    const before = cpuUs();
    const found = await optimize(
      { name: problem, objectiveCount: objectives },
      {
        population,
        generations,
        seed: round + 1,
        threads: 1,
      },
    );
    const seconds = (cpuUs() - before) / 1e6;
    volumes.ours.push(hypervolume(found.objectives, reference));
    return seconds;
  };
  const theirs = async (round) => {
    const request = { problem, objectives, population, generations, seed: round + 1 };
    const found = await peer.ask({ work: `nsga2_${library}`, ...request });
    volumes.peer.push(hypervolume(Float64Array.from(found.objectives), reference));
    return found.seconds;
  };
  await optimize({ name: problem, objectiveCount: objectives }, { population, generations: 5, threads: 1 });
  const times = await alternate(rounds, ours, theirs);
  const size = `${population} x ${generations}`;
  return {
    ...times,
    library,
    problem,
    size,
    goal,
    rounds,
    volume: median(volumes.ours),
    volumePeer: median(volumes.peer),
  };
}

report.table(
  'CPU s per run, one thread; hypervolume with reference 1.1 in each objective, medians over the seeds',
  ['problem', 'population x generations', 'peer', 'seeds', 'ours s', 'peer s', 'ratio', 'HV ours', 'HV peer'],
  rows.map(({ problem, size, library, rounds, ours, peer: theirs, ratio, volume, volumePeer }) => [
    problem,
    size,
    library,
    rounds,
    ours,
    theirs,
    ratio,
    volume.toFixed(4),
    volumePeer.toFixed(4),
  ]),
);
for (const row of rows.filter(({ library }) => library === 'pygmo')) {
  const kept = row.volume >= row.volumePeer * (1 - VOLUME_LOSS_MAX);
  report.figure({
    what: `NSGA-II ${row.problem} ${row.size}, one thread`,
    peer: 'pygmo (pagmo2)',
    goal: row.goal === null ? '' : `>= ${row.goal}x at HV >= peer - 0.2 %`,
    measured: `${row.ours.toFixed(3)} s CPU, HV ${kept ? 'kept' : 'LOWER'}`,
    ratio: row.ratio,
    met: row.goal === null || short ? null : kept && row.ratio >= row.goal,
  });
}
report.write();
