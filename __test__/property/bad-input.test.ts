/** Whatever a caller passes, the answer is an answer or a QuorateError, and the process lives. */
import fc from 'fast-check';
import {
  AddressIndex,
  additiveEpsilon,
  addressKind,
  buildAddressIndex,
  CandidatePool,
  cachedAddressIndex,
  DiversityDashboard,
  hypervolume,
  InfrastructureClassifier,
  IpInfoService,
  igdPlus,
  indexPath,
  JobScheduler,
  nonDominatedSort,
  optimize,
  prepareAddressIndex,
  QuorumManager,
} from 'quorate/placement';
import { creditMicro, EnhancedSLATierManager, TIERS } from 'quorate/services';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { answersOrRefuses } from '../support/errors.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { junk } from '../support/junk.js';
import { fact, machine, machines, verdict } from '../support/profiles.js';

const RUNS = { numRuns: 120, seed: 11 } as const;
const scratch = scratchFolder();

/** A record that is right but for one or two fields. */
function spoiled<T extends object>(whole: T): fc.Arbitrary<T> {
  const names = Object.keys(whole) as (keyof T)[];
  return fc
    .array(fc.tuple(fc.constantFrom(...names), junk), { minLength: 1, maxLength: 2 })
    .map((changes) => ({ ...whole, ...Object.fromEntries(changes) }) as T);
}

/** Any argument list: right, spoiled or nonsense in each place. */
const either = <T>(right: T, ...others: fc.Arbitrary<unknown>[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(right) }, junk, ...others) as fc.Arbitrary<T>;

const profile = {
  ...machine(0),
  operator: 'AMAZON',
  cloud: 'AWS',
  tcb: '1',
  kernel: 'linux',
  weight: 5,
  evidenceFresh: true,
  boundFacts: 4,
};
const factual = {
  ...profile,
  asn: fact(64_500),
  teeVendor: fact('INTEL_TDX' as const),
  countryCode: fact('DE'),
};
const profiles = fc
  .array(fc.oneof(spoiled(profile), spoiled(factual), fc.constant(profile), junk), { maxLength: 5 })
  .map((list) => list as never);
const level = {
  name: 'X',
  minAsnDiversity: 2,
  maxDevicesPerAsn: 1,
  minConfidenceScore: 5000,
  requireTeeDiversity: true,
  requireFreshEvidence: false,
};
const levels = fc.oneof(
  fc.constantFrom('NONE', 'BASIC', 'ENHANCED', 'GOLD', 'toString', '__proto__'),
  spoiled(level),
  junk,
) as fc.Arbitrary<never>;
const ids = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom('m0', 'm1', 'm2'), junk), { maxLength: 4 }),
  junk,
) as fc.Arbitrary<never>;

const holds = (
  property: fc.IAsyncPropertyWithHooks<never[]> | unknown,
  runs: fc.Parameters<never> | object = RUNS,
) => fc.assert(property as fc.IAsyncProperty<unknown>, runs as fc.Parameters<unknown>);

