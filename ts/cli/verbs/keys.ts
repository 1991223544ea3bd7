import { createHash } from 'node:crypto';
import {
  createKeyFile,
  createLogKeyFile,
  createWitnessKeyFile,
  describeVerifierKey,
  readPublicKeyFile,
  readVerifierKeys,
} from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import { readBytes, USAGE } from '../input.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';

/** `keys create`. */
export async function keysCreate({ positionals, options, json, print }: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  if (path === undefined || options['name'] === undefined)
    throw new QuorateError(USAGE, 'name a file and, with --name, whose key it is');
  const name = String(options['name']);
  const id = await create(String(options['for']), path, name);
  if (json) print(JSON.stringify({ name, keyId: id, privateKey: path, publicKey: `${path}.pub` }));
  else print(`${name}: key ${id}\n  private  ${path}\n  public   ${path}.pub`);
  return EXIT.yes;
}

/** Makes the files; gives what tells the public key from others. */
async function create(use: string, path: string, name: string): Promise<string> {
  switch (use) {
    case 'certificates':
      return keyId((await createKeyFile(path, name)).publicKey);
    case 'log':
      await createLogKeyFile(path, name);
      return hashesOf(await readVerifierKeys(`${path}.pub`));
    case 'witness':
      await createWitnessKeyFile(path, name);
      return hashesOf(await readVerifierKeys(`${path}.pub`));
    default:
      throw new QuorateError(USAGE, `--for is certificates, log or witness, not "${use}"`);
  }
}

/** `keys show`. */
export async function keysShow({ positionals, json, print }: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  if (path === undefined) throw new QuorateError(USAGE, 'name a public key file');
  const keys = await shown(path);
  if (json) print(JSON.stringify(keys.length === 1 ? keys[0] : keys));
  else print(keys.map(({ name, keyId, algorithm }) => `${name}: ${algorithm} key ${keyId}`).join('\n'));
  return EXIT.yes;
}

/** A file holds the key of an issuer as JSON, or keys of a log or a witness a line each. */
async function shown(path: string): Promise<{ name: string; keyId: string; algorithm: string }[]> {
  if ((await readBytes(path)).subarray(0, 1).toString() === '{') {
    const { name, publicKey } = await readPublicKeyFile(path);
    return [{ name, keyId: keyId(publicKey), algorithm: 'ML-DSA-87' }];
  }
  return (await readVerifierKeys(path)).map((key) => ({
    ...describeVerifierKey(key),
    keyId: hashesOf([key]),
  }));
}

/** As signed notes show them. */
function hashesOf(keys: readonly string[]): string {
  return keys.map((key) => key.split('+')[1]).join(' ');
}

/** As certificates show it: the first 16 bytes of SHA-256. */
function keyId(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32);
}
