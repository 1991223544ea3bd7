/**
 * Candidates from an input file: device records, which are classified, or profiles that are classified
 * already.
 */
import {
  AddressIndex,
  type ClassifiedProfile,
  type Device,
  type DeviceProfile,
  InfrastructureClassifier,
} from '../domain/placement/index.js';
import type { Verdict } from '../domain/trust/index.js';
import { invalid, record } from '../parse.js';
import { progressBar } from './terminal.js';
import type { VerbContext } from './verb.js';

/** The machines of a document: an array, or an object with `machines` (or `devices`, `profiles`). */
export function machinesOf(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const parts = record(document, 'input');
  for (const name of ['machines', 'devices', 'profiles']) {
    if (Array.isArray(parts[name])) return parts[name];
  }
  throw invalid('input', 'an array of machines, or an object with an array "machines"', document);
}

/** Classifies every machine of a document, with progress on stderr. */
export async function classifyDocument(
  document: unknown,
  { options, signal }: Pick<VerbContext, 'options' | 'signal'>,
): Promise<ClassifiedProfile[]> {
  const devices = machinesOf(document) as readonly Device[];
  const verdicts = verdictsOf(document);
  const own = options['ipdata'];
  const index = typeof own === 'string' ? { index: AddressIndex.open(own) } : {};
  const classifier = new InfrastructureClassifier(index);
  const building = progressBar('building the address index (once)');
  await classifier.prepare({ signal, onProgress: building.update });
  building.end();
  const bar = progressBar('classifying');
  const profiles = await classifier.classifyAll(devices, { signal, verdicts, onProgress: bar.update });
  bar.end();
  return profiles;
}

/** Profiles as they are, or devices classified. */
export async function candidatesOf(
  document: unknown,
  context: Pick<VerbContext, 'options' | 'signal'>,
): Promise<readonly DeviceProfile[]> {
  const machines = machinesOf(document);
  const [first] = machines;
  const classified = typeof first === 'object' && first !== null && 'deviceId' in first;
  return classified ? (machines as readonly DeviceProfile[]) : classifyDocument(document, context);
}

/**
 * Verdicts lie beside the machines, never inside a record: `{ "machines": [...], "verdicts": { "m1": {...} }
 * }`.
 */
export function verdictsOf(document: unknown): Record<string, Verdict> {
  if (Array.isArray(document)) return {};
  const { verdicts } = record(document, 'input');
  return verdicts === undefined ? {} : (record(verdicts, 'verdicts') as Record<string, Verdict>);
}
