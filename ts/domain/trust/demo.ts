/**
 * Simulated machines: evidence that is well formed and signed under an authority made at run time. It proves
 * nothing about hardware; verdicts on it say `demo`, and only a policy with `demoAllowed` accepts it.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { INPUT_INVALID, QuorateError } from '../../errors.js';
import { addon, call, type NativeDemoAuthority, type RunOptions, run, runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { AnchorStore } from './anchors.js';
import { bytes } from './bytes.js';
import { CollateralStore } from './collateral.js';
import type { EvidenceItem } from './evidence.js';
import { CHALLENGE_BYTES_MAX } from './limits.js';
import type { EvidenceFormat } from './vocabulary.js';

/** What a simulated machine can play. */
export const SIMULATED_VENDORS = ['AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA', 'ARM_PSA'] as const;
export type SimulatedVendor = (typeof SIMULATED_VENDORS)[number];

/** A machine that does not exist; machines of one name have one identity. */
export interface SimulatedMachine {
  readonly name: string;
  readonly vendor: SimulatedVendor;
}

/** Roots and authorities of simulated machines. */
export class DemoAuthority {
  readonly #native: NativeDemoAuthority;

  private constructor(native: NativeDemoAuthority) {
    this.#native = native;
  }

  /**
   * The authority kept in a file, made on first use (about two seconds) for `time`, UTC milliseconds. The
   * file holds private keys and is readable by its owner alone. Throws QRT_ERR_ATTESTER_AUTHORITY for another
   * file.
   */
  static async open(path: string, time: number, options: RunOptions = {}): Promise<DemoAuthority> {
    const file = parse.text(path, 'path', 4096);
    const now = parse.integer(time, 'time', 0, Number.MAX_SAFE_INTEGER);
    runOptions(options);
    const kept =
      (await read(file)) ??
      (await write(file, await run((handle) => addon.demoAuthorityCreate(handle, now), options)));
    return new DemoAuthority(call(() => addon.NativeDemoAuthority.open(kept)));
  }

  /** Trusts its roots, as those of simulated machines. */
  addAnchors(anchors: AnchorStore): void {
    parse.instance(anchors, 'anchors', AnchorStore).takeIn((native) => this.#native.addAnchors(native));
  }

  /** Adds revocation lists and statements that are good for 30 days from `time` on. */
  addCollateral(collateral: CollateralStore, time: number): void {
    const from = parse.integer(time, 'time', 0, Number.MAX_SAFE_INTEGER);
    parse
      .instance(collateral, 'collateral', CollateralStore)
      .takeIn((native) => this.#native.addCollateral(native, from));
  }

  /** Trusts the key of one machine, as that of a simulated one. Only Arm's need it: others have a root. */
  endorse(machine: SimulatedMachine, anchors: AnchorStore): void {
    const { name, vendor } = parseMachine(machine);
    parse
      .instance(anchors, 'anchors', AnchorStore)
      .takeIn((native) => this.#native.endorse(name, vendor, native));
  }

  /** Evidence of a machine that answers a challenge; for ARM_PSA one of 32, 48 or 64 bytes. */
  evidence(machine: SimulatedMachine, challenge: Uint8Array, time: number): EvidenceItem {
    const { name, vendor } = parseMachine(machine);
    const nonce = bytes(challenge, 'challenge', CHALLENGE_BYTES_MAX);
    const at = parse.integer(time, 'time', 0, Number.MAX_SAFE_INTEGER);
    const made = call(() => this.#native.evidence(name, vendor, nonce, at));
    return { ...made, format: made.format as EvidenceFormat, challenge: nonce };
  }
}

function parseMachine(machine: SimulatedMachine): SimulatedMachine {
  parse.record(machine, 'machine');
  return {
    name: parse.text(machine.name, 'machine.name'),
    vendor: parse.oneOf(machine.vendor, 'machine.vendor', SIMULATED_VENDORS),
  };
}

/** Null where there is no file yet. */
async function read(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(file, error);
  }
}

/** The file appears whole or not at all. */
async function write(file: string, kept: Buffer): Promise<Buffer> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, kept, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return kept;
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): QuorateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new QuorateError(INPUT_INVALID, `the authority cannot be kept in ${file}: ${reason}`, {
    field: 'path',
    cause,
  });
}
