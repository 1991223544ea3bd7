import { createHash } from 'node:crypto';
import { createKeyFile, readPublicKeyFile } from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import { USAGE } from '../input.js';
import { EXIT, type Verb } from '../verb.js';

export const keysCreate: Verb = {
  name: 'keys create',
  summary: 'Make an ML-DSA-87 key pair to sign certificates with',
  usage: 'FILE --name NAME',
  help: [
    'FILE              the private key, readable by you alone; the public key goes to FILE.pub',
    '--name NAME       the issuer, as certificates show it',
  ],
  example: 'npx quorate keys create issuer.key --name ops.example.com',
  positionals: 1,
  options: { name: { type: 'string' } },
  async run({ positionals, options, json, print }) {
    const [path] = positionals;
    if (path === undefined || options['name'] === undefined)
      throw new QuorateError(USAGE, 'name a file and, with --name, the issuer');
    const { name, publicKey } = await createKeyFile(path, String(options['name']));
    const id = keyId(publicKey);
    if (json) print(JSON.stringify({ name, keyId: id, privateKey: path, publicKey: `${path}.pub` }));
    else print(`${name}: key ${id}\n  private  ${path}\n  public   ${path}.pub`);
    return EXIT.yes;
  },
};

export const keysShow: Verb = {
  name: 'keys show',
  summary: 'Show the name and the id of a public key',
  usage: 'FILE.pub',
  help: ['FILE.pub          a public key file of quorate keys create'],
  example: 'npx quorate keys show issuer.key.pub',
  positionals: 1,
  options: {},
  async run({ positionals, json, print }) {
    const [path] = positionals;
    if (path === undefined) throw new QuorateError(USAGE, 'name a public key file');
    const { name, publicKey } = await readPublicKeyFile(path);
    const id = keyId(publicKey);
    print(
      json ? JSON.stringify({ name, keyId: id, algorithm: 'ML-DSA-87' }) : `${name}: ML-DSA-87 key ${id}`,
    );
    return EXIT.yes;
  },
};

/** As certificates show it: the first 16 bytes of SHA-256. */
function keyId(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32);
}
