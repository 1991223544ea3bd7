import { FailureDomains } from '../../domain/fleet/index.js';
import {
  AnchorStore,
  CollateralStore,
  type EvidenceItem,
  type EvidencePolicy,
  evidenceFormat,
  inspectEvidence,
  type RejectionReason,
  type Verdict,
  verifyEvidence,
} from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { readBytes, readJson, USAGE } from '../input.js';
import { progressBar, table } from '../terminal.js';
import { EXIT, type ExitCode, type OptionValues, type VerbContext } from '../verb.js';

/** What an operator can do about a rejection, where there is one thing. */
const REMEDIES: Partial<Record<RejectionReason, string>> = {
  COLLATERAL_MISSING: 'give the certificates and TCB documents with --collateral DIR',
  CRL_MISSING: 'put the revocation lists of the vendor into the directory of --collateral',
  CRL_STALE: 'fetch the revocation lists of the vendor anew',
  COLLATERAL_EXPIRED: "fetch the vendor's documents anew",
  DEMO_ANCHOR: 'simulated machines are accepted with --demo',
  KEY_UNKNOWN:
    "name the key of the device, as its maker states it, with --endorse; 'attest inspect' shows its ids",
};

/** `attest verify`. */
export async function attestVerify({
  positionals,
  options,
  signal,
  json,
  print,
}: VerbContext): Promise<ExitCode> {
  const items = await itemsOf(positionals, options);
  const bar = progressBar('verifying');
  const verdicts = await verifyEvidence(items, {
    signal,
    onProgress: bar.update,
    time: timeOf(options['time']),
    policy: await policyOf(options),
    anchors: await anchorsOf(options),
    ...(options['collateral'] !== undefined && {
      collateral: await CollateralStore.fromDirectory(String(options['collateral'])),
    }),
  });
  bar.end();
  const answers = verdicts.map((verdict, at) => ({ file: positionals[at] ?? '', verdict }));
  if (json) print(JSON.stringify(answers.map(({ file, verdict }) => ({ file, ...verdict }))));
  else {
    for (const { file, verdict } of answers) print(shown(file, verdict));
    for (const line of sharedMachines(answers)) print(line);
  }
  return verdicts.every(({ accepted }) => accepted) ? EXIT.yes : EXIT.no;
}

/** `attest inspect`. */
export async function attestInspect({ positionals, json, print }: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  if (path === undefined) throw new QuorateError(USAGE, 'name a file of evidence, or - for stdin');
  const body = await evidenceBytes(path);
  const format = formatOf(path, body);
  const fields = inspectEvidence(format, body);
  if (json) print(JSON.stringify({ file: path, format, fields }));
  else {
    print(`${path}: ${format}, ${body.byteLength} bytes; nothing here is verified`);
    print(
      table(
        ['field', 'value'],
        fields.map(({ name, value }) => [name, value]),
      ),
    );
  }
  return EXIT.yes;
}

async function itemsOf(paths: readonly string[], options: OptionValues): Promise<EvidenceItem[]> {
  if (paths.length === 0) throw new QuorateError(USAGE, 'name at least one file of evidence');
  const certificates = await Promise.all(texts(options['certificate']).map((path) => readBytes(path)));
  const challenge = options['challenge'] === undefined ? null : hexOf(String(options['challenge']));
  if (options['challenge'] !== undefined && !challenge)
    throw parse.invalid('--challenge', 'hexadecimal digits', options['challenge']);
  return Promise.all(
    paths.map(async (path) => {
      const body = await evidenceBytes(path);
      return { format: formatOf(path, body), body, certificates, ...(challenge && { challenge }) };
    }),
  );
}

async function evidenceBytes(path: string): Promise<Buffer> {
  const bytes = await readBytes(path);
  return hexOf(bytes.toString('latin1')) ?? bytes;
}

/** Bytes of a text that is nothing but hexadecimal digits and white space. */
function hexOf(text: string): Buffer | null {
  const digits = text.replace(/\s/g, '');
  return digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(digits)
    ? Buffer.from(digits, 'hex')
    : null;
}

