import fc from 'fast-check';
import { CandidatePool, type DeviceProfile, QuorumManager } from 'quorate/placement';
import { describe, expect, it } from 'vitest';
import { ManualClock, START } from '../support/clock.js';
import { fact, machine, machines, randomStream, shuffled, subsets } from '../support/profiles.js';

const manager = new QuorumManager({ clock: new ManualClock() });

describe('selection', () => {
  it('takes the heaviest valid set, which the heaviest machines are not', () => {
    const pool = [
      machine(0, { weight: 100, asn: 1 }),
      machine(1, { weight: 99, asn: 1 }),
      machine(2, { weight: 50 }),
      machine(3, { weight: 10 }),
    ];
    const picked = manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 });
    expect(picked).toMatchObject({
      feasible: true,
      totalWeight: 160,
      bound: 160,
      optimal: true,
      method: 'exact',
    });
    expect(picked.feasible && picked.members).toEqual(['m0', 'm2', 'm3']);
  });

  it('weighs by confidence where no weight is given', () => {
    const pool = machines(6).map((one, n) => ({ ...one, confidence: 8000 + n }));
    const picked = manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 });
    expect(picked.feasible && picked.members).toEqual(['m5', 'm4', 'm3']);
  });

  /** Pools where values collide, so that many are impossible. */
  const pools = fc.array(
    fc.record({
      asn: fc.option(fc.integer({ min: 1, max: 7 }), { freq: 8 }),
      countryCode: fc.constantFrom('DE', 'SE', 'GB'),
      region: fc.constantFrom('EU_CONTINENTAL', 'EU_NORDIC', 'GB', 'IE', 'IN', 'KR'),
      second: fc.option(fc.constantFrom('EU_NORDIC', 'GB'), { freq: 6 }),
      teeVendor: fc.constantFrom('AMD_SEV_SNP', 'AMD_SEV_SNP', 'INTEL_TDX', 'INTEL_TDX', 'UNKNOWN'),
      confidence: fc.integer({ min: 7950, max: 9000 }),
      weight: fc.integer({ min: 0, max: 30 }),
    }),
    { minLength: 5, maxLength: 11 },
  );
  const profilesOf = (rows: typeof pools extends fc.Arbitrary<infer T> ? T : never): DeviceProfile[] =>
    rows.map(({ region, second, ...rest }, n) => ({
      ...rest,
      deviceId: `m${n}`,
      teeVendor: rest.teeVendor as 'AMD_SEV_SNP',
      powerRegion:
        second === null || second === region
          ? region
          : [
              { zone: region, sharePpm: 500_000 },
              { zone: second, sharePpm: 500_000 },
            ],
    }));

  it.each(['BASIC', 'ENHANCED', 'GOLD'] as const)(
    'of %s finds the optimum, or proves that there is none, as enumeration does',
    (level) => {
      let feasible = 0;
      fc.assert(
        fc.property(pools, fc.integer({ min: 2, max: 3 }), (rows, size) => {
          const profiles = profilesOf(rows);
          const best = subsets(profiles, size)
            .filter((members) => manager.validateQuorum(members, level, { size }).valid)
            .map((members) => members.reduce((sum, { weight = 0 }) => sum + weight, 0))
            .reduce((most, weight) => Math.max(most, weight), -1);
          const picked = manager.selectOptimalQuorum(profiles, level, { size });
          expect(picked.feasible).toBe(best >= 0);
          if (picked.feasible) {
            feasible += 1;
            expect(picked).toMatchObject({ totalWeight: best, optimal: true });
            const check = manager.validateQuorum(profiles, level, { members: picked.members, size });
            expect(check.violations).toEqual([]);
          } else {
            expect(picked.proven).toBe(true);
            expect(picked.reasons.length).toBeGreaterThan(0);
          }
        }),
        { numRuns: 150, seed: 7 },
      );
      expect(feasible).toBeGreaterThan(5);
    },
  );

  it('by the greedy way is valid where it succeeds, and never heavier than the exact one', () => {
    fc.assert(
      fc.property(pools, (rows) => {
        const profiles = profilesOf(rows);
        const exact = manager.selectOptimalQuorum(profiles, 'GOLD', { size: 3 });
        const greedy = manager.selectOptimalQuorum(profiles, 'GOLD', { size: 3, method: 'greedy' });
        expect(greedy.feasible).toBe(exact.feasible);
        if (greedy.feasible && exact.feasible) {
          expect(greedy.totalWeight).toBeLessThanOrEqual(exact.totalWeight);
          const check = manager.validateQuorum(profiles, 'GOLD', { members: greedy.members, size: 3 });
          expect(check.valid).toBe(true);
        }
      }),
      { numRuns: 100, seed: 8 },
    );
  });

  it('does not depend on the order of the candidates', () => {
    const pool = machines(40, {}).map((one, n) => ({
      ...one,
      asn: 64_500 + (n % 9),
      powerRegion: `GRID_${n % 7}`,
      weight: 10 + (n % 5),
    }));
    const first = manager.selectOptimalQuorum(pool, 'GOLD', { size: 5 });
    for (let seed = 1; seed <= 10; seed += 1) {
      const again = manager.selectOptimalQuorum(shuffled(pool, seed), 'GOLD', { size: 5 });
      expect(again.feasible && again.members).toEqual(first.feasible && first.members);
    }
  });

  it('answers the same from a pool that is built once as from the profiles', () => {
    const profiles = machines(12);
    const pool = manager.pool(profiles);
    expect(pool).toBeInstanceOf(CandidatePool);
    expect(manager.pool(pool)).toBe(pool);
    const ids = ['m0', 'm1', 'm2'];
    expect(manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 })).toEqual(
      manager.selectOptimalQuorum(profiles, 'GOLD', { size: 3 }),
    );
    expect(manager.validateQuorum(pool, 'GOLD', { members: ids })).toEqual(
      manager.validateQuorum(profiles, 'GOLD', { members: ids }),
    );
    expect(manager.explainQuorum(pool, 'GOLD', ids)).toEqual(manager.explainQuorum(profiles, 'GOLD', ids));
    expect(manager.whatIf(pool, 'GOLD', ids)).toEqual(manager.whatIf(profiles, 'GOLD', ids));
    expect(manager.measureDiversity(pool)).toEqual(manager.measureDiversity(profiles));
    expect(manager.repairQuorum(pool, 'GOLD', ids, ['m1'])).toEqual(
      manager.repairQuorum(profiles, 'GOLD', ids, ['m1']),
    );
  });

  it('beyond ten members is still valid, and says how far from the best it may be', () => {
    const pool = machines(30).map((one, n) => ({
      ...one,
      asn: 64_500 + (n % 9),
      weight: 1 + ((n * 7) % 30),
    }));
    const picked = manager.selectOptimalQuorum(pool, 'ENHANCED', { size: 15 });
    if (!picked.feasible) throw new Error('expected members');
    const { members, bound, totalWeight, optimal } = picked;
    expect(manager.validateQuorum(pool, 'ENHANCED', { members, size: 15 }).violations).toEqual([]);
    expect(bound).toBeGreaterThanOrEqual(totalWeight);
    expect(optimal).toBe(bound === totalWeight);
  });

  it('is quick on ten thousand candidates', () => {
    const next = randomStream(3);
    const pool = manager.pool(
      machines(10_000).map((one) => ({
        ...one,
        asn: 64_500 + Math.floor(200 * next() ** 3),
        powerRegion: `GRID_${Math.floor(40 * next() ** 3)}`,
        confidence: 8000 + Math.floor(2000 * next()),
      })),
    );
    const started = performance.now();
    expect(manager.selectOptimalQuorum(pool, 'GOLD', { size: 5 })).toMatchObject({
      feasible: true,
      optimal: true,
    });
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('what an impossible selection is told', () => {
  const refusedOf = (profiles: readonly DeviceProfile[], size = 3) => {
    const refused = manager.selectOptimalQuorum(profiles, 'GOLD', { size });
    if (refused.feasible) throw new Error('expected a refusal');
    return refused;
  };

  it('names the scarce ASNs', () => {
    const { reasons, certificate } = refusedOf(
      machines(5).map((one, n) => ({ ...one, asn: 64_500 + (n % 2) })),
    );
    expect(reasons.join('\n')).toMatch(/2 ASNs \(64500, 64501\) among the eligible machines, 3 are needed/);
    expect(certificate.scarce).toContainEqual(
      expect.objectContaining({ kind: 'distinct_values', axes: ['asn'] }),
    );
  });

  it('names the scarce vendor', () => {
    const { reasons } = refusedOf(machines(5, { teeVendor: 'AMD_SEV_SNP' }));
    expect(reasons.join('\n')).toMatch(/1 TEE vendor \(AMD_SEV_SNP\) .* 2 are needed/);
  });

  it('counts what kept machines out', () => {
    const { certificate, reasons } = refusedOf([
      ...machines(2),
      ...machines(6, { confidence: 5000 }).slice(2),
    ]);
    expect(certificate).toMatchObject({ candidates: 6, eligible: 2 });
    expect(reasons.join('\n')).toMatch(
      /4 machines of 6 cannot be members: its classification is not sure enough/,
    );
  });

  it('finds the cover where every machine lies in one of too few networks or regions', () => {
    // Four ASNs and four regions in all, yet every machine lies in ASN 1 or in region A.
    const pool = [
      machine(0, { asn: 1, powerRegion: 'A' }),
      machine(1, { asn: 1, powerRegion: 'B' }),
      machine(2, { asn: 2, powerRegion: 'A' }),
      machine(3, { asn: 3, powerRegion: 'A' }),
      machine(4, { asn: 1, powerRegion: 'C' }),
    ];
    const { reasons } = refusedOf(pool);
    expect(reasons.join('\n')).toMatch(
      /every eligible machine lies in .*ASN 1.*power region A.*at most 2 of 3/,
    );
  });

  it('says what would make it possible, and doing so makes it possible', () => {
    const pool = machines(2);
    const { remedies } = refusedOf(pool);
    expect(remedies.join('\n')).toMatch(/add 1 eligible machine.*another ASN/);
    expect(manager.selectOptimalQuorum([...pool, machine(2)], 'GOLD', { size: 3 }).feasible).toBe(true);
  });

  it('asks for evidence where machines lack only that', () => {
    const { remedies } = refusedOf([...machines(2), machine(2, { teeVendor: 'UNKNOWN', confidence: 5000 })]);
    expect(remedies.join('\n')).toMatch(/evidence/);
  });

  it('has an answer for an empty pool', () => {
    expect(refusedOf([]).certificate).toMatchObject({ candidates: 0, eligible: 0 });
  });
});

describe('several networks of one operator', () => {
  // Three numbers of one cloud, and two networks that no table knows.
  const clouds = [16509, 14618, 8987].map((asn, n) => machine(n, { asn }));

  it('are no Gold quorum, though their numbers differ and nobody names the operator', () => {
    const answer = manager.selectOptimalQuorum(clouds, 'GOLD', { size: 3 });
    expect(answer).toMatchObject({ feasible: false, proven: true });
    if (answer.feasible) throw new Error('expected a refusal');
    expect(answer.reasons).toEqual(['all operators together can hold 1 of 3 members']);
    expect(answer.remedies).toContain('let the level accept 3 instead of 1 members per operator');
    expect(manager.validateQuorum(clouds, 'GOLD').violations).toMatchObject([
      { rule: 'per_value_max', axis: 'operator', have: 3, need: 1, values: ['AMAZON'] },
    ]);
    expect(manager.validateQuorum(clouds, 'ENHANCED').valid).toBe(true);
  });

  it('leave room for one of them beside others', () => {
    const pool = [machine(0, { asn: 16509, weight: 9001 }), ...clouds.slice(1), machine(3), machine(4)];
    const answer = manager.selectOptimalQuorum(pool, 'GOLD', { size: 3 });
    if (!answer.feasible) throw new Error('expected members');
    expect(answer.members).toEqual(['m0', 'm3', 'm4']);
    expect(manager.explainQuorum(pool, 'GOLD', answer.members)[1]).toMatchObject({
      verdict: 'outweighed',
      message: 'm0 weighs 1 more',
    });
  });

  it('are told apart by who is named, and found by their number until that expires', () => {
    const resold = clouds.map((profile, n) => ({ ...profile, operator: `RESELLER ${n}` }));
    expect(manager.validateQuorum(resold, 'GOLD').valid).toBe(true);
    const dated = clouds.map((profile, n) => ({
      ...profile,
      asn: fact(Number(profile.asn), { expires: 1000 + n }),
    }));
    const rules = (now: number): string[] =>
      manager
        .validateQuorum(CandidatePool.of(dated, now), 'GOLD')
        .violations.map(({ rule, axis, have }) => `${rule} ${axis} ${have}`);
    expect(rules(999)).toContain('per_value_max operator 3');
    expect(rules(1000)).toContain('per_value_max operator 2');
    expect(rules(1001).join()).not.toContain('operator');
  });

  it('can be capped with unknown ones let in, on any axis with a limit', () => {
    const level = { name: 'ONE_KERNEL', maxDevicesPerKernel: 1, allowUnknownKernel: true };
    const kernels = (names: readonly (string | null)[]): string[] =>
      manager
        .validateQuorum(
          names.map((kernel, n) => machine(n, { kernel })),
          level,
        )
        .violations.map(({ rule }) => rule);
    expect(kernels(['a', null, null, 'b'])).toEqual([]);
    expect(kernels(['a', null, 'a'])).toEqual(['per_value_max']);
    expect(() => manager.validateQuorum(clouds, { name: 'X', allowUnknownKernel: true })).toThrow(
      'level.allowUnknownKernel must be false where there is no maxDevicesPerKernel, not true',
    );
  });
});

describe('recommendations', () => {
  it('name a swap after which the members are valid', () => {
    const pool = [...machines(6), machine(6, { asn: 64_500 })];
    const members = ['m0', 'm1', 'm6'];
    const result = manager.validateQuorum(pool, 'GOLD', { members });
    expect(result.valid).toBe(false);
    expect(result.recommendations[0]).toMatch(/^remove .* and add /);
    const swapped = [
      ...members.filter((id) => !result.swap?.remove.includes(id)),
      ...(result.swap?.add ?? []),
    ];
    expect(manager.validateQuorum(pool, 'GOLD', { members: swapped }).violations).toEqual([]);
    expect(result.swap?.remove).toHaveLength(1);
  });

  it('name what to add where members are too few', () => {
    const result = manager.validateQuorum(machines(5), 'GOLD', { members: ['m0', 'm1'], size: 3 });
    expect(result.swap?.remove).toEqual([]);
    expect(result.swap?.add).toHaveLength(1);
    const members = ['m0', 'm1', ...(result.swap?.add ?? [])];
    expect(manager.validateQuorum(machines(5), 'GOLD', { members, size: 3 }).valid).toBe(true);
  });

  it('make any broken quorum valid wherever the candidates permit it', () => {
    const pool = machines(7).map((one, n) => ({ ...one, asn: 64_500 + (n % 4), powerRegion: `G${n % 5}` }));
    let followed = 0;
    for (const members of subsets(pool, 3)) {
      const ids = members.map(({ deviceId }) => deviceId);
      const result = manager.validateQuorum(pool, 'GOLD', { members: ids, size: 3 });
      if (result.valid) continue;
      expect(result.swap).not.toBeNull();
      const after = [...ids.filter((id) => !result.swap?.remove.includes(id)), ...(result.swap?.add ?? [])];
      expect(manager.validateQuorum(pool, 'GOLD', { members: after, size: 3 }).violations).toEqual([]);
      followed += 1;
    }
    expect(followed).toBeGreaterThan(5);
  });

  it('say what is needed where no candidate can help', () => {
    const result = manager.validateQuorum(machines(3, { teeVendor: 'AMD_SEV_SNP' }), 'GOLD');
    expect(result.swap).toBeNull();
    expect(result.recommendations.join('\n')).toMatch(/another TEE vendor|1 instead of 2 TEE vendors/);
  });
});

describe('explanations', () => {
  it('tell of every candidate why it is or is not a member', () => {
    const pool = [
      ...machines(3),
      machine(3, { asn: 64_500, powerRegion: 'EU_NORDIC' }),
      machine(4, { confidence: 7000 }),
      machine(5, { confidence: 8500 }),
      machine(6, { asn: null }),
    ];
    const told = manager.explainQuorum(pool, 'GOLD', ['m0', 'm1', 'm2']);
    expect(told.map(({ deviceId }) => deviceId)).toEqual(pool.map(({ deviceId }) => deviceId));
    expect(told.map(({ verdict }) => verdict)).toEqual([
      'chosen',
      'chosen',
      'chosen',
      'conflicts',
      'ineligible',
      'outweighed',
      'ineligible',
    ]);
    expect(told[0]?.message).toBe('alone in its ASN, country and power region');
    expect(told[1]?.message).toBe('alone in its ASN, country, power region and TEE vendor');
    expect(told[2]?.message).toBe(
      'alone in its ASN, country and power region; none heavier fits in its place (1 other fits)',
    );
    expect(told[3]?.message).toBe('shares ASN 64500 with m0, power region EU_NORDIC with m1');
    expect(told[4]?.message).toContain('not sure enough');
    expect(told[5]?.message).toMatch(/weighs 500 more/);
    expect(told[6]?.message).toContain('ASN is unknown');
  });

  it('tell when members are not the best', () => {
    const pool = machines(4).map((one, n) => ({ ...one, weight: n + 1 }));
    const told = manager.explainQuorum(pool, 'GOLD', ['m0', 'm1', 'm2']);
    expect(told[3]).toMatchObject({ verdict: 'would_improve' });
    expect(told[0]?.message).toMatch(/; 1 other fits in its place, 1 heavier$/);
    expect(told[2]?.message).not.toContain('none heavier');
  });

  it('never call a member alone in what it shares under another name, in part, or no longer has', () => {
    const shares = [
      { zone: 'NERC_SERC', sharePpm: 500_000 },
      { zone: 'NERC_RFC', sharePpm: 500_000 },
    ];
    const expired = fact('INTEL_TDX' as const, { expires: START });
    const pool = [
      machine(0, { powerRegion: shares, teeVendor: 'ARM_CCA' }),
      machine(1, { powerRegion: 'NERC_RFC', teeVendor: 'ARM_PSA' }),
      machine(2, { powerRegion: 'INTERNATIONAL', teeVendor: expired }),
    ];
    const told = manager.explainQuorum(pool, 'NONE', ['m0', 'm1', 'm2']);
    expect(told.map(({ message }) => message)).toEqual(Array(3).fill('alone in its ASN and country'));
  });

  it('say how many would do as well, and that the id decides', () => {
    const [told] = manager.explainQuorum(machines(5), 'NONE', ['m0']);
    expect(told?.message).toBe('none heavier fits in its place (4 others fit, 4 as heavy with a later id)');
  });
});

describe('repair', () => {
  it('replaces a lost member and keeps the others', () => {
    const repair = manager.repairQuorum(machines(6), 'GOLD', ['m0', 'm1', 'm2'], ['m1']);
    expect(repair).toMatchObject({ feasible: true, kept: ['m0', 'm2'], minimal: true });
    expect(repair.feasible && repair.added).toHaveLength(1);
    expect(repair.feasible && repair.added).not.toContain('m1');
  });

  it('changes nothing where nothing is lost or broken', () => {
    const repair = manager.repairQuorum(machines(6), 'GOLD', ['m0', 'm1', 'm2']);
    expect(repair).toMatchObject({ feasible: true, added: [], removed: [], minimal: true });
  });

  it('moves as few members as enumeration says are needed', () => {
    const pool = machines(8).map((one, n) => ({ ...one, asn: 64_500 + (n % 5), powerRegion: `G${n % 4}` }));
    const ids = pool.map(({ deviceId }) => deviceId);
    const valid = subsets(ids, 3).filter(
      (members) => manager.validateQuorum(pool, 'GOLD', { members, size: 3 }).valid,
    );
    expect(valid.length).toBeGreaterThan(3);
    for (const before of valid) {
      for (const lost of before) {
        const kept = valid
          .filter((after) => !after.includes(lost))
          .map((after) => after.filter((id) => before.includes(id)).length);
        const repair = manager.repairQuorum(pool, 'GOLD', before, [lost]);
        expect(repair.feasible).toBe(kept.length > 0);
        if (repair.feasible) {
          expect(repair.kept).toHaveLength(Math.max(...kept));
          expect(manager.validateQuorum(pool, 'GOLD', { members: repair.members, size: 3 }).valid).toBe(true);
        }
      }
    }
  });

  it('says what is scarce where no repair exists', () => {
    const repair = manager.repairQuorum(machines(3), 'GOLD', ['m0', 'm1', 'm2'], ['m1']);
    expect(repair.feasible).toBe(false);
    if (!repair.feasible) expect(repair.reasons.join()).toMatch(/only 2 eligible machines, 3 are needed/);
  });
});

describe('what if a failure domain is lost', () => {
  it('is told for every value that members have, with what remains', () => {
    const failures = manager.whatIf(machines(3), 'GOLD', ['m0', 'm1', 'm2']);
    const amd = failures.find(({ axis, value }) => axis === 'tee_vendor' && value === 'AMD_SEV_SNP');
    expect(amd).toMatchObject({
      lost: ['m0', 'm2'],
      remaining: 1,
      majoritySurvives: false,
      levelHolds: false,
    });
    const asn = failures.find(({ axis, value }) => axis === 'asn' && value === '64501');
    expect(asn).toMatchObject({
      lost: ['m1'],
      remaining: 2,
      majoritySurvives: true,
      twoThirdsSurvive: false,
    });
    expect(asn?.remainingWeightPpm).toBe(666_666);
  });

  it('takes all machines of unknown value as one domain: nothing proves them apart', () => {
    const failures = manager.whatIf(machines(3), 'GOLD', ['m0', 'm1', 'm2']);
    const kernel = failures.filter(({ axis }) => axis === 'kernel');
    expect(kernel).toMatchObject([{ value: 'UNKNOWN', remaining: 0 }]);
  });

  it('finds no single failure that takes the majority of a wide quorum', () => {
    const wide = machines(5).map((one, n) => ({
      ...one,
      teeVendor: (['AMD_SEV_SNP', 'INTEL_TDX', 'ARM_CCA'] as const)[n % 3] ?? ('UNKNOWN' as const),
      operator: `op${n}`,
      cloud: `cloud${n}`,
      tcb: `tcb${n}`,
      kernel: `kernel${n}`,
    }));
    const failures = manager.whatIf(
      wide,
      'GOLD',
      wide.map(({ deviceId }) => deviceId),
    );
    expect(failures.every(({ majoritySurvives }) => majoritySurvives)).toBe(true);
    // Three vendors among five members: two always share one.
    const fatal = failures.filter(({ twoThirdsSurvive }) => !twoThirdsSurvive);
    expect(fatal.map(({ value }) => value)).toEqual(['AMD_SEV_SNP', 'INTEL_TDX']);
  });
});

describe('measures of diversity', () => {
  it('count values, entropy, effective number and the Nakamoto coefficients by weight', () => {
    const four = machines(4).map((one, n) => ({ ...one, asn: 64_500 + Math.min(n, 2), weight: 100 }));
    const { asn, country, kernel } = manager.measureDiversity(four);
    // Shares 1/4, 1/4, 1/2: 1.5 bits.
    expect(asn).toMatchObject({
      unique: 3,
      unknown: 0,
      nakamotoThird: 1,
      nakamotoTwoThirds: 2,
      worstSharePpm: 500_000,
    });
    expect(asn.entropyBits).toBeCloseTo(1.5, 12);
    expect(asn.effectiveNumber).toBeCloseTo(2 ** 1.5, 12);
    expect(country).toMatchObject({ unique: 4, nakamotoThird: 2, nakamotoTwoThirds: 3 });
    expect(kernel).toMatchObject({ unique: 0, unknown: 4 });
  });

  it('are those of one value where all members share it', () => {
    const { asn } = manager.measureDiversity(machines(5, { asn: 1 }));
    expect(asn).toMatchObject({
      unique: 1,
      entropyBits: 0,
      effectiveNumber: 1,
      nakamotoThird: 1,
      worstSharePpm: 1_000_000,
    });
  });

  it('weigh: one heavy member is one point of failure', () => {
    const heavy = machines(3).map((one, n) => ({ ...one, weight: n === 0 ? 98 : 1 }));
    expect(manager.measureDiversity(heavy).asn).toMatchObject({
      nakamotoTwoThirds: 1,
      worstSharePpm: 980_000,
    });
  });

  it('score a level relative to what it asks: full where it is kept, however large the fleet', () => {
    const large = machines(300).map((one, n) => ({ ...one, asn: 64_500 + (n % 150), countryCode: 'DE' }));
    const half = manager.validateQuorum(large, { name: 'L', minAsnDiversity: 3, minCountryDiversity: 2 });
    expect(half.axisScores).toMatchObject({ asn: 10_000, country: 5000 });
    expect(half.diversityScoreBasisPoints).toBeGreaterThan(5000);
    expect(half.diversityScoreBasisPoints).toBeLessThan(10_000);
  });
});
