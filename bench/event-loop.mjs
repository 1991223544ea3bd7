// How long JavaScript waits for its turn while the core works on both threads, against an idle process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildAddressIndex, installedSources, optimize } from 'quorate/placement';
import { median, wallMs } from './lib/measure.mjs';
import { Report, short } from './lib/report.mjs';

const ROUNDS = short ? 1 : 7;
const RUN_MS = short ? 300 : 1000;
const GOAL_MS = 5;
const NS_PER_MS = 1e6;

const report = new Report(import.meta.url);
const generations = await generationsFor(RUN_MS);
const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
const sources = installedSources();
const work = {
  idle: () => sleep(RUN_MS),
  'NSGA-II run (DTLZ2, 1000 individuals)': () => optimize('DTLZ2', { population: 1000, generations }),
  ...(sources.length > 0 && {
    'address index build': () => buildAddressIndex(sources, join(folder, 'index.ipdata')),
  }),
};
const found = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(work)) found[name].push(await delays(run));
}
rmSync(folder, { recursive: true });

/** The monitor's timer fires every millisecond at best: that millisecond is part of every report. */
async function delays(run) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const before = wallMs();
  await run();
  const ms = wallMs() - before;
  histogram.disable();
  const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max];
  return { ms, p50: p50 / NS_PER_MS, p99: p99 / NS_PER_MS, max: max / NS_PER_MS };
}

async function generationsFor(targetMs) {
  const before = wallMs();
  await optimize('DTLZ2', { population: 1000, generations: 50 });
  return Math.max(50, Math.round((50 * targetMs) / (wallMs() - before)));
}

report.table(
  `Event loop delay as perf_hooks reports it (1 ms is the timer's own), medians of ${ROUNDS} rounds, ms`,
  ['while', 'lasts', 'p50', 'p99', 'max'],
  Object.entries(found).map(([name, rounds]) => [
    name,
    ...['ms', 'p50', 'p99', 'max'].map((key) => median(rounds.map((one) => one[key]))),
  ]),
);
const idle = median(found.idle.map(({ p99 }) => p99));
for (const [name, rounds] of Object.entries(found)) {
  if (name === 'idle') continue;
  const p99 = median(rounds.map((one) => one.p99));
  report.figure({
    what: `event loop delay p99 during: ${name}`,
    peer: 'idle process',
    goal: `<= ${GOAL_MS} ms`,
    measured: `${p99.toFixed(2)} ms (idle ${idle.toFixed(2)} ms)`,
    met: short ? null : p99 <= GOAL_MS,
  });
}
report.write();
