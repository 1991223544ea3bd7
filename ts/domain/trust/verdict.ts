/** What a verifier says of evidence: one closed type, to decide by `accepted` and `reason`. */
import { createHash } from 'node:crypto';
import type { NativeEvidenceVerdict } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { EVIDENCE_BYTES_MAX, POLICY_LIST_MAX } from './limits.js';
import {
  ANCHOR_TRUSTS,
  type AnchorTrust,
  ATTESTED_VENDORS,
  type AttestedVendor,
  EVIDENCE_FORMATS,
  type EvidenceFormat,
  REJECTION_REASONS,
  type RejectionReason,
} from './vocabulary.js';

/** Longest name of where a verdict stands. */
const PATH_LENGTH_MAX = 4096;

/** What accepted evidence proves. */
export interface AcceptedVerdict {
  readonly accepted: true;
  /** Digest of the evidence ({@link evidenceDigest}): which bytes this verdict is about. */
  readonly evidence: string;
  readonly vendor: AttestedVendor;
  /** Product line, such as `Milan` or `TDX 1.5`. */
  readonly product: string;
  /** Firmware level by component. */
  readonly tcb: string;
  /** What the vendor says of that level, such as `UpToDate`; null where the vendor says nothing. */
  readonly tcbStatus: string | null;
  /** UTC milliseconds of the newest issue that this level mends; null where the vendor states no day. */
  readonly tcbDate: number | null;
  /** Security advisories that apply to it. */
  readonly advisories: readonly string[];
  /** Launch measurement, hexadecimal; empty where the device measures nothing. */
  readonly measurement: string;
  /**
   * Registers that are extended at run time, hexadecimal by name: `rtmr0` to `rtmr3` of TDX, `rem0` to
   * `rem3` of CCA, `pcr0` and on of Azure's vTPM and of Nitro. None for other evidence.
   */
  readonly registers: Readonly<Record<string, string>>;
  /**
   * Data that the guest bound into the evidence, hexadecimal: report data, of Azure's vTPM what its quote
   * answers, of Nitro the user data.
   */
  readonly reportData: string;
  /** Identity of the chip or platform; null where the evidence names none (VLEK, masked chip id). */
  readonly machineIdentity: string | null;
  /** A TEE in debug mode protects nothing. True only where the policy allowed it. */
  readonly debug: boolean;
  /** UTC milliseconds at which the first certificate, list, collateral or endorsement behind it ends. */
  readonly validUntil: number;
  /** The root the chain ends in, or the owner of the endorsed key. */
  readonly endorser: string;
  readonly trust: AnchorTrust;
  /** Whether the evidence answers the challenge it was given, and is not just a file. */
  readonly fresh: boolean;
  /** Whether a current revocation list was there for each certificate. Arm tokens know none. */
  readonly revocationChecked: boolean;
}

/** Why evidence proves nothing. */
export interface RejectedVerdict {
  readonly accepted: false;
  /** To decide by. */
  readonly reason: RejectionReason;
  /** For a person. */
  readonly detail: string;
}

export type Verdict = AcceptedVerdict | RejectedVerdict;

/** SHA-256 over the form's name, a zero byte and the evidence, hexadecimal. */
export function evidenceDigest(format: EvidenceFormat, body: Uint8Array): string {
  parse.oneOf(format, 'format', EVIDENCE_FORMATS);
  return createHash('sha256')
    .update(`${format}\0`)
    .update(bytes(body, 'body', EVIDENCE_BYTES_MAX))
    .digest('hex');
}

/** @internal */
export function verdictOf({ accepted, rejected }: NativeEvidenceVerdict, evidence: string): Verdict {
  if (!accepted) {
    const { reason = 'MALFORMED', detail = '' } = rejected ?? {};
    return { accepted: false, reason: reason as RejectionReason, detail };
  }
  return {
    ...accepted,
    accepted: true,
    evidence,
    vendor: accepted.vendor as AttestedVendor,
    trust: accepted.trust as AnchorTrust,
    measurement: accepted.measurement.toString('hex'),
    registers: Object.fromEntries(accepted.registers.map(({ name, value }) => [name, value.toString('hex')])),
    reportData: accepted.reportData.toString('hex'),
  };
}

/** Reads a verdict that was written down, such as the output of `quorate attest verify --json`. */
export function parseVerdict(value: unknown, path: string): Verdict {
  const record = parse.record(value, parse.text(path, 'path', PATH_LENGTH_MAX));
  const at = (name: string): string => `${path}.${name}`;
  if (!parse.flag(record['accepted'], at('accepted'))) {
    const said = record['detail'] === '' ? undefined : record['detail'];
    return {
      accepted: false,
      reason: parse.oneOf(record['reason'], at('reason'), REJECTION_REASONS),
      detail: parse.optional(said, '', (detail) => parse.text(detail, at('detail'), 4096)),
    };
  }
  const text = (name: string): string => parse.text(record[name], at(name), 4096);
  /** Bytes that may be none. */
  const plain = (name: string): string => (record[name] === '' ? '' : text(name));
  const maybe = (name: string): string | null => parse.optional(record[name], null, () => text(name));
  const advisories = parse.optional(record['advisories'], [], (list) =>
    parse.list(list, at('advisories'), POLICY_LIST_MAX),
  );
  return {
    accepted: true,
    evidence: text('evidence'),
    vendor: parse.oneOf(record['vendor'], at('vendor'), ATTESTED_VENDORS),
    product: text('product'),
    tcb: text('tcb'),
    tcbStatus: maybe('tcbStatus'),
    tcbDate: parse.optional(record['tcbDate'], null, (date) =>
      parse.integer(date, at('tcbDate'), 0, Number.MAX_SAFE_INTEGER),
    ),
    advisories: advisories.map((advisory, n) => parse.text(advisory, `${at('advisories')}[${n}]`)),
    measurement: plain('measurement'),
    registers: Object.fromEntries(
      Object.entries(
        parse.optional(record['registers'], {}, (named) => parse.record(named, at('registers'))),
      ).map(([name, value]) => [name, parse.text(value, `${at('registers')}.${name}`, 128)]),
    ),
    reportData: parse.optional(record['reportData'], '', () => plain('reportData')),
    machineIdentity: maybe('machineIdentity'),
    debug: parse.flag(record['debug'], at('debug')),
    validUntil: parse.integer(record['validUntil'], at('validUntil'), 0, Number.MAX_SAFE_INTEGER),
    endorser: text('endorser'),
    trust: parse.oneOf(record['trust'], at('trust'), ANCHOR_TRUSTS),
    fresh: parse.flag(record['fresh'], at('fresh')),
    revocationChecked: parse.flag(record['revocationChecked'], at('revocationChecked')),
  };
}