describe('quorums', () => {
  const manager = new QuorumManager({ clock: new ManualClock() });
  const pool = machines(6);

  it('survive any candidates', () =>
    holds(
      fc.asyncProperty(either(pool, profiles), levels, async (candidates, asked) => {
        await answersOrRefuses(() => CandidatePool.of(candidates as never));
        await answersOrRefuses(() => manager.selectOptimalQuorum(candidates as never, asked, { size: 3 }));
        await answersOrRefuses(() => manager.validateQuorum(candidates as never, asked));
        await answersOrRefuses(() => manager.measureDiversity(candidates as never));
      }),
    ));

  it('survive any options', () =>
    holds(
      fc.asyncProperty(
        either('GOLD', levels),
        either({ size: 3, method: 'exact' }, spoiled({ size: 3, method: 'greedy', members: ['m0'] })),
        junk,
        async (asked, options, other) => {
          await answersOrRefuses(() => manager.selectOptimalQuorum(pool, asked as never, options as never));
          await answersOrRefuses(() => manager.validateQuorum(pool, asked as never, options as never));
          await answersOrRefuses(() => CandidatePool.of(pool, other as never));
          await answersOrRefuses(() => new QuorumManager(other as never));
        },
      ),
    ));

  it('survive any members', () =>
    holds(
      fc.asyncProperty(ids, ids, async (members, lost) => {
        await answersOrRefuses(() => manager.validateQuorum(pool, 'GOLD', { members }));
        await answersOrRefuses(() => manager.explainQuorum(pool, 'GOLD', members));
        await answersOrRefuses(() => manager.whatIf(pool, 'GOLD', members));
        await answersOrRefuses(() => manager.repairQuorum(pool, 'GOLD', members, lost));
      }),
    ));

  it('survive any profile that is asked for its expiry, and any watch', () =>
    holds(
      fc.asyncProperty(fc.oneof(spoiled(factual), junk), levels, junk, async (one, asked, options) => {
        await answersOrRefuses(() => manager.earliestExpiry(one as never));
        const signal = AbortSignal.abort();
        for (const given of [options, { signal, intervalSeconds: options }]) {
          await answersOrRefuses(() =>
            manager.continuouslyMonitorQuorum(() => [one] as never, asked, given as never).next(),
          );
        }
      }),
    ));

  it('take a hundred thousand candidates, and refuse a million and one', async () => {
    expect(manager.selectOptimalQuorum(machines(100_000), 'GOLD', { size: 3 }).feasible).toBe(true);
    await answersOrRefuses(() => manager.pool(new Array(1_000_001).fill(profile)));
    await answersOrRefuses(() => manager.pool(new Array(4_294_967_295) as never));
  });
});

describe('classification', () => {
  const classifier = new InfrastructureClassifier({ sources: [], clock: new ManualClock() });
  const networkInfo = {
    asn: 64_500,
    asnName: 'Net',
    operator: 'O',
    cloud: 'C',
    countryCode: 'US',
    subdivision: 'Texas',
    powerRegion: 'NERC_TRE',
    kernel: 'k',
    datacenter: true,
    edge: false,
  };
  const device = { id: 'd', ipAddress: '8.8.8.8', attestationData: { platform: 'amd' }, networkInfo };
  const devices = fc.oneof(
    spoiled(device),
    spoiled(networkInfo).map((info) => ({ ...device, networkInfo: info })),
    fc
      .anything()
      .map((data) => ({ ...device, attestationData: { platform: data, sevSnp: data, tdx: data } })),
    junk,
  );
  const verdicts = fc.oneof(spoiled(verdict('AMD_SEV_SNP')), junk);

  it('survives any device and any verdict', () =>
    holds(
      fc.asyncProperty(devices, verdicts, async (one, given) => {
        await answersOrRefuses(() => classifier.classify(one as never));
        await answersOrRefuses(() => classifier.classify(device, { verdict: given as never }));
        await answersOrRefuses(() => classifier.classify(device, given as never));
        await answersOrRefuses(() => classifier.classifyAll([one, device] as never));
        await answersOrRefuses(() => classifier.classifyAll(one as never));
        await answersOrRefuses(() => classifier.classifyAll([device], { verdicts: { d: given } as never }));
        await answersOrRefuses(() => classifier.classifyAll([device], { verdicts: given as never }));
        await answersOrRefuses(() => classifier.classifyAll([device], given as never));
      }),
    ));

  it('survives any text as an address', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 80 }),
          fc.ipV4(),
          fc.ipV4Extended(),
          fc.ipV6(),
          fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '%', '/', '[', ']') }),
          junk,
        ),
        async (address) => {
          await answersOrRefuses(() => addressKind(address as never));
          await answersOrRefuses(() => classifier.classify({ id: 'd', ipAddress: address as never }));
          await answersOrRefuses(() => classifier.invalidate(address as never));
        },
      ),
      { numRuns: 500, seed: 12 },
    ));

  it('agrees that every IPv4 and IPv6 address is one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(addressKind(address)).toMatch(/^[A-Z_]+$/);
      }),
      RUNS,
    );
  });

  it('survives any options of its maker, and any list to group', () =>
    holds(
      fc.asyncProperty(junk, async (options) => {
        await answersOrRefuses(() => new InfrastructureClassifier(options as never));
        const sources = { sources: options } as never;
        await answersOrRefuses(() => new InfrastructureClassifier(sources).classify(device));
        await answersOrRefuses(() => new InfrastructureClassifier(sources).prepare());
        await answersOrRefuses(() => classifier.analyzeTopology(options as never));
        await answersOrRefuses(() => classifier.analyzeTopology([options] as never));
        await answersOrRefuses(() => new IpInfoService(options as never));
      }),
    ));
});

