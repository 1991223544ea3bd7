import {
  CandidatePool,
  type DeviceProfile,
  hypervolume,
  nonDominatedSort,
  optimize,
  QuorumManager,
} from '../../domain/placement/index.js';
import { progressBar, table } from '../terminal.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';

const RUNS = 11;
const CANDIDATES = 10_000;
const COUNTRIES = 'US DE FR GB NL JP SG IN BR CA AU SE FI PL IT ES CH AT IE KR'.split(' ');

/** One measured row: what, how long (median CPU milliseconds), and what came out. */
type Row = readonly [what: string, medianMs: number, result: string];

/** `bench`. */
export async function bench({ signal, json, print }: VerbContext): Promise<ExitCode> {
  const parts: readonly (() => Promise<Row[]>)[] = [
    ...[2, 3, 4, 5].map((objectives) => async () => [sortRow(objectives)]),
    async () => [await runRow('ZDT1', 2, signal)],
    async () => [await runRow('DTLZ2', 3, signal)],
    async () => selectionRows(),
  ];
  const rows: Row[] = [];
  const bar = progressBar('measuring');
  for (const [at, measure] of parts.entries()) {
    bar.update(at, parts.length);
    // Between two parts a Ctrl-C is heard.
    await new Promise(setImmediate);
    signal.throwIfAborted();
    rows.push(...(await measure()));
  }
  bar.end();
  if (json) print(JSON.stringify(rows.map(([what, medianMs, result]) => ({ what, medianMs, result }))));
  else
    print(
      table(
        ['what', 'CPU ms (median)', 'result'],
        rows.map(([what, ms, result]) => [what, Number(ms.toFixed(3)), result]),
      ),
    );
  return EXIT.yes;
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A repeatable stream of numbers from 0 to 1 (SplitMix32), so that every run measures the same input. */
function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

function sortRow(objectives: number): Row {
  const next = stream(objectives);
  const points = Float64Array.from({ length: 10_000 * objectives }, next);
  let fronts = 0;
  const times = Array.from({ length: RUNS }, () =>
    cpuMs(() => {
      fronts = nonDominatedSort(points, objectives).reduce((most, rank) => Math.max(most, rank + 1), 0);
    }),
  );
  return [`sort 10,000 uniform points, ${objectives} objectives`, median(times), `${fronts} fronts`];
}

async function runRow(problem: string, objectives: number, signal: AbortSignal): Promise<Row> {
  const options = { population: 1000, generations: 100, threads: 1, signal };
  const times: number[] = [];
  let volume = 0;
  for (let seed = 1; seed <= 5; seed += 1) {
    const before = process.cpuUsage();
    const result = await optimize(problem, { ...options, seed });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    volume = hypervolume(result.objectives, new Float64Array(objectives).fill(1.1));
  }
  return [`NSGA-II ${problem}, 1000 x 100`, median(times), `hypervolume ${volume.toFixed(4)}`];
}

function selectionRows(): Row[] {
  const profiles = candidates(CANDIDATES);
  const manager = new QuorumManager();
  let pool = CandidatePool.of(profiles);
  const building = Array.from({ length: RUNS }, () =>
    cpuMs(() => {
      pool = CandidatePool.of(profiles);
    }),
  );
  const rows: Row[] = [[`pool of ${CANDIDATES} candidates`, median(building), 'built']];
  for (const size of [3, 5, 7]) {
    manager.selectOptimalQuorum(pool, 'GOLD', { size });
    let result = '';
    const times = Array.from({ length: 101 }, () =>
      cpuMs(() => {
        const found = manager.selectOptimalQuorum(pool, 'GOLD', { size });
        result = found.feasible
          ? `weight ${found.totalWeight}, ${found.optimal ? 'proved best' : 'best found'}`
          : 'none';
      }),
    );
    rows.push([`Gold selection of ${size} from that pool`, median(times), result]);
  }
  return rows;
}

/** Networks and grids as uneven as real ones: the n-th is chosen with a share that falls like 1/n^s. */
function candidates(count: number): DeviceProfile[] {
  const next = stream(7);
  const zipf = (values: number, exponent: number): number => {
    const weights = Array.from({ length: values }, (_, at) => (at + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let left = next() * total;
    return Math.max(
      0,
      weights.findIndex((weight) => {
        left -= weight;
        return left <= 0;
      }),
    );
  };
  return Array.from({ length: count }, (_, at) => ({
    deviceId: `d${at}`,
    asn: 64_512 + zipf(200, 1.2),
    countryCode: COUNTRIES[zipf(COUNTRIES.length, 1)] ?? 'DE',
    powerRegion: `GRID_${zipf(40, 1.5)}`,
    teeVendor: (['AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA'] as const)[zipf(3, 1)] ?? 'UNKNOWN',
    confidence: 8000 + Math.floor(next() * 2000),
  }));
}
