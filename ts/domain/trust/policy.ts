/** What an operator accepts beyond evidence being genuine. The default is the strict choice everywhere. */
import type { NativeEvidencePolicy } from '../../native.js';
import * as parse from '../../parse.js';
import { bytesOfHex } from './bytes.js';
import { POLICY_LIST_MAX } from './limits.js';

/** Lowest version of each component of AMD's firmware, 0 to 255. */
export interface SnpTcbMin {
  /** On Turin and later only. */
  readonly fmc?: number;
  readonly bootLoader?: number;
  readonly tee?: number;
  readonly snp?: number;
  readonly microcode?: number;
}

export interface SnpPolicy {
  readonly tcbMin?: SnpTcbMin;
  /**
   * Highest privilege level a report may come from, 0 to 3. Default 0; above it an SVSM is below the guest.
   */
  readonly vmplMax?: number;
  /** Measurements (hexadecimal) of the SVSMs accepted above level 0. Default: any, up to `vmplMax`. */
  readonly svsmMeasurements?: readonly string[];
  /** Accept reports signed by a cloud's key, which name no machine. Default: yes. */
  readonly vlekAllowed?: boolean;
  /** Accept guests that a migration agent may read. Default: no. */
  readonly migrationAgentAllowed?: boolean;
}

export interface IntelPolicy {
  /** Statuses of a TCB level that are accepted. Default: `UpToDate` alone. */
  readonly tcbStatuses?: readonly string[];
  /** Advisories that may apply to an accepted level; null: any. Default: none may. */
  readonly advisories?: readonly string[] | null;
  /** Lowest evaluation number of TCB info and identities: older collateral is a downgrade. */
  readonly evaluationNumberMin?: number;
  /** Accept TDs to which a service TD is bound. Default: no. */
  readonly serviceTdAllowed?: boolean;
  /** Accept TDs whose host can raise exceptions in them, as under Azure's paravisor. Default: no. */
  readonly septVeAllowed?: boolean;
}

export interface EvidencePolicy {
  /** Accept TEEs in debug mode, whose memory their host can read. Default: no. */
  readonly debugAllowed?: boolean;
  /** Accept roots made for simulated machines. Default: no. */
  readonly demoAllowed?: boolean;
  /** Reject evidence that answers no challenge. Default: no; the verdict says whether it is fresh. */
  readonly freshRequired?: boolean;
  /** Reject evidence that names no machine. Default: no. */
  readonly identityRequired?: boolean;
  /** Reject chains without a current revocation list of each issuer. Default: yes. */
  readonly revocationRequired?: boolean;
  /** Measurements (hexadecimal) that are accepted. Default: any. */
  readonly measurements?: readonly string[];
  /**
   * Values (hexadecimal) that are accepted of registers, by name: `pcr0` to `pcr23` of Azure's vTPM, `pcr0`
   * to `pcr31` of Nitro, `rtmr0` to `rtmr3` of TDX, `rem0` to `rem3` of CCA. Evidence without a register that
   * is named here is rejected. Those of Azure's vTPM are the word of its paravisor: they need
   * `measurements`. Default: any.
   */
  readonly registers?: Readonly<Record<string, readonly string[]>>;
  /** Machine identities and Intel platforms (`intel-fmspc:...`) that are rejected. */
  readonly blocked?: readonly string[];
  readonly snp?: SnpPolicy;
  readonly intel?: IntelPolicy;
  /** Accept AWS Nitro documents: a statement of the cloud's hypervisor about itself. Default: no. */
  readonly nitroAccepted?: boolean;
}

const POLICY_KEYS = [
  'debugAllowed',
  'demoAllowed',
  'freshRequired',
  'identityRequired',
  'revocationRequired',
  'measurements',
  'registers',
  'blocked',
  'snp',
  'intel',
  'nitroAccepted',
] as const;
const SNP_KEYS = ['tcbMin', 'vmplMax', 'svsmMeasurements', 'vlekAllowed', 'migrationAgentAllowed'] as const;
const INTEL_KEYS = [
  'tcbStatuses',
  'advisories',
  'evaluationNumberMin',
  'serviceTdAllowed',
  'septVeAllowed',
] as const;
const TCB_COMPONENTS = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'] as const;

