/** Puts results into docs/benchmarks.md, between its markers; all else there is written by hand. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable, resultsFolder, root } from './report.mjs';

const document = join(root, 'docs', 'benchmarks.md');
const VERDICTS = { true: 'met', false: '**missed**', null: '' };

export function writeDocument() {
  const results = readdirSync(resultsFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(resultsFolder, name), 'utf8')))
    .filter(({ short }) => !short);
  let text = readFileSync(document, 'utf8');
  text = between(text, 'runs', (old) => rowsByBench(old, (cells) => cells.at(0), runsOf(results)));
  text = between(text, 'figures', (old) => rowsByBench(old, (cells) => cells.at(-1), figuresOf(results)));
  text = between(text, 'details', (old) => sectionsByBench(old, detailsOf(results)));
  writeFileSync(document, text);
  console.log(`docs/benchmarks.md: ${results.length} benches written`);
}

/** Gives what stands between `<!-- name -->` and `<!-- /name -->` to `change`, and puts its answer there. */
function between(text, name, change) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)];
  if (from < open.length || to < from) throw new Error(`docs/benchmarks.md has no ${open} ... ${close}`);
  return `${text.slice(0, from)}\n\n${change(text.slice(from, to).trim())}\n\n${text.slice(to)}`;
}

/** The rows of the new table, and of the old one those of benches that did not run now. */
function rowsByBench(old, nameOf, table) {
  const rowsOf = (text) => text.split('\n').filter((line) => line.startsWith('| '));
  const name = (row) => nameOf(row.slice(1, -1).split(' | ')).trim();
  const [head, rule, ...rows] = rowsOf(table);
  const measured = new Set(rows.map(name));
  const kept = rowsOf(old)
    .slice(2)
    .filter((row) => !measured.has(name(row)));
  // Stable: the rows of one bench stay in their order.
  const all = [...kept, ...rows].sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return [head, rule, ...all].join('\n');
}

/** The same for the sections with the tables of a bench. */
function sectionsByBench(old, sections) {
  const named = (text) => text.split(/^(?=### )/m).map((part) => [/^### (\S+)/.exec(part)?.[1], part.trim()]);
  const all = new Map([...named(old), ...named(sections)].filter(([name]) => name));
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, part]) => part)
    .join('\n\n');
}

function runsOf(results) {
  const rows = results.map(({ name, at, load, machine: { cpu, cores, node } }) => {
    return [
      name,
      `${at.slice(0, 16).replace('T', ' ')} UTC`,
      load.join(' / '),
      `${cpu}, ${cores} cores`,
      `Node ${node}`,
    ];
  });
  return markdownTable('', ['bench', 'written', 'load before / after', 'machine', 'runtime'], rows);
}

function figuresOf(results) {
  const rows = results.flatMap(({ name, figures }) =>
    figures.map(({ what, peer, goal, measured, ratio, met }) => [
      what,
      peer,
      goal,
      measured,
      ratio,
      VERDICTS[met],
      name,
    ]),
  );
  return markdownTable('', ['what', 'peer', 'goal', 'measured', 'ratio', 'verdict', 'bench'], rows);
}

function detailsOf(results) {
  return results
    .filter(({ tables }) => tables.length > 0)
    .map(({ name, tables }) => {
      const parts = tables.map(({ title, columns, rows }) => markdownTable(title, columns, rows));
      return [`### ${name}`, `\`npm run bench -- ${name}\``, ...parts].join('\n\n');
    })
    .join('\n\n');
}
