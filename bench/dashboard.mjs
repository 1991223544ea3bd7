// The dashboard's model at a stated fleet: one look, alerts per service, clean-up of history and of alerts.
import { DiversityDashboard, QuorumManager } from 'quorate/placement';
import { cpuUs, median } from './lib/measure.mjs';
import { profiles } from './lib/pools.mjs';
import { Report, short } from './lib/report.mjs';

const ROUNDS = short ? 3 : 15;
const SERVICES = 1000;
const HISTORY = 1000;
const DAY_MS = 86_400_000;

const report = new Report(import.meta.url);
const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at, sleep: () => new Promise(() => {}) };
const quorums = new QuorumManager({ clock });
const sound = services(true);
const broken = services(false);

/** Gold services of 3 members: the best of 100 candidates, or three that share a network. */
function services(valid) {
  return Array.from({ length: SERVICES }, (_, at) => {
    const list = profiles(100, at + 1);
    const chosen = new Set(quorums.selectOptimalQuorum(list, 'GOLD', { size: 3 }).members);
    const members = list.filter(({ deviceId }) => chosen.has(deviceId));
    const shared = members.map((member) => ({ ...member, asn: 64_512, teeVendor: 'INTEL_TDX' }));
    return { serviceId: `service-${at}`, tier: { level: 'GOLD' }, members: valid ? members : shared };
  });
}

const found = { look: [], refresh: [], alerts: [], history: [], resolved: [] };
let raised = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  let source = sound;
  const dashboard = new DiversityDashboard(quorums, { services: () => source }, { clock });
  dashboard.refresh();
  found.look.push(cpuMs(() => dashboard.getCurrentDashboard()));
  found.refresh.push(cpuMs(() => dashboard.refresh()));
  source = broken;
  found.alerts.push(lookUntilRaised(dashboard));
  raised = dashboard.alerts().length;
  source = sound;
  for (let look = 0; look < 3; look += 1) dashboard.refresh();
  source = [];
  while (dashboard.history().length < HISTORY) dashboard.refresh();
  clock.at += 8 * DAY_MS;
  let removed = { historyRemoved: 0, removed: 0 };
  found.history.push((cpuMs(() => (removed = dashboard.cleanUp())) * 1000) / HISTORY);
  if (removed.historyRemoved < HISTORY) throw new Error(`only ${removed.historyRemoved} entries were old`);
  clock.at += 31 * DAY_MS;
  found.resolved.push((cpuMs(() => (removed = dashboard.cleanUp())) * 1000) / raised);
  if (removed.removed < raised) throw new Error(`only ${removed.removed} of ${raised} alerts were removed`);
}

/** Milliseconds of the look that raises: a cause that is not critical must last for some looks. */
function lookUntilRaised(dashboard) {
  for (let look = 0; look < 10; look += 1) {
    const ms = cpuMs(() => dashboard.refresh());
    if (dashboard.alerts().length > 0) return ms;
  }
  throw new Error('ten looks at broken services raised no alert');
}

function cpuMs(work) {
  const before = cpuUs();
  work();
  return (cpuUs() - before) / 1000;
}

const medians = Object.fromEntries(Object.entries(found).map(([name, times]) => [name, median(times)]));
const alertMs = Math.max(0, medians.alerts) / SERVICES;
const clean = Math.max(medians.history, medians.resolved);
report.table(
  `${SERVICES.toLocaleString('en-US')} Gold services of 3 members, CPU ms, medians of ${ROUNDS} rounds`,
  ['what', 'CPU ms'],
  [
    ['dashboard, freshly judged', medians.look],
    ['look with history and alerts, all services sound', medians.refresh],
    [
      `look that raises ${raised.toLocaleString('en-US')} alerts, with advice for each service`,
      medians.alerts,
    ],
    ['clean-up of history, per 1,000 entries', medians.history],
    ['clean-up of resolved alerts, per 1,000', medians.resolved],
  ],
);
report.figure({
  what: 'dashboard update, 1,000 services',
  goal: '<= 100 ms',
  measured: `${medians.look.toFixed(1)} ms`,
  met: short ? null : medians.look <= 100,
});
report.figure({
  what: 'alert processing, per service, every service broken',
  goal: '<= 50 ms',
  measured: `${alertMs.toFixed(3)} ms`,
  met: short ? null : alertMs <= 50,
});
report.figure({
  what: 'clean-up per 1,000 entries',
  goal: '<= 1 s',
  measured: `${clean.toFixed(2)} ms`,
  met: short ? null : clean <= 1000,
});
report.write();
