/**
 * A placement that a third party checks offline: what was asked, over which pool, who was chosen and why, in
 * one signed document.
 *
 * The pool is bound by the root of a Merkle tree (RFC 6962) over its candidates, each with its profile and
 * the verdict behind it; every member comes with its candidate and the path to that root. The document is in
 * the canonical encoding and signed with ML-DSA-87.
 */
import { createHash } from 'node:crypto';
import { QuorateError } from '../../errors.js';
import { addon, call } from '../../native.js';
import * as parse from '../../parse.js';
import {
  type EvidenceItem,
  evidenceDigest,
  merkleTree,
  mlDsa87,
  parseVerdict,
  type Verdict,
  verifyInclusion,
} from '../trust/index.js';
import type { DeviceProfile } from './facts.js';
import type { QuorumRequirement } from './levels.js';
import { QUORUM_REQUIREMENTS, requirementOf } from './levels.js';
import { CANDIDATES_MAX, CERTIFICATE_BYTES_MAX, QUORUM_SIZE_MAX } from './limits.js';
import { CandidatePool } from './pool.js';
import { type Level, QuorumManager, type QuorumSelection } from './quorum-manager.js';
import { memberSentence } from './sentences.js';
import type { QuorumLevel } from './vocabulary.js';

const TYPE = 'quorate/placement-certificate';
const CANDIDATE = 'quorate/candidate';
const VERSION = 1;
const CONTEXT = Buffer.from(`${TYPE}/${VERSION}`);
const DOCUMENT_FIELDS = 5;
const CANDIDATE_FIELDS = 2;

/** Who signs: an ML-DSA-87 key pair. */
export interface CertificateSigner {
  /** Name of the issuer, as the certificate shows it. */
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

export interface CertifyOptions {
  readonly size: number;
  readonly signer: CertificateSigner;
  /** UTC milliseconds: for when the pool was judged. */
  readonly time: number;
  /** The verdicts behind the profiles, by device id. */
  readonly verdicts?: Readonly<Record<string, Verdict>>;
  /** What is placed. */
  readonly service?: string;
}

/** A member, as a certificate shows it. */
export interface CertifiedMember {
  readonly profile: DeviceProfile;
  /** The verdict behind its TEE facts; null where it had none. */
  readonly verdict: Verdict | null;
  /** Its place in the pool. */
  readonly index: number;
  readonly reason: string;
}

/** What a certificate says. */
export interface PlacementContent {
  readonly issuer: string;
  readonly service: string | null;
  /** UTC milliseconds. */
  readonly issuedAt: number;
  readonly requirement: QuorumRequirement;
  readonly size: number;
  /** How many candidates there were, and the root over them, hexadecimal. */
  readonly pool: { readonly count: number; readonly root: string };
  readonly answer:
    | {
        readonly feasible: true;
        readonly members: readonly CertifiedMember[];
        readonly totalWeight: number;
        /** Whether the issuer proved that no valid set is heavier; nobody can check it without the pool. */
        readonly optimal: boolean;
        readonly bound: number;
      }
    | {
        readonly feasible: false;
        /** Whether the issuer proved that there are no members. */
        readonly proven: boolean;
        readonly reasons: readonly string[];
      };
}

/** The first thing that is wrong with a certificate. */
export const CERTIFICATE_FAULTS = [
  'ENVELOPE',
  'KEY',
  'SIGNATURE',
  'DOCUMENT',
  'INCLUSION',
  'EVIDENCE',
  'RULES',
  'WEIGHT',
] as const;
export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];

export type CertificateVerdict =
  | { readonly valid: true; readonly content: PlacementContent }
  | { readonly valid: false; readonly fault: CertificateFault; readonly detail: string };

export interface VerifyCertificateOptions {
  /** The issuer's public key, known from elsewhere: a certificate does not vouch for itself. */
  readonly key: Uint8Array;
  /** Evidence of members, by device id: each has to be what the certificate's verdict is about. */
  readonly evidence?: Readonly<Record<string, Pick<EvidenceItem, 'format' | 'body'>>>;
}

