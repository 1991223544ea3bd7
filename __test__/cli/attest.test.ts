/** `quorate attest`, on other people's evidence and keys. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonOf, quorate } from '../support/cli.js';
import { scratchFolder } from '../support/files.js';
import { vectors } from '../support/vectors.js';

const { path: folder, absent } = vectors('trust');
const at = (path: string): string => join(folder, path);
const TIME = ['--time', '2026-06-20T00:00:00Z'];
const DRAFT = `${'00'.repeat(32)}:01${'02'.repeat(32)}`;

describe.skipIf(absent)('attest verify', () => {
  const cca = at('rust-ccatoken/cca-token-01.cbor');
  const psa = at('psa-token/draft-psa-tfm-sign1.cbor');
  const verify = (...args: string[]) => quorate(['attest', 'verify', ...args, ...TIME]);

  it('says of an Arm token what it proves, and who endorses its device: 0', async () => {
    const { code, stdout } = await verify(cca, '--endorse', at('rust-ccatoken/ta-tfa.json'));
    expect(code).toBe(0);
    expect(stdout).toContain('ARM_CCA CCA 1.0');
    expect(stdout).toContain('BL=3.4.2 M1=1.2 M2=1.2.3 M3=1');
    expect(stdout).toMatch(/endorser .*ta-tfa\.json \(configured\)/);
    expect(stdout).toContain('valid until  2026-07-20T00:00:00.000Z');
  });

  it('says what to do where nobody endorses the device: 1', async () => {
    const { code, stdout } = await verify(cca);
    expect(code).toBe(1);
    expect(stdout).toContain('rejected, KEY_UNKNOWN');
    expect(stdout).toContain('--endorse');
  });

  it('takes stores and single keys together', async () => {
    const keys = [
      ['--endorse', at('rust-ccatoken/ta-tfa.json')],
      ['--endorse', `${DRAFT}:${at('psa-token/draft-psa-iak.jwk.json')}`],
    ].flat();
    const ended = await verify(cca, psa, ...keys, '--json');
    expect(ended.code).toBe(0);
    expect(jsonOf(ended)).toMatchObject([{ vendor: 'ARM_CCA' }, { vendor: 'ARM_PSA' }]);
  });

  it('accepts keys of simulated machines as such alone', async () => {
    const { code, stdout } = await verify(cca, '--demo', '--endorse', at('rust-ccatoken/ta-tfa.json'));
    expect(code).toBe(0);
    expect(stdout).toContain('DEMO: a simulated machine');
  });

  it.each([
    ['a key that names no device', at('rust-ccatoken/cpak.json')],
    ['a file that is neither', at('rust-ccatoken/cca-token-01.diag')],
    ['a key that is none', `${DRAFT}:${at('rust-ccatoken/cca-token-01.diag')}`],
    ['no file', '/nowhere.json'],
  ])('refuses %s: 2', async (_, given) => {
    const ended = await verify(psa, '--endorse', given);
    expect(ended.code).toBe(2);
    expect(ended.stdout).toBe('');
  });
});

describe.skipIf(absent)('attest inspect', () => {
  it('shows the identities under which a device is endorsed', async () => {
    const { code, stdout } = await quorate(['attest', 'inspect', at('psa-token/draft-psa-tfm-sign1.cbor')]);
    expect(code).toBe(0);
    expect(stdout).toContain('PSA, 325 bytes; nothing here is verified');
    const [implementation = '', instance = ''] = DRAFT.split(':');
    expect(stdout).toMatch(new RegExp(`psa-implementation-id +${implementation}`));
    expect(stdout).toMatch(new RegExp(`psa-instance-id +${instance}`));
  });
});

const scratch = scratchFolder();
const bundle = at('coco-trustee/az-snp-vtpm/evidence-v1.json');
const lenient = scratch.write('policy.json', JSON.stringify({ revocationRequired: false }));
const AZURE = ['--time', '2025-06-20T12:00:00Z', '--policy', lenient];

describe.skipIf(absent)("attest, on a bundle of Azure's vTPM", () => {
  it('tells it by its content and verifies it', async () => {
    const challenge = Buffer.from('challenge').toString('hex');
    const good = await quorate(['attest', 'verify', bundle, '--challenge', challenge, ...AZURE]);
    expect(good.stdout).toContain('AMD_SEV_SNP Milan, Azure vTPM');
    expect(good.stdout).toContain('registers    24, in the output of --json');
    expect(good.stdout).toContain('yes, it answers the challenge');
    expect(good.code).toBe(0);
    const json = await quorate(['attest', 'verify', bundle, '--json', ...AZURE]);
    expect(jsonOf(json)).toMatchObject([{ accepted: true, registers: { pcr4: expect.any(String) } }]);
    const wrong = await quorate(['attest', 'verify', bundle, '--challenge', `${challenge}00`, ...AZURE]);
    expect(wrong.stdout).toContain('rejected, CHALLENGE');
    expect(wrong.code).not.toBe(0);
  });

  it('shows what is inside, and says that nothing is verified', async () => {
    const { code, stdout } = await quorate(['attest', 'inspect', bundle]);
    expect(code).toBe(0);
    expect(stdout).toContain('AZURE, 7939 bytes; nothing here is verified');
    expect(stdout).toContain('runtime.vm-configuration.vmUniqueId');
    expect(stdout).toContain('tpm.clock_ms');
  });
});