/** @internal Checks a policy; a member that is not known is refused, so that no misspelt one is ignored. */
export function parsePolicy(value: unknown, path: string): NativeEvidencePolicy {
  const record = known(value, path, POLICY_KEYS);
  const flag = flagsOf(record, path);
  const measurements = measurementsOf(record['measurements'], `${path}.measurements`);
  return {
    debugAllowed: flag('debugAllowed', false),
    demoAllowed: flag('demoAllowed', false),
    freshRequired: flag('freshRequired', false),
    identityRequired: flag('identityRequired', false),
    revocationRequired: flag('revocationRequired', true),
    ...(measurements && { measurements }),
    registers: registersOf(record['registers'] ?? {}, `${path}.registers`),
    blocked: texts(record['blocked'] ?? [], `${path}.blocked`),
    snp: parseSnp(record['snp'] ?? {}, `${path}.snp`),
    intel: parseIntel(record['intel'] ?? {}, `${path}.intel`),
    nitroAccepted: flag('nitroAccepted', false),
  };
}

function parseSnp(value: unknown, path: string): NativeEvidencePolicy['snp'] {
  const record = known(value, path, SNP_KEYS);
  const flag = flagsOf(record, path);
  const tcbMin = known(record['tcbMin'] ?? {}, `${path}.tcbMin`, TCB_COMPONENTS);
  const svsmMeasurements = measurementsOf(record['svsmMeasurements'], `${path}.svsmMeasurements`);
  return {
    tcbMin: TCB_COMPONENTS.map((name) => parse.integer(tcbMin[name] ?? 0, `${path}.tcbMin.${name}`, 0, 255)),
    vmplMax: parse.integer(record['vmplMax'] ?? 0, `${path}.vmplMax`, 0, 3),
    ...(svsmMeasurements && { svsmMeasurements }),
    vlekAllowed: flag('vlekAllowed', true),
    migrationAgentAllowed: flag('migrationAgentAllowed', false),
  };
}

function parseIntel(value: unknown, path: string): NativeEvidencePolicy['intel'] {
  const record = known(value, path, INTEL_KEYS);
  const flag = flagsOf(record, path);
  const advisories = record['advisories'] === undefined ? [] : record['advisories'];
  return {
    tcbStatuses: texts(record['tcbStatuses'] ?? ['UpToDate'], `${path}.tcbStatuses`),
    ...(advisories !== null && { advisories: texts(advisories, `${path}.advisories`) }),
    evaluationNumberMin: parse.integer(
      record['evaluationNumberMin'] ?? 0,
      `${path}.evaluationNumberMin`,
      0,
      2 ** 31,
    ),
    serviceTdAllowed: flag('serviceTdAllowed', false),
    septVeAllowed: flag('septVeAllowed', false),
  };
}

function known(value: unknown, path: string, keys: readonly string[]): Record<string, unknown> {
  const record = parse.record(value, path);
  parse.keys(record, path, keys);
  return record;
}

function flagsOf(
  record: Record<string, unknown>,
  path: string,
): (name: string, byDefault: boolean) => boolean {
  return (name, byDefault) => parse.flag(record[name] ?? byDefault, `${path}.${name}`);
}

function texts(value: unknown, path: string): string[] {
  return parse.list(value, path, POLICY_LIST_MAX).map((item, at) => parse.text(item, `${path}[${at}]`, 1024));
}

function measurementsOf(value: unknown, path: string): Buffer[] | undefined {
  return value === undefined ? undefined : bytesList(value, path);
}

function bytesList(value: unknown, path: string): Buffer[] {
  return texts(value, path).map((text, at) => bytesOfHex(text, `${path}[${at}]`));
}

function registersOf(value: unknown, path: string): NativeEvidencePolicy['registers'] {
  return Object.entries(parse.record(value, path)).map(([name, values]) => {
    // No evidence has another: it is misspelt.
    if (!/^(pcr|rtmr|rem)\d{1,2}$/.test(name))
      throw parse.invalid(path, 'registers by name, such as pcr7 or rtmr1', name);
    return { name, values: bytesList(values, `${path}.${name}`) };
  });
}