/** Selects, and signs the answer, be it members or why there are none. */
export function certifyPlacement(
  profiles: readonly DeviceProfile[],
  level: Level,
  options: CertifyOptions,
): { certificate: Uint8Array; selection: QuorumSelection } {
  parse.record(options, 'options');
  const time = parse.integer(options.time, 'options.time', 0, Number.MAX_SAFE_INTEGER);
  const { publicKey, secretKey, name } = parse.record(
    options.signer,
    'options.signer',
  ) as unknown as CertificateSigner;
  const pool = CandidatePool.of(profiles, time);
  const manager = new QuorumManager({ clock: fixed(time) });
  const selection = manager.selectOptimalQuorum(pool, level, { size: options.size });
  const verdicts = parse.record(options.verdicts ?? {}, 'options.verdicts');
  const candidates = pool.profiles.map((profile, at) => candidateOf(profile, verdicts, `profiles[${at}]`));
  const tree = merkleTree(candidates);
  const members = selection.feasible ? pool.positions(selection.members, 'members') : [];
  const values = Array.from(members, (index) => pool.valuesAt(index));
  const answer = selection.feasible
    ? {
        feasible: true,
        members: Array.from(members, (index, at) => ({
          index,
          candidate: Buffer.from(candidates[index] ?? []).toString('hex'),
          proof: tree.prove(index).map((hash) => Buffer.from(hash).toString('hex')),
          reason: memberSentence(
            values[at] ?? {},
            values.filter((_, other) => other !== at),
          ),
        })),
        totalWeight: selection.totalWeight,
        optimal: selection.optimal,
        bound: selection.bound,
      }
    : { feasible: false, proven: selection.proven, reasons: selection.reasons };
  const root = Buffer.from(tree.root).toString('hex');
  const document = encode(TYPE, [
    {
      issuer: parse.text(name, 'options.signer.name'),
      service: parse.optional(options.service, null, (service) => parse.text(service, 'options.service')),
      issuedAt: time,
    },
    levelOf(level),
    selection.size,
    { count: candidates.length, root },
    answer,
  ]);
  const signature = mlDsa87.sign(secretKey, document, CONTEXT);
  return { certificate: envelope(document, keyId(publicKey), signature), selection };
}

/**
 * Checks a certificate with nothing else at hand than the issuer's key: its form, the signature, that each
 * member is in the pool, and that the members keep every rule at the time of issue.
 */
export function verifyPlacementCertificate(
  certificate: Uint8Array,
  options: VerifyCertificateOptions,
): CertificateVerdict {
  parse.record(options, 'options');
  if (!(certificate instanceof Uint8Array)) throw parse.invalid('certificate', 'a Uint8Array', certificate);
  try {
    const { document, key, signature } = open(certificate);
    if (key !== keyId(options.key))
      fail('KEY', `it is signed by the key ${key}, not by the one given (${keyId(options.key)})`);
    if (!mlDsa87.verify(options.key, document, CONTEXT, signature))
      fail('SIGNATURE', 'the signature is not of this document by this key');
    const content = contentOf(document);
    checkEvidence(content, parse.record(options.evidence ?? {}, 'options.evidence'));
    checkRules(content);
    return { valid: true, content };
  } catch (error) {
    if (error instanceof Fault) return { valid: false, fault: error.fault, detail: error.message };
    throw error;
  }
}

/** @internal */
class Fault extends Error {
  readonly fault: CertificateFault;
  constructor(fault: CertificateFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

function fail(fault: CertificateFault, detail: string): never {
  throw new Fault(fault, detail);
}

/** Runs a check of ours on what somebody else wrote: what it refuses is a fault of theirs. */
function within<T>(fault: CertificateFault, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof QuorateError) fail(fault, error.message);
    throw error;
  }
}

/** One text for one certificate: any other writing of the same JSON is refused. */
function envelope(document: Uint8Array, key: string, signature: Uint8Array): Buffer {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const fields = {
    type: TYPE,
    version: VERSION,
    key,
    document: base64(document),
    signature: base64(signature),
  };
  return Buffer.from(`${JSON.stringify(fields, null, 1)}\n`);
}

