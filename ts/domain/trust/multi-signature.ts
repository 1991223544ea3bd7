/**
 * Certificates of many signers over one message. A certificate lists the signatures of enough validators of
 * an epoch and is linear in their number: no algebraic aggregation of ML-DSA exists. It names who signed.
 */
import { addon, call, type NativeMultisig, run } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { CERTIFICATE_BYTES_MAX, VALIDATORS_MAX, WEIGHT_MAX } from './limits.js';
import { mlDsa87 } from './ml-dsa-87.js';

/** One validator of an epoch. */
export interface Validator {
  readonly nodeId: string;
  /** A whole number; only its share of the sum matters. Default 1. */
  readonly weight?: number;
}

export interface MultiSignatureConfig {
  readonly epoch: number;
  /** In the order that certificates refer to. */
  readonly validators: readonly Validator[];
  /** Weight that a certificate needs; with weights of 1 the t of t-of-n. */
  readonly threshold: number;
}

/** One node's signature of a message in an epoch; {@link signPartial} makes it. */
export interface PartialSignature {
  readonly nodeId: string;
  readonly epoch: number;
  /** 32 bytes. */
  readonly messageHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** A certificate, as bytes and as what it says. */
export interface AggregatedSignature {
  readonly epoch: number;
  readonly messageHash: Uint8Array;
  /** Ids of the signers, in the order of the configuration. */
  readonly signers: readonly string[];
  /** Their weights, in the same order. */
  readonly weights: readonly number[];
  /** What is stored and sent. */
  readonly bytes: Uint8Array;
}

/** The first thing that is wrong with a certificate. */
export const AGGREGATE_FAULTS = [
  'FOREIGN_EPOCH',
  'UNKNOWN_SIGNER',
  'NO_KEY',
  'BELOW_THRESHOLD',
  'SURPLUS',
  'INVALID_SIGNATURE',
] as const;
export type AggregateFault = (typeof AGGREGATE_FAULTS)[number];
export type AggregateVerdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly fault: AggregateFault; readonly detail: string };

/** A histogram of seconds, cumulative as Prometheus has it. */
export interface DurationHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
}

/** The five series of a manager, by their names. */
export interface MultiSignatureMetrics {
  readonly multisig_signatures_collected_total: number;
  readonly multisig_signatures_rejected_total: number;
  readonly multisig_aggregations_completed_total: number;
  readonly multisig_verification_duration_seconds: DurationHistogram;
  readonly multisig_aggregation_duration_seconds: DurationHistogram;
}

/** Signs a message's hash as a validator of an epoch. */
export function signPartial(
  secretKey: Uint8Array,
  nodeId: string,
  epoch: number,
  messageHash: Uint8Array,
): PartialSignature {
  const id = parse.text(nodeId, 'nodeId');
  const number = parse.integer(epoch, 'epoch', 0, Number.MAX_SAFE_INTEGER);
  const hash = bytes(messageHash, 'messageHash', 32);
  const statement = call(() => addon.multisigStatement(number, hash));
  const signature = mlDsa87.sign(secretKey, statement, addon.multisigContext());
  return { nodeId: id, epoch: number, messageHash: hash, signature };
}

/** Collects partial signatures of one epoch, makes certificates of them, and checks certificates. */
export class MultiSignatureManager {
  readonly #native: NativeMultisig;
  readonly #validators: readonly Required<Validator>[];
  readonly #verification = new Histogram();
  readonly #aggregation = new Histogram();

