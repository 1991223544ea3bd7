/**
 * Which network, place, grid and TEE a machine belongs to, each value with its source, confidence and expiry.
 */
import { QuorateError } from '../../errors.js';
import { addon, call, type RunOptions, runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import { type Clock, clockOf } from '../../ports/clock.js';
import { FailureDomains } from '../fleet/index.js';
import { type AcceptedVerdict, parseVerdict, type Verdict } from '../trust/index.js';
import {
  type AddressFacts,
  AddressWeigher,
  factsFromService,
  factsOfSpecialAddress,
  stamped,
  withStatedFacts,
} from './address-facts.js';
import {
  AddressIndex,
  type AddressSource,
  addressKind,
  cachedAddressIndex,
  installedSources,
  prepareAddressIndex,
} from './address-index.js';
import type { AddressService } from './address-service.js';
import { boundFacts, claimedVendor, type Device, parseDevice } from './devices.js';
import type { ClassifiedProfile } from './facts.js';
import {
  CANDIDATES_MAX,
  CLASSIFICATION_CACHE_MAX,
  CLASSIFICATION_TTL_MS,
  CLASSIFY_SLICE,
  CONFIDENCE_MAX,
  DAY_MS,
} from './limits.js';
import { networkTopology, type TopologyGroup } from './topology.js';
import { AXES, UNKNOWN } from './vocabulary.js';

export interface ClassifierOptions {
  /** Address sources, best first. Default: the npm databases that are installed. */
  readonly sources?: readonly AddressSource[];
  /** A built index, instead of sources. */
  readonly index?: AddressIndex;
  /** Asked by `classifyAll` about public addresses that no source knows. */
  readonly service?: AddressService;
  readonly clock?: Clock;
}

export interface ClassifyOptions extends RunOptions {
  /**
   * Verified verdicts by device id. Never taken from a device record, which may come from the machine itself.
   */
  readonly verdicts?: ReadonlyMap<string, Verdict> | Readonly<Record<string, Verdict>>;
}

interface CachedFacts {
  readonly facts: AddressFacts;
  readonly until: number;
  /** The address service was asked as well: what it does not know it need not be asked again. */
  readonly asked: boolean;
}

const NO_EVIDENCE = 'no verified attestation evidence';

/**
 * Classifies machines by evidence. `classify` is synchronous and uses the address index that is already
 * built; `prepare` builds it on first use, and `classifyAll` does so by itself.
 */
export class InfrastructureClassifier {
  readonly #options: ClassifierOptions;
  readonly #clock: Clock;
  readonly #cache = new Map<string, CachedFacts>();
  readonly #scores = new WeakMap<AddressFacts, number>();
  #weigher: { readonly day: number; readonly of: AddressWeigher } | null = null;
  #index: AddressIndex | null;

  constructor(options: ClassifierOptions = {}) {
    parse.record(options, 'options');
    const { index, service, clock } = options;
    if (index !== undefined && !(index instanceof AddressIndex)) {
      throw parse.invalid('options.index', 'an AddressIndex (AddressIndex.open(path))', index);
    }
    if (service !== undefined) parse.having<AddressService>(service, 'options.service', 'lookup');
    this.#options = options;
    this.#clock = clockOf(clock, 'options.clock');
    this.#index = index ?? null;
  }

  /** Builds the address index if it is not in the cache yet; some seconds, with progress. */
  async prepare(options: RunOptions = {}): Promise<void> {
    runOptions(options);
    if (!this.#index) this.#use(await prepareAddressIndex(this.#sources(), options));
  }

  /**
   * Classifies one machine. Throws QRT_ERR_INPUT_INVALID or QRT_ERR_IPDATA_ADDRESS for a bad record. A
   * missing index is no error: the values stay unknown and a note says why.
   */
  classify(device: Device, options: { verdict?: Verdict } = {}): ClassifiedProfile {
    const parsed = parseDevice(device, 'device');
    parse.record(options, 'options');
    const verdict = options.verdict && parseVerdict(options.verdict, 'verdict');
    // A missing index is looked for at each call: somebody may have built it meanwhile.
    if (!this.#index && naming(parsed, 'device', addressKind) === 'PUBLIC')
      this.#use(cachedAddressIndex(this.#sources()));
    const now = this.#clock.now();
    return this.#profile(parsed, this.#addressFacts(parsed, 'device', now).facts, now, verdict);
  }

  /**
   * Classifies many machines; other work gets its turn in between. Bad records reject the whole call and name
   * the record; nothing is half done. A service that fails leaves its addresses unknown, with a note, until
   * the next call.
   */
  async classifyAll(devices: readonly Device[], options: ClassifyOptions = {}): Promise<ClassifiedProfile[]> {
    const records = parse.list(devices, 'devices', CANDIDATES_MAX);
    const { signal, onProgress } = runOptions(options);
    const parsed = records.map((record, at) => parseDevice(record, `devices[${at}]`));
    const verdicts = parseVerdicts(options.verdicts, requireUnique(parsed));
    for (const [at, device] of parsed.entries()) {
      if (at > 0 && at % CLASSIFY_SLICE === 0) await new Promise(setImmediate);
      naming(device, `devices[${at}]`, addressKind);
    }
    await this.prepare({ signal, onProgress });
    const profiles: ClassifiedProfile[] = [];
    for (const [at, device] of parsed.entries()) {
      if (at % CLASSIFY_SLICE === 0) {
        signal?.throwIfAborted();
        onProgress?.(at, parsed.length);
        if (at > 0) await new Promise(setImmediate);
      }
      const found = this.#addressFacts(device, `devices[${at}]`, this.#clock.now());
      // Awaited only where there is something to wait for: it costs more than all the rest.
      const facts = this.#askable(found) ? await this.#asked(device.ipAddress, found, signal) : found.facts;
      profiles.push(this.#profile(device, facts, this.#clock.now(), verdicts.get(device.id)));
    }
    onProgress?.(parsed.length, parsed.length);
    return profiles.some(({ machineIdentity }) => machineIdentity !== null) ? noteShared(profiles) : profiles;
  }

  /** Which of these machines share a network prefix or a network, largest group first. */
  analyzeTopology(profiles: readonly ClassifiedProfile[]): TopologyGroup[] {
    return networkTopology(profiles);
  }

  /** Forgets what was looked up, so that the next call looks again. */
  invalidate(ipAddress?: string): void {
    if (ipAddress === undefined) this.#cache.clear();
    else this.#cache.delete(ipAddress);
  }

  /** Addresses whose classification is kept. */
  get cacheSize(): number {
    return this.#cache.size;
  }

  #sources(): readonly AddressSource[] {
    return this.#options.sources ?? installedSources();
  }

  /** What was found without an index counts no more once there is one. */
  #use(index: AddressIndex | null): void {
    this.#index = index;
    this.#weigher = null;
    if (index) this.#cache.clear();
  }

  #addressFacts(device: Device, path: string, now: number): CachedFacts {
    const { ipAddress } = device;
    const cached = this.#cache.get(ipAddress);
    if (cached && cached.until > now) return cached;
    const index = this.#index;
    const answer = index && naming(device, path, (address) => index.lookup(address));
    const kind = answer?.kind ?? naming(device, path, addressKind);
    const facts =
      kind !== 'PUBLIC' || !index || !answer
        ? factsOfSpecialAddress(kind, index !== null)
        : this.#weigherOf(index, now).facts(answer);
    // Without an index nothing is kept: the next call may find one.
    const found = { facts, until: now + CLASSIFICATION_TTL_MS, asked: false };
    if (index || kind !== 'PUBLIC') this.#keep(ipAddress, found);
    return found;
  }

  /** Data ages by the day. */
  #weigherOf(index: AddressIndex, now: number): AddressWeigher {
    const day = now - (now % DAY_MS);
    if (this.#weigher?.day !== day) this.#weigher = { day, of: new AddressWeigher(index, day) };
    return this.#weigher.of;
  }

  /** Whether the address service may know more of it. */
  #askable({ facts, asked }: CachedFacts): boolean {
    const known = facts.asn.value !== null && facts.countryCode.value !== null;
    return this.#options.service !== undefined && !asked && facts.kind === 'PUBLIC' && !known;
  }

  async #asked(address: string, { facts }: CachedFacts, signal?: AbortSignal): Promise<AddressFacts> {
    const { service } = this.#options;
    if (!service) return facts;
    try {
      const answer = await service.lookup(address, signal);
      const answered = factsFromService(facts, answer, service.name);
      this.#keep(address, { facts: answered, until: this.#clock.now() + CLASSIFICATION_TTL_MS, asked: true });
      return answered;
    } catch (error) {
      signal?.throwIfAborted();
      this.#cache.delete(address);
      const reason = error instanceof Error ? error.message : String(error);
      return { ...facts, notes: [...facts.notes, `${service.name}: ${reason}`] };
    }
  }

  /** Keeps the newest: the map's order is the order of insertion, so the first key is the oldest. */
  #keep(address: string, found: CachedFacts): void {
    this.#cache.delete(address);
    if (this.#cache.size >= CLASSIFICATION_CACHE_MAX) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    this.#cache.set(address, found);
  }

  /** Machines of which only an address is known share their score with all whose address says the same. */
  #scoreOfAddress(facts: AddressFacts, tee: TeeFacts): number {
    const known = this.#scores.get(facts);
    if (known !== undefined) return known;
    const score = scoreOf(facts, tee);
    this.#scores.set(facts, score);
    return score;
  }

  #profile(device: Device, fromAddress: AddressFacts, now: number, verdict?: Verdict): ClassifiedProfile {
    const found = stamped(fromAddress, now);
    const facts = device.networkInfo ? withStatedFacts(found, device.networkInfo) : found;
    const tee = teeFacts(device, verdict, now);
    const addressOnly = !device.networkInfo && !tee.attested;
    // Every field by its name: copying objects whole took a third of the time.
    return {
      deviceId: device.id,
      ipAddress: device.ipAddress,
      addressKind: facts.kind,
      asn: facts.asn,
      operator: facts.operator,
      cloud: facts.cloud,
      countryCode: facts.countryCode,
      powerRegion: facts.powerRegion,
      kernel: facts.kernel,
      teeVendor: tee.teeVendor,
      tcb: tee.tcb,
      attested: tee.attested,
      boundFacts: tee.boundFacts,
      evidenceFresh: tee.evidenceFresh,
      machineIdentity: tee.machineIdentity,
      confidence: addressOnly ? this.#scoreOfAddress(fromAddress, tee) : scoreOf(facts, tee),
      notes: tee.note ? [...facts.notes, tee.note] : facts.notes,
    };
  }
}