function open(certificate: Uint8Array): { document: Buffer; key: string; signature: Buffer } {
  if (certificate.byteLength > CERTIFICATE_BYTES_MAX)
    fail('ENVELOPE', `it is larger than ${CERTIFICATE_BYTES_MAX} bytes`);
  const text = Buffer.from(certificate.buffer, certificate.byteOffset, certificate.byteLength);
  let fields: Record<string, unknown>;
  try {
    fields = parse.record(JSON.parse(text.toString('utf8')), 'certificate');
  } catch {
    return fail('ENVELOPE', 'it is no JSON object');
  }
  const { type, version, key } = fields;
  if (type !== TYPE || version !== VERSION) fail('ENVELOPE', `it is no ${TYPE} of version ${VERSION}`);
  const bytes = (name: string): Buffer => Buffer.from(String(fields[name]), 'base64');
  const opened = { document: bytes('document'), key: String(key), signature: bytes('signature') };
  if (!envelope(opened.document, opened.key, opened.signature).equals(text))
    fail('ENVELOPE', 'it is not written as a certificate is written');
  return opened;
}

/** SHA-256 of a public key, its first 16 bytes in hexadecimal. */
function keyId(publicKey: Uint8Array): string {
  if (!(publicKey instanceof Uint8Array)) throw parse.invalid('key', 'a Uint8Array', publicKey);
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32);
}

function encode(tag: string, fields: readonly unknown[]): Buffer {
  return call(() => addon.encodeDocument(tag, VERSION, JSON.stringify(fields)));
}

function decode(tag: string, count: number, document: Buffer): unknown[] {
  return JSON.parse(call(() => addon.decodeDocument(tag, VERSION, count, document)));
}

/** What of a profile decides. No more goes into the pool: notes can change without changing its root. */
const PROFILE_KEYS = [
  'deviceId',
  'ipAddress',
  'asn',
  'operator',
  'cloud',
  'countryCode',
  'powerRegion',
  'teeVendor',
  'tcb',
  'kernel',
  'confidence',
  'weight',
  'evidenceFresh',
  'boundFacts',
  'machineIdentity',
] as const;

function candidateOf(profile: DeviceProfile, verdicts: Record<string, unknown>, path: string): Uint8Array {
  const record = profile as unknown as Record<string, unknown>;
  const deciding = Object.fromEntries(PROFILE_KEYS.map((key) => [key, record[key]]));
  const given = verdicts[profile.deviceId];
  const verdict = given === undefined ? null : parseVerdict(given, `verdicts.${profile.deviceId}`);
  if (verdict?.accepted && verdict.machineIdentity !== (profile.machineIdentity ?? null))
    throw parse.invalid(`${path}.machineIdentity`, 'the one of its verdict', profile.machineIdentity);
  return encode(CANDIDATE, [deciding, verdict]);
}

function levelOf(level: Level): QuorumRequirement {
  requirementOf(level);
  return typeof level === 'string' ? QUORUM_REQUIREMENTS[level as QuorumLevel] : level;
}

function contentOf(document: Buffer): PlacementContent {
  return within('DOCUMENT', () => {
    const [head, requirement, size, pool, answer] = decode(TYPE, DOCUMENT_FIELDS, document);
    const { issuer, service, issuedAt } = parse.record(head, 'head');
    const { count, root } = parse.record(pool, 'pool');
    requirementOf(requirement, 'requirement');
    const said = {
      issuer: parse.text(issuer, 'issuer'),
      service: parse.optional(service, null, (name) => parse.text(name, 'service')),
      issuedAt: parse.integer(issuedAt, 'issuedAt', 0, Number.MAX_SAFE_INTEGER),
      requirement: requirement as QuorumRequirement,
      size: parse.integer(size, 'size', 1, QUORUM_SIZE_MAX),
      pool: {
        count: parse.integer(count, 'pool.count', 0, CANDIDATES_MAX),
        root: parse.text(root, 'pool.root', 64),
      },
    };
    return { ...said, answer: answerOf(parse.record(answer, 'answer'), said.pool) };
  });
}

