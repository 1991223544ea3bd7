/**
 * Everything that is exported and can be called is called with what should never be where it is. The lists
 * are read from the rooms themselves: who exports something new has to say here how it is called.
 */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import * as house from 'quorate';
import * as fleet from 'quorate/fleet';
import * as placement from 'quorate/placement';
import * as services from 'quorate/services';
import * as trust from 'quorate/trust';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EagerClock, ManualClock, START } from '../support/clock.js';
import { answersOrRefuses, refusal } from '../support/errors.js';
import { indexOf, scratchFolder, source } from '../support/files.js';
import { junk } from '../support/junk.js';
import { machine, machines, verdict } from '../support/profiles.js';

const scratch = scratchFolder();

/** How one thing is called rightly; `on` makes what a method is called on. */
interface Call {
  readonly args: readonly unknown[];
  readonly on?: () => unknown;
  /** Positions of paths that are written to: a text that is junk would be a file somewhere. */
  readonly writes?: readonly number[];
}

type Fn = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => object;

const rooms: Readonly<Record<string, object>> = { fleet, trust, placement, services, house };

/** Made by the static functions of their classes: `new` is not public. */
const PRIVATE = [
  'new placement.AddressIndex',
  'new placement.CandidatePool',
  'new trust.DemoAuthority',
  'new trust.TransparencyLog',
  'new trust.LogWitness',
];
/** Marked as internal: other parts of a room call them, with what they checked. */
const INTERNAL = [
  'trust.AnchorStore#takeIn',
  'trust.CollateralStore#takeIn',
  'placement.CandidatePool#position',
  'placement.CandidatePool#positions',
  'placement.CandidatePool#id',
  'placement.CandidatePool#ids',
  'placement.CandidatePool#valuesAt',
];
/** What refuses cannot be refused. */
const REFUSAL = ['new house.QuorateError', 'house.QuorateError#toJSON'];

/** Every function, constructor and method of a room, by a name that says what it is. */
function callables(room: string): Map<string, Fn | Constructor> {
  const found = new Map<string, Fn | Constructor>();
  const methods = (owner: object, prefix: string): void => {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      if (typeof value === 'function' && name !== 'constructor') found.set(`${prefix}${name}`, value);
  };
  for (const [name, value] of Object.entries(rooms[room] ?? {})) {
    const path = `${room}.${name}`;
    if (typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))) {
      found.set(`new ${path}`, value);
      methods(value, `${path}.`);
      methods(value.prototype, `${path}#`);
    } else if (typeof value === 'function') found.set(path, value);
    else if (typeof value === 'object' && value !== null) methods(value, `${path}.`);
  }
  for (const name of [...PRIVATE, ...INTERNAL, ...REFUSAL]) found.delete(name);
  return found;
}

const clock = new EagerClock();
const address = '8.8.8.8';
const device = { id: 'd', ipAddress: address };
const pool = machines(4);
const members = ['m0', 'm1', 'm2'];
const aborted = AbortSignal.abort();
const points = Float64Array.of(1, 2, 2, 1);
const bytes = new Uint8Array(32);
const classifier = new placement.InfrastructureClassifier({ sources: [], clock });
const manager = new placement.QuorumManager({ clock, classifier });
const key = trust.mlDsa87.generateKeyPair(bytes);
const signer = { name: 'issuer', ...key };
const item = { format: 'SNP' as const, body: bytes };
const tier = { serviceId: 's', tier: 'GOLD', availableProfiles: pool };
const config = { epoch: 1, validators: [{ nodeId: 'n' }], threshold: 1 };
const partial = trust.signPartial(key.secretKey, 'n', 1, bytes);
const tree = trust.merkleTree([bytes]);
const inclusion = { leaf: bytes, index: 0n, size: 1n, proof: [], root: tree.root };
const consistency = { size1: 1n, size2: 1n, root1: tree.root, root2: tree.root, proof: [] };
const job = { jobId: 'j', cpuCores: 1, memoryGb: 1 };
const node = {
  nodeId: 'n',
  cpuCores: 8,
  memoryGb: 8,
  latencyMs: 1,
  trust: 1,
  costPerHour: 1,
  pricePerHour: 1,
};
const ear = { time: START, submodule: 'd' };

