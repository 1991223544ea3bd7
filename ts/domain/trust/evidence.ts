/** Evidence in, verdicts out. */
import { addon, call, type NativeEvidence, type RunOptions, run } from '../../native.js';
import * as parse from '../../parse.js';
import { AnchorStore } from './anchors.js';
import { bytes } from './bytes.js';
import { CollateralStore } from './collateral.js';
import {
  CHALLENGE_BYTES_MAX,
  EVIDENCE_BATCH_MAX,
  EVIDENCE_BYTES_MAX,
  EVIDENCE_CERTIFICATES_MAX,
} from './limits.js';
import { type EvidencePolicy, parsePolicy } from './policy.js';
import { evidenceDigest, type Verdict, verdictOf } from './verdict.js';
import { EVIDENCE_FORMATS, type EvidenceFormat } from './vocabulary.js';

/** A piece of evidence. */
export interface EvidenceItem {
  readonly format: EvidenceFormat;
  /** The report, quote, token or document. */
  readonly body: Uint8Array;
  /** Certificates (DER) that came beside it: the VCEK or VLEK of an SEV-SNP report. */
  readonly certificates?: readonly Uint8Array[];
  /**
   * The nonce it has to answer, at most 64 bytes. Without one the verdict is not `fresh`; with another one
   * than the evidence answers it is rejected.
   */
  readonly challenge?: Uint8Array;
}

/** What evidence is judged by. */
export interface VerifyOptions extends RunOptions {
  /** UTC milliseconds. The caller keeps it from going back: with an old clock, old collateral is good. */
  readonly time: number;
  /** Default: nothing but what is compiled in. */
  readonly collateral?: CollateralStore;
  /** Default: the pinned roots. */
  readonly anchors?: AnchorStore;
  readonly policy?: EvidencePolicy;
}

/** One field of evidence, as its specification names it. */
export interface EvidenceField {
  readonly name: string;
  readonly value: string;
}

const ITEM_KEYS = ['format', 'body', 'certificates', 'challenge'] as const;

/**
 * Judges evidence offline, on the CPU pool: verdicts in the order of the items. Evidence that proves nothing
 * is a verdict; throws QRT_ERR_INPUT_INVALID for items or options that are malformed, before any is judged.
 */
export async function verifyEvidence(
  items: readonly EvidenceItem[],
  options: VerifyOptions,
): Promise<Verdict[]> {
  const list = parse.list(items, 'items', EVIDENCE_BATCH_MAX);
  const evidence = list.map((item, at) => parseItem(item, `items[${at}]`));
  parse.record(options, 'options');
  const time = parse.integer(options.time, 'options.time', 0, Number.MAX_SAFE_INTEGER);
  const policy = parsePolicy(options.policy ?? {}, 'options.policy');
  const collateral = storeOf(options.collateral, CollateralStore, 'options.collateral');
  const anchors = storeOf(options.anchors, AnchorStore, 'options.anchors');
  const verdicts = await run(
    (handle) => addon.verifyEvidence(handle, evidence, { time, policy }, collateral.native, anchors.native),
    options,
  );
  return verdicts.map((verdict, at) => {
    const { format, body } = list[at] as EvidenceItem;
    return verdictOf(verdict, verdict.accepted ? evidenceDigest(format, body) : '');
  });
}

/** Every field of evidence, readable: what it says, which is not yet what it proves. */
export function inspectEvidence(format: EvidenceFormat, body: Uint8Array): EvidenceField[] {
  parse.oneOf(format, 'format', EVIDENCE_FORMATS);
  const copy = bytes(body, 'body', EVIDENCE_BYTES_MAX);
  return call(() => addon.inspectEvidence(format, copy));
}

/** The form of evidence by what it begins with; null where none fits. */
export function evidenceFormat(body: Uint8Array): EvidenceFormat | null {
  const copy = bytes(body, 'body', EVIDENCE_BYTES_MAX);
  return call(() => addon.evidenceFormatOf(copy)) as EvidenceFormat | null;
}

function parseItem(value: unknown, path: string): NativeEvidence {
  const record = parse.record(value, path);
  parse.keys(record, path, ITEM_KEYS);
  const certificates = parse.list(
    record['certificates'] ?? [],
    `${path}.certificates`,
    EVIDENCE_CERTIFICATES_MAX,
  );
  const challenge = parse.optional(record['challenge'], undefined, (given) =>
    bytes(given, `${path}.challenge`, CHALLENGE_BYTES_MAX),
  );
  return {
    format: parse.oneOf(record['format'], `${path}.format`, EVIDENCE_FORMATS),
    body: bytes(record['body'], `${path}.body`, EVIDENCE_BYTES_MAX),
    certificates: certificates.map((der, at) =>
      bytes(der, `${path}.certificates[${at}]`, EVIDENCE_BYTES_MAX),
    ),
    ...(challenge && { challenge }),
  };
}

/** @internal The store given, or an empty one of its kind. */
export function storeOf<T>(given: T | undefined, Store: new () => T, path: string): T {
  return given === undefined ? new Store() : parse.instance(given, path, Store);
}
