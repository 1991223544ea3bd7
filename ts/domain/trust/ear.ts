/**
 * Verdicts as EAT Attestation Results (draft-ietf-rats-ear-04 over draft-ietf-rats-ar4si), for relying
 * parties that know those and not us. An export: decisions are made on the verdict itself.
 */
import { KeyObject, sign } from 'node:crypto';
import * as parse from '../../parse.js';
import { type AcceptedVerdict, parseVerdict, type Verdict } from './verdict.js';

const PROFILE = 'tag:ietf.org,2026:rats/ear#04';

/** Values of AR4SI section 2.3: 2..31 affirming, 32..95 warning, 96.. contraindicated, 0 no claim. */
export interface TrustworthinessVector {
  readonly 'instance-identity': number;
  readonly configuration: number;
  readonly executables: number;
  readonly hardware: number;
  readonly 'runtime-opaque': number;
}

export interface EarOptions {
  /** UTC milliseconds of the appraisal. */
  readonly time: number;
  /** Name of the appraised part, such as the machine's id. */
  readonly submodule: string;
  /** Whether the policy named the measurements it accepts, so that an accepted one is a known one. */
  readonly measurementsListed?: boolean;
  readonly policyId?: string;
}

/** The claims of an attestation result. */
export interface Ear {
  readonly eat_profile: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp?: number;
  readonly ear_verifier_id: { readonly developer: string; readonly build: string };
  readonly submods: Readonly<Record<string, EarSubmodule>>;
}

export interface EarSubmodule {
  readonly ear_status: 'affirming' | 'warning' | 'contraindicated';
  readonly ear_trustworthiness_vector: TrustworthinessVector;
  readonly ear_appraisal_policy_ids?: readonly string[];
  /** What the vector leaves out, in our own words. */
  readonly 'quorate/verdict': Verdict;
}

/** The claims that a verdict supports; what it does not prove is 0 or a warning, never affirming. */
export function earOf(verdict: Verdict, options: EarOptions): Ear {
  parseVerdict(verdict, 'verdict');
  parse.record(options, 'options');
  const time = parse.integer(options.time, 'options.time', 0, Number.MAX_SAFE_INTEGER);
  const submodule = parse.text(options.submodule, 'options.submodule');
  const listed = parse.flag(options.measurementsListed ?? false, 'options.measurementsListed');
  const policyId = parse.optional(options.policyId, null, (id) => parse.text(id, 'options.policyId'));
  const vector = verdict.accepted ? vectorOf(verdict, listed) : UNRECOGNISED;
  return {
    eat_profile: PROFILE,
    iat: Math.floor(time / 1000),
    ...(verdict.accepted && { exp: Math.floor(verdict.validUntil / 1000) }),
    ear_verifier_id: { developer: 'quorate', build: 'quorate/trust' },
    submods: {
      [submodule]: {
        ear_status: statusOf(vector),
        ear_trustworthiness_vector: vector,
        ...(policyId && { ear_appraisal_policy_ids: [policyId] }),
        'quorate/verdict': verdict,
      },
    },
  };
}

/** The claims as a JWT, signed with EdDSA (Ed25519). */
export function earToken(ear: Ear, key: KeyObject): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  parse.record(ear, 'ear');
  const signs = key instanceof KeyObject && key.type === 'private' && key.asymmetricKeyType === 'ed25519';
  if (!signs) throw parse.invalid('key', 'an Ed25519 private key', key);
  const signed = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(ear)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

/** Nothing was proved: unrecognised hardware, and no claim about the rest. */
const UNRECOGNISED: TrustworthinessVector = {
  'instance-identity': 97,
  configuration: 0,
  executables: 0,
  hardware: 97,
  'runtime-opaque': 0,
};

function vectorOf(verdict: AcceptedVerdict, measurementsListed: boolean): TrustworthinessVector {
  const current = verdict.tcbStatus === null || verdict.tcbStatus === 'UpToDate';
  const genuine = verdict.trust === 'demo' ? 97 : 2;
  return {
    'instance-identity': verdict.machineIdentity === null ? 0 : genuine,
    configuration: verdict.debug ? 96 : 2,
    executables: measurementsListed ? 3 : 33,
    hardware: genuine === 2 && !current ? 32 : genuine,
    'runtime-opaque': opaqueness(verdict),
  };
}

/** A PSA device shields its secure world from the normal one, and no guest from its host. */
function opaqueness({ debug, vendor }: AcceptedVerdict): number {
  if (debug) return 96;
  return vendor === 'ARM_PSA' ? 32 : 2;
}

function statusOf(vector: TrustworthinessVector): EarSubmodule['ear_status'] {
  const worst = Math.max(...Object.values(vector));
  if (worst >= 96) return 'contraindicated';
  return worst >= 32 ? 'warning' : 'affirming';
}
