/**
 * What evidence is checked against besides the roots: certificates, revocation lists, TCB info, identities.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { INPUT_INVALID, QuorateError } from '../../errors.js';
import { addon, call, type NativeCollateral, type NativeFailure } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { COLLATERAL_BYTES_MAX, COLLATERAL_FILES_MAX } from './limits.js';

/** Kinds of document a store takes in. */
export const COLLATERAL_KINDS = ['certificates', 'crls', 'tcb_info', 'identity', 'bundle'] as const;
export type CollateralKind = (typeof COLLATERAL_KINDS)[number];

/**
 * Documents of the vendors, parsed once. Nothing in it is trusted: each is followed to a root at every
 * verification, so a store may hold what anybody sent.
 */
export class CollateralStore {
  /** @internal */
  readonly native: NativeCollateral = new addon.NativeCollateral();
  #generation = 0;

  /** Grows with every document: a verdict that was reached with less is reached anew. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Takes in a document (DER, PEM, or the JSON of Intel's service). Throws QRT_ERR_ATTESTATION_DOCUMENT for
   * one that is none of its kind, and has changed nothing then.
   */
  add(kind: CollateralKind, document: Uint8Array): void {
    parse.oneOf(kind, 'kind', COLLATERAL_KINDS);
    const copy = bytes(document, 'document', COLLATERAL_BYTES_MAX);
    call(() => this.native.add(kind, copy));
    this.#generation += 1;
  }

  /** @internal Takes in what another part of this room makes. */
  takeIn(add: (native: NativeCollateral) => unknown): void {
    call(() => add(this.native) as NativeFailure);
    this.#generation += 1;
  }

  /**
   * A store with every file of a directory: `.crl` for lists, `.json` for Intel's statements and bundles, and
   * `.pem`, `.der`, `.crt`, `.cer` for certificates. Other files are left alone. An unusable one is an error
   * that names it: collateral that silently goes missing would be noticed only when machines are refused.
   */
  static async fromDirectory(directory: string): Promise<CollateralStore> {
    const store = new CollateralStore();
    const names = (await namesIn(parse.text(directory, 'directory', 4096))).sort();
    if (names.length > COLLATERAL_FILES_MAX)
      throw parse.invalid('directory', `at most ${COLLATERAL_FILES_MAX} files`, names.length);
    for (const name of names) {
      if (!/\.(crl|json|pem|der|crt|cer)$/i.test(name)) continue;
      const document = await readFile(join(directory, name));
      store.#addFile(kindOf(name, document), name, document);
    }
    return store;
  }

  #addFile(kind: CollateralKind, name: string, document: Buffer): void {
    call(
      () => this.native.add(kind, document),
      () => name,
    );
    this.#generation += 1;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const message = `the directory ${directory} cannot be read: ${error instanceof Error ? error.message : error}`;
    throw new QuorateError(INPUT_INVALID, message, { field: 'directory', cause: error });
  }
}

/** What a file holds, by its name; of Intel's JSON documents, by the member that only one kind has. */
function kindOf(name: string, document: Buffer): CollateralKind {
  if (/\.crl$/i.test(name)) return 'crls';
  if (!/\.json$/i.test(name)) return 'certificates';
  if (document.includes('"tcb_info"')) return 'bundle';
  return document.includes('"tcbInfo"') ? 'tcb_info' : 'identity';
}
