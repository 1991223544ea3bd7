/**
 * Whom verdicts rest on: the vendors' roots are compiled in, more are trusted only where the operator says
 * so.
 */
import { addon, call, type NativeAnchors, type NativeEndorsedKey, type NativeFailure } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes, bytesOfHex } from './bytes.js';
import { COLLATERAL_BYTES_MAX, ENDORSEMENT_END_MAX } from './limits.js';
import { ANCHOR_VENDORS, type AnchorVendor } from './vocabulary.js';

/** A root besides the pinned ones. */
export interface RootAnchor {
  /** What verdicts call it. */
  readonly name: string;
  readonly vendor: AnchorVendor;
  /** DER or PEM. */
  readonly certificate: Uint8Array;
  /** Made for simulated machines: refused unless the policy says `demoAllowed`. */
  readonly demo?: boolean;
}

/** The key of one Arm device. Arm has no root, so somebody has to state it. */
export interface EndorsedKey {
  /** Who endorses it; verdicts name it. */
  readonly endorser: string;
  /** Hexadecimal, 32 bytes; `quorate attest inspect` shows both in a token. */
  readonly implementationId: string;
  /** Hexadecimal, 33 bytes of which the first is the type 01. */
  readonly instanceId: string;
  /** The public key (CPAK or IAK): a JWK, or a SubjectPublicKeyInfo in PEM or DER. */
  readonly key: Uint8Array;
  /** UTC milliseconds from which on it holds. Default: ever. */
  readonly validFrom?: number;
  /** UTC milliseconds until which it holds. Without an end a verdict on it holds for 30 days. */
  readonly validUntil?: number;
  /** Made for simulated machines: refused unless the policy says `demoAllowed`. */
  readonly demo?: boolean;
}

/** The keys of many Arm devices. */
export interface Endorsements {
  /** Who endorses them; verdicts name it. */
  readonly endorser: string;
  /**
   * A trust anchor store of ccatoken (JSON: `implementation-id`, `instance-id`, `pkey` of each device), or an
   * unsigned CoRIM with nothing but attestation keys.
   */
  readonly document: Uint8Array;
  /** Made for simulated machines: refused unless the policy says `demoAllowed`. */
  readonly demo?: boolean;
}

const ENDORSED_KEY_KEYS = [
  'endorser',
  'implementationId',
  'instanceId',
  'key',
  'validFrom',
  'validUntil',
  'demo',
] as const;

/** The pinned roots of AMD, Intel and AWS, and what was added. */
export class AnchorStore {
  /** @internal */
  readonly native: NativeAnchors = new addon.NativeAnchors();
  #generation = 0;

  /** Grows with every anchor. */
  get generation(): number {
    return this.#generation;
  }

  /** @internal Takes in what another part of this room makes. */
  takeIn(add: (native: NativeAnchors) => unknown): void {
    call(() => add(this.native) as NativeFailure);
    this.#generation += 1;
  }

  /** Trusts a root. Throws QRT_ERR_ATTESTATION_DOCUMENT for what is none. */
  addRoot(anchor: RootAnchor): void {
    parse.record(anchor, 'anchor');
    const name = parse.text(anchor.name, 'anchor.name');
    const vendor = parse.oneOf(anchor.vendor, 'anchor.vendor', ANCHOR_VENDORS);
    const certificate = bytes(anchor.certificate, 'anchor.certificate', COLLATERAL_BYTES_MAX);
    const demo = demoOf(anchor.demo, 'anchor.demo');
    call(
      () => this.native.add(name, vendor, certificate, demo),
      (field) => `anchor.${field}`,
    );
    this.#generation += 1;
  }

  /**
   * Trusts the key of one Arm device. Throws QRT_ERR_ATTESTATION_DOCUMENT for what is no key, and where
   * another endorsement of the device is held.
   */
  addEndorsedKey(key: EndorsedKey): void {
    const endorsed = parseEndorsedKey(key);
    call(
      () => this.native.endorse(endorsed),
      (field) => (field === 'device' ? 'key' : `key.${field}`),
    );
    this.#generation += 1;
  }

  /**
   * Trusts the keys of Arm devices, all in the document or none; gives how many. Throws
   * QRT_ERR_ATTESTATION_DOCUMENT for a document that is unusable or says more than keys of devices.
   */
  addEndorsements(endorsements: Endorsements): number {
    parse.record(endorsements, 'endorsements');
    parse.keys(endorsements, 'endorsements', ['endorser', 'document', 'demo']);
    const endorser = parse.text(endorsements.endorser, 'endorsements.endorser');
    const document = bytes(endorsements.document, 'endorsements.document', COLLATERAL_BYTES_MAX);
    const demo = demoOf(endorsements.demo, 'endorsements.demo');
    const devices = call(
      () => this.native.addEndorsements(endorser, document, demo),
      (field) => `endorsements.${field}`,
    );
    this.#generation += 1;
    return devices;
  }
}

function parseEndorsedKey(key: EndorsedKey): NativeEndorsedKey {
  parse.record(key, 'key');
  parse.keys(key, 'key', ENDORSED_KEY_KEYS);
  const time = (value: unknown, name: string): number =>
    parse.integer(value, `key.${name}`, 0, ENDORSEMENT_END_MAX);
  const validUntil = parse.optional(key.validUntil, undefined, (until) => time(until, 'validUntil'));
  return {
    implementationId: bytesOfHex(key.implementationId, 'key.implementationId'),
    instanceId: bytesOfHex(key.instanceId, 'key.instanceId'),
    key: bytes(key.key, 'key.key', COLLATERAL_BYTES_MAX),
    endorser: parse.text(key.endorser, 'key.endorser'),
    validFrom: time(key.validFrom ?? 0, 'validFrom'),
    ...(validUntil !== undefined && { validUntil }),
    demo: demoOf(key.demo, 'key.demo'),
  };
}

function demoOf(value: unknown, path: string): boolean {
  return parse.optional(value, false, (flag) => parse.flag(flag, path));
}