function formatOf(path: string, body: Buffer): EvidenceItem['format'] {
  const format = evidenceFormat(body);
  if (format) return format;
  throw parse.invalid(
    path,
    'evidence of a known form (quorate attest verify --help)',
    `${body.length} bytes`,
  );
}

function texts(value: OptionValues[string]): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

async function policyOf(options: OptionValues): Promise<EvidencePolicy> {
  const given =
    options['policy'] === undefined
      ? {}
      : parse.record(await readJson(String(options['policy'])), '--policy');
  return { ...given, ...(options['demo'] && { demoAllowed: true }) };
}

async function anchorsOf(options: OptionValues): Promise<AnchorStore> {
  const anchors = new AnchorStore();
  for (const given of texts(options['anchor'])) {
    const [vendor = '', ...rest] = given.split(':');
    const path = rest.join(':');
    if (path === '') throw parse.invalid('--anchor', 'VENDOR:FILE, such as AMD:root.pem', given);
    const certificate = await readBytes(path);
    const demo = options['demo'] === true;
    anchors.addRoot({ name: path, vendor: vendor as 'AMD', certificate, demo });
  }
  for (const given of texts(options['endorse'])) await endorse(given, anchors, options['demo'] === true);
  return anchors;
}

async function endorse(given: string, anchors: AnchorStore, demo: boolean): Promise<void> {
  const one = /^([0-9a-fA-F]{64}):([0-9a-fA-F]{66}):(.+)$/.exec(given);
  const [, implementationId = '', instanceId = '', path = given] = one ?? [];
  const file = await readBytes(path);
  if (one) anchors.addEndorsedKey({ endorser: path, implementationId, instanceId, key: file, demo });
  else anchors.addEndorsements({ endorser: path, document: file, demo });
}

function timeOf(given: OptionValues[string]): number {
  if (given === undefined) return Date.now();
  const time = /^\d+$/.test(String(given)) ? Number(given) : Date.parse(String(given));
  if (!Number.isSafeInteger(time) || time < 0)
    throw parse.invalid('--time', 'a time such as 2026-06-20T12:00:00Z, or UTC milliseconds', given);
  return time;
}

function shown(file: string, verdict: Verdict): string {
  if (!verdict.accepted) {
    const remedy = REMEDIES[verdict.reason];
    const line = `${file}: rejected, ${verdict.reason}: ${verdict.detail}`;
    return remedy ? `${line}\n  + ${remedy}` : line;
  }
  const { vendor, product, tcb, tcbStatus, machineIdentity, endorser, trust, validUntil } = verdict;
  const registers = Object.keys(verdict.registers).length;
  const demo = trust === 'demo' ? '  DEMO: a simulated machine, which proves nothing about hardware' : '';
  return [
    `${file}: accepted`,
    ...(demo ? [demo] : []),
    `  TEE          ${vendor} ${product}${verdict.debug ? ', DEBUG MODE' : ''}`,
    `  firmware     ${tcb}${tcbStatus ? ` (${[tcbStatus, ...verdict.advisories].join(', ')})` : ''}`,
    `  measurement  ${verdict.measurement || 'none'}`,
    ...(registers > 0 ? [`  registers    ${registers}, in the output of --json`] : []),
    `  machine      ${machineIdentity ?? 'not named'}`,
    `  endorser     ${endorser} (${trust})`,
    `  valid until  ${new Date(validUntil).toISOString()}`,
    `  fresh        ${verdict.fresh ? 'yes, it answers the challenge' : 'no, it answers no challenge'}`,
    `  revocation   ${verdict.revocationChecked ? 'checked' : 'not checked'}`,
  ].join('\n');
}

function sharedMachines(answers: readonly { file: string; verdict: Verdict }[]): string[] {
  const nodes = answers.map(({ file, verdict }, at) => ({
    nodeId: `${file}#${at}`,
    identity: verdict.accepted ? verdict.machineIdentity : null,
  }));
  const named = (nodeId: string): string => nodeId.slice(0, nodeId.lastIndexOf('#'));
  return new FailureDomains(nodes)
    .shared()
    .map(({ identity, nodeIds }) => `! ${nodeIds.map(named).join(', ')} are one machine: ${identity}`);
}