/** A kernel that answers: each write counts one. */
let writes = 0;
const nothing = async () => {};
const write = async () => {
  writes += 1;
};
const read = async () => Buffer.from(String(writes));
const directory = { make: nothing, read, write, remove: nothing };

const breaker = () => new placement.CircuitBreaker(clock);
const limiter = () => new placement.RateLimiter(clock, 5, 10);
const answering = async () => new Response('{"org":"AS64500 Net","country":"DE"}');
const service = () => new placement.IpInfoService({ clock, fetch: answering });
const dashboard = () =>
  new placement.DiversityDashboard(manager, { services: () => [] }, { clock: new ManualClock() });
const scheduler = () => new placement.JobScheduler();
const challenges = () => new trust.ChallengeBook({ clock });
const signatures = () => {
  const made = new trust.MultiSignatureManager(config);
  made.registerPublicKey('n', key.publicKey);
  return made;
};
const signed = () => {
  const made = signatures();
  made.addPartialSignature(bytes, partial);
  return made;
};
const sla = async () => {
  const made = new services.EnhancedSLATierManager(manager);
  await made.provisionService(tier);
  return made;
};

let index: placement.AddressIndex;
let authority: trust.DemoAuthority;
let address_index: string;
let log: trust.TransparencyLog;
let closedLog: trust.TransparencyLog;
let witness: trust.LogWitness;
let closedWitness: trust.LogWitness;
const files = {
  key: scratch.path('key'),
  authority: scratch.path('authority'),
  logKey: scratch.path('log.key'),
  witnessKey: scratch.path('witness.key'),
};
const logSecret = { origin: 'log', ed25519Seed: bytes, mlDsa87Seed: bytes };
const [logKey] = trust.logPublicKeys(logSecret);
const csv = source(scratch, 'network', 'asn-csv', '60.0.0.0,60.0.0.255,1,Net\n');
const certificate = placement.certifyPlacement(pool, 'GOLD', { size: 3, signer, time: START }).certificate;

beforeAll(async () => {
  index = await indexOf(scratch, [csv]);
  address_index = scratch.path('fixed.ipdata');
  await placement.buildAddressIndex([csv], address_index);
  authority = await trust.DemoAuthority.open(files.authority, START);
  await trust.createKeyFile(files.key, 'name');
  await trust.createLogKeyFile(files.logKey, 'log');
  const secret = await trust.createWitnessKeyFile(files.witnessKey, 'witness');
  log = await trust.TransparencyLog.open(scratch.path('log'));
  await log.append([bytes]);
  await log.sign(logSecret);
  closedLog = await trust.TransparencyLog.open(scratch.path('closed-log'));
  witness = await trust.LogWitness.open(scratch.path('witness'), secret);
  closedWitness = await trust.LogWitness.open(scratch.path('closed-witness'), secret);
});

afterAll(async () => {
  await log.close();
  witness.close();
});

