/** Time: of the processor where the machine is shared, of the wall where that is what a goal is about. */

/** CPU microseconds of this process, all threads, since it began. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Wall milliseconds. */
export function wallMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The value below which `share` (0 to 1) of the values lie, by nearest rank. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values) {
  return quantile(values, 0.5);
}

/** CPU microseconds of one call of `work`, from enough calls in a row that the clock can tell. */
export function cpuUsPerCall(work, calls) {
  const before = cpuUs();
  for (let call = 0; call < calls; call += 1) work();
  return (cpuUs() - before) / calls;
}

/** How many calls of `work` take about `targetMs`; at least one. */
export function callsFor(work, targetMs) {
  work();
  const before = cpuUs();
  let calls = 0;
  while (cpuUs() - before < 2000) {
    work();
    calls += 1;
  }
  return Math.max(1, Math.round((targetMs * 1000 * calls) / (cpuUs() - before)));
}

/**
 * Runs ours and the peer's in turn, `rounds` times, so that whatever else the machine does weighs on both.
 * Each gives its CPU time. Answers the medians, and the median of the ratios
 * pair by pair: above 1 ours is faster.
 */
export async function alternate(rounds, ours, peers) {
  const own = [];
  const theirs = [];
  for (let round = 0; round < rounds; round += 1) {
    own.push(await ours(round));
    theirs.push(await peers(round));
  }
  return { ours: median(own), peer: median(theirs), ratio: median(own.map((time, at) => theirs[at] / time)) };
}

/** Wall microseconds of each of `calls` calls. */
export function wallUsEach(calls, work) {
  return Array.from({ length: calls }, (_, call) => {
    const before = process.hrtime.bigint();
    work(call);
    return Number(process.hrtime.bigint() - before) / 1000;
  });
}
