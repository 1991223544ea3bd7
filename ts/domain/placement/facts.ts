/** What is known of a machine, each value with its source, its confidence and its expiry. */
import type { Axis, PowerRegion, TeeVendor } from './vocabulary.js';

/** One value and why it is believed. */
export interface Fact<T> {
  /** Null: not known. */
  readonly value: T | null;
  /** Who says so, with the date of their data where it has one. */
  readonly source: string;
  /** 0 to 10 000 basis points. */
  readonly confidence: number;
  /** UTC milliseconds after which the value no longer counts; null: it does not expire. */
  readonly expires: number | null;
  /** What other sources say, where they differ. */
  readonly alternatives?: readonly { readonly value: T | null; readonly source: string }[];
}

/** Part of a machine's load that hangs on one electrical grid. */
export interface PowerZoneShare {
  /** A NERC region, or a synchronous grid such as `EU_NORDIC`. */
  readonly zone: string;
  readonly sharePpm: number;
}

/** The public name of every grid outside the six NERC regions: a group, no zone. */
export const ZONE_GROUP = 'INTERNATIONAL';

/** The public region name, and the finer zones that are counted and capped. */
export interface PowerRegionFact extends Fact<PowerRegion> {
  readonly zones: readonly PowerZoneShare[];
}

/** A TEE vendor: `value` is `UNKNOWN` unless a verified verdict names it. */
export interface TeeVendorFact extends Fact<TeeVendor> {
  readonly value: TeeVendor;
  /** What the machine says of itself, which nobody verified. It counts for nothing. */
  readonly claimed: TeeVendor | null;
}

/** A value alone, or with its evidence. Alone it has the confidence of its profile and does not expire. */
export type Stated<T> = T | Fact<T> | null;

/**
 * A candidate for a quorum. The classifier makes complete ones; a caller may write one by hand, with bare
 * values.
 */
export interface DeviceProfile {
  /** Unique among the candidates. */
  readonly deviceId: string;
  /** Autonomous System number. */
  readonly asn?: Stated<number>;
  /** Organisation that operates the network. */
  readonly operator?: Stated<string>;
  readonly cloud?: Stated<string>;
  /** ISO 3166-1, two capital letters; `XK` for Kosovo. */
  readonly countryCode?: Stated<string>;
  /**
   * A zone, a NERC region, or several with shares where a place lies in several. `INTERNATIONAL` alone is a
   * group of zones and names none: it counts as unknown.
   */
  readonly powerRegion?: Stated<string> | readonly PowerZoneShare[] | PowerRegionFact;
  /** `UNKNOWN` (or absent) never counts as a vendor; `COUNTED_TEE_VENDOR` says what each name counts as. */
  readonly teeVendor?: TeeVendor | Fact<TeeVendor> | null;
  /** Version of the trusted computing base. */
  readonly tcb?: Stated<string>;
  readonly kernel?: Stated<string>;
  /** How sure the classification is as a whole, in basis points. */
  readonly confidence: number;
  /** What a selection maximises the sum of; the confidence where absent. At most 2^40. */
  readonly weight?: number;
  /** Whether the attestation evidence answers a challenge of ours. Default: whether a TEE vendor is known. */
  readonly evidenceFresh?: boolean;
  /** Facts the attestation verdict binds; the classifier counts them. */
  readonly boundFacts?: number;
  /**
   * Identity of the chip or platform, from verified evidence. Candidates that share it are one machine, of
   * which at most one can be a member; null or absent: not known.
   */
  readonly machineIdentity?: string | null;
}

/** The field of a profile that holds an axis. */
export const PROFILE_FIELDS: Readonly<Record<Axis, keyof DeviceProfile>> = {
  asn: 'asn',
  operator: 'operator',
  cloud: 'cloud',
  country: 'countryCode',
  power_region: 'powerRegion',
  tee_vendor: 'teeVendor',
  tcb: 'tcb',
  kernel: 'kernel',
};

/** What the classifier returns: every axis as a fact. */
export interface ClassifiedProfile extends DeviceProfile {
  readonly ipAddress: string;
  /** What kind of address it is; all but `PUBLIC` are never looked up. */
  readonly addressKind: string;
  readonly asn: Fact<number>;
  readonly operator: Fact<string>;
  readonly cloud: Fact<string>;
  readonly countryCode: Fact<string>;
  readonly powerRegion: PowerRegionFact;
  readonly teeVendor: TeeVendorFact;
  readonly tcb: Fact<string>;
  readonly kernel: Fact<string>;
  readonly attested: boolean;
  readonly boundFacts: number;
  readonly evidenceFresh: boolean;
  readonly machineIdentity: string | null;
  /** Why something is unknown or less certain, one sentence each. */
  readonly notes: readonly string[];
}

/** Whether a stated value carries evidence. */
export function isFact<T>(stated: unknown): stated is Fact<T> {
  return typeof stated === 'object' && stated !== null && 'source' in stated && 'confidence' in stated;
}
