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
  text = between(text, 'runs', runsOf(results));
  text = between(text, 'figures', figuresOf(results));
  text = between(text, 'details', detailsOf(results));
  writeFileSync(document, text);
  console.log(`docs/benchmarks.md: ${results.length} benches written`);
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function between(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no ${open} ... ${close}`);
  return `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`;
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
