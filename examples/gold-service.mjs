// A Gold service from addresses and verdicts: classify, provision, measure, lose a machine, repair.
import { QuorumManager } from 'quorate/placement';
import { EnhancedSLATierManager, SLATier } from 'quorate/services';

// Four machines at real addresses. A verdict is what `verifyEvidence` of quorate/trust found in attestation
// evidence; here it is made up, so the trust it carries is this file's word.
const devices = [
  { id: 'helsinki', ipAddress: '95.216.0.1' },
  { id: 'dublin', ipAddress: '52.208.0.1' },
  { id: 'tokyo', ipAddress: '153.120.0.1' },
  { id: 'sydney', ipAddress: '203.29.240.1' },
];
const verdict = (id, vendor) => ({
  accepted: true,
  evidence: 'ef'.repeat(32),
  vendor,
  product: 'example',
  tcb: '1.51',
  measurement: 'a3f1',
  machineIdentity: id,
  debug: false,
  fresh: true,
  revocationChecked: true,
  validUntil: Date.now() + 86_400_000,
  endorser: 'example root',
  trust: 'configured',
});
const verdicts = {
  helsinki: verdict('helsinki', 'AMD_SEV_SNP'),
  dublin: verdict('dublin', 'INTEL_TDX'),
  tokyo: verdict('tokyo', 'AMD_SEV_SNP'),
  sydney: verdict('sydney', 'INTEL_TDX'),
};

const quorums = new QuorumManager();
const services = new EnhancedSLATierManager(quorums);
const result = await services.provisionService({
  serviceId: 'ledger',
  tier: SLATier.GOLD,
  availableDevices: devices,
  verdicts,
});
if (!result.success) {
  console.log(result.reasons, result.remedies);
  process.exit(1);
}
console.log('members:', result.allocatedDevices.join(', '));

for (const { axis, value } of quorums
  .whatIf(services.service('ledger').members, 'GOLD', result.allocatedDevices)
  .filter(({ majoritySurvives }) => !majoritySurvives)) {
  console.log('would break it:', axis, value);
}

services.recordRequest('ledger', { at: Date.now(), latencyMs: 180, ok: true });
services.recordCheck('ledger', { at: Date.now(), up: true });
console.log('compliance:', services.validateSlaCompliance('ledger').status);

const [lost] = result.allocatedDevices;
const repair = services.rebalanceService('ledger', { lost: [lost] });
console.log(repair.feasible ? `without ${lost}: ${[...repair.members].sort().join(', ')}` : repair.reasons);
