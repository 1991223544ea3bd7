/**
 * A Gold service on evidence of real hardware: three published reports, three networks, nothing
 * self-declared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InfrastructureClassifier, QuorumManager } from 'quorate/placement';
import { EnhancedSLATierManager, SLATier } from 'quorate/services';
import { CollateralStore, type EvidenceItem, EvidenceVerifier, type Verdict } from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust');
const read = (path: string): Buffer => readFileSync(join(folder, path));
/** Inside the windows of the stored collateral. */
const TIME = Date.UTC(2025, 5, 20, 12);

/** What each machine says of itself, which is not what it proves: m4 claims a TEE and has none. */
const devices = [
  { id: 'm1', ipAddress: '5.9.0.1', attestationData: { platform: 'intel', tdx: true } },
  { id: 'm2', ipAddress: '8.8.8.8' },
  { id: 'm3', ipAddress: '81.2.69.160' },
  { id: 'm4', ipAddress: '8.8.8.9', attestationData: { platform: 'amd', sevSnp: true } },
];

/** The challenge of published evidence is whatever its guest bound. */
function evidence(): Record<string, EvidenceItem> {
  const milan = Buffer.from(read('virtee-sev/report_milan.hex').toString().trim(), 'hex');
  const trustee = read('coco-trustee/snp/test-report.bin');
  const quote = read('dcap-qvl/tdx_quote');
  return {
    m1: {
      format: 'SNP',
      body: milan,
      certificates: [read('virtee-sev/vcek_milan.der')],
      challenge: milan.subarray(0x50, 0x90),
    },
    m2: { format: 'QUOTE', body: quote, challenge: quote.subarray(48 + 520, 48 + 584) },
    m3: {
      format: 'SNP',
      body: trustee,
      certificates: [read('coco-trustee/snp/test-vcek.der')],
      challenge: trustee.subarray(0x50, 0x90),
    },
  };
}

describe.skipIf(absent)('a Gold service on real evidence', () => {
  const scratch = scratchFolder();

  async function setUp() {
    const clock = new ManualClock(TIME);
    const dated = { dateMs: TIME };
    const networks =
      '5.9.0.0,5.9.255.255,24940,Hetzner\n8.8.8.0,8.8.8.255,15169,Google\n81.2.69.0,81.2.69.255,20712,AA\n';
    const places =
      '5.9.0.0,5.9.255.255,DE\n8.8.8.0,8.8.8.255,US,California,37.4,-122.1\n81.2.69.0,81.2.69.255,GB,England\n';
    const index = await indexOf(scratch, [
      source(scratch, 'network', 'asn-csv', networks, dated),
      source(scratch, 'place', 'place-csv', places, dated),
    ]);
    const quorums = new QuorumManager({ classifier: new InfrastructureClassifier({ index, clock }), clock });
    // No revocation list of AMD is among the vectors.
    const verifier = new EvidenceVerifier({
      clock,
      policy: { revocationRequired: false },
      collateral: new CollateralStore(),
    });
    verifier.collateral.add('bundle', read('dcap-qvl/tdx_quote_collateral.json'));
    return { clock, quorums, verifier, services: new EnhancedSLATierManager(quorums) };
  }

  async function verdictsOf(verifier: EvidenceVerifier): Promise<Record<string, Verdict>> {
    const items = Object.entries(evidence());
    const verdicts = await verifier.verify(items.map(([, item]) => item));
    return Object.fromEntries(items.map(([id], at) => [id, verdicts[at] as Verdict]));
  }

  it('takes the vendor of each machine from its evidence, whatever it says of itself', async () => {
    const { quorums, verifier } = await setUp();
    const verdicts = await verdictsOf(verifier);
    const profiles = await quorums.classifier.classifyAll(devices, { verdicts });
    expect(profiles.map(({ teeVendor }) => teeVendor.value)).toEqual([
      'AMD_SEV_SNP',
      'INTEL_TDX',
      'AMD_SEV_SNP',
      'UNKNOWN',
    ]);
    const [m1, m2, m3, m4] = profiles.map(({ confidence }) => confidence);
    for (const attested of [m1, m2, m3]) expect(attested).toBeGreaterThanOrEqual(8000);
    expect(m4).toBeLessThanOrEqual(5000);
    expect(profiles.map(({ evidenceFresh }) => evidenceFresh)).toEqual([true, true, true, false]);
  });

  it('is granted on AMD and Intel, and lost when the first of its evidence ends', async () => {
    const { clock, quorums, verifier, services } = await setUp();
    const verdicts = await verdictsOf(verifier);
    const request = { serviceId: 'ledger', tier: SLATier.GOLD, availableDevices: devices };
    const refused = await services.provisionService(request);
    expect(refused.success).toBe(false);
    const granted = await services.provisionService({ ...request, verdicts });
    expect(granted.success && [...granted.allocatedDevices].sort()).toEqual(['m1', 'm2', 'm3']);
    const { members } = services.service('ledger');
    expect(quorums.validateQuorum(members, 'GOLD').valid).toBe(true);
    // The collateral of the quote ends on 2025-07-19.
    clock.jump(Date.UTC(2025, 6, 20) - TIME);
    const broken = quorums.validateQuorum(members, 'GOLD').violations.map(({ rule }) => rule);
    expect(broken).toContain('distinct_min');
    expect(broken).toContain('fresh_evidence');
  });

  it('is refused where two of the machines are one chip', async () => {
    const { quorums, verifier } = await setUp();
    const verdicts = await verdictsOf(verifier);
    const twins = { ...verdicts, m3: verdicts['m1'] as Verdict };
    const profiles = await quorums.classifier.classifyAll(devices, { verdicts: twins });
    const selection = quorums.selectOptimalQuorum(profiles, 'GOLD', { size: 3 });
    expect(selection.feasible).toBe(false);
    expect(selection.feasible ? '' : selection.reasons.join()).toContain('same physical machine');
    expect(profiles.at(0)?.notes).toContain('is the same physical machine as m3');
  });
});