/** Says of each machine that others claim to be the same one. */
function noteShared(profiles: readonly ClassifiedProfile[]): ClassifiedProfile[] {
  const nodes = profiles.map(({ deviceId, machineIdentity }) => ({
    nodeId: deviceId,
    identity: machineIdentity,
  }));
  const domains = new FailureDomains(nodes);
  return profiles.map((profile) => {
    const others = domains.sharing(profile.deviceId);
    if (others.length === 0) return profile;
    const note = `is the same physical machine as ${others.join(', ')}`;
    return { ...profile, notes: [...profile.notes, note] };
  });
}

/** Filled anew for each score: the core reads it before anything else can. */
const CONFIDENCES = new Uint16Array(AXES.length);

/** The score of a whole classification; the weights are the core's. */
function scoreOf(facts: AddressFacts, tee: TeeFacts): number {
  const { asn, operator, cloud, countryCode, powerRegion, kernel, asnNameOnly } = facts;
  const axes = [asn, operator, cloud, countryCode, powerRegion, tee.teeVendor, tee.tcb, kernel];
  axes.forEach(({ confidence }, axis) => {
    CONFIDENCES[axis] = confidence;
  });
  return call(() => addon.classificationConfidence(CONFIDENCES, asnNameOnly, tee.attested, tee.boundFacts));
}

