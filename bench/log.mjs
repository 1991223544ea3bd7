// The transparency log through the Node API: durable appends, alone and in batches; proofs at 10^7 leaves.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logPublicKeys, TransparencyLog, verifyInclusion, verifyLogProof } from 'quorate/trust';
import { cpuUs, cpuUsPerCall, median, quantile, wallMs } from './lib/measure.mjs';
import { Report, short } from './lib/report.mjs';

const LEAVES = short ? 100_000 : 10_000_000;
const ENTRY_BYTES = 64;
const BATCH = 1000;
const ROUNDS = short ? 5 : 50;
const SINGLE = short ? 100 : 2000;
const PROOF_CALLS = short ? 200 : 2000;
const PROOF_ROUNDS = short ? 3 : 15;
const KEY = { origin: 'bench.example/log', ed25519Seed: randomBytes(32), mlDsa87Seed: randomBytes(32) };

const report = new Report(import.meta.url);
// Not the memory file system that some have below /tmp: a flush is what is measured.
const folder = mkdtempSync(join(process.env.QUORATE_BENCH_DIR ?? tmpdir(), 'quorate-log-'));
try {
  const log = await TransparencyLog.open(join(folder, 'log'));
  await appends(log);
  await fill(log);
  proofs(log);
  await log.close();
  await opening();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report.write();

function entries(count) {
  return Array.from({ length: count }, () => randomBytes(ENTRY_BYTES));
}

async function appends(log) {
  const alone = [];
  for (let at = 0; at < SINGLE; at += 1) {
    const [entry, from] = [entries(1), wallMs()];
    await log.append(entry);
    alone.push(wallMs() - from);
  }
  const batches = [];
  const cpu = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [batch, from, before] = [entries(BATCH), wallMs(), cpuUs()];
    await log.append(batch);
    batches.push((BATCH / (wallMs() - from)) * 1000);
    cpu.push((cpuUs() - before) / BATCH);
  }
  const many = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const waiting = Array.from({ length: 512 }, () => entries(1));
    const from = wallMs();
    await Promise.all(waiting.map((one) => log.append(one)));
    many.push((512 / (wallMs() - from)) * 1000);
  }
  report.table(
    `Durable appends of ${ENTRY_BYTES}-byte entries, each call acknowledged after its flush`,
    ['how', 'leaves/s, median', 'leaves/s, worst of twenty', 'CPU us a leaf'],
    [
      ['one call at a time, one leaf each', 1000 / median(alone), 1000 / quantile(alone, 0.95), null],
      ['512 calls that wait together, one leaf each', median(many), quantile(many, 0.05), null],
      [`one call at a time, ${BATCH} leaves each`, median(batches), quantile(batches, 0.05), median(cpu)],
    ],
  );
  report.figure({
    what: `log append, flushed, batches of ${BATCH}`,
    goal: '>= 20,000 leaves/s',
    measured: median(batches),
    met: short ? null : median(batches) >= 20_000,
  });
}

async function fill(log) {
  const from = wallMs();
  const before = log.size;
  const entry = Buffer.alloc(8);
  while (log.size < LEAVES) {
    const count = Math.min(10_000, LEAVES - Number(log.size));
    const first = Number(log.size);
    const batch = Array.from({ length: count }, (_, at) => {
      entry.writeUInt32LE(first + at);
      return Buffer.from(entry);
    });
    await log.append(batch);
  }
  const perSecond = (Number(log.size - before) / (wallMs() - from)) * 1000;
  console.log(`  filled to ${log.size} leaves, ${Math.round(perSecond)}/s`);
  await log.sign(KEY);
}

function proofs(log) {
  const { size } = log;
  const index = (call) => BigInt((call * 7_919_317) % Number(size));
  // CPU time of many calls in a row: a call is too short for the clock of a shared machine.
  const cpuEach = (work, calls = PROOF_CALLS) => {
    let call = 0;
    return Array.from({ length: PROOF_ROUNDS }, () => cpuUsPerCall(() => work(call++), calls));
  };
  const prove = cpuEach((call) => log.proveInclusion(index(call), size));
  const proveAlone = cpuEach((call) => log.prove(index(call)));
  const root = log.root(size);
  // The hashes as the verifier takes them, and the entry by its hash.
  const held = Array.from({ length: 500 }, (_, call) => parsed(log.prove(index(call))));
  const fixed = held.map(({ hashes }, call) => ({
    leafHash: randomBytes(32),
    index: index(call),
    size,
    proof: hashes,
    root,
  }));
  const verify = cpuEach((call) => verifyInclusion(fixed[call % fixed.length]));
  const keys = logPublicKeys(KEY);
  const entry = Buffer.alloc(8);
  const whole = cpuEach((call) => verifyLogProof(held[call % held.length].text, { entry, keys }), 50);
  const row = (what, values) => [what, median(values), quantile(values, 0.95)];
  report.table(
    `Proofs at ${size.toLocaleString('en-US')} leaves, CPU us a call, ${PROOF_ROUNDS} rounds`,
    ['what', 'p50', 'p95'],
    [
      row('inclusion proof, the hashes', prove),
      row('inclusion proof as text with its signed checkpoint, 6.5 kB', proveAlone),
      row('verify the hashes', verify),
      row('verify a whole proof: both signatures of the checkpoint, keys expanded anew, the hashes', whole),
    ],
  );
  report.figure({
    what: `inclusion proof at ${size.toLocaleString('en-US')} leaves`,
    goal: '<= 20 us',
    measured: median(prove),
    met: short ? null : median(prove) <= 20,
  });
  report.figure({
    what: 'verify an inclusion proof',
    goal: '<= 10 us',
    measured: median(verify),
    met: short ? null : median(verify) <= 10,
  });
}

function parsed(text) {
  const lines = text.slice(0, text.indexOf('\n\n')).split('\n').slice(2);
  return { text, hashes: lines.map((line) => Buffer.from(line, 'base64')) };
}

async function opening() {
  const from = wallMs();
  const log = await TransparencyLog.open(join(folder, 'log'));
  const took = wallMs() - from;
  report.table(
    'Opening: every record checked, the tree rebuilt and compared with the checkpoint',
    ['leaves', 'wall s'],
    [[Number(log.size), took / 1000]],
  );
  await log.close();
}
