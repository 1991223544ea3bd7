/** Points in files of little-endian f64, which ours and the peer's read alike. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFolder } from './report.mjs';

export const pointsFolder = join(resultsFolder, 'points');
mkdirSync(pointsFolder, { recursive: true });

/** The bytes of a file in a buffer of its own, for a typed array of any width. */
function bytesOf(file) {
  return Uint8Array.from(readFileSync(file)).buffer;
}

export function floatsOf(file) {
  return new Float64Array(bytesOf(file));
}

export function ranksOf(file) {
  return new Uint32Array(bytesOf(file));
}

/** Longest chain of dominating points before each point, in lexicographic order: O(M N^2), plain. */
export function ranksByBruteForce(values, objectives) {
  const count = values.length / objectives;
  const rows = Array.from({ length: count }, (_, at) =>
    values.subarray(at * objectives, (at + 1) * objectives),
  );
  const order = rows.map((_, at) => at).sort((a, b) => compare(rows[a], rows[b]));
  const sorted = Float64Array.from(order.flatMap((at) => [...rows[at]]));
  const ranks = new Uint32Array(count);
  const sortedRanks = new Uint32Array(count);
  for (let point = 0; point < count; point += 1) {
    let rank = 0;
    for (let other = 0; other < point; other += 1) {
      if (sortedRanks[other] >= rank && dominates(sorted, objectives, other, point))
        rank = sortedRanks[other] + 1;
    }
    sortedRanks[point] = rank;
    ranks[order[point]] = rank;
  }
  return ranks;
}

function compare(a, b) {
  const axis = a.findIndex((value, at) => value !== b[at]);
  return axis < 0 ? 0 : a[axis] - b[axis];
}

function dominates(values, objectives, a, b) {
  let better = false;
  for (let axis = 0; axis < objectives; axis += 1) {
    const left = values[a * objectives + axis];
    const right = values[b * objectives + axis];
    if (left > right) return false;
    better ||= left < right;
  }
  return better;
}
