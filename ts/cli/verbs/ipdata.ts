import {
  ADDRESS_FORMATS,
  type AddressFormat,
  type AddressSource,
  buildAddressIndex,
  indexPath,
  installedSources,
} from '../../domain/placement/index.js';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { USAGE } from '../input.js';
import { progressBar, table } from '../terminal.js';
import { EXIT, type ExitCode, type OptionValues, type VerbContext } from '../verb.js';

/** `ipdata build`. */
export async function ipdataBuild({ options, signal, json, print }: VerbContext): Promise<ExitCode> {
  const own = [...specsOf(options, 'network'), ...specsOf(options, 'place')];
  const sources = own.length > 0 ? own : installedSources();
  if (sources.length === 0) {
    throw parse.invalid(
      '--network',
      'given: no address database is installed (npm i @ip-location-db/asn)',
      undefined,
    );
  }
  const { output } = options;
  if (own.length > 0 && output === undefined) {
    const message =
      'say where the index of your own files goes: --output FILE (the other verbs take it with --ipdata FILE)';
    throw new QuorateError(USAGE, message, { field: '--output' });
  }
  const path = output === undefined ? indexPath(sources) : parse.text(output, '--output', PATH_LENGTH_MAX);
  const bar = progressBar('building the address index');
  const report = await buildAddressIndex(sources, path, { signal, onProgress: bar.update });
  bar.end();
  if (json) print(JSON.stringify(report));
  else {
    const rows = report.sources.map(({ name, rows: read, badRows, multiOrigin, overlaps, ranges }) => [
      name,
      read,
      badRows,
      multiOrigin,
      overlaps,
      ranges,
    ]);
    print(table(['source', 'rows', 'bad rows', 'several origins', 'overlaps', 'ranges'], rows));
    const bad = report.sources.flatMap(({ firstBad }) => firstBad);
    if (bad.length > 0) print('\nThe first bad rows, which were left out:');
    for (const { path: file, line, reason } of bad) print(`  ${file}:${line}: ${reason}`);
    print(`\n${report.path}: ${sizeOf(report.bytes)}`);
    if (output !== undefined) print(`The other verbs use it with --ipdata ${report.path}`);
  }
  return EXIT.yes;
}

const PATH_LENGTH_MAX = 4096;

function sizeOf(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Start of a day in UTC: one that exists, and that has begun somewhere on Earth. */
function dateOf(value: unknown): number {
  const text = String(value);
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A day that no month has, such as 2026-02-30, is read as one of the next month.
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
  if (!exists) throw parse.invalid('--date', 'a date as YYYY-MM-DD', value);
  if (time < 0) throw parse.invalid('--date', '1970-01-01 or later', value);
  if (time > Date.now() + DAY_MS) throw parse.invalid('--date', 'a day that has come', value);
  return time;
}

const DAY_MS = 24 * 3600 * 1000;

function specsOf(options: OptionValues, kind: 'network' | 'place'): AddressSource[] {
  const dateMs = parse.optional(options['date'], null, dateOf);
  const specs = (options[kind] ?? []) as string[];
  return specs.map((spec, at) => {
    const path = `--${kind}[${at}]`;
    const colon = spec.indexOf(':');
    const format: AddressFormat = parse.oneOf(spec.slice(0, Math.max(0, colon)), path, ADDRESS_FORMATS);
    const files = spec
      .slice(colon + 1)
      .split(',')
      .filter((file) => file.length > 0);
    if (files.length === 0) throw parse.invalid(path, 'FORMAT:FILE', spec);
    return { name: files[0] ?? '', kind, dateMs, files: files.map((file) => ({ path: file, format })) };
  });
}