const CALLS: Readonly<Record<string, Call>> = {
  'house.buildInfo': { args: [] },
  'new fleet.FailureDomains': { args: [[{ nodeId: 'n', identity: 'chip' }]] },
  'fleet.FailureDomains#sharing': { args: ['n'], on: () => new fleet.FailureDomains([]) },
  'fleet.FailureDomains#shared': { args: [], on: () => new fleet.FailureDomains([]) },

  'new trust.AnchorStore': { args: [] },
  'trust.AnchorStore#addRoot': { args: [], on: () => new trust.AnchorStore() },
  'trust.AnchorStore#addEndorsedKey': { args: [], on: () => new trust.AnchorStore() },
  'trust.AnchorStore#addEndorsements': { args: [], on: () => new trust.AnchorStore() },
  'new trust.ChallengeBook': { args: [{ clock, ttlMs: 1000 }] },
  'trust.ChallengeBook#issue': { args: ['m'], on: challenges },
  'trust.ChallengeBook#redeem': { args: ['m'], on: challenges },
  'new trust.CollateralStore': { args: [] },
  'trust.CollateralStore.fromDirectory': { args: [scratch.path('')] },
  'trust.CollateralStore#add': { args: [], on: () => new trust.CollateralStore() },
  'trust.localEvidence': { args: [bytes, directory] },
  'trust.tsmDirectory': { args: ['/tmp'] },
  'trust.DemoAuthority.open': { args: [files.authority, START, {}], writes: [0] },
  'trust.DemoAuthority#addAnchors': { args: [new trust.AnchorStore()], on: () => authority },
  'trust.DemoAuthority#addCollateral': { args: [new trust.CollateralStore(), START], on: () => authority },
  'trust.DemoAuthority#endorse': {
    args: [{ name: 'm', vendor: 'ARM_PSA' }, new trust.AnchorStore()],
    on: () => authority,
  },
  'trust.DemoAuthority#evidence': {
    args: [{ name: 'm', vendor: 'INTEL_TDX' }, bytes, START],
    on: () => authority,
  },
  'trust.earOf': { args: [verdict('INTEL_TDX'), ear] },
  'trust.earToken': {
    args: [trust.earOf(verdict('INTEL_TDX'), ear), generateKeyPairSync('ed25519').privateKey],
  },
  'trust.evidenceFormat': { args: [bytes] },
  'trust.inspectEvidence': { args: [] },
  'trust.verifyEvidence': { args: [[item], { time: START }] },
  'trust.createKeyFile': { args: [], writes: [0] },
  'trust.createLogKeyFile': { args: [], writes: [0] },
  'trust.createWitnessKeyFile': { args: [], writes: [0] },
  'trust.readLogKeyFile': { args: [files.logKey] },
  'trust.readWitnessKeyFile': { args: [files.witnessKey] },
  'trust.readVerifierKeys': { args: [`${files.logKey}.pub`] },
  'trust.readKeyFile': { args: [files.key] },
  'trust.readPublicKeyFile': { args: [`${files.key}.pub`] },
  'trust.merkleTree': { args: [[bytes]] },
  'trust.verifyConsistency': { args: [consistency] },
  'trust.verifyInclusion': { args: [inclusion] },
  'trust.TransparencyLog.open': { args: [scratch.path('other-log'), { purpose: 'test' }], writes: [0] },
  'trust.TransparencyLog#append': { args: [[bytes]], on: () => log },
  'trust.TransparencyLog#sign': { args: [logSecret], on: () => log },
  'trust.TransparencyLog#addCosignature': { args: [], on: () => log },
  'trust.TransparencyLog#prove': { args: [0n], on: () => log },
  'trust.TransparencyLog#proveInclusion': { args: [0n, 1n], on: () => log },
  'trust.TransparencyLog#proveConsistency': { args: [1n, 1n], on: () => log },
  'trust.TransparencyLog#root': { args: [1n], on: () => log },
  'trust.TransparencyLog#entry': { args: [0n], on: () => log },
  'trust.TransparencyLog#find': { args: [bytes], on: () => log },
  'trust.TransparencyLog#file': { args: ['checkpoint'], on: () => log },
  'trust.TransparencyLog#close': { args: [], on: () => closedLog },
  'trust.LogWitness.open': { args: [], writes: [0] },
  'trust.LogWitness#cosign': { args: [], on: () => witness },
  'trust.LogWitness#size': { args: ['log'], on: () => witness },
  'trust.LogWitness#close': { args: [], on: () => closedWitness },
  'trust.logPublicKeys': { args: [logSecret] },
  'trust.describeVerifierKey': { args: [logKey] },
  'trust.verifyCheckpoint': { args: ['checkpoint', { keys: [logKey] }] },
  'trust.verifyLogProof': { args: ['proof', { entry: bytes, keys: [logKey] }] },
  'trust.mlDsa87.generateKeyPair': { args: [bytes] },
  'trust.mlDsa87.sign': { args: [key.secretKey, bytes, bytes, { deterministic: true }] },
  'trust.mlDsa87.verify': { args: [key.publicKey, bytes, bytes, new Uint8Array(4627)] },
  'new trust.MultiSignatureManager': { args: [config] },
  'trust.MultiSignatureManager#registerPublicKey': {
    args: ['n', key.publicKey],
    on: () => new trust.MultiSignatureManager(config),
  },
  'trust.MultiSignatureManager#addPartialSignature': { args: [bytes, partial], on: signatures },
  'trust.MultiSignatureManager#finalizeAggregation': { args: [bytes], on: signed },
  'trust.MultiSignatureManager#discard': { args: [bytes], on: signatures },
  'trust.MultiSignatureManager#readAggregatedSignature': {
    args: [signed().finalizeAggregation(bytes).bytes],
    on: signatures,
  },
  'trust.MultiSignatureManager#verifyAggregatedSignature': {
    args: [signed().finalizeAggregation(bytes)],
    on: signatures,
  },
  'trust.MultiSignatureManager#metrics': { args: [], on: signatures },
  'trust.signPartial': { args: [key.secretKey, 'n', 1, bytes] },
  'trust.evidenceDigest': { args: ['SNP', bytes] },
  'trust.parseVerdict': { args: [verdict('INTEL_TDX'), 'verdict'] },
  'new trust.EvidenceVerifier': { args: [{ clock }] },
  'trust.EvidenceVerifier#now': { args: [], on: () => new trust.EvidenceVerifier({ clock }) },
  'trust.EvidenceVerifier#verify': { args: [[item], {}], on: () => new trust.EvidenceVerifier({ clock }) },

  'placement.AddressIndex.open': { args: [] },
  'placement.AddressIndex#lookup': { args: [address], on: () => index },
  'placement.addressKind': { args: [address] },
  'placement.installedSources': { args: [] },
  'placement.indexPath': { args: [[csv]] },
  'placement.buildAddressIndex': { args: [[csv], scratch.path('built.ipdata'), {}], writes: [1] },
  'placement.prepareAddressIndex': { args: [[], {}] },
  'placement.cachedAddressIndex': { args: [[csv]] },
  'placement.sourceDate': { args: [csv] },
  'new placement.CircuitBreaker': { args: [clock] },
  'placement.CircuitBreaker#guard': { args: [async () => 1, new AbortController().signal], on: breaker },
  'new placement.IpInfoService': { args: [{ clock }] },
  'placement.IpInfoService#lookup': { args: [address, new AbortController().signal], on: service },
  'new placement.RateLimiter': { args: [clock, 5, 10] },
  'placement.RateLimiter#take': { args: [new AbortController().signal], on: limiter },
  'placement.certifyPlacement': { args: [pool, 'GOLD', { size: 3, signer, time: START }] },
  'placement.verifyPlacementCertificate': { args: [certificate, { key: key.publicKey }] },
  'new placement.InfrastructureClassifier': { args: [{ sources: [], clock }] },
  'placement.InfrastructureClassifier#prepare': { args: [{}], on: () => classifier },
  'placement.InfrastructureClassifier#classify': { args: [device, {}], on: () => classifier },
  'placement.InfrastructureClassifier#classifyAll': { args: [[device], {}], on: () => classifier },
  'placement.InfrastructureClassifier#analyzeTopology': { args: [[]], on: () => classifier },
  'placement.InfrastructureClassifier#invalidate': { args: [address], on: () => classifier },
  'new placement.DiversityDashboard': { args: [manager, { services: () => [] }, { clock }] },
  'placement.DiversityDashboard#startMonitoring': {
    args: [{ signal: new AbortController().signal }],
    on: dashboard,
  },
  'placement.DiversityDashboard#stopMonitoring': { args: [], on: dashboard },
  'placement.DiversityDashboard#refresh': { args: [], on: dashboard },
  'placement.DiversityDashboard#getCurrentDashboard': { args: [], on: dashboard },
  'placement.DiversityDashboard#history': { args: [], on: dashboard },
  'placement.DiversityDashboard#alerts': { args: [], on: dashboard },
  'placement.DiversityDashboard#acknowledgeAlert': { args: ['alert'], on: dashboard },
  'placement.DiversityDashboard#cleanUp': { args: [], on: dashboard },
  'placement.additiveEpsilon': { args: [points, points, 2] },
  'placement.builtinProblems': { args: [] },
  'placement.hypervolume': { args: [points, Float64Array.of(3, 3)] },
  'placement.igdPlus': { args: [points, points, 2] },
  'placement.nonDominatedSort': { args: [points, 2] },
  'placement.optimize': { args: ['ZDT1', { population: 8, generations: 1, threads: 1 }] },
  'placement.CandidatePool.of': { args: [pool, START] },
  'new placement.QuorumManager': { args: [{ clock, classifier }] },
  'placement.QuorumManager#pool': { args: [pool], on: () => manager },
  'placement.QuorumManager#selectOptimalQuorum': { args: [pool, 'GOLD', { size: 3 }], on: () => manager },
  'placement.QuorumManager#validateQuorum': { args: [pool, 'GOLD', { members }], on: () => manager },
  'placement.QuorumManager#explainQuorum': { args: [pool, 'GOLD', members], on: () => manager },
  'placement.QuorumManager#repairQuorum': { args: [pool, 'GOLD', members, ['m0']], on: () => manager },
  'placement.QuorumManager#whatIf': { args: [pool, 'GOLD', members], on: () => manager },
  'placement.QuorumManager#measureDiversity': { args: [pool], on: () => manager },
  'placement.QuorumManager#continuouslyMonitorQuorum': {
    args: [() => pool, 'GOLD', { signal: aborted }],
    on: () => manager,
  },
  'placement.QuorumManager#earliestExpiry': { args: [machine(0), 0], on: () => manager },
  'new placement.JobScheduler': { args: [{ clock }] },
  'placement.JobScheduler#schedule': { args: [[job], [node], { generations: 1 }], on: scheduler },
  'placement.JobScheduler#repair': { args: [[job], [node], ['n'], [], {}], on: scheduler },
  'placement.JobScheduler#stats': { args: [], on: scheduler },

  'services.creditMicro': { args: [{ totalBasisPoints: 1 }, 1n] },
  'new services.EnhancedSLATierManager': { args: [manager, { tiers: [] }] },
  'services.EnhancedSLATierManager#services': { args: [], on: sla },
  'services.EnhancedSLATierManager#service': { args: ['s'], on: sla },
  'services.EnhancedSLATierManager#provisionService': { args: [{ ...tier, serviceId: 't' }], on: sla },
  'services.EnhancedSLATierManager#releaseService': { args: ['s'], on: sla },
  'services.EnhancedSLATierManager#recordRequest': {
    args: ['s', { at: START, latencyMs: 1, ok: true }],
    on: sla,
  },
  'services.EnhancedSLATierManager#recordCheck': { args: ['s', { at: START, up: true }], on: sla },
  'services.EnhancedSLATierManager#validateSlaCompliance': { args: ['s'], on: sla },
  'services.EnhancedSLATierManager#creditNote': {
    args: ['s', START - (START % 3_600_000) - 3_600_000],
    on: sla,
  },
  'services.EnhancedSLATierManager#rebalanceService': { args: ['s', { lost: ['m0'] }], on: sla },
  'services.EnhancedSLATierManager#updateProfiles': { args: ['s', pool], on: sla },
  'services.EnhancedSLATierManager#monitor': { args: [{ signal: aborted }], on: sla },
};