describe('address indexes', () => {
  const good = source(scratch, 'network', 'asn-csv', '60.0.0.0,60.0.0.255,1,Net\n');
  const out = scratch.path('fuzz.ipdata');

  it('survive any source', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(spoiled(good), junk),
        fc.oneof(fc.array(junk, { maxLength: 2 }), junk),
        async (one, files) => {
          for (const sources of [[one], one, [{ ...good, files }]]) {
            await answersOrRefuses(() => buildAddressIndex(sources as never, out));
            await answersOrRefuses(() => indexPath(sources as never));
            await answersOrRefuses(() => cachedAddressIndex(sources as never));
          }
        },
      ),
      { numRuns: 60, seed: 13 },
    ));

  it('survive any path and any address', async () => {
    const index = await indexOf(scratch, [good]);
    await holds(
      fc.asyncProperty(junk, async (given) => {
        await answersOrRefuses(() => AddressIndex.open(given as never));
        await answersOrRefuses(() => index.lookup(given as never));
        if (typeof given !== 'string') {
          await answersOrRefuses(() => buildAddressIndex([good], given as never));
          await answersOrRefuses(() => prepareAddressIndex(given as never));
        }
      }),
    );
  });

  it('survive any bytes in any format', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 400 })),
        fc.constantFrom('asn-csv', 'iptoasn-tsv', 'routeviews', 'place-csv', 'mmdb'),
        fc.constantFrom('network', 'place'),
        async (bytes, format, kind) => {
          const path = scratch.write('fuzz.bin', bytes);
          const files = [{ path, format }];
          await answersOrRefuses(() => buildAddressIndex([{ ...good, kind, files }] as never, out));
          await answersOrRefuses(() => AddressIndex.open(path));
        },
      ),
    ));
});

describe('numbers', () => {
  const floats = fc.oneof(
    fc.float64Array({ maxLength: 24, noNaN: false }),
    fc.constant(new Float64Array(new SharedArrayBuffer(64))),
    fc.constant(new Float64Array(new ArrayBuffer(80), 8, 4)),
    junk,
  ) as fc.Arbitrary<never>;
  const counts = fc.oneof(fc.integer({ min: -1, max: 6 }), junk) as fc.Arbitrary<never>;

  it('of any kind are sorted and measured, or refused', () =>
    holds(
      fc.asyncProperty(floats, floats, counts, async (points, other, count) => {
        await answersOrRefuses(() => nonDominatedSort(points, count));
        await answersOrRefuses(() => hypervolume(points, other));
        await answersOrRefuses(() => igdPlus(points, other, count));
        await answersOrRefuses(() => additiveEpsilon(points, other, count));
      }),
      { numRuns: 400, seed: 14 },
    ));
});

