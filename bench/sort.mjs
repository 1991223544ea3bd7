// Non-dominated sorting against moocore, on the same bytes, with ranks checked by brute force.
import { join } from 'node:path';
import { nonDominatedSort } from 'quorate/placement';
import { exampleRows } from './lib/examples.mjs';
import { callsFor, cpuUsPerCall, median } from './lib/measure.mjs';
import { floatsOf, pointsFolder, ranksByBruteForce, ranksOf } from './lib/points.mjs';
import { Report, short } from './lib/report.mjs';
import { Peer } from './peers/peer.mjs';

const ROUNDS = short ? 3 : 11;
/** Each measurement is a row of calls that takes about this long. */
const TARGET_MS = short ? 2 : 10;
const PATHS = ['Portable', 'Avx2', 'Avx512'];
/** The core alone is measured as often as this many cells have been. */
const CELLS_PER_RUST_RUN = 6;

const report = new Report(import.meta.url);
const peer = Peer.start();

// The example writes the instances, so that the core alone, Node and the peer read the same bytes; its laws
// stand in crates/nsga2/examples/support/laws.rs.
const cells = new Map();
await measureRust();
const wanted = [...cells.values()].filter(({ points }) => !short || points <= 1000);
const wrong = [];
for (const [at, cell] of wanted.entries()) {
  await measure(cell);
  if (!short && at % CELLS_PER_RUST_RUN === 0) await measureRust();
}
peer?.stop();
const rows = wanted.map(judged);
print();
report.write();

async function measureRust() {
  for (const row of await exampleRows('nsga2', 'sort_cells', [pointsFolder])) {
    const key = `${row.law}-${row.objectives}-${row.points}`;
    const sizes = { law: row.law, objectives: Number(row.objectives), points: Number(row.points) };
    const cell = cells.get(key) ?? { key, ...sizes, rust: {}, node: [], c: [], python: [] };
    cells.set(key, cell);
    cell.rust[row.path] ??= [];
    cell.rust[row.path].push(Number(row.microseconds));
  }
}

/** Ours and the peer's in turn: Node API, moocore's C function, its Python function. */
async function measure({ key, objectives, points, node, c, python }) {
  const file = join(pointsFolder, `${key}.f64`);
  const values = floatsOf(file);
  const expected = ranksByBruteForce(values, objectives);
  const work = () => nonDominatedSort(values, objectives);
  if (!equal(work(), expected)) wrong.push(`${key} (ours)`);
  const calls = callsFor(work, TARGET_MS);
  const request = { work: 'sort', file, objectives };
  const once = await peer?.ask({ ...request, calls: points > 1000 ? 1 : 20, ranks: `${file}.ranks` });
  if (peer && !equal(ranksOf(`${file}.ranks`), expected)) wrong.push(`${key} (moocore)`);
  for (let round = 0; round < ROUNDS; round += 1) {
    node.push(cpuUsPerCall(work, calls));
    if (!peer) continue;
    const answer = await peer.ask({
      ...request,
      calls: Math.max(1, Math.round((TARGET_MS * 1000) / once.us)),
    });
    c.push(answer.us);
    python.push(answer.us_wrapped);
  }
}

function equal(a, b) {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

/** Medians, and ratios at the same level: core against C function, Node API against Python API. */
function judged(cell) {
  const rust = Object.fromEntries(Object.entries(cell.rust).map(([path, times]) => [path, median(times)]));
  const core = rust.Avx2 ?? rust.Portable;
  const pairs = (theirs) => (peer ? median(cell.node.map((time, at) => theirs[at] / time)) : null);
  return {
    ...cell,
    ...rust,
    core,
    node: median(cell.node),
    c: median(cell.c),
    python: median(cell.python),
    ratioCore: peer ? median(cell.c) / core : null,
    ratioApi: pairs(cell.python),
    ratioMixed: pairs(cell.c),
  };
}

function print() {
  report.table(
    `CPU us per sort, ${ROUNDS} rounds in turn. Ratios: our core (Rust, AVX2) against moocore's C function; ` +
      "our Node API against moocore's Python API; our Node API against the C function alone",
    [
      'law',
      'M',
      'N',
      ...PATHS.map((path) => path.toLowerCase()),
      'moocore C',
      'ratio',
      'Node',
      'Python',
      'ratio',
      'Node / C',
    ],
    rows.map((row) => {
      const core = [...PATHS.map((path) => row[path] ?? '-'), row.c, row.ratioCore];
      return [
        row.law,
        row.objectives,
        row.points,
        ...core,
        row.node,
        row.python,
        row.ratioApi,
        row.ratioMixed,
      ];
    }),
  );
  const peerFailed = wrong.filter((key) => key.endsWith('(moocore)'));
  report.figure({
    what: 'sort, ranks equal to brute force',
    peer: 'brute force',
    goal: 'in every cell',
    measured: wrong.length === 0 ? `${rows.length} of ${rows.length} cells` : `wrong: ${wrong.join(', ')}`,
    met: wrong.length === peerFailed.length,
  });
  if (peer) againstPeer();
  if (!short) limits();
}

function againstPeer() {
  const least = (found, ratio) => Math.min(...found.map((row) => row[ratio]));
  const slower = (ratio) => rows.filter((row) => row[ratio] < 1).map(({ key }) => key);
  const compared = [
    [
      'ratioCore',
      'sort, core (AVX2) against C function, slowest cell',
      'moocore (C)',
      'faster in every cell',
    ],
    [
      'ratioApi',
      'sort, Node API against Python API, slowest cell',
      'moocore (Python)',
      'faster in every cell',
    ],
    ['ratioMixed', 'sort, Node API against C function alone, slowest cell', 'moocore (C)', ''],
  ];
  for (const [ratio, what, name, goal] of compared) {
    const behind = slower(ratio);
    const measured = behind.length === 0 ? 'all faster' : `slower in ${behind.join(', ')}`;
    const met = short || goal === '' ? null : behind.length === 0;
    report.figure({ what, peer: name, goal, measured, ratio: least(rows, ratio), met });
  }
  const large = rows.filter(({ objectives, points }) => objectives >= 3 && points === 10_000);
  if (short) return;
  for (const [ratio, what] of [
    ['ratioCore', 'core (AVX2) against C function'],
    ['ratioMixed', 'Node API against C function alone'],
  ]) {
    report.figure({
      what: `sort, M >= 3, N = 10,000, ${what}, slowest cell`,
      peer: 'moocore (C)',
      goal: '>= 2x',
      measured: `least of ${large.length} cells`,
      ratio: least(large, ratio),
      met: least(large, ratio) >= 2,
    });
  }
}

function limits() {
  const most = (found, path) => Math.max(...found.map((row) => row[path] ?? row.Portable)) / 1000;
  const add = (what, found, path, goalMs) => {
    const ms = most(found, path);
    report.figure({ what, goal: `<= ${goalMs} ms`, measured: `${ms.toFixed(2)} ms`, met: ms <= goalMs });
  };
  for (const [objectives, goalMs] of [
    [4, 6],
    [5, 9],
  ]) {
    const found = rows.filter((row) => row.objectives === objectives && row.points === 10_000);
    add(`sort, M = ${objectives}, N = 10,000, AVX2, slowest law`, found, 'Avx2', goalMs);
  }
  add('sort, portable path, slowest cell', rows, 'Portable', 25);
}
