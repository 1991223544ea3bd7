/**
 * A transparency log: what was decided, in an order that nobody can change afterwards. Entries are durable
 * before they are acknowledged, checkpoints are signed with Ed25519 and ML-DSA-87, and whoever has the public
 * keys checks proofs with nothing else at hand (RFC 6962 trees; C2SP signed-note, tlog-checkpoint,
 * tlog-tiles, tlog-proof, tlog-cosignature).
 */
import {
  addon,
  call,
  type NativeLogVerdict,
  type NativeTransparencyLog,
  type NativeWitness,
  run,
  settle,
} from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import type { LogSecret, WitnessSecret } from './key-file.js';
import {
  LOG_APPEND_BYTES_MAX,
  LOG_APPEND_ENTRIES_MAX,
  LOG_ENTRY_BYTES_MAX,
  LOG_KEYS_MAX,
  LOG_PROOF_BYTES_MAX,
} from './limits.js';
import { joined, PROOF_FAULTS, split, whole } from './merkle.js';

/** The first thing that is wrong with a checkpoint, or with a proof that rests on one. */
export const LOG_FAULTS = [
  'MALFORMED',
  'NO_KEYS',
  'FOREIGN_ORIGIN',
  'MISSING_SIGNATURE',
  'BAD_SIGNATURE',
  ...PROOF_FAULTS,
] as const;
export type LogFault = (typeof LOG_FAULTS)[number];

/** What a log signed for. */
export interface LogHead {
  /** Name of the log. */
  readonly origin: string;
  /** Entries. */
  readonly size: bigint;
  /** Root of these entries, 32 bytes. */
  readonly root: Uint8Array;
}
export type CheckpointVerdict =
  | { readonly valid: true; readonly head: LogHead }
  | { readonly valid: false; readonly fault: LogFault; readonly detail: string };
export type LogProofVerdict =
  | { readonly valid: true; readonly head: LogHead; readonly index: bigint }
  | { readonly valid: false; readonly fault: LogFault; readonly detail: string };

export interface OpenOptions {
  /** What another process is told that finds the directory taken. */
  readonly purpose?: string;
}

/** Whether every one of `keys` (`name+hash+key`) signed a checkpoint. */
export function verifyCheckpoint(
  checkpoint: string | Uint8Array,
  options: { readonly keys: readonly string[] },
): CheckpointVerdict {
  const text = textual(checkpoint, 'checkpoint');
  const keys = keysOf(options);
  return verdictOf(call(() => addon.verifyLogCheckpoint(text, keys)));
}

/**
 * Whether a proof (C2SP tlog-proof) shows that `entry` is in the log of `keys`, each of which must have
 * signed its checkpoint: the log's two keys, and those of witnesses.
 */
export function verifyLogProof(
  proof: string | Uint8Array,
  options: { readonly entry: Uint8Array; readonly keys: readonly string[] },
): LogProofVerdict {
  const text = textual(proof, 'proof');
  const keys = keysOf(options);
  const entry = bytes(options.entry, 'entry', LOG_ENTRY_BYTES_MAX);
  const verdict = verdictOf(call(() => addon.verifyLogProof(text, entry, keys)));
  return verdict.valid ? { ...verdict, index: call(() => addon.logProofIndex(text)) } : verdict;
}

/** The public keys of a log, as `name+hash+key`. */
export function logPublicKeys(secret: LogSecret): string[] {
  return call(() => addon.logPublicKeys(secretOf(secret)));
}

/** Whose a public key is (`name+hash+key`), and what it signs with. */
export function describeVerifierKey(key: string): { name: string; algorithm: string } {
  const text = parse.text(key, 'key', 8192);
  return call(() => addon.verifierKey(text));
}

/** An open log in a directory, which no other process can open until it is closed. */
export class TransparencyLog {
  readonly #native: NativeTransparencyLog;

  private constructor(native: NativeTransparencyLog) {
    this.#native = native;
  }