describe('optimisation', () => {
  const options = {
    population: 8,
    generations: 2,
    seed: 1,
    threads: 1,
    constraints: 'feasibility-first',
    stagnation: { generations: 5, gainMin: 0.1 },
    crossover: { probability: 0.9, eta: 15 },
    mutation: { probability: 0.1, eta: 20 },
    resume: undefined,
    checkpointGenerations: 1,
  };
  const settings = fc.oneof(
    spoiled(options).map(({ population, generations, threads, ...rest }) => ({
      ...rest,
      // A wild but valid size is not what is tried here: it is only slow.
      population: typeof population === 'number' && population > 64 ? 8 : population,
      generations: typeof generations === 'number' && generations > 64 ? 2 : generations,
      threads: typeof threads === 'number' && threads > 2 ? 1 : threads,
    })),
    spoiled(options.crossover).map((crossover) => ({ ...options, crossover })),
    spoiled(options.mutation).map((mutation) => ({ ...options, mutation })),
    spoiled(options.stagnation).map((stagnation) => ({ ...options, stagnation })),
  );
  const problem = {
    lower: Float64Array.of(0, 0),
    upper: Float64Array.of(1, 1),
    objectiveCount: 2,
    evaluate: (population: Float64Array) => population.slice(),
  };

  it('survives any options', () =>
    holds(
      fc.asyncProperty(settings, async (given) => {
        await answersOrRefuses(() => optimize('ZDT1', given as never));
        await answersOrRefuses(() => optimize(problem, given as never));
      }),
    ));

  it('survives options that are none', () =>
    holds(
      fc.asyncProperty(
        junk.filter((given) => given !== undefined && (typeof given !== 'object' || given === null)),
        async (given) => {
          await answersOrRefuses(() => optimize({ ...problem, name: 'x' } as never, given as never));
        },
      ),
      { numRuns: 25, seed: 15 },
    ));

  it('survives any problem', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(spoiled({ ...problem, integer: true }), spoiled({ name: 'DTLZ2', objectiveCount: 3 }), junk),
        async (given) => {
          if (typeof (given as { evaluate?: unknown } | null)?.evaluate === 'function') return;
          await answersOrRefuses(() =>
            optimize(given as never, { population: 8, generations: 1, threads: 1 }),
          );
        },
      ),
    ));

  it('survives any answer of evaluate', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(
          junk,
          fc.float64Array({ minLength: 16, maxLength: 16, noNaN: false }),
          fc.record({
            objectives: fc.oneof(junk, fc.constant(new Float64Array(16))),
            violations: fc.oneof(junk, fc.float64Array({ minLength: 8, maxLength: 8, noNaN: false })),
          }),
        ),
        async (answer) => {
          const own = { ...problem, evaluate: () => answer };
          await answersOrRefuses(() => optimize(own as never, { population: 8, generations: 2, threads: 1 }));
        },
      ),
    ));

  it('survives any bytes as checkpoint', () =>
    holds(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (resume) => {
        await answersOrRefuses(() => optimize('ZDT1', { population: 8, generations: 1, threads: 1, resume }));
      }),
    ));
});

describe('scheduling', () => {
  const job = {
    jobId: 'j',
    cpuCores: 1,
    memoryGb: 1,
    diskGb: 1,
    gpus: 0.5,
    gpuModels: ['A'],
    jobClass: 'A',
    estimatedDurationHours: 1,
    allowedNodes: ['n'],
    namespace: 'x',
  };
  const node = {
    nodeId: 'n',
    cpuCores: 8,
    memoryGb: 8,
    diskGb: 8,
    gpus: 2,
    gpuModel: 'A',
    used: { cpuCores: 1, memoryGb: 1, diskGb: 1 },
    latencyMs: 1,
    trust: 1,
    costPerHour: 1,
    pricePerHour: 1,
  };
  const options = {
    strategy: 'nsga_ii',
    population: 4,
    generations: 1,
    crossover: 0.5,
    mutation: 0.5,
    seed: 1,
    threads: 1,
    weights: { latency: 1 },
  };
  const small = { population: 4, generations: 1, threads: 1 };
  const scheduler = new JobScheduler();

  it('survives any job and any node', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(spoiled(job), junk),
        fc.oneof(spoiled(node), junk),
        async (oneJob, oneNode) => {
          await answersOrRefuses(() => scheduler.schedule([oneJob] as never, [node], small));
          await answersOrRefuses(() => scheduler.schedule([job] as never, [oneNode] as never, small));
          await answersOrRefuses(() => scheduler.schedule(oneJob as never, oneNode as never, small));
          await answersOrRefuses(() => scheduler.repair([oneJob] as never, [node], ['n'], []));
        },
      ),
    ));

  it('survives any options and any assignment', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(
          spoiled(options).map((given) => ({
            ...given,
            population:
              Number(typeof given.population) > 64 ? 4 : Math.min(64, given.population as number) || 4,
            generations: 1,
          })),
          junk.filter((given) => typeof given !== 'object' || given === null).map((given) => given as never),
        ),
        ids,
        ids,
        async (given, assignment, lost) => {
          if (given !== undefined)
            await answersOrRefuses(() => scheduler.schedule([job] as never, [node], given as never));
          await answersOrRefuses(() => scheduler.repair([job] as never, [node], assignment, lost));
        },
      ),
    ));

  it('counts nothing of what it refused', () => {
    expect(scheduler.stats().queueLength).toBe(0);
  });
});