type TeeFacts = Pick<
  ClassifiedProfile,
  'teeVendor' | 'tcb' | 'attested' | 'boundFacts' | 'evidenceFresh' | 'machineIdentity'
> & { readonly note: string | null };

/** A vendor counts when the evidence was accepted, still holds, and the TEE is not in debug mode. */
function teeFacts(device: Device, verdict: Verdict | undefined, now: number): TeeFacts {
  const claimed = claimedVendor(device.attestationData);
  const accepted = verdict?.accepted && !refusalOf(verdict, now) ? verdict : null;
  const refusal = accepted || !verdict ? null : refusalOf(verdict, now);
  const source = accepted ? sourceOf(accepted) : (refusal ?? NO_EVIDENCE);
  const expires = accepted?.validUntil ?? null;
  const confidence = accepted ? CONFIDENCE_MAX : 0;
  const claim = claimed && !accepted ? `says it is ${claimed}, which nobody verified` : null;
  return {
    teeVendor: { value: accepted?.vendor ?? UNKNOWN, source, confidence, expires, claimed },
    tcb: { value: accepted?.tcb ?? null, source, confidence, expires },
    attested: accepted !== null,
    boundFacts: accepted ? boundFacts(accepted) : 0,
    evidenceFresh: accepted?.fresh ?? false,
    machineIdentity: accepted?.machineIdentity ?? null,
    note: refusal ?? claim,
  };
}

