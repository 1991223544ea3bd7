import { readdir } from 'node:fs/promises';
import { join, parse as parsePath } from 'node:path';
import { type PlacementContent, verifyPlacementCertificate } from '../../domain/placement/index.js';
import { type EvidenceItem, evidenceFormat, readPublicKeyFile } from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import { readBytes, USAGE } from '../input.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';

/** `quorum verify`. */
export async function verify({ positionals, options, json, print }: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  if (path === undefined || options['key'] === undefined)
    throw new QuorateError(USAGE, "name a certificate and, with --key, the issuer's public key");
  const { publicKey } = await readPublicKeyFile(String(options['key']));
  const folder = options['evidence'];
  const evidence = folder === undefined ? {} : await evidenceOf(String(folder));
  const verdict = verifyPlacementCertificate(await readBytes(path), { key: publicKey, evidence });
  if (json) print(JSON.stringify(verdict));
  else if (verdict.valid) print(shown(verdict.content));
  else print(`not valid, ${verdict.fault}: ${verdict.detail}`);
  return verdict.valid ? EXIT.yes : EXIT.no;
}

/** Files of a directory by their names without the ending; those that are no evidence are left alone. */
async function evidenceOf(folder: string): Promise<Record<string, Pick<EvidenceItem, 'format' | 'body'>>> {
  const found: Record<string, Pick<EvidenceItem, 'format' | 'body'>> = {};
  for (const file of await readdir(folder)) {
    const body = await readBytes(join(folder, file));
    const format = body.byteLength <= 65_536 ? evidenceFormat(body) : null;
    // What is no evidence any more cannot be what a member was placed by.
    found[parsePath(file).name] = { format: format ?? 'SNP', body };
  }
  return found;
}

function shown({ issuer, service, issuedAt, requirement, size, pool, answer }: PlacementContent): string {
  const what = service ? `${service}, ${requirement.name}` : requirement.name;
  const head = `valid: ${what} of ${size}, by ${issuer} at ${new Date(issuedAt).toISOString()}`;
  const over = `  chosen from ${pool.count} candidates, root ${pool.root.slice(0, 16)}…`;
  if (!answer.feasible) {
    const proven = answer.proven ? 'the issuer proved that there are no members' : 'no members were found';
    return [head, over, `  ${proven}`, ...answer.reasons.map((reason) => `  - ${reason}`)].join('\n');
  }
  const members = answer.members.map(({ profile, verdict, reason }) => {
    const demo = verdict?.accepted && verdict.trust === 'demo' ? ' (DEMO evidence)' : '';
    return `  ${profile.deviceId}  ${reason}${demo}`;
  });
  const best = answer.optimal
    ? 'the issuer proved that none weigh more'
    : `at most ${answer.bound} is possible`;
  return [head, over, ...members, `  weight ${answer.totalWeight}; ${best}`].join('\n');
}
