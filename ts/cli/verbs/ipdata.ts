import {
  ADDRESS_FORMATS,
  type AddressFormat,
  type AddressSource,
  buildAddressIndex,
  indexPath,
  installedSources,
} from '../../domain/placement/index.js';
import * as parse from '../../parse.js';
import { progressBar, table } from '../terminal.js';
import { EXIT, type OptionValues, type Verb } from '../verb.js';

export const ipdataBuild: Verb = {
  name: 'ipdata build',
  summary: 'Compile address databases into one compact range file',
  usage:
    '[--network FORMAT:FILE[,FILE]]... [--place FORMAT:FILE[,FILE]]... [--date YYYY-MM-DD] [--output FILE]',
  help: [
    `--network SPEC    networks, best source first; FORMAT is one of ${ADDRESS_FORMATS.join(', ')}`,
    '--place SPEC      places, best source first',
    '--date DATE       when the data was current (an MMDB file knows by itself)',
    "--output FILE     where to (default: the user's cache directory, where the other verbs look)",
    'Without sources: the npm databases that are installed.',
  ],
  example: 'npx quorate ipdata build',
  positionals: 0,
  options: {
    network: { type: 'string', multiple: true },
    place: { type: 'string', multiple: true },
    date: { type: 'string' },
    output: { type: 'string' },
  },
  async run({ options, signal, json, print }) {
    const own = [...specsOf(options, 'network'), ...specsOf(options, 'place')];
    const sources = own.length > 0 ? own : installedSources();
    if (sources.length === 0) {
      throw parse.invalid(
        '--network',
        'given: no address database is installed (npm i @ip-location-db/asn)',
        undefined,
      );
    }
    const path = options['output'] === undefined ? indexPath(sources) : String(options['output']);
    const bar = progressBar('building the address index');
    const report = await buildAddressIndex(sources, path, { signal, onProgress: bar.update });
    bar.end();
    if (json) print(JSON.stringify(report));
    else {
      const rows = report.sources.map(({ name, rows: read, badRows, overlaps, ranges }) => [
        name,
        read,
        badRows,
        overlaps,
        ranges,
      ]);
      print(table(['source', 'rows', 'bad rows', 'overlaps', 'ranges'], rows));
      print(`\n${report.path}: ${(report.bytes / 1e6).toFixed(1)} MB`);
    }
    return EXIT.yes;
  },
};

function specsOf(options: OptionValues, kind: 'network' | 'place'): AddressSource[] {
  const dateMs = parse.optional(options['date'], null, (date) => {
    const time = Date.parse(`${String(date)}T00:00:00Z`);
    return parse.integer(time, '--date', 0, Number.MAX_SAFE_INTEGER);
  });
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
