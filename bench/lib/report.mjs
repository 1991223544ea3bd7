/** What a bench found: tables to look at, and figures that are compared with a goal. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const resultsFolder = join(root, 'target', 'bench');
export const short = process.argv.includes('--short');

/** The vectors lie beside the checkout; a bench that needs them says so where they are absent. */
export const vectorsFolder = join(root, '..', 'shared', 'vectors', 'placement');

/** A value for people: four significant digits, thousands apart. */
export function shown(value) {
  if (value === null || value === undefined) return '';
  if (Number.isNaN(value)) return '-';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const digits = Math.abs(value) >= 1000 ? 0 : undefined;
  if (digits === 0) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 3 : 4)));
}

/** Collects one bench's results and writes them when it is done. */
export class Report {
  #name;
  #tables = [];
  #figures = [];
  #loadBefore = loadavg()[0];

  constructor(file) {
    this.#name = basename(fileURLToPath(file), '.mjs');
    console.log(`\n== ${this.#name}${short ? ' (short)' : ''}`);
  }

  /** Rows are arrays in the order of the columns. */
  table(title, columns, rows) {
    this.#tables.push({ title, columns, rows: rows.map((row) => row.map(shown)) });
    console.log(`\n${markdownTable(title, columns, rows)}`);
  }

  /**
   * One figure of the issue or of a requirement. `met` is null where there is no goal, or where the run
   * was too short to say.
   */
  figure({ what, peer = '', goal = '', measured, ratio = null, met = null }) {
    this.#figures.push({ what, peer, goal, measured: shown(measured), ratio: shown(ratio), met });
    const verdict = met === null ? '' : met ? ' met' : ' MISSED';
    console.log(`  ${what}: ${shown(measured)}${ratio === null ? '' : ` (ratio ${shown(ratio)})`}${verdict}`);
  }

  write() {
    mkdirSync(resultsFolder, { recursive: true });
    const machine = { cpu: cpus()[0]?.model.trim() ?? '', cores: cpus().length, node: process.versions.node };
    const load = [this.#loadBefore, loadavg()[0]].map((value) => Number((value ?? 0).toFixed(1)));
    const result = { name: this.#name, at: new Date().toISOString(), short, load, machine };
    const text = JSON.stringify({ ...result, figures: this.#figures, tables: this.#tables }, null, 1);
    writeFileSync(join(resultsFolder, `${this.#name}.json`), `${text}\n`);
  }
}

export function markdownTable(title, columns, rows) {
  const line = (cells) => `| ${cells.map((cell) => shown(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const body = [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
  return title ? `**${title}**\n\n${body}` : body;
}
