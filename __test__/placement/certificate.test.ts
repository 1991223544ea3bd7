import { readFileSync } from 'node:fs';
import { certifyPlacement, verifyPlacementCertificate } from 'quorate/placement';
import { evidenceDigest, mlDsa87, type Verdict } from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { jsonOf, quorate } from '../support/cli.js';
import { START } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { scratchFolder } from '../support/files.js';
import { machine, machines, verdict } from '../support/profiles.js';

const signer = { name: 'ops', ...mlDsa87.generateKeyPair(new Uint8Array(32).fill(1)) };
const key = signer.publicKey;
const body = Buffer.from('the evidence of m0');
const evidence = evidenceDigest('SNP', body);
const machineIdentity = 'amd-chip:00';
const profiles = [machine(0, { machineIdentity }), ...machines(9).slice(1)];
const verdicts: Record<string, Verdict> = { m0: verdict('AMD_SEV_SNP', { evidence, machineIdentity }) };
const issue = { size: 3, signer, time: START, verdicts, service: 'ledger' };
const { certificate, selection } = certifyPlacement(profiles, 'GOLD', issue);

describe('a placement certificate', () => {
  it('says what was asked, over which pool, who was chosen and why, and is checked with the key alone', () => {
    const checked = verifyPlacementCertificate(certificate, { key });
    expect(checked.valid).toBe(true);
    if (!checked.valid || !checked.content.answer.feasible || !selection.feasible) return;
    const { content } = checked;
    expect(content).toMatchObject({ issuer: 'ops', service: 'ledger', issuedAt: START, size: 3 });
    expect(content.pool.count).toBe(9);
    expect(content.requirement.name).toBe('GOLD');
    const { members, totalWeight, optimal } = checked.content.answer;
    expect(members.map(({ profile }) => profile.deviceId)).toEqual(selection.members);
    expect({ totalWeight, optimal }).toEqual({ totalWeight: 27_000, optimal: true });
    expect(members[0]?.reason).toContain('alone in its');
    expect(members[0]?.verdict).toEqual(verdicts['m0']);
  });

  it('is refused for any flipped byte, and the first thing that is wrong is named', () => {
    const faults = new Set<string>();
    for (let at = 0; at < certificate.byteLength; at += 7) {
      const flipped = Buffer.from(certificate);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const checked = verifyPlacementCertificate(flipped, { key });
      expect(checked.valid, `byte ${at}`).toBe(false);
      if (!checked.valid) faults.add(checked.fault);
    }
    expect([...faults].sort()).toEqual(['ENVELOPE', 'KEY', 'SIGNATURE']);
  });

  it('does not vouch for itself: another key refuses it', () => {
    const other = mlDsa87.generateKeyPair(new Uint8Array(32).fill(2)).publicKey;
    expect(verifyPlacementCertificate(certificate, { key: other })).toMatchObject({ fault: 'KEY' });
  });

  it('binds the evidence of its members', () => {
    const check = (given: Buffer) =>
      verifyPlacementCertificate(certificate, { key, evidence: { m0: { format: 'SNP', body: given } } });
    expect(check(body).valid).toBe(true);
    const flipped = Buffer.from(body);
    flipped[3] = (flipped[3] ?? 0) ^ 1;
    expect(check(flipped)).toMatchObject({
      fault: 'EVIDENCE',
      detail: 'this is not the evidence that member m0 was placed by',
    });
    const none = { m1: { format: 'SNP', body } } as const;
    expect(verifyPlacementCertificate(certificate, { key, evidence: none })).toMatchObject({
      fault: 'EVIDENCE',
    });
  });

  it('is made of an impossible level as well: why there are no members', () => {
    const refused = certifyPlacement(machines(2), 'GOLD', { ...issue, verdicts: {} });
    const checked = verifyPlacementCertificate(refused.certificate, { key });
    expect(checked.valid && checked.content.answer).toMatchObject({ feasible: false, proven: true });
    expect(refused.selection.feasible).toBe(false);
  });

  it('refuses verdicts that belong to other machines, and bad input, naming the field', async () => {
    const foreign = { m0: verdict('AMD_SEV_SNP', { machineIdentity: 'amd-chip:ff' }) };
    const mismatch = await refusal(() => certifyPlacement(profiles, 'GOLD', { ...issue, verdicts: foreign }));
    expect(mismatch.details.field).toBe('profiles[0].machineIdentity');
    const untimed = await refusal(() => certifyPlacement(profiles, 'GOLD', { ...issue, time: -1 }));
    expect(untimed.details.field).toBe('options.time');
    const text = await refusal(() => verifyPlacementCertificate('text' as never, { key }));
    expect(text.details.field).toBe('certificate');
  });
});

describe('on the command line', () => {
  const scratch = scratchFolder();

  it('a key is made, a placement is certified, and the certificate is checked', async () => {
    const [keyFile, cert] = [scratch.path('issuer.key'), scratch.path('gold.json')];
    const input = scratch.write('profiles.json', JSON.stringify(machines(9)));
    expect((await quorate(['keys', 'create', keyFile, '--name', 'ops'])).code).toBe(0);
    expect((await quorate(['keys', 'create', keyFile, '--name', 'ops'])).code).toBe(2);
    const select = ['quorum', 'select', input, '--level', 'GOLD', '--certificate', cert, '--key', keyFile];
    expect((await quorate(select)).code).toBe(0);
    const check = ['quorum', 'verify', cert, '--key', `${keyFile}.pub`];
    const checked = await quorate(check);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/^valid: GOLD of 3, by ops at /);
    const flipped = readFileSync(cert);
    flipped[900] = (flipped[900] ?? 0) ^ 1;
    const broken = scratch.write('broken.json', flipped);
    const refused = await quorate(['quorum', 'verify', broken, '--key', `${keyFile}.pub`, '--json']);
    expect(refused.code).toBe(1);
    expect(jsonOf(refused)).toMatchObject({ valid: false });
    expect((await quorate(['keys', 'show', `${keyFile}.pub`])).stdout).toMatch(
      /^ops: ML-DSA-87 key [0-9a-f]{32}/,
    );
    expect((await quorate(['quorum', 'verify', cert, '--key', cert])).code).toBe(2);
  });
});