  /** Throws QRT_ERR_INPUT_INVALID or QRT_ERR_MULTISIG_CONFIG naming the field. */
  constructor(config: MultiSignatureConfig) {
    parse.record(config, 'config');
    const epoch = parse.integer(config.epoch, 'config.epoch', 0, Number.MAX_SAFE_INTEGER);
    this.#validators = parse
      .list(config.validators, 'config.validators', VALIDATORS_MAX)
      .map((validator, at) => parseValidator(validator, `config.validators[${at}]`));
    const threshold = parse.integer(config.threshold, 'config.threshold', 1, WEIGHT_MAX);
    this.#native = call(
      () => addon.NativeMultisig.create(epoch, [...this.#validators], threshold),
      (field) => `config.${field}`,
    );
  }

  /** Registers a validator's key, which is expanded once. A new key comes with a new epoch. */
  registerPublicKey(nodeId: string, publicKey: Uint8Array): void {
    const id = parse.text(nodeId, 'nodeId');
    const key = bytes(publicKey, 'publicKey', 4096);
    call(() => this.#native.registerPublicKey(id, key));
  }

  /**
   * Verifies a signature and counts it; the weight collected for the message so far. Throws
   * QRT_ERR_MULTISIG_REFUSED, with the node and the reason, for a signature that is invalid, repeated, of an
   * unknown node, of another epoch or about another message; what was collected stays.
   */
  addPartialSignature(messageHash: Uint8Array, partialSignature: PartialSignature): number {
    const hash = bytes(messageHash, 'messageHash', 32);
    const partial = parsePartial(partialSignature);
    return this.#verification.time(() => call(() => this.#native.addPartialSignature(hash, partial)));
  }

  /**
   * The certificate of a message: the heaviest signers first until the threshold is reached. Throws
   * QRT_ERR_MULTISIG_BELOW_THRESHOLD before that; what was collected stays.
   */
  finalizeAggregation(messageHash: Uint8Array): AggregatedSignature {
    const hash = bytes(messageHash, 'messageHash', 32);
    const made = this.#aggregation.time(() => call(() => this.#native.finalizeAggregation(hash)));
    return this.readAggregatedSignature(made);
  }

  /** Forgets what was collected for a message. */
  discard(messageHash: Uint8Array): void {
    call(() => this.#native.discard(bytes(messageHash, 'messageHash', 32)));
  }

  /** What a certificate says, unchecked. Throws QRT_ERR_MULTISIG_CERTIFICATE for bytes that are none. */
  readAggregatedSignature(certificate: Uint8Array): AggregatedSignature {
    const copy = Buffer.from(bytes(certificate, 'certificate', CERTIFICATE_BYTES_MAX));
    const { epoch, messageHash, signers } = call(() => addon.NativeMultisig.read(copy));
    const known = signers.map((at) => this.#validators[at] ?? { nodeId: `position ${at}`, weight: 0 });
    return {
      epoch,
      messageHash,
      signers: known.map(({ nodeId }) => nodeId),
      weights: known.map(({ weight }) => weight),
      bytes: copy,
    };
  }

  /** Checks a certificate's weight and every signature, on the CPU pool. */
  async verifyAggregatedSignature(aggregated: AggregatedSignature | Uint8Array): Promise<AggregateVerdict> {
    const given =
      aggregated instanceof Uint8Array ? aggregated : parse.record(aggregated, 'aggregated')['bytes'];
    const copy = bytes(given, 'aggregated', CERTIFICATE_BYTES_MAX);
    const started = performance.now();
    const fault = await run((handle) => this.#native.verifyAggregatedSignature(handle, copy));
    this.#verification.observe((performance.now() - started) / 1000);
    if (fault === null) return { valid: true };
    return { valid: false, fault: fault.fault as AggregateFault, detail: fault.detail };
  }

  /** Figures so far, under the names that a service exposes them by. */
  metrics(): MultiSignatureMetrics {
    const figures = call(() => this.#native.metrics());
    return {
      multisig_signatures_collected_total: figures.signaturesCollected,
      multisig_signatures_rejected_total: figures.signaturesRejected,
      multisig_aggregations_completed_total: figures.aggregationsCompleted,
      multisig_verification_duration_seconds: this.#verification.figures(),
      multisig_aggregation_duration_seconds: this.#aggregation.figures(),
    };
  }
}

/** Upper bounds in seconds: one signature takes tens of microseconds, a large certificate milliseconds. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05] as const;

class Histogram {
  readonly #counts = BUCKETS.map(() => 0);
  #count = 0;
  #sum = 0;

  /** Work that throws was work as well. */
  time<T>(work: () => T): T {
    const started = performance.now();
    try {
      return work();
    } finally {
      this.observe((performance.now() - started) / 1000);
    }
  }

  observe(seconds: number): void {
    this.#count += 1;
    this.#sum += seconds;
    BUCKETS.forEach((le, at) => {
      if (seconds <= le) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    });
  }

  figures(): DurationHistogram {
    const buckets = BUCKETS.map((le, at) => ({ le, count: this.#counts[at] ?? 0 }));
    return { count: this.#count, sum: this.#sum, buckets };
  }
}

function parseValidator(value: unknown, path: string): Required<Validator> {
  const record = parse.record(value, path);
  parse.keys(record, path, ['nodeId', 'weight']);
  return {
    nodeId: parse.text(record['nodeId'], `${path}.nodeId`),
    weight: parse.integer(record['weight'] ?? 1, `${path}.weight`, 1, WEIGHT_MAX),
  };
}

function parsePartial(value: unknown): {
  nodeId: string;
  epoch: number;
  messageHash: Buffer;
  signature: Buffer;
} {
  const { nodeId, epoch, messageHash, signature } = parse.record(value, 'partialSignature');
  return {
    nodeId: parse.text(nodeId, 'partialSignature.nodeId'),
    epoch: parse.integer(epoch, 'partialSignature.epoch', 0, Number.MAX_SAFE_INTEGER),
    messageHash: bytes(messageHash, 'partialSignature.messageHash', 32),
    signature: bytes(signature, 'partialSignature.signature', 8192),
  };
}
