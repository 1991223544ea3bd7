/** A program that does nothing but await Quorate: it must go on to its end, and end there. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PROJECT } from '../support/cli.js';

function run(script: string): { status: number | null; stdout: string; stderr: string } {
  const args = ['--input-type=module', '-e', script];
  return spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8', timeout: 30_000 });
}

/** More members than the first look saw: something to tell at the second. */
const PROFILES = `const profile = (n) => ({
  deviceId: 'm' + n, asn: 64500 + n, countryCode: ['DE', 'SE', 'GB'][n], powerRegion: ['GB', 'IE', 'KR'][n],
  teeVendor: n === 1 ? 'INTEL_TDX' : 'AMD_SEV_SNP', confidence: 9000,
});
const profiles = [profile(0), profile(1), profile(2)];`;

describe('a plain script', () => {
  it('gets through a service that limits its rate', () => {
    const script = `
      import { InfrastructureClassifier, IpInfoService } from 'quorate/placement';
      const fetch = async () => new Response('{"org":"AS64500 Net","country":"DE"}');
      const classifier = new InfrastructureClassifier({ sources: [], service: new IpInfoService({ fetch }) });
      const devices = Array.from({ length: 12 }, (_, n) => ({ id: 'd' + n, ipAddress: '8.8.8.' + n }));
      const profiles = await classifier.classifyAll(devices);
      console.log(profiles.length, profiles.every(({ asn }) => asn.value === 64500));`;
    expect(run(script)).toMatchObject({ stderr: '', stdout: '12 true\n', status: 0 });
  });

  it('hears of a quorum that changes while it is watched', () => {
    const script = `
      import { QuorumManager } from 'quorate/placement';
      ${PROFILES}
      let looks = 0;
      const source = () => (looks++ === 0 ? profiles.slice(0, 2) : profiles);
      const options = { signal: new AbortController().signal, intervalSeconds: 1 };
      for await (const { validation } of new QuorumManager().continuouslyMonitorQuorum(source, 'GOLD', options)) {
        console.log(validation.valid);
        if (validation.valid) break;
      }`;
    expect(run(script)).toMatchObject({ stderr: '', stdout: 'false\ntrue\n', status: 0 });
  });

  it('hears of a service that breaks its promise and keeps it again', () => {
    const script = `
      import { QuorumManager } from 'quorate/placement';
      import { EnhancedSLATierManager, SLATier } from 'quorate/services';
      ${PROFILES}
      const services = new EnhancedSLATierManager(new QuorumManager());
      await services.provisionService({ serviceId: 's', tier: SLATier.GOLD, availableProfiles: profiles });
      const request = (latencyMs) => services.recordRequest('s', { at: Date.now(), latencyMs, ok: true });
      request(60_000);
      const stop = new AbortController();
      for await (const { kind } of services.monitor({ signal: stop.signal, intervalSeconds: 1 })) {
        console.log(kind);
        if (kind === 'violated') for (let n = 0; n < 100; n += 1) request(1);
        else stop.abort();
      }`;
    expect(run(script)).toMatchObject({ stderr: '', stdout: 'violated\nrestored\n', status: 0 });
  });

  it('ends although a dashboard watches in the background', () => {
    const script = `
      import { DiversityDashboard, QuorumManager } from 'quorate/placement';
      const dashboard = new DiversityDashboard(new QuorumManager(), { services: () => [] });
      await dashboard.startMonitoring({ intervalSeconds: 3600 });
      console.log(dashboard.history().length);`;
    expect(run(script)).toMatchObject({ stderr: '', stdout: '1\n', status: 0 });
  });
});
