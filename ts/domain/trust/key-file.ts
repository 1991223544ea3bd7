/** ML-DSA-87 keys in files: the private one readable by its owner alone, the public one for everybody. */
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { bytesOfBase64 } from './bytes.js';
import { mlDsa87 } from './ml-dsa-87.js';

const PRIVATE = 'quorate/ml-dsa-87-private-key';
const PUBLIC = 'quorate/ml-dsa-87-public-key';
const SEED_BYTES = 32;
const PUBLIC_KEY_BYTES = 2592;

/** A file that is no key file. */
export const KEY_FILE = 'QRT_ERR_TRUST_KEY_FILE';

/** A key pair with the name it signs under. */
export interface NamedKeyPair {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** A public key with its name. */
export interface NamedPublicKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

/**
 * Makes a key pair: the seed in `path` (mode 0600), the public key in `path` + `.pub`. A file that is there
 * is never written over: whoever signs by it would be locked out.
 */
export async function createKeyFile(path: string, name: string): Promise<NamedKeyPair> {
  const file = parse.text(path, 'path', 4096);
  const named = parse.text(name, 'name');
  const seed = randomBytes(SEED_BYTES);
  const pair = mlDsa87.generateKeyPair(seed);
  await create(file, 0o600, { type: PRIVATE, version: 1, name: named, seed: seed.toString('base64') });
  const key = Buffer.from(pair.publicKey).toString('base64');
  await create(`${file}.pub`, 0o644, { type: PUBLIC, version: 1, name: named, key });
  return { name: named, ...pair };
}

/** Reads a private key file. Throws QRT_ERR_TRUST_KEY_FILE for what is none. */
export async function readKeyFile(path: string): Promise<NamedKeyPair> {
  const fields = await read(path, PRIVATE);
  const seed = within(path, () => bytesOfBase64(fields['seed'], 'seed', SEED_BYTES));
  return { name: nameOf(path, fields), ...mlDsa87.generateKeyPair(seed) };
}

/** Reads a public key file. Throws QRT_ERR_TRUST_KEY_FILE for what is none. */
export async function readPublicKeyFile(path: string): Promise<NamedPublicKey> {
  const fields = await read(path, PUBLIC);
  const publicKey = within(path, () => bytesOfBase64(fields['key'], 'key', PUBLIC_KEY_BYTES));
  return { name: nameOf(path, fields), publicKey };
}

async function create(path: string, mode: number, fields: object): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    await file.writeFile(`${JSON.stringify(fields, null, 1)}\n`);
    await file.close();
  } catch (error) {
    throw keyFile(path, 'cannot be made', error);
  }
}

async function read(path: string, type: string): Promise<Record<string, unknown>> {
  const file = parse.text(path, 'path', 4096);
  let fields: Record<string, unknown>;
  try {
    fields = parse.record(JSON.parse(await readFile(file, 'utf8')), file);
  } catch (error) {
    throw keyFile(file, 'cannot be read as a key file', error);
  }
  if (fields['type'] !== type || fields['version'] !== 1) throw keyFile(file, `is no ${type} of version 1`);
  return fields;
}

function nameOf(path: string, fields: Record<string, unknown>): string {
  return within(path, () => parse.text(fields['name'], 'name'));
}

function within<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw keyFile(path, 'is damaged', error);
  }
}

function keyFile(path: string, what: string, cause?: unknown): QuorateError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new QuorateError(KEY_FILE, `${path} ${what}${reason}`, { field: path, cause });
}
