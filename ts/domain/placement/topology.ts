/** Which machines share a network: what fails together below the level of an operator. */
import { QuorateError } from '../../errors.js';
import { addon, call } from '../../native.js';
import * as parse from '../../parse.js';
import type { ClassifiedProfile } from './facts.js';
import { CANDIDATES_MAX } from './limits.js';

/** Machines that share a prefix (IPv4 /24, IPv6 /48) or an autonomous system. */
export interface TopologyGroup {
  readonly kind: 'prefix' | 'network';
  /** Such as `203.0.113.0/24` or `AS64500`. */
  readonly name: string;
  readonly deviceIds: readonly string[];
}

const ASN_MAX = 4_294_967_295;

/**
 * Groups of two or more, largest first. Private addresses group by prefix too: they are one site's. Throws
 * QRT_ERR_INPUT_INVALID or QRT_ERR_IPDATA_ADDRESS naming the profile.
 */
export function networkTopology(profiles: readonly ClassifiedProfile[]): TopologyGroup[] {
  const groups = new Map<string, { kind: TopologyGroup['kind']; name: string; deviceIds: string[] }>();
  const add = (kind: TopologyGroup['kind'], name: string, deviceId: string): void => {
    const key = `${kind} ${name}`;
    const group = groups.get(key) ?? { kind, name, deviceIds: [] };
    group.deviceIds.push(deviceId);
    groups.set(key, group);
  };
  for (const [at, profile] of parse.list(profiles, 'profiles', CANDIDATES_MAX).entries()) {
    const path = `profiles[${at}]`;
    const { deviceId, ipAddress, asn } = parse.record(profile, path);
    const id = parse.text(deviceId, `${path}.deviceId`);
    add('prefix', prefixOf(parse.text(ipAddress, `${path}.ipAddress`), `${path}.ipAddress`), id);
    const number = parse.optional(parse.record(asn, `${path}.asn`)['value'], null, (value) =>
      parse.integer(value, `${path}.asn.value`, 1, ASN_MAX),
    );
    if (number !== null) add('network', `AS${number}`, id);
  }
  return [...groups.values()]
    .filter(({ deviceIds }) => deviceIds.length > 1)
    .sort((a, b) => b.deviceIds.length - a.deviceIds.length || (a.name < b.name ? -1 : 1));
}

function prefixOf(address: string, path: string): string {
  try {
    return call(() => addon.addressPrefix(address));
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    throw new QuorateError(error.code, `${path}: ${error.message}`, { field: path, cause: error });
  }
}
