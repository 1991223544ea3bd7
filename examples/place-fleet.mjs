// The main job: machines at real public addresses in, a placement, its certificate and its entry in a log
// out. `npm start` runs it. Usage: node examples/place-fleet.mjs [DATA]: where the demo's authority, its
// keys, the certificate and the log go.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  certifyPlacement,
  InfrastructureClassifier,
  installedSources,
  JobScheduler,
  prepareAddressIndex,
  QuorumManager,
  verifyPlacementCertificate,
} from 'quorate/placement';
import { EnhancedSLATierManager, SLATier } from 'quorate/services';
import {
  ChallengeBook,
  createKeyFile,
  createLogKeyFile,
  DemoAuthority,
  EvidenceVerifier,
  logPublicKeys,
  readKeyFile,
  readLogKeyFile,
  TransparencyLog,
  verifyLogProof,
} from 'quorate/trust';

const data = process.argv[2] ?? 'data';

const { machines, jobs } = JSON.parse(readFileSync(new URL('fleet.json', import.meta.url), 'utf8'));

// 1. Evidence. Nobody's TEE is at hand here, so the machines that say they have one are simulated: each
// answers a challenge with evidence under an authority made on this computer. A verdict on it says so, and no
// policy but the demo's accepts it.
const now = Date.now();
const demo = await DemoAuthority.open(join(data, 'demo-authority.cbor'), now);
const verifier = new EvidenceVerifier({ policy: { demoAllowed: true } });
demo.addAnchors(verifier.anchors);
demo.addCollateral(verifier.collateral, now);
const challenges = new ChallengeBook();
const attesting = machines.filter(({ attestationData }) => attestationData);
const evidence = attesting.map(({ id, attestationData }) => {
  const { nonce } = challenges.issue(id);
  const item = demo.evidence(
    { name: id, vendor: attestationData.tdx ? 'INTEL_TDX' : 'AMD_SEV_SNP' },
    nonce,
    now,
  );
  return { ...item, challenge: challenges.redeem(id) };
});
const judged = await verifier.verify(evidence);
const verdicts = Object.fromEntries(attesting.map(({ id }, at) => [id, judged[at]]));

// 2. Classify: which network, country, power region and TEE, each value with its source and its confidence.
// Address data loses confidence by the day. So that the job says the same whenever it is run, all but the
// evidence is judged as of the day of the newest data; without a clock of its own it would be today.
const building = progress('building the address index (first run only)');
const index = await prepareAddressIndex(installedSources(), { onProgress: building });
const asOf = Math.max(...index.sources.map(({ dateMs }) => dateMs));
const clock = { now: () => asOf, sleep: (ms, signal) => sleep(ms, undefined, { signal }) };
const classifier = new InfrastructureClassifier({ index, clock });
const profiles = await classifier.classifyAll(machines, { verdicts });
const distinct = (of) => new Set(profiles.map(of).filter((value) => value !== null)).size;
const operators = distinct((profile) => profile.operator.value);
const countries = distinct((profile) => profile.countryCode.value);
const grids = distinct((profile) => profile.powerRegion.zones[0]?.zone ?? null);
const day = new Date(asOf).toISOString().slice(0, 10);
console.log(
  `${profiles.length} machines classified as of ${day}, the day of the address data: ` +
    `${operators} operators, ${countries} countries, ${grids} grids`,
);
for (const [name, of] of [
  ['ASN', (profile) => profile.asn],
  ['country', (profile) => profile.countryCode],
  ['power region', (profile) => profile.powerRegion],
  ['TEE vendor', (profile) => profile.teeVendor],
]) {
  const mean = profiles.reduce((sum, profile) => sum + of(profile).confidence, 0) / profiles.length / 10_000;
  const known = profiles.filter((profile) => of(profile).confidence > 0).length;
  const bar = '█'.repeat(Math.round(mean * 20)).padEnd(20, '░');
  console.log(`  ${name.padEnd(12)}  ${bar}  ${Math.round(mean * 100)} % sure, known for ${known}`);
}
const counts = ['AMD_SEV_SNP', 'INTEL_TDX'].map(
  (vendor) => `${judged.filter((verdict) => verdict.vendor === vendor).length} ${vendor}`,
);
console.log(
  `  ${attesting.length} simulated TEEs answered a challenge: ${counts.join(', ')}, all DEMO evidence`,
);

