/**
 * The openb instance: the nodes of Alibaba's GPU cluster trace of 2023, the first pods of its default list.
 *
 * Capacities and requests are the trace's. What it does not hold is drawn from the law that
 * crates/placement/tests/support/openb.rs states, SplitMix64 over (node, measure): latency 2 to 120 ms, trust
 * 5000 to 10 000 basis points, cost and price 10 000 to 50 000 micro-units per billing unit and hour, each
 * uniform and independent.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mixed } from './random.mjs';
import { vectorsFolder } from './report.mjs';

const folder = join(vectorsFolder, 'alibaba-gpu-2023');
const MICRO = 1_000_000;

/** Nodes and pods as the scheduler takes them; null where the trace is absent. */
export function loadOpenb(pods) {
  if (!existsSync(folder)) return null;
  const nodes = rows('openb_node_list_all_node.csv').map(nodeOf);
  const jobs = rows('openb_pod_list_default.csv').slice(0, pods).map(jobOf);
  return { nodes, jobs };
}

function rows(name) {
  return readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
}

function nodeOf([nodeId, cpuMilli, memoryMib, gpus, model], at) {
  // A node's price is per billing unit: 8 GiB of memory and a tenth of a GPU count as one core.
  const units =
    (Number(cpuMilli) + Math.floor((Number(memoryMib) * 1000) / 8192) + Number(gpus) * 10_000) / 1000;
  return {
    nodeId,
    cpuCores: Number(cpuMilli) / 1000,
    memoryGb: Number(memoryMib) / 1024,
    gpus: Number(gpus),
    ...(model && { gpuModel: model }),
    latencyMs: (2000 + draw(at, 0, 118_001)) / 1000,
    trust: 5000 + draw(at, 1, 5001),
    costPerHour: ((10_000 + draw(at, 2, 40_001)) * units) / MICRO,
    pricePerHour: ((10_000 + draw(at, 3, 40_001)) * units) / MICRO,
  };
}

function jobOf([jobId, cpuMilli, memoryMib, gpus, gpuMilli, models, quality, , , deleted, scheduled]) {
  const share = Number(gpus) === 1 ? Number(gpuMilli) / 1000 : Number(gpus);
  // A pod that never ran has no scheduled time.
  const seconds = Math.max(0, Math.floor(Number(deleted)) - Math.floor(Number(scheduled)));
  return {
    jobId,
    cpuCores: Number(cpuMilli) / 1000,
    memoryGb: Number(memoryMib) / 1024,
    gpus: share,
    ...(models && { gpuModels: models.split('|') }),
    jobClass: { Guaranteed: 'S', LS: 'A' }[quality] ?? 'B',
    estimatedDurationHours: seconds / 3600,
  };
}

function draw(node, measure, below) {
  const state = BigInt(node * 4 + measure + 1) * 0x9e3779b97f4a7c15n;
  return Number(mixed(state) % BigInt(below));
}

/** Nodes that an assignment loads beyond what they have, by a check of its own: cores, memory, devices. */
export function overloadedNodes(nodes, jobs, assignment) {
  const byNode = new Map();
  assignment.forEach((nodeId, job) => {
    if (nodeId === null) return;
    const on = byNode.get(nodeId) ?? [];
    on.push(jobs[job]);
    byNode.set(nodeId, on);
  });
  const overloaded = nodes.filter((node) => !holds(node, byNode.get(node.nodeId) ?? []));
  return overloaded.map(({ nodeId }) => nodeId);
}

function holds(node, jobs) {
  const sum = (amount) => jobs.reduce((total, job) => total + Math.round(amount(job)), 0);
  const milli = (job) => job.cpuCores * 1000;
  const mib = (job) => job.memoryGb * 1024;
  if (sum(milli) > node.cpuCores * 1000 || sum(mib) > node.memoryGb * 1024) return false;
  const onDevices = jobs.filter(({ gpus }) => gpus > 0);
  if (onDevices.some(({ gpuModels }) => gpuModels && !gpuModels.includes(node.gpuModel))) return false;
  const whole = onDevices.filter(({ gpus }) => gpus >= 1).reduce((total, { gpus }) => total + gpus, 0);
  const shares = onDevices.filter(({ gpus }) => gpus < 1).map(({ gpus }) => Math.round(gpus * 1000));
  return (
    whole <= node.gpus &&
    packs(
      shares.sort((a, b) => b - a),
      new Array(node.gpus - whole).fill(1000),
    )
  );
}

/** Whether shares fit on devices, by trying every way that differs. */
function packs([share, ...others], free) {
  if (share === undefined) return true;
  const tried = new Set();
  return free.some((room, device) => {
    if (room < share || tried.has(room)) return false;
    tried.add(room);
    return packs(others, free.with(device, room - share));
  });
}
