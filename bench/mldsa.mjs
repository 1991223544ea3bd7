// ML-DSA-87 and certificates of many signers through the Node API, beside @noble/post-quantum. The published
// crates are measured without Node around them: `cargo bench -p quorate-multisig`.
import { createHash, randomBytes } from 'node:crypto';
import { MultiSignatureManager, mlDsa87, signPartial } from 'quorate/trust';
import { alternate, cpuUs, cpuUsPerCall, median, wallMs } from './lib/measure.mjs';
import { Report, short } from './lib/report.mjs';
import { npmPeer } from './peers/npm.mjs';

const ROUNDS = short ? 3 : 9;
const VERIFICATIONS = short ? 200 : 4000;
// Rejection sampling makes one signature take from one to dozens of turns: only a mean over many says
// anything.
const SIGNATURES = short ? 100 : 2000;
// More than the core keeps expanded, so that in turn none of them is kept.
const COLD_KEYS = 300;
const SIGNERS = short ? [4, 8] : [8, 16, 32, 64, 128];

const context = Buffer.from('bench');
const report = new Report(import.meta.url);
verification();
signing();
await besideNoble();
await certificate();
await growth();
report.write();

function fresh(at) {
  const { publicKey, secretKey } = mlDsa87.generateKeyPair();
  const message = Buffer.from(`message ${at}`);
  return { publicKey, secretKey, message, signature: mlDsa87.sign(secretKey, message, context) };
}

function check({ publicKey, message, signature }) {
  if (!mlDsa87.verify(publicKey, message, context, signature))
    throw new Error('a valid signature is refused');
}

function verification() {
  const one = fresh(0);
  check(one);
  const rounds = Array.from({ length: ROUNDS }, () => cpuUsPerCall(() => check(one), VERIFICATIONS));
  const many = Array.from({ length: COLD_KEYS }, (_, at) => fresh(at));
  const cold = Array.from({ length: ROUNDS }, () => {
    const before = cpuUs();
    many.forEach(check);
    return (cpuUs() - before) / COLD_KEYS;
  });
  const kept = median(rounds);
  report.figure({
    what: 'ML-DSA-87 verify, key kept (CPU)',
    goal: '<= 25 us',
    measured: `${kept.toFixed(1)} us`,
    met: short ? null : kept <= 25,
  });
  report.figure({ what: 'ML-DSA-87 verify, new key (CPU)', measured: `${median(cold).toFixed(1)} us` });
}

/** A new message each time, and a new key every hundred. */
function signing() {
  const keys = Array.from({ length: Math.ceil(SIGNATURES / 100) }, () => mlDsa87.generateKeyPair().secretKey);
  const messages = Array.from({ length: SIGNATURES }, () => randomBytes(64));
  const means = Array.from({ length: ROUNDS }, () => {
    const before = cpuUs();
    messages.forEach((message, at) => {
      mlDsa87.sign(keys[Math.floor(at / 100)], message, context);
    });
    return (cpuUs() - before) / SIGNATURES;
  });
  const mean = median(means);
  report.figure({
    what: `ML-DSA-87 sign, hedged, mean of ${SIGNATURES} messages (CPU)`,
    goal: '<= 150 us',
    measured: `${mean.toFixed(1)} us`,
    met: short ? null : mean <= 150,
  });
}

async function besideNoble() {
  const peer = await npmPeer('@noble/post-quantum/ml-dsa.js');
  if (!peer) return;
  const { ml_dsa87: noble } = peer;
  const { publicKey, secretKey, message, signature } = fresh(0);
  if (!noble.verify(signature, message, publicKey, { context })) throw new Error('the peer refuses it');
  const verified = await alternate(
    ROUNDS,
    () => cpuUsPerCall(() => check({ publicKey, message, signature }), VERIFICATIONS),
    () => cpuUsPerCall(() => noble.verify(signature, message, publicKey, { context }), 10),
  );
  const signed = await alternate(
    ROUNDS,
    () => cpuUsPerCall(() => mlDsa87.sign(secretKey, randomBytes(64), context), SIGNATURES / 10),
    () => cpuUsPerCall(() => noble.sign(randomBytes(64), secretKey, { context }), 10),
  );
  for (const [what, { ours, peer: theirs, ratio }] of Object.entries({ verify: verified, sign: signed }))
    report.figure({
      what: `ML-DSA-87 ${what} (CPU)`,
      peer: '@noble/post-quantum',
      measured: `${ours.toFixed(1)} us, peer ${theirs.toFixed(0)} us`,
      ratio,
    });
}

/** A certificate of the first `threshold` of `count` validators of equal weight. */
function certified(count, threshold) {
  const validators = Array.from({ length: count }, (_, at) => ({ nodeId: `node-${at}`, weight: 1 }));
  const manager = new MultiSignatureManager({ epoch: 1, validators, threshold });
  const hash = createHash('sha256').update('bench').digest();
  const pairs = validators.map(() => mlDsa87.generateKeyPair());
  const signers = pairs.slice(0, threshold);
  const parts = signers.map(({ secretKey }, at) => signPartial(secretKey, `node-${at}`, 1, hash));
  pairs.forEach(({ publicKey }, at) => {
    manager.registerPublicKey(`node-${at}`, publicKey);
  });
  for (const part of parts) manager.addPartialSignature(hash, part);
  return { manager, certificate: manager.finalizeAggregation(hash) };
}

async function checked({ manager, certificate }) {
  const [wall, cpu] = [[], []];
  for (let round = 0; round < ROUNDS * 5; round += 1) {
    const [startedMs, startedUs] = [wallMs(), cpuUs()];
    const verdict = await manager.verifyAggregatedSignature(certificate);
    wall.push(wallMs() - startedMs);
    cpu.push((cpuUs() - startedUs) / 1000);
    if (!verdict.valid) throw new Error(verdict.fault);
  }
  return { wallMs: median(wall), cpuMs: median(cpu) };
}

async function certificate() {
  const { wallMs: wall, cpuMs } = await checked(certified(100, 67));
  report.figure({
    what: 'certificate of 67 of 100 signers, all cores (wall)',
    goal: '<= 2 ms',
    measured: `${wall.toFixed(2)} ms, ${cpuMs.toFixed(2)} ms CPU`,
    ratio: cpuMs / wall,
    met: short ? null : wall <= 2,
  });
}

async function growth() {
  const rows = [];
  for (const signers of SIGNERS) {
    const { wallMs: wall, cpuMs } = await checked(certified(signers, signers));
    rows.push([signers, wall, cpuMs, (cpuMs * 1000) / signers]);
  }
  const columns = ['signers', 'wall ms', 'CPU ms', 'CPU us per signature'];
  report.table('Checking a certificate as its signers double', columns, rows);
}
