/**
 * Whom verdicts rest on: the vendors' roots are compiled in, more are trusted only where the operator says
 * so.
 */
import { addon, call, type NativeAnchors, type NativeFailure } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { COLLATERAL_BYTES_MAX } from './limits.js';
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
    const demo = parse.optional(anchor.demo, false, (flag) => parse.flag(flag, 'anchor.demo'));
    call(
      () => this.native.add(name, vendor, certificate, demo),
      (field) => `anchor.${field}`,
    );
    this.#generation += 1;
  }
}
