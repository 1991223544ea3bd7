/** Which machines share a network: what fails together below the level of an operator. */
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

/** Groups of two or more, largest first. Private addresses group by prefix too: they are one site's. */
export function networkTopology(profiles: readonly ClassifiedProfile[]): TopologyGroup[] {
  const groups = new Map<string, { kind: TopologyGroup['kind']; name: string; deviceIds: string[] }>();
  const add = (kind: TopologyGroup['kind'], name: string, deviceId: string): void => {
    const key = `${kind} ${name}`;
    const group = groups.get(key) ?? { kind, name, deviceIds: [] };
    group.deviceIds.push(deviceId);
    groups.set(key, group);
  };
  parse.list(profiles, 'profiles', CANDIDATES_MAX);
  for (const [at, profile] of profiles.entries()) {
    const path = `profiles[${at}]`;
    const { deviceId, asn } = parse.record(profile, path) as unknown as ClassifiedProfile;
    const ipAddress = parse.text(profile.ipAddress, `${path}.ipAddress`, 64);
    parse.text(deviceId, `${path}.deviceId`);
    parse.record(asn, `${path}.asn`);
    add(
      'prefix',
      call(() => addon.addressPrefix(ipAddress)),
      deviceId,
    );
    if (asn.value !== null) add('network', `AS${asn.value}`, deviceId);
  }
  return [...groups.values()]
    .filter(({ deviceIds }) => deviceIds.length > 1)
    .sort((a, b) => b.deviceIds.length - a.deviceIds.length || (a.name < b.name ? -1 : 1));
}
