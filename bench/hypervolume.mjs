// Exact hypervolume against moocore, on the same bytes.
import { join } from 'node:path';
import { hypervolume } from 'quorate/placement';
import { exampleRows } from './lib/examples.mjs';
import { alternate, callsFor, cpuUsPerCall } from './lib/measure.mjs';
import { floatsOf, pointsFolder } from './lib/points.mjs';
import { Report, short } from './lib/report.mjs';
import { Peer } from './peers/peer.mjs';

const ROUNDS = short ? 3 : 11;
const TARGET_MS = short ? 2 : 20;
/** Both are exact; the order of their sums differs. */
const DIFFERENCE_MAX = 1e-9;

const report = new Report(import.meta.url);
const cells = await exampleRows('nsga2', 'hypervolume_cells', [pointsFolder]);
const peer = Peer.start();
const rows = [];
for (const cell of peer ? cells : []) {
  const [objectives, points] = [Number(cell.objectives), Number(cell.points)];
  const file = join(pointsFolder, `hv-${objectives}-${points}.f64`);
  const values = floatsOf(file);
  const reference = new Float64Array(objectives).fill(1.1);
  const work = () => hypervolume(values, reference);
  const calls = callsFor(work, TARGET_MS);
  const request = { work: 'hypervolume', file, objectives };
  const once = await peer.ask({ ...request, calls: 1 });
  const peerCalls = Math.max(1, Math.round((TARGET_MS * 1000) / once.us));
  const peerTime = async () => (await peer.ask({ ...request, calls: peerCalls })).us;
  const found = await alternate(ROUNDS, () => cpuUsPerCall(work, calls), peerTime);
  rows.push({ objectives, points, ...found, difference: Math.abs(work() / once.value - 1) });
}
peer?.stop();
report.table(
  `CPU us per exact hypervolume of points on a simplex, ${ROUNDS} pairs`,
  ['M', 'N', 'ours (Node API)', 'moocore (Python API)', 'ratio', 'relative difference'],
  rows.map(({ objectives, points, ours, peer: theirs, ratio, difference }) => [
    objectives,
    points,
    ours,
    theirs,
    ratio,
    difference.toExponential(0),
  ]),
);
const worst = Math.min(...rows.map(({ ratio }) => ratio));
const exact = rows.every(({ difference }) => difference <= DIFFERENCE_MAX);
report.figure({
  what: 'exact hypervolume, M = 2..5, slowest cell',
  peer: 'moocore',
  goal: 'within 1.2x of its time (study)',
  measured: exact ? 'equal values' : 'VALUES DIFFER',
  ratio: peer ? worst : null,
  met: peer ? exact && worst >= 1 / 1.2 : null,
});
report.write();
