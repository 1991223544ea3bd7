/** Merkle trees of RFC 6962: one hash over many leaves, and short proofs of what is among them. */
import { addon, call } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { MESSAGE_BYTES_MAX, PROOF_HASHES_MAX, TREE_LEAVES_MAX } from './limits.js';

const HASH_BYTES = 32;
const SIZE_MAX = 2n ** 64n - 1n;

/** A tree over leaves. */
export interface MerkleTree {
  readonly root: Uint8Array;
  readonly size: number;
  /** The hashes from leaf `index` up to the root. */
  prove(index: number): Uint8Array[];
}

/** What a proof of inclusion is checked with. */
export interface Inclusion {
  /** The leaf itself; or its hash, as `leafHash`. */
  readonly leaf?: Uint8Array;
  readonly leafHash?: Uint8Array;
  readonly index: bigint;
  readonly size: bigint;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** What a proof of consistency is checked with: one tree is the beginning of another. */
export interface Consistency {
  readonly size1: bigint;
  readonly size2: bigint;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** The first thing that is wrong with a proof. */
export const PROOF_FAULTS = [
  'NO_HASH',
  'INDEX_BEYOND_SIZE',
  'SIZE_ZERO',
  'SIZES_REVERSED',
  'PROOF_TOO_SHORT',
  'PROOF_TOO_LONG',
  'ROOT_MISMATCH',
  'ROOT2_MISMATCH',
] as const;
export type ProofFault = (typeof PROOF_FAULTS)[number];
export type ProofVerdict = { readonly valid: true } | { readonly valid: false; readonly fault: ProofFault };

/** A tree over all leaves at once, in memory. */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const list = parse.list(leaves, 'leaves', TREE_LEAVES_MAX);
  const copies = list.map((leaf, at) => bytes(leaf, `leaves[${at}]`, MESSAGE_BYTES_MAX));
  const tree = new addon.NativeMerkleTree();
  call(() => tree.append(copies));
  const size = copies.length;
  return {
    root: call(() => tree.root(BigInt(size))),
    size,
    prove(index) {
      const at = parse.integer(index, 'index', 0, Math.max(0, size - 1));
      return split(call(() => tree.proveInclusion(BigInt(at), BigInt(size))));
    },
  };
}

/** Whether a leaf is in the tree with this root. */
export function verifyInclusion(inclusion: Inclusion): ProofVerdict {
  parse.record(inclusion, 'inclusion');
  const { leaf, leafHash, index, size, proof, root } = inclusion;
  const hash = leaf
    ? call(() => addon.merkleLeafHash(bytes(leaf, 'inclusion.leaf', MESSAGE_BYTES_MAX)))
    : bytes(leafHash, 'inclusion.leafHash', HASH_BYTES);
  const path = joined(proof, 'inclusion.proof');
  const [at, of] = [whole(index, 'inclusion.index'), whole(size, 'inclusion.size')];
  const top = bytes(root, 'inclusion.root', HASH_BYTES);
  return verdictOf(path && addon.merkleVerifyInclusion(hash, at, of, path, top));
}

/** Whether one tree is the beginning of another: nothing in it was changed or taken away. */
export function verifyConsistency(consistency: Consistency): ProofVerdict {
  parse.record(consistency, 'consistency');
  const { size1, size2, root1, root2, proof } = consistency;
  const path = joined(proof, 'consistency.proof');
  const [from, to] = [whole(size1, 'consistency.size1'), whole(size2, 'consistency.size2')];
  const old = bytes(root1, 'consistency.root1', HASH_BYTES);
  const top = bytes(root2, 'consistency.root2', HASH_BYTES);
  return verdictOf(path && addon.merkleVerifyConsistency(from, to, old, top, path));
}

/** Undefined: a hash of the proof is none. */
function verdictOf(fault: string | null | undefined): ProofVerdict {
  return fault === null ? { valid: true } : { valid: false, fault: (fault ?? 'NO_HASH') as ProofFault };
}

/** @internal An index or a size. */
export function whole(value: unknown, path: string): bigint {
  if (typeof value !== 'bigint' || value < 0n || value > SIZE_MAX)
    throw parse.invalid(path, 'a bigint from 0 to 2^64 - 1', value);
  return value;
}

/** @internal The hashes of a proof, one behind the other; undefined where one of them is too short. */
export function joined(value: unknown, path: string): Buffer | undefined {
  const list = parse.list(value, path, PROOF_HASHES_MAX);
  const all = Buffer.allocUnsafe(list.length * HASH_BYTES);
  let whole = true;
  for (let at = 0; at < list.length; at += 1) {
    const hash = list[at];
    // Called once a level of the tree: a view of each hash, and a path for it, would take most of the time.
    if (hash instanceof Uint8Array && hash.byteLength === HASH_BYTES) all.set(hash, at * HASH_BYTES);
    else whole = whole && bytes(hash, `${path}[${at}]`, HASH_BYTES).byteLength === HASH_BYTES;
  }
  return whole ? all : undefined;
}

/** @internal The hashes of a proof. */
export function split(all: Buffer): Uint8Array[] {
  return Array.from({ length: all.byteLength / HASH_BYTES }, (_, at) =>
    all.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}