function answerOf(
  answer: Record<string, unknown>,
  pool: PlacementContent['pool'],
): PlacementContent['answer'] {
  if (!parse.flag(answer['feasible'], 'feasible')) {
    const reasons = parse.list(answer['reasons'], 'reasons', 1000);
    return {
      feasible: false,
      proven: parse.flag(answer['proven'], 'proven'),
      reasons: reasons.map((reason, at) => parse.text(reason, `reasons[${at}]`, 4096)),
    };
  }
  const members = parse.list(answer['members'], 'members', QUORUM_SIZE_MAX);
  const weight = (name: string): number => parse.integer(answer[name], name, 0, Number.MAX_SAFE_INTEGER);
  return {
    feasible: true,
    members: members.map((member, at) => memberOf(parse.record(member, `members[${at}]`), pool, at)),
    totalWeight: weight('totalWeight'),
    optimal: parse.flag(answer['optimal'], 'optimal'),
    bound: weight('bound'),
  };
}

function memberOf(
  member: Record<string, unknown>,
  pool: PlacementContent['pool'],
  at: number,
): CertifiedMember {
  const path = `members[${at}]`;
  const hex = (value: unknown, field: string): Buffer => {
    const text = parse.text(value, `${path}.${field}`, 1 << 20);
    if (!/^([0-9a-f]{2})+$/.test(text)) throw parse.invalid(`${path}.${field}`, 'hexadecimal digits', text);
    return Buffer.from(text, 'hex');
  };
  const index = parse.integer(member['index'], `${path}.index`, 0, CANDIDATES_MAX);
  const candidate = hex(member['candidate'], 'candidate');
  const proof = parse.list(member['proof'], `${path}.proof`, 64);
  const [profile, verdict] = decode(CANDIDATE, CANDIDATE_FIELDS, candidate);
  const { deviceId } = parse.record(profile, `${path}.profile`);
  const included = verifyInclusion({
    leaf: candidate,
    index: BigInt(index),
    size: BigInt(pool.count),
    proof: proof.map((hash, step) => hex(hash, `proof[${step}]`)),
    root: Buffer.from(pool.root, 'hex'),
  });
  if (!included.valid) fail('INCLUSION', `member ${String(deviceId)} is not candidate ${index} of the pool`);
  return {
    profile: profile as DeviceProfile,
    verdict: verdict === null ? null : parseVerdict(verdict, `${path}.verdict`),
    index,
    reason: parse.text(member['reason'], `${path}.reason`, 4096),
  };
}

function checkEvidence({ answer }: PlacementContent, evidence: Record<string, unknown>): void {
  if (!answer.feasible) return;
  for (const { profile, verdict } of answer.members) {
    const given = evidence[profile.deviceId];
    if (given === undefined) continue;
    const { format, body } = parse.record(given, `evidence.${profile.deviceId}`) as unknown as EvidenceItem;
    if (!verdict?.accepted) fail('EVIDENCE', `member ${profile.deviceId} was placed without evidence`);
    else if (evidenceDigest(format, body) !== verdict.evidence)
      fail('EVIDENCE', `this is not the evidence that member ${profile.deviceId} was placed by`);
  }
}

function checkRules({ answer, requirement, size, issuedAt }: PlacementContent): void {
  if (!answer.feasible) return;
  const profiles = answer.members.map(({ profile }) => profile);
  const validation = within('RULES', () => {
    const pool = CandidatePool.of(profiles, issuedAt);
    return new QuorumManager({ clock: fixed(issuedAt) }).validateQuorum(pool, requirement, { size });
  });
  const [violation] = validation.violations;
  if (violation) fail('RULES', `the members break ${requirement.name}: ${violation.message}`);
  const weight = profiles.reduce((sum, { weight: own, confidence }) => sum + (own ?? confidence), 0);
  if (weight !== answer.totalWeight)
    fail('WEIGHT', `the members weigh ${weight}, the certificate says ${answer.totalWeight}`);
  if (answer.bound < weight || (answer.optimal && answer.bound !== weight))
    fail('WEIGHT', `a bound of ${answer.bound} does not go with members that weigh ${weight}`);
}

/** A clock that stands still: certificates are judged for the time they were issued at. */
function fixed(time: number): { now(): number; sleep(): Promise<void> } {
  return { now: () => time, sleep: () => Promise.reject(new Error('this clock stands still')) };
}