/** Calls it, as far as the first answer of what answers again and again. */
async function answerOf(name: string, called: Fn | Constructor, args: readonly unknown[]): Promise<unknown> {
  if (name.startsWith('new ')) return new (called as Constructor)(...args);
  const on = await CALLS[name]?.on?.();
  const answer = await (called as Fn).call(on, ...args);
  const { next } = (answer ?? {}) as Partial<AsyncGenerator>;
  return typeof next === 'function' ? next.call(answer) : answer;
}

describe.each(Object.keys(rooms))('%s', (room) => {
  const all = callables(room);

  it('exports nothing that is not called here', () => {
    const here = Object.keys(CALLS).filter((name) => name.replace(/^new /, '').startsWith(`${room}.`));
    expect([...all.keys()].sort()).toEqual(here.sort());
  });

  // What nobody said how to call is not called: it might write to whatever path the junk names.
  const known = [...all.keys()].filter((name) => Object.hasOwn(CALLS, name));
  it.each(known)('%s answers or refuses, whatever it is given', async (name) => {
    const called = all.get(name) as Fn | Constructor;
    const { args, writes = [] } = CALLS[name] as Call;
    if (args.length > 0) await answerOf(name, called, args);
    const wrong = (at: number): fc.Arbitrary<unknown> =>
      writes.includes(at) ? junk.filter((given) => typeof given !== 'string') : junk;
    const width = Math.max(args.length, called.length, 1);
    const places = Array.from({ length: width }, (_, at) => at);
    const oneWrong = fc
      .constantFrom(...places)
      .chain((at) => wrong(at).map((given) => places.map((place) => (place === at ? given : args[place]))));
    const allWrong = fc.tuple(...places.map(wrong));
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: oneWrong }, allWrong), (given) =>
        answersOrRefuses(() => answerOf(name, called, given)),
      ),
      { numRuns: 60 * width, seed: 21 },
    );
  });
});

