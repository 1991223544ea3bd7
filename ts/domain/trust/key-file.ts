/** Keys in files: the private one readable by its owner alone, the public one for everybody. */
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { QuorateError } from '../../errors.js';
import { addon, call } from '../../native.js';
import * as parse from '../../parse.js';
import { bytesOfBase64 } from './bytes.js';
import { mlDsa87 } from './ml-dsa-87.js';

const PRIVATE = 'quorate/ml-dsa-87-private-key';
const PUBLIC = 'quorate/ml-dsa-87-public-key';
const LOG_PRIVATE = 'quorate/log-private-key';
const WITNESS_PRIVATE = 'quorate/witness-private-key';
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

/** What a transparency log signs its checkpoints with: Ed25519 and ML-DSA-87, both under its name. */
export interface LogSecret {
  /** Name of the log, such as `example.com/log`. */
  readonly origin: string;
  /** 32 bytes each. */
  readonly ed25519Seed: Uint8Array;
  readonly mlDsa87Seed: Uint8Array;
}

/** What a witness cosigns checkpoints with: Ed25519. */
export interface WitnessSecret {
  readonly name: string;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/**
 * Makes the keys of a log: the seeds in `path` (mode 0600), the public keys in `path` + `.pub`, a line for
 * each in the form of C2SP signed-note, `name+hash+key`. A file that is there is never written over.
 */
export async function createLogKeyFile(path: string, origin: string): Promise<LogSecret> {
  const file = parse.text(path, 'path', 4096);
  const [ed25519Seed, mlDsa87Seed] = [randomBytes(SEED_BYTES), randomBytes(SEED_BYTES)];
  const secret = { origin: parse.text(origin, 'origin'), ed25519Seed, mlDsa87Seed };
  const keys = call(() => addon.logPublicKeys(secret));
  const [ed25519, mlDsa87] = [ed25519Seed.toString('base64'), mlDsa87Seed.toString('base64')];
  await create(file, 0o600, { type: LOG_PRIVATE, version: 1, name: secret.origin, ed25519, mlDsa87 });
  await create(`${file}.pub`, 0o644, keys);
  return secret;
}

/** Reads the keys of a log. Throws QRT_ERR_TRUST_KEY_FILE for what is none. */
export async function readLogKeyFile(path: string): Promise<LogSecret> {
  const fields = await read(path, LOG_PRIVATE);
  const seed = (name: string): Buffer => within(path, () => bytesOfBase64(fields[name], name, SEED_BYTES));
  return { origin: nameOf(path, fields), ed25519Seed: seed('ed25519'), mlDsa87Seed: seed('mlDsa87') };
}

/** Makes the key of a witness: the seed in `path` (mode 0600), the public key in `path` + `.pub`. */
export async function createWitnessKeyFile(path: string, name: string): Promise<WitnessSecret> {
  const file = parse.text(path, 'path', 4096);
  const named = parse.text(name, 'name');
  const seed = randomBytes(SEED_BYTES);
  const key = call(() => addon.witnessPublicKey(named, seed));
  await create(file, 0o600, {
    type: WITNESS_PRIVATE,
    version: 1,
    name: named,
    seed: seed.toString('base64'),
  });
  await create(`${file}.pub`, 0o644, [key]);
  return { name: named, seed };
}

/** Reads the key of a witness. Throws QRT_ERR_TRUST_KEY_FILE for what is none. */
export async function readWitnessKeyFile(path: string): Promise<WitnessSecret> {
  const fields = await read(path, WITNESS_PRIVATE);
  return {
    name: nameOf(path, fields),
    seed: within(path, () => bytesOfBase64(fields['seed'], 'seed', SEED_BYTES)),
  };
}

/** Reads public keys of logs and witnesses, one a line. Throws QRT_ERR_TRUST_KEY_FILE for what is none. */
export async function readVerifierKeys(path: string): Promise<string[]> {
  const file = parse.text(path, 'path', 4096);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw keyFile(file, 'cannot be read as a file of public keys', error);
  }
  const keys = text.split('\n').filter((line) => line.trim() !== '');
  if (keys.length === 0) throw keyFile(file, 'has no public key');
  within(file, () => {
    for (const key of keys) call(() => addon.verifierKey(key));
  });
  return keys;
}

/** A file of fields, or of lines. */
async function create(path: string, mode: number, content: object | string[]): Promise<void> {
  const text = Array.isArray(content) ? content.join('\n') : JSON.stringify(content, null, 1);
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.writeFile(`${text}\n`);
      // What is signed with a key outlives the machine's power: so must the key.
      await file.sync();
    } finally {
      await file.close();
    }
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