describe('services', () => {
  const request = {
    serviceId: 's',
    tier: 'GOLD',
    availableProfiles: machines(4),
    serviceConfig: {},
    verdicts: {},
    signal: undefined,
  };
  const manager = () => {
    const clock = new ManualClock();
    const classifier = new InfrastructureClassifier({ sources: [], clock });
    return new EnhancedSLATierManager(new QuorumManager({ clock, classifier }));
  };

  it('survive any request', () =>
    holds(
      fc.asyncProperty(fc.oneof(spoiled(request), junk), profiles, async (given, pool) => {
        await answersOrRefuses(() => manager().provisionService(given as never));
        await answersOrRefuses(() =>
          manager().provisionService({ ...request, availableDevices: pool } as never),
        );
        await answersOrRefuses(() =>
          manager().provisionService({ ...request, availableProfiles: pool } as never),
        );
      }),
    ));

  it('survive any sample, any profiles, any ids', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(spoiled({ at: 1, latencyMs: 1, ok: true, up: true }), junk),
        profiles,
        ids,
        junk,
        async (sample, newer, lost, given) => {
          const sla = manager();
          await sla.provisionService(request as never);
          await answersOrRefuses(() => sla.recordRequest('s', sample as never));
          await answersOrRefuses(() => sla.recordCheck('s', sample as never));
          await answersOrRefuses(() => sla.updateProfiles('s', newer));
          await answersOrRefuses(() => sla.rebalanceService('s', { lost }));
          await answersOrRefuses(() => sla.rebalanceService('s', given as never));
          await answersOrRefuses(() => sla.creditNote('s', given as never));
          await answersOrRefuses(() => sla.monitor(given as never).next());
          for (const call of ['service', 'validateSlaCompliance', 'releaseService'] as const)
            await answersOrRefuses(() => sla[call](given as never));
          // What was refused has spoiled nothing.
          expect(sla.validateSlaCompliance('s').serviceId).toBe('s');
        },
      ),
    ));

  it('survive any tier, any credit and any dashboard', () =>
    holds(
      fc.asyncProperty(fc.oneof(spoiled(TIERS.GOLD), junk), junk, async (tier, given) => {
        const quorums = new QuorumManager();
        await answersOrRefuses(async () => {
          const sla = new EnhancedSLATierManager(quorums, { tiers: [tier] as never });
          const name = String((tier as { name?: unknown }).name);
          await sla.provisionService({ ...request, tier: name } as never);
        });
        await answersOrRefuses(() => new EnhancedSLATierManager(quorums, { tiers: given as never }));
        await answersOrRefuses(() => creditMicro(given as never, given as never));
        const dashboard = new DiversityDashboard(quorums, manager());
        await answersOrRefuses(() => dashboard.acknowledgeAlert(given as never));
        await answersOrRefuses(() => dashboard.startMonitoring({ intervalSeconds: given as never }));
        dashboard.stopMonitoring();
      }),
    ));
});

describe('the process', () => {
  const faults: unknown[] = [];
  const note = (fault: unknown) => void faults.push(fault);
  process.on('uncaughtException', note);
  afterAll(() => void process.off('uncaughtException', note));

  it('lives when a callback of the caller throws, and the call ends with what was thrown', async () => {
    const thrown = new RangeError('mine');
    const onProgress = () => {
      throw thrown;
    };
    const run = optimize('ZDT1', { population: 1000, generations: 2000, threads: 1, onProgress });
    await expect(run).rejects.toBe(thrown);
    expect(faults).toEqual([]);
  });
});
