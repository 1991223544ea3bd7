/** The usage examples of the heterogeneous quorum document: as written, and with what they lack. */
import { type Device, DiversityDashboard, InfrastructureClassifier, QuorumManager } from 'quorate/placement';
import { EnhancedSLATierManager, SLATier } from 'quorate/services';
import type { AcceptedVerdict } from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { verdict } from '../support/profiles.js';

const scratch = scratchFolder();

const devices: Device[] = [
  {
    id: 'dc-east-amd-1',
    ipAddress: '10.1.1.1',
    attestationData: { platform: 'amd', sevSnp: true },
    networkInfo: { datacenter: true },
  },
  {
    id: 'dc-west-intel-1',
    ipAddress: '10.2.2.2',
    attestationData: { platform: 'intel', tdx: true },
    networkInfo: { datacenter: true },
  },
  {
    id: 'edge-south-amd-1',
    ipAddress: '10.3.3.3',
    attestationData: { platform: 'amd', sevSnp: true },
    networkInfo: { edge: true },
  },
];
const serviceConfig = { workloadType: 'financial_trading', complianceRequirements: ['SOC2', 'PCI-DSS'] };

/** The same machines at public addresses of three networks in three countries and grids. */
const ADDRESSES = ['5.9.0.1', '8.8.8.8', '81.2.69.160'];
const VERDICTS: Record<string, AcceptedVerdict> = {
  'dc-east-amd-1': verdict('AMD_SEV_SNP'),
  'dc-west-intel-1': verdict('INTEL_TDX'),
  'edge-south-amd-1': verdict('AMD_SEV_SNP', { product: 'Genoa' }),
};
const qualifying = devices.map((device, at) => ({ ...device, ipAddress: ADDRESSES[at] ?? '' }));

async function managers() {
  const clock = new ManualClock();
  const index = await indexOf(scratch, [
    source(
      scratch,
      'network',
      'asn-csv',
      [
        '5.9.0.0,5.9.255.255,24940,Hetzner Online GmbH',
        '8.8.8.0,8.8.8.255,15169,Google LLC',
        '81.2.69.0,81.2.69.255,20712,Andrews & Arnold Ltd',
      ].join('\n'),
    ),
    source(
      scratch,
      'place',
      'place-csv',
      [
        '5.9.0.0,5.9.255.255,DE',
        '8.8.8.0,8.8.8.255,US,California,37.4,-122.1',
        '81.2.69.0,81.2.69.255,GB,England',
      ].join('\n'),
    ),
  ]);
  const quorumManager = new QuorumManager({
    classifier: new InfrastructureClassifier({ index, clock }),
    clock,
  });
  return { clock, quorumManager, slaManager: new EnhancedSLATierManager(quorumManager) };
}

const request = {
  serviceId: 'critical-trading-service',
  tier: SLATier.GOLD,
  availableDevices: devices,
  serviceConfig,
};

describe('provisioning a Gold service', () => {
  it('as it is written is refused, honestly: private addresses and claims are no evidence', async () => {
    const { slaManager } = await managers();
    const result = await slaManager.provisionService(request);
    expect(result).toMatchObject({
      success: false,
      allocatedDevices: [],
      diversityScore: 0,
      pricingMultiplier: 5,
    });
    if (result.success) return;
    const reasons = result.reasons.join('\n');
    expect(reasons).toContain('no eligible machines, 3 are needed');
    expect(reasons).toMatch(/3 machines of 3 cannot be members: its ASN is unknown/);
    expect(reasons).toMatch(/not sure enough/);
    expect(result.certificate.remedies.join('\n')).toMatch(/evidence|machines/);
    expect(slaManager.services()).toEqual([]);
  });

  it('also where the addresses are public but nobody verified the vendors', async () => {
    const { slaManager } = await managers();
    const result = await slaManager.provisionService({ ...request, availableDevices: qualifying });
    expect(result.success).toBe(false);
    if (!result.success)
      expect(result.reasons.join('\n')).toMatch(/no fresh attestation evidence|TEE vendor/);
  });

  it('also where the vendors are verified but the addresses stay private', async () => {
    const { slaManager } = await managers();
    const result = await slaManager.provisionService({ ...request, verdicts: VERDICTS });
    expect(result.success).toBe(false);
    if (!result.success) expect(result.reasons.join('\n')).toContain('its ASN is unknown');
  });

  it('succeeds with public addresses and verified verdicts, AMD and Intel being enough', async () => {
    const { slaManager } = await managers();
    const result = await slaManager.provisionService({
      ...request,
      availableDevices: qualifying,
      verdicts: VERDICTS,
    });
    expect(result).toMatchObject({ success: true, diversityScore: 1, pricingMultiplier: 5, tier: 'GOLD' });
    expect([...result.allocatedDevices].sort()).toEqual(devices.map(({ id }) => id));
    expect(slaManager.service('critical-trading-service').serviceConfig).toEqual(serviceConfig);
  });

  it('is refused when one verdict is not fresh, in debug mode, or of the vendor of the others', async () => {
    for (const bad of [
      verdict('INTEL_TDX', { fresh: false }),
      verdict('INTEL_TDX', { debug: true }),
      verdict('AMD_SEV_SNP'),
    ]) {
      const { slaManager } = await managers();
      const verdicts = { ...VERDICTS, 'dc-west-intel-1': bad };
      const result = await slaManager.provisionService({
        ...request,
        availableDevices: qualifying,
        verdicts,
      });
      expect(result.success).toBe(false);
    }
  });
});

describe('monitoring the diversity dashboard', () => {
  it('runs as the example does', async () => {
    const { clock, quorumManager, slaManager } = await managers();
    await slaManager.provisionService({ ...request, availableDevices: qualifying, verdicts: VERDICTS });
    const dashboard = new DiversityDashboard(quorumManager, slaManager, { clock });
    await dashboard.startMonitoring({ intervalSeconds: 60 });
    const before = dashboard.getCurrentDashboard();
    expect(before.systemHealth.status).toBe('healthy');
    expect(before.alertSummary.totalActive).toBe(0);
    expect(before.diversityMetrics.diversityScore).toBe(1);

    // The verdicts hold for a day, and so do the looked-up addresses.
    await clock.advance(25 * 3_600_000);
    const after = dashboard.getCurrentDashboard();
    expect(after.systemHealth.status).toBe('critical');
    expect(after.alertSummary.totalActive).toBeGreaterThan(0);
    expect(after.alertSummary.bySeverity.critical).toBeGreaterThan(0);
    expect(after.diversityMetrics.diversityScore).toBeLessThan(1);
    dashboard.stopMonitoring();
  });
});
