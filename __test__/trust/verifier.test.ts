/** Challenges, remembered verdicts, attestation results, and the machine's own evidence. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  ChallengeBook,
  CollateralStore,
  type EvidenceItem,
  EvidenceVerifier,
  earOf,
  earToken,
  localEvidence,
  type TsmDirectory,
  tsmDirectory,
} from 'quorate/trust';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { refusal } from '../support/errors.js';
import { scratchFolder } from '../support/files.js';
import { verdict } from '../support/profiles.js';
import { vectors } from '../support/vectors.js';

const MINUTE_MS = 60_000;

describe('a challenge', () => {
  it('is answered once, in time, and only the newest counts', () => {
    const clock = new ManualClock();
    const book = new ChallengeBook({ clock });
    const first = book.issue('m1');
    const second = book.issue('m1');
    expect(first.nonce.byteLength).toBe(32);
    expect(Buffer.from(second.nonce).equals(first.nonce)).toBe(false);
    expect(book.redeem('m1')).toEqual(second.nonce);
    expect(book.redeem('m1')).toBe(null);
    expect(book.redeem('m2')).toBe(null);
    const third = book.issue('m1');
    expect(third.expires).toBe(clock.now() + 10 * MINUTE_MS);
    clock.jump(10 * MINUTE_MS + 1);
    expect(book.redeem('m1')).toBe(null);
    expect(book.size).toBe(0);
  });
});

const { path: folder, absent } = vectors('trust');
const milan = (): EvidenceItem => ({
  format: 'SNP',
  body: Buffer.from(
    readFileSync(join(folder, 'virtee-sev/report_milan.hex'), 'utf8').replace(/\s/g, ''),
    'hex',
  ),
  certificates: [readFileSync(join(folder, 'virtee-sev/vcek_milan.der'))],
});

describe.skipIf(absent)('a verifier', () => {
  const policy = { revocationRequired: false };
  const at = Date.UTC(2025, 5, 20);

  it('remembers a verdict for 30 minutes, and no longer than what it rests on', async () => {
    const clock = new ManualClock(at);
    const verifier = new EvidenceVerifier({ clock, policy });
    const [first] = await verifier.verify([milan()]);
    const [second] = await verifier.verify([milan()]);
    expect(second).toBe(first);
    clock.jump(30 * MINUTE_MS + 1);
    const [third] = await verifier.verify([milan()]);
    expect(third).not.toBe(first);
    expect(third).toEqual(first);
    // One minute before the key certificate ends a verdict is good for that minute.
    clock.jump(Date.UTC(2030, 3, 3, 19, 22, 43) - clock.now());
    expect(await verifier.verify([milan()])).toMatchObject([{ accepted: true }]);
    clock.jump(MINUTE_MS + 1);
    expect(await verifier.verify([milan()])).toMatchObject([{ reason: 'CERTIFICATE_EXPIRED' }]);
  });

  it('judges anew when there is more to judge by', async () => {
    const collateral = new CollateralStore();
    const verifier = new EvidenceVerifier({ clock: new ManualClock(at), policy, collateral });
    const [first] = await verifier.verify([milan()]);
    collateral.add('certificates', readFileSync(join(folder, 'virtee-sev/cert_chain_turin')));
    const [second] = await verifier.verify([milan()]);
    expect(second).not.toBe(first);
    expect(second).toEqual(first);
  });

  it('never remembers a rejection, and keeps challenges apart', async () => {
    const verifier = new EvidenceVerifier({ clock: new ManualClock(at), policy });
    const item = milan();
    const challenge = item.body.subarray(0x50, 0x90);
    const wrong = { ...item, challenge: new Uint8Array(64) };
    const verdicts = await verifier.verify([item, { ...item, challenge }, wrong]);
    expect(verdicts).toMatchObject([{ fresh: false }, { fresh: true }, { reason: 'CHALLENGE' }]);
    expect(verifier.size).toBe(2);
    expect(await verifier.verify([wrong, item])).toMatchObject([{ reason: 'CHALLENGE' }, { fresh: false }]);
  });

  it('does not follow a clock that goes back, since old collateral would be good again', async () => {
    const clock = new ManualClock(Date.UTC(2031, 0, 1));
    const verifier = new EvidenceVerifier({ clock, policy });
    expect(await verifier.verify([milan()])).toMatchObject([{ reason: 'CERTIFICATE_EXPIRED' }]);
    clock.jump(at - clock.now());
    expect(await verifier.verify([milan()])).toMatchObject([{ reason: 'CERTIFICATE_EXPIRED' }]);
  });
});

describe('an attestation result', () => {
  const options = { time: 1_790_000_000_000, submodule: 'm1' };

  it('affirms only what was proved', () => {
    const accepted = verdict('AMD_SEV_SNP');
    const vectorOf = (ear: ReturnType<typeof earOf>) => ear.submods['m1']?.ear_trustworthiness_vector;
    const listed = earOf(accepted, { ...options, measurementsListed: true });
    expect(listed.submods['m1']?.ear_status).toBe('affirming');
    expect(listed).toMatchObject({ eat_profile: 'tag:ietf.org,2026:rats/ear#04', iat: 1_790_000_000 });
    const open = earOf(accepted, options);
    expect(open.submods['m1']?.ear_status).toBe('warning');
    expect(vectorOf(open)).toMatchObject({ hardware: 2, executables: 33, 'instance-identity': 2 });
    const unnamed = earOf(verdict('AMD_SEV_SNP', { machineIdentity: null }), options);
    expect(vectorOf(unnamed)).toMatchObject({ 'instance-identity': 0 });
    for (const bad of [
      verdict('AMD_SEV_SNP', { trust: 'demo' }),
      verdict('AMD_SEV_SNP', { debug: true }),
      { accepted: false, reason: 'REVOKED', detail: '' } as const,
    ])
      expect(earOf(bad, options).submods['m1']?.ear_status).toBe('contraindicated');
  });

  it('is a JWT that its key verifies', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const token = earToken(earOf(verdict('INTEL_TDX'), options), privateKey);
    const [header = '', claims = '', signature = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'EdDSA', typ: 'JWT' });
    const signed = Buffer.from(`${header}.${claims}`);
    expect(verify(null, signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });
});

describe("the machine's own evidence", () => {
  const scratch = scratchFolder();
  const challenge = new Uint8Array(32).fill(7);

  /** A kernel: it counts writes and answers the newest; `others` writes come between ours and our reading. */
  class FakeKernel implements TsmDirectory {
    readonly entries = new Set<string>();
    #generation = 4;
    #inblob: Uint8Array = new Uint8Array();
    constructor(
      readonly others: number[],
      readonly auxblob: Uint8Array | null = null,
    ) {}
    async make(entry: string): Promise<void> {
      this.entries.add(entry);
    }
    async remove(entry: string): Promise<void> {
      this.entries.delete(entry);
    }
    async write(_entry: string, attribute: string, value: Uint8Array): Promise<void> {
      expect(attribute).toBe('inblob');
      this.#generation += 1;
      this.#inblob = value;
      const others = this.others.shift() ?? 0;
      this.#generation += others;
      if (others > 0) this.#inblob = new Uint8Array(32);
    }
    async read(_entry: string, attribute: string): Promise<Uint8Array> {
      if (attribute === 'generation') return Buffer.from(`${this.#generation}\n`);
      if (attribute === 'provider') return Buffer.from('sev_guest\n');
      if (attribute === 'outblob') return this.#inblob;
      if (this.auxblob) return this.auxblob;
      throw Object.assign(new Error('no such attribute'), { code: 'ENOENT' });
    }
  }

  it('binds the challenge, and leaves nothing behind', async () => {
    const kernel = new FakeKernel([], Buffer.from('table'));
    const evidence = await localEvidence(challenge, kernel);
    expect(evidence).toMatchObject({ provider: 'sev_guest', auxblob: Buffer.from('table') });
    expect(Buffer.from(evidence.outblob)).toEqual(Buffer.from(challenge));
    expect(kernel.entries.size).toBe(0);
    expect((await localEvidence(challenge, new FakeKernel([]))).auxblob).toBe(null);
  });

  it("never takes another writer's report for its own", async () => {
    const evidence = await localEvidence(challenge, new FakeKernel([1, 2]));
    expect(Buffer.from(evidence.outblob)).toEqual(Buffer.from(challenge));
    const error = await refusal(() => localEvidence(challenge, new FakeKernel([1, 1, 1])));
    expect(error).toMatchObject({ code: 'QRT_ERR_TRUST_TEE_BUSY', retryable: true });
  });

  it('says plainly where the kernel has none', async () => {
    const missing = tsmDirectory(scratch.path('missing'));
    const error = await refusal(() => localEvidence(challenge, missing));
    expect(error.code).toBe('QRT_ERR_TRUST_NO_TEE');
    const empty = scratch.write('tsm/report/file', '');
    const unanswered = await refusal(() => localEvidence(challenge, tsmDirectory(dirname(empty))));
    expect(unanswered.code).toBe('QRT_ERR_TRUST_NO_TEE');
  });

  it('refuses a challenge that no TEE can bind', async () => {
    for (const bad of [new Uint8Array(), new Uint8Array(65)]) {
      const error = await refusal(() => localEvidence(bad, new FakeKernel([])));
      expect(error.details.field).toBe('challenge');
    }
  });
});