  /**
   * Opens the log in a directory, or makes it. Every entry is read and checked, and the tree has to be the
   * one of the last checkpoint. Throws QRT_ERR_DISK_HELD (another process has it), QRT_ERR_DISK_CORRUPT
   * (damaged; file, byte and entry are named), QRT_ERR_LOG_REWRITTEN (not the entries that were signed for).
   */
  static async open(directory: string, options: OpenOptions = {}): Promise<TransparencyLog> {
    const path = parse.text(directory, 'directory', 4096);
    const purpose = purposeOf(options);
    return new TransparencyLog(await run((handle) => addon.openTransparencyLog(handle, path, purpose)));
  }

  /** Entries that are on the disk. */
  get size(): bigint {
    return call(() => this.#native.size());
  }

  /** Bytes of a write that a crash had cut short, and that opening removed: nobody was told about them. */
  get tornBytes(): number {
    return this.#native.tornBytes();
  }

  /** The last signed checkpoint; null before the first. */
  get checkpoint(): string | null {
    return call(() => this.#native.checkpoint()) ?? null;
  }

  /**
   * Appends entries, at most 65,535 bytes each; resolves with the index of the first once all are on the
   * disk.
   * Entries stand in the order of the calls; calls that wait for the disk together share one flush.
   */
  async append(entries: readonly Uint8Array[]): Promise<bigint> {
    const list = parse.list(entries, 'entries', LOG_APPEND_ENTRIES_MAX);
    const copies = list.map((entry, at) => bytes(entry, `entries[${at}]`, LOG_ENTRY_BYTES_MAX));
    const total = copies.reduce((sum, entry) => sum + entry.byteLength, 0);
    if (total > LOG_APPEND_BYTES_MAX)
      throw parse.invalid('entries', `at most ${LOG_APPEND_BYTES_MAX} bytes in one call`, total);
    return settle(() => this.#native.append(copies));
  }

  /** Signs for all entries on the disk; the checkpoint is on the disk, too, before it is given away. */
  async sign(key: LogSecret): Promise<string> {
    const secret = secretOf(key);
    return run((handle) => this.#native.sign(handle, secret));
  }

  /** Adds a witness's line to the checkpoint. `witness` is its public key. Gives the checkpoint. */
  async addCosignature(line: string, witness: string): Promise<string> {
    const [text, key] = [parse.text(line, 'line', 65_536), parse.text(witness, 'witness', 8192)];
    return run((handle) => this.#native.addCosignature(handle, text, key));
  }

  /** The proof that entry `index` is below the last checkpoint, for `verifyLogProof`. */
  prove(index: bigint): string {
    const at = whole(index, 'index');
    return call(() => this.#native.prove(at));
  }

  /** The hashes from entry `index` up to the root of the first `size` entries, for `verifyInclusion`. */
  proveInclusion(index: bigint, size: bigint): Uint8Array[] {
    const [at, of] = [whole(index, 'index'), whole(size, 'size')];
    return split(call(() => this.#native.proveInclusion(at, of)));
  }

  /** That the first `size1` entries are the beginning of the first `size2`, for `verifyConsistency`. */
  proveConsistency(size1: bigint, size2: bigint): Uint8Array[] {
    const [from, to] = [whole(size1, 'size1'), whole(size2, 'size2')];
    return split(call(() => this.#native.proveConsistency(from, to)));
  }

  /** The root of the first `size` entries. */
  root(size: bigint): Uint8Array {
    const count = whole(size, 'size');
    return call(() => this.#native.root(count));
  }

  /** An entry, checked against the tree. */
  async entry(index: bigint): Promise<Uint8Array> {
    const at = whole(index, 'index');
    return run((handle) => this.#native.entry(handle, at));
  }

  /** The index of the first entry with this content; null where there is none. */
  async find(entry: Uint8Array): Promise<bigint | null> {
    const copy = bytes(entry, 'entry', LOG_ENTRY_BYTES_MAX);
    return run((handle) => this.#native.find(handle, copy));
  }

  /**
   * A static file of the log by its path, to be served to those who verify (C2SP tlog-tiles): `checkpoint`,
   * `tile/<level>/<index>`, `tile/entries/<index>`. Null where the log has no such file.
   */
  async file(path: string): Promise<Uint8Array | null> {
    const name = parse.text(path, 'path');
    return run((handle) => this.#native.file(handle, name));
  }

  /** Closes the log after what waits is written. A second call does nothing. */
  async close(): Promise<void> {
    await run((handle) => this.#native.close(handle));
  }
}

/** A witness: it cosigns a checkpoint only where it continues the last one that it cosigned of that log. */
export class LogWitness {
  readonly #native: NativeWitness;

  private constructor(native: NativeWitness) {
    this.#native = native;
  }

  /** Opens the witness in a directory, or makes it; what it cosigned is remembered there. */
  static async open(directory: string, key: WitnessSecret, options: OpenOptions = {}): Promise<LogWitness> {
    const path = parse.text(directory, 'directory', 4096);
    const { name, seed } = parse.record(key, 'key');
    const [named, own] = [parse.text(name, 'key.name'), bytes(seed, 'key.seed', 32)];
    const purpose = purposeOf(options);
    return new LogWitness(await run((handle) => addon.openWitness(handle, path, named, own, purpose)));
  }

  /**
   * Cosigns a checkpoint that all `keys` of its log signed. `proof` shows that it continues the one cosigned
   * last (`size` entries), and is empty for the first. Gives the line for `addCosignature`. Throws
   * QRT_ERR_LOG_NOT_COSIGNED.
   */
  async cosign(
    checkpoint: string,
    options: {
      readonly keys: readonly string[];
      readonly proof?: readonly Uint8Array[];
      readonly time?: number;
    },
  ): Promise<string> {
    const text = textual(checkpoint, 'checkpoint');
    const keys = keysOf(options);
    const proof = joined(options.proof ?? [], 'proof');
    if (!proof) throw parse.invalid('proof', 'hashes of 32 bytes', options.proof);
    const time = parse.integer(options.time ?? Date.now(), 'time', 0, Number.MAX_SAFE_INTEGER);
    const seconds = Math.floor(time / 1000);
    return run((handle) => this.#native.cosign(handle, text, proof, keys, seconds));
  }

  /** Entries of the last cosigned checkpoint of a log; null where there is none. */
  size(origin: string): bigint | null {
    const name = parse.text(origin, 'origin');
    return call(() => this.#native.size(name)) ?? null;
  }

  /** Lets the directory go. */
  close(): void {
    call(() => this.#native.close());
  }
}

function verdictOf({ head, refused }: NativeLogVerdict): CheckpointVerdict {
  if (head) return { valid: true, head };
  return { valid: false, fault: (refused?.fault ?? 'MALFORMED') as LogFault, detail: refused?.detail ?? '' };
}

function keysOf(options: unknown): string[] {
  const keys = parse.list(parse.record(options, 'options')['keys'], 'keys', LOG_KEYS_MAX);
  return keys.map((key, at) => parse.text(key, `keys[${at}]`, 8192));
}

function secretOf(secret: unknown): { origin: string; ed25519Seed: Buffer; mlDsa87Seed: Buffer } {
  const { origin, ed25519Seed, mlDsa87Seed } = parse.record(secret, 'key');
  return {
    origin: parse.text(origin, 'key.origin'),
    ed25519Seed: bytes(ed25519Seed, 'key.ed25519Seed', 32),
    mlDsa87Seed: bytes(mlDsa87Seed, 'key.mlDsa87Seed', 32),
  };
}

function purposeOf(options: unknown): string {
  const { purpose } = parse.record(options, 'options');
  return parse.text(purpose ?? process.title, 'purpose');
}

function textual(value: unknown, path: string): Buffer {
  if (typeof value === 'string') return bytes(Buffer.from(value), path, LOG_PROOF_BYTES_MAX);
  return bytes(value, path, LOG_PROOF_BYTES_MAX);
}
