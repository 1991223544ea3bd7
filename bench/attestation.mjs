// Evidence through the Node API: one piece cold and with cached collateral, batches, and npm's verifier of
// quotes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnchorStore, CollateralStore, verifyEvidence } from 'quorate/trust';
import { cpuUs, median, quantile, wallMs } from './lib/measure.mjs';
import { Report, root, short } from './lib/report.mjs';
import { npmPeer } from './peers/npm.mjs';

const vectors = join(root, '..', 'shared', 'vectors', 'trust');
const ROUNDS = short ? 20 : 400;
const PEER_ROUNDS = short ? 3 : 40;
const BATCH = short ? 200 : 4000;

const report = new Report(import.meta.url);
if (existsSync(vectors)) await all();
else console.log('SKIPPED: ../shared/vectors/trust is absent');
report.write();

function read(path) {
  return readFileSync(join(vectors, path));
}

async function all() {
  const lenient = { revocationRequired: false };
  const snp = {
    name: 'SEV-SNP, Milan, VCEK chain',
    items: [
      {
        format: 'SNP',
        body: Buffer.from(read('virtee-sev/report_milan.hex').toString().trim(), 'hex'),
        certificates: [read('virtee-sev/vcek_milan.der')],
      },
    ],
    collateral: () => new CollateralStore(),
    options: { time: 1_750_420_800_000, policy: lenient },
    goals: { coldMs: 1.5, warmMs: 0.9, perSecond: 1800 },
  };
  const tdx = {
    name: 'TDX v4, chain, 2 CRLs, TCB info, QE identity',
    items: [{ format: 'QUOTE', body: read('dcap-qvl/tdx_quote') }],
    collateral: () => {
      const store = new CollateralStore();
      store.add('bundle', read('dcap-qvl/tdx_quote_collateral.json'));
      return store;
    },
    options: { time: 1_750_420_800_000 },
    goals: { coldMs: 1.2, warmMs: 0.5, perSecond: 3000 },
  };
  const rows = [];
  for (const one of [snp, tdx, ...arm()]) rows.push(await measure(one));
  report.table(
    'One verification and batches',
    ['evidence', 'cold p50 ms', 'cold p95 ms', 'cached p50 ms', 'cached p95 ms', 'cached CPU ms', 'batch /s'],
    rows,
  );
  await beside(tdx);
}

/** Tokens of Arm have no collateral; what is remembered is the token of a platform. */
function arm() {
  const anchors = new AnchorStore();
  const endorser = 'the maker';
  anchors.addEndorsements({ endorser, document: read('rust-ccatoken/ta-tfa.json') });
  anchors.addEndorsedKey({
    endorser,
    implementationId: '00'.repeat(32),
    instanceId: `01${'02'.repeat(32)}`,
    key: read('psa-token/draft-psa-iak.jwk.json'),
  });
  const common = { collateral: () => new CollateralStore(), options: { time: 1_781_913_600_000, anchors } };
  return [
    {
      name: 'Arm CCA, platform and realm token, ES384',
      items: [{ format: 'CCA', body: read('rust-ccatoken/cca-token-draft-ffm-00.cbor') }],
      goals: { coldMs: 2 },
      ...common,
    },
    {
      name: 'Arm PSA, ES256',
      items: [{ format: 'PSA', body: read('psa-token/draft-psa-tfm-sign1.cbor') }],
      goals: { coldMs: 0.4 },
      ...common,
    },
  ];
}

/** Cold parses the collateral and remembers no signature; cached holds both. */
async function measure({ name, items, collateral, options, goals }) {
  const once = async (store) => {
    const before = wallMs();
    const [verdict] = await verifyEvidence(items, { ...options, collateral: store() });
    if (!verdict.accepted) throw new Error(`${name}: ${verdict.reason}`);
    return wallMs() - before;
  };
  const kept = collateral();
  await once(() => kept);
  const [cold, cached] = [[], []];
  let cpu = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    cold.push(await once(collateral));
    const before = cpuUs();
    cached.push(await once(() => kept));
    cpu += cpuUs() - before;
  }
  const batch = Array.from({ length: BATCH }, () => items[0]);
  const started = wallMs();
  await verifyEvidence(batch, { ...options, collateral: kept });
  const perSecond = BATCH / ((wallMs() - started) / 1000);
  const timed = (what, goalMs, times) => {
    if (goalMs === undefined) return;
    const measured = median(times);
    report.figure({
      what: `${name}: ${what}`,
      goal: `<= ${goalMs} ms`,
      measured: `${measured.toFixed(2)} ms p50`,
      met: short ? null : measured <= goalMs,
    });
  };
  timed('cold', goals.coldMs, cold);
  timed('cached collateral', goals.warmMs, cached);
  if (goals.perSecond !== undefined) {
    report.figure({
      what: `${name}: batch`,
      goal: `>= ${goals.perSecond}/s`,
      measured: `${Math.round(perSecond)}/s`,
      met: short ? null : perSecond >= goals.perSecond,
    });
  }
  return [
    name,
    median(cold),
    quantile(cold, 0.95),
    median(cached),
    quantile(cached, 0.95),
    cpu / ROUNDS / 1000,
    Math.round(perSecond),
  ];
}

async function beside({ items, collateral, options }) {
  const peer = await npmPeer('@phala/dcap-qvl');
  if (!peer) return;
  const bundle = JSON.parse(read('dcap-qvl/tdx_quote_collateral.json').toString());
  const { verify } = peer.default ?? peer;
  const seconds = options.time / 1000;
  const [ours, theirs] = [[], []];
  for (let round = 0; round < PEER_ROUNDS; round += 1) {
    let before = cpuUs();
    await verifyEvidence(items, { ...options, collateral: collateral() });
    ours.push((cpuUs() - before) / 1000);
    before = cpuUs();
    const found = await verify(items[0].body, bundle, seconds);
    if ((found.status ?? '') !== 'UpToDate') throw new Error(`the peer says ${JSON.stringify(found)}`);
    theirs.push((cpuUs() - before) / 1000);
  }
  const ratio = median(theirs.map((time, at) => time / ours[at]));
  report.figure({
    what: 'TDX cold beside @phala/dcap-qvl 0.3.9 (CPU)',
    peer: '@phala/dcap-qvl',
    measured: `${median(ours).toFixed(2)} ms, peer ${median(theirs).toFixed(1)} ms`,
    ratio,
  });
}