describe('a part that the caller hands over', () => {
  const listing = (given: unknown) =>
    new placement.DiversityDashboard(manager, { services: () => given as never });
  const watch = (given: unknown) =>
    manager
      .continuouslyMonitorQuorum(given as never, 'GOLD', { signal: new AbortController().signal })
      .next();

  it.each([
    ['quorumManager', () => new placement.DiversityDashboard(undefined as never, undefined as never)],
    ['slaManager', () => new placement.DiversityDashboard(manager, {} as never)],
    ['options', () => new placement.DiversityDashboard(manager, { services: () => [] }, null as never)],
    ['options.clock', () => new placement.JobScheduler({ clock: { now: 5 } as never })],
    ['options', () => new placement.JobScheduler(null as never)],
    ['options.classifier', () => new placement.QuorumManager({ classifier: 5 as never })],
    ['quorumManager', () => new services.EnhancedSLATierManager({} as never)],
    ['clock', () => new placement.RateLimiter(undefined as never, 5, 10)],
    ['callsPerSecond', () => new placement.RateLimiter(clock, Number.NaN, 10)],
    ['burst', () => new placement.RateLimiter(clock, 5, 0)],
    ['source', () => watch(42)],
    ['source()', () => watch(() => placement.CandidatePool.of(pool, START))],
    ['slaManager.services()', () => listing(5).refresh()],
    ['slaManager.services()[0].tier', () => listing([{ serviceId: 's' }]).getCurrentDashboard()],
    ['address', () => service().lookup('' as never)],
  ])('%s is refused by its name where it is none', async (field, made) => {
    expect((await refusal(made)).details.field).toBe(field);
  });
});
