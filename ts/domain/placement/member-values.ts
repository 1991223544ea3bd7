/** What a member has on the axes by which a person tells members apart, as far as it counts. */
import { addon } from '../../native.js';
import {
  type DeviceProfile,
  isFact,
  type PowerRegionFact,
  type PowerZoneShare,
  ZONE_GROUP,
} from './facts.js';
import { type Axis, COUNTED_TEE_VENDOR, type TeeVendor, UNKNOWN } from './vocabulary.js';

/** One value as it is shown, and all that it counts as: who shares one of those shares a failure domain. */
export interface MemberValue {
  readonly shown: string;
  readonly counted: readonly string[];
}

export type MemberValues = Readonly<Partial<Record<Axis, MemberValue>>>;

/** The values of a checked profile for a time in UTC milliseconds; the unknown and the expired are absent. */
export function memberValues(profile: DeviceProfile, time: number): MemberValues {
  const holds = <T>(stated: T | undefined): T | null => {
    const expired = isFact(stated) && stated.expires !== null && stated.expires <= time;
    return expired ? null : (stated ?? null);
  };
  const asn = statedValue(holds(profile.asn));
  const named = statedValue(profile.operator ?? null) ?? UNKNOWN;
  // Where nobody names the operator, the table of operators may know the network, as in a pool.
  const numbered = asn === null ? null : addon.operatorNumbered(asn);
  const operator = named === UNKNOWN ? numbered : statedValue(holds(profile.operator));
  const country = statedValue(holds(profile.countryCode));
  const zones = zonesOf(holds(profile.powerRegion));
  const vendor = statedValue<TeeVendor>(holds(profile.teeVendor)) ?? UNKNOWN;
  const counted = COUNTED_TEE_VENDOR[vendor];
  return {
    ...(asn !== null && { asn: { shown: `AS${asn}`, counted: [String(asn)] } }),
    ...(operator !== null && { operator: { shown: operator, counted: [operator] } }),
    ...(country !== null && { country: { shown: country, counted: [country] } }),
    ...(zones.length > 0 && { power_region: { shown: zones.join('+'), counted: zones } }),
    ...(counted !== UNKNOWN && { tee_vendor: { shown: vendor, counted: [counted] } }),
  };
}

/** The axes on which a member shares nothing with any other. */
export function axesAlone(own: MemberValues, others: readonly MemberValues[]): Axis[] {
  return (Object.keys(own) as Axis[]).filter((axis) =>
    own[axis]?.counted.every((value) => others.every((other) => !other[axis]?.counted.includes(value))),
  );
}

function statedValue<T>(stated: T | { readonly value: T | null } | null): T | null {
  return isFact<T>(stated) ? stated.value : (stated as T | null);
}

/** The zones of a region in any of its forms; none where it names a group, or says that a part is unknown. */
function zonesOf(region: DeviceProfile['powerRegion']): string[] {
  const stated = isFact(region) ? ((region as PowerRegionFact).zones ?? region.value) : region;
  const names = Array.isArray(stated)
    ? (stated as readonly PowerZoneShare[]).map(({ zone }) => zone)
    : [stated].flatMap((zone) => (typeof zone === 'string' ? zone : []));
  return names.includes(UNKNOWN) || names.includes(ZONE_GROUP) ? [] : names;
}
