/** Pools of candidates by a stated law, and the answer by enumeration. */
import { Random, zipf } from './random.mjs';

const VENDORS = ['AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA'];
const COUNTRIES =
  'AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BR CA CH CL DE ES FR GB IN JP US'.split(' ');

/**
 * ASNs Zipf 1.2 over 200 of 150 operators, every tenth of no known one, power zones Zipf 1.5 over 40, 30
 * countries and 3 vendors uniform, weights uniform below 10 000, everything confident enough: the law of
 * crates/diversity/benches/support. `scarce` makes small worlds in which many pools have no answer: 12 ASNs
 * of 8 operators, every fifth of no known one, 7 zones, 4 countries, 2 vendors, and an eighth of the
 * candidates not confident enough.
 */
export function profiles(count, seed, { scarce = false } = {}) {
  const random = new Random(seed * 1_000_003 + count);
  const asn = scarce ? zipf(12, 1.2) : zipf(200, 1.2);
  const zone = scarce ? zipf(7, 1.5) : zipf(40, 1.5);
  const [everyNth, operators] = scarce ? [5, 8] : [10, 150];
  return Array.from({ length: count }, (_, at) => {
    const network = asn(random);
    return {
      deviceId: `device-${at}`,
      asn: 64_512 + network,
      operator: network % everyNth === 0 ? undefined : `OPERATOR_${network % operators}`,
      countryCode: COUNTRIES[random.below(scarce ? 4 : 30)],
      powerRegion: `ZONE_${zone(random)}`,
      teeVendor: VENDORS[random.below(scarce ? 2 : 3)],
      confidence: scarce && random.below(8) === 0 ? 7900 : 9000,
      weight: random.below(10_000),
    };
  });
}

/** Weight of the best Gold quorum of `size`, or null: tries every set, by the rules of the level. */
export function goldByEnumeration(candidates, size) {
  const able = candidates.filter(({ confidence }) => confidence >= 8000);
  let best = null;
  const visit = (from, chosen, weight) => {
    if (chosen.length === size) {
      if (
        several(chosen, 'teeVendor') &&
        several(chosen, 'countryCode') &&
        (best === null || weight > best)
      ) {
        best = weight;
      }
      return;
    }
    for (let at = from; at <= able.length - (size - chosen.length); at += 1) {
      const one = able[at];
      if (chosen.some((other) => together(other, one))) continue;
      visit(at + 1, [...chosen, one], weight + one.weight);
    }
  };
  visit(0, [], 0);
  return best;
}

/** Whether two machines share what at most one member may have. */
function together(one, other) {
  return (
    one.asn === other.asn ||
    one.powerRegion === other.powerRegion ||
    (one.operator !== undefined && one.operator === other.operator)
  );
}

function several(members, field) {
  return new Set(members.map((member) => member[field])).size >= 2;
}