function sourceOf({ endorser, trust }: AcceptedVerdict): string {
  return `verdict endorsed by ${endorser}${trust === 'demo' ? ' (DEMO: a simulated machine)' : ''}`;
}

function refusalOf(verdict: Verdict, now: number): string | null {
  if (!verdict.accepted) return `the evidence was rejected: ${verdict.reason}`;
  if (verdict.validUntil <= now) return 'the verdict has expired';
  if (verdict.debug) return 'the TEE runs in debug mode';
  return null;
}

/** What is found out of a device's address; an error about it names the record it stands in. */
function naming<T>({ id, ipAddress }: Device, path: string, find: (address: string) => T): T {
  try {
    return find(ipAddress);
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    const message = `${path}.ipAddress of "${id}": ${error.message}`;
    throw new QuorateError(error.code, message, { field: `${path}.ipAddress`, cause: error });
  }
}

/** The ids of the devices and where they stand. */
function requireUnique(devices: readonly Device[]): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  for (const [at, { id }] of devices.entries()) {
    const first = seen.get(id);
    if (first !== undefined)
      throw parse.invalid(`devices[${at}].id`, `unique (devices[${first}] has it too)`, id);
    seen.set(id, at);
  }
  return seen;
}

/** A verdict for a machine that is not in the call would count for nothing, unseen: it is refused. */
function parseVerdicts(
  verdicts: ClassifyOptions['verdicts'],
  devices: ReadonlyMap<string, number>,
): Map<string, Verdict> {
  const entries =
    verdicts instanceof Map
      ? [...verdicts]
      : Object.entries(parse.optional(verdicts, {}, (given) => parse.record(given, 'verdicts')));
  return new Map(
    entries.map(([given, verdict]) => {
      const id = String(given);
      if (!devices.has(id)) throw parse.invalid(`verdicts.${id}`, 'for a device of this call', id);
      return [id, parseVerdict(verdict, `verdicts.${id}`)];
    }),
  );
}