// 3. One service of each tier, on members that keep the tier's promise.
const quorums = new QuorumManager({ classifier, clock });
const services = new EnhancedSLATierManager(quorums);
for (const tier of Object.values(SLATier)) {
  const serviceId = `example-${tier.toLowerCase()}`;
  const result = await services.provisionService({ serviceId, tier, availableProfiles: profiles });
  if (!result.success) {
    console.log(`\n${tier}: not possible on this fleet`);
    for (const reason of result.reasons) console.log(`  scarce: ${reason}`);
    for (const remedy of result.remedies.slice(0, 2)) console.log(`  would help: ${remedy}`);
    continue;
  }
  const { members, tier: promise } = services.service(serviceId);
  const told = quorums.explainQuorum(profiles, promise.level, result.allocatedDevices);
  const why = new Map(told.map(({ deviceId, message }) => [deviceId, message]));
  const price = `at most ${result.pricingMultiplier} x the base price`;
  const on = tier === SLATier.GOLD ? ', on DEMO evidence' : '';
  console.log(`\n${tier}: ${result.allocatedDevices.join(', ')} (${price}${on})`);
  for (const member of members) {
    const { deviceId, asn, operator, countryCode, powerRegion } = member;
    const tee = tier === SLATier.GOLD ? `, ${member.teeVendor.value}` : '';
    const where = `AS${asn.value} ${operator.value}, ${countryCode.value}, ${powerRegion.zones[0].zone}${tee}`;
    // The first reason; `quorate quorum explain` tells all of them, of every machine.
    console.log(`  ${deviceId}  ${where}: ${why.get(deviceId).split('; ')[0]}`);
  }
}

// 4. The Gold placement as a certificate, which anybody checks with the issuer's key and nothing else. It is
// for the same day.
const keyPath = join(data, 'issuer.key');
const signer = existsSync(keyPath) ? await readKeyFile(keyPath) : await createKeyFile(keyPath, 'demo issuer');
const gold = { size: 3, signer, verdicts, service: 'example-gold', time: asOf };
const { certificate } = certifyPlacement(profiles, 'GOLD', gold);
const path = join(data, 'gold.certificate.json');
writeFileSync(path, certificate);
const checked = verifyPlacementCertificate(certificate, { key: signer.publicKey });
const bytes = `${(certificate.byteLength / 1000).toFixed(0)} kB, ML-DSA-87`;
console.log(`  certificate: ${path} (${bytes}), checked: ${checked.valid ? 'valid' : checked.detail}`);
// The evidence of its members, for whoever wants to see that it is the one they were placed by.
mkdirSync(join(data, 'evidence'), { recursive: true });
for (const { profile } of checked.content?.answer.members ?? []) {
  const at = attesting.findIndex(({ id }) => id === profile.deviceId);
  writeFileSync(join(data, 'evidence', `${profile.deviceId}.bin`), evidence[at].body);
}

// 5. What was decided goes into a log that nobody can rewrite; the proof holds with the log's keys alone.
const logKeyPath = join(data, 'log.key');
const logKey = existsSync(logKeyPath)
  ? await readLogKeyFile(logKeyPath)
  : await createLogKeyFile(logKeyPath, 'demo.example/decisions');
const log = await TransparencyLog.open(join(data, 'log'), { purpose: 'npm start' });
const entry = await log.append([certificate]);
await log.sign(logKey);
const proof = log.prove(entry);
await log.close();
const proofPath = join(data, 'gold.tlog-proof');
writeFileSync(proofPath, proof);
const logged = verifyLogProof(proof, { entry: certificate, keys: logPublicKeys(logKey) });
console.log(
  `  logged: ${join(data, 'log')}, proof ${proofPath}, checked: ${logged.valid ? 'valid' : logged.detail}`,
);

// 6. Jobs, by NSGA-II: every hard capacity holds, and the front shows what could be traded for what.
const trust = new Map(profiles.map((profile) => [profile.deviceId, profile.confidence]));
const nodes = machines.map(({ id, capacity, latencyMs, costPerHour, pricePerHour }) => {
  return { nodeId: id, ...capacity, latencyMs, costPerHour, pricePerHour, trust: trust.get(id) };
});
const requests = jobs.flatMap(({ name, count, ...request }) =>
  Array.from({ length: count }, (_, at) => ({ jobId: `${name}-${at + 1}`, ...request })),
);
const plan = await new JobScheduler().schedule(requests, nodes, { seed: 1 });
const { durationMs } = plan.statistics;
console.log(
  `\n${plan.placed.length} of ${requests.length} jobs placed in ${Math.round(durationMs)} ms, ${plan.front.length} trade-offs:`,
);
const show = (label, { latency, loadBalance, cost, price }) =>
  console.log(
    `  ${label.padEnd(17)} ${latency.toFixed(1).padStart(6)} ms  imbalance ${loadBalance.toFixed(3)}  ` +
      `$ ${cost.toFixed(2)} to run, $ ${price.toFixed(2)} to buy`,
  );
for (const [label, objective] of [
  ['fastest', 'latency'],
  ['most even', 'loadBalance'],
  ['cheapest to run', 'cost'],
  ['cheapest to buy', 'price'],
]) {
  show(label, plan.front[plan.extremes[objective].best].objectives);
}
show('chosen: the knee', plan.objectives);

/** A line on stderr while long work goes on; the answer itself goes to stdout. */
function progress(label) {
  let shown = 0;
  return (done, total) => {
    const percent = total > 0 ? Math.floor((done / total) * 100) : 0;
    if (percent < shown + 10 && (percent !== 100 || shown === 100)) return;
    shown = percent;
    process.stderr.write(
      process.stderr.isTTY ? `\r\x1b[2K  ${label}: ${percent} %` : `  ${label}: ${percent} %\n`,
    );
    if (percent === 100 && process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  };
}
