/** ML-DSA-87 (FIPS 204): signatures that a quantum computer does not forge. */
import { randomBytes } from 'node:crypto';
import { addon, call } from '../../native.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { MESSAGE_BYTES_MAX } from './limits.js';

/** Bytes of the seed a key pair is made from. */
const SEED_BYTES = 32;
const PUBLIC_KEY_BYTES = 2592;
const SECRET_KEY_BYTES = 4896;
const SIGNATURE_BYTES = 4627;

export interface KeyPair {
  /** 2592 bytes. */
  readonly publicKey: Uint8Array;
  /** 4896 bytes, the expanded form; whoever keeps the seed can make it again. */
  readonly secretKey: Uint8Array;
}

export interface SignOptions {
  /** The same message gives the same signature. For tests and simulation; default: hedged. */
  readonly deterministic?: boolean;
}

/** Keys, signatures, verification. */
export const mlDsa87 = Object.freeze({
  /** A key pair; from 32 bytes of the system's randomness unless a seed is given. */
  generateKeyPair(seed: Uint8Array = randomBytes(SEED_BYTES)): KeyPair {
    const copy = bytes(seed, 'seed', SEED_BYTES);
    return call(() => addon.mlDsaKeyPair(copy));
  },

  /**
   * Signs a message under a context of at most 255 bytes, which separates domains: a signature under one does
   * not hold under another. Throws QRT_ERR_MULTISIG_* naming the field.
   */
  sign(
    secretKey: Uint8Array,
    message: Uint8Array,
    context: Uint8Array = new Uint8Array(),
    options: SignOptions = {},
  ): Uint8Array {
    const key = bytes(secretKey, 'secretKey', SECRET_KEY_BYTES);
    const text = bytes(message, 'message', MESSAGE_BYTES_MAX);
    const domain = bytes(context, 'context', 256);
    const { deterministic } = parse.record(options, 'options');
    const fixed = parse.optional(deterministic, false, (flag) => parse.flag(flag, 'options.deterministic'));
    return call(() => addon.mlDsaSign(key, text, domain, fixed));
  },

  /**
   * Whether a signature holds. A signature of another length does not; a key of another length is an error.
   * Keys that were used last are kept expanded, so that a signature of a known signer takes about a tenth of
   * the time.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, context: Uint8Array, signature: Uint8Array): boolean {
    const key = bytes(publicKey, 'publicKey', PUBLIC_KEY_BYTES);
    const text = bytes(message, 'message', MESSAGE_BYTES_MAX);
    const domain = bytes(context, 'context', 256);
    const given = bytes(signature, 'signature', 2 * SIGNATURE_BYTES);
    return call(() => addon.mlDsaVerify(key, text, domain, given));
  },
});
