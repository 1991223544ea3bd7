#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { QuorateError } from '../errors.js';
import { USAGE } from './input.js';
import { EXIT, type ExitCode, type Verb } from './verb.js';
import { verbs } from './verbs.js';
import { packageVersion } from './version.js';

/** Runs one command line; returns the exit code. */
async function main(args: readonly string[]): Promise<ExitCode> {
  const verb = verbs.find(({ name }) => name.split(' ').every((word, at) => args[at] === word));
  if (!verb) return noVerb(args);
  const rest = args.slice(verb.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(verb));
    return EXIT.yes;
  }
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort(new Error('interrupted'));
    // A verb that waits for input would wait on.
    process.stdin.destroy();
  });
  const json = rest.includes('--json');
  try {
    const { values, positionals } = parse(verb, rest);
    const print = (text: string): void => void process.stdout.write(`${text}\n`);
    return await verb.run({ options: values, positionals, signal: interrupt.signal, json, print });
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    return explain(error, json);
  }
}

function parse(verb: Verb, args: readonly string[]): ReturnType<typeof parseArgs> {
  try {
    const options = { ...verb.options, json: { type: 'boolean' as const } };
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const extra = parsed.positionals[verb.positionals];
    if (extra !== undefined) throw new Error(`"${extra}" is one argument too many`);
    return parsed;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new QuorateError(USAGE, `${reason} (see quorate ${verb.name} --help)`, { cause: error });
  }
}

function noVerb(args: readonly string[]): ExitCode {
  const [first = '--help', ...rest] = args;
  if (first === '--version' || first === '-V') {
    console.log(packageVersion());
    return EXIT.yes;
  }
  if (['--help', '-h', 'help'].includes(first)) {
    const verb = verbs.find(({ name }) => name === rest.join(' '));
    console.log(verb ? helpOf(verb) : helpOfAll(verbs));
    return EXIT.yes;
  }
  // `quorate quorum` alone asks what there is of it.
  const group = verbs.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && rest.length === 0) {
    console.error(helpOfAll(group));
    return EXIT.badInput;
  }
  const near = verbs.find(({ name }) => name.startsWith(first.slice(0, 3)));
  const hint = near ? `did you mean ${near.name}? ` : '';
  console.error(`quorate: no verb "${args.slice(0, 2).join(' ')}"; ${hint}quorate --help lists them`);
  return EXIT.badInput;
}

function helpOfAll(shown: readonly Verb[]): string {
  const width = Math.max(...shown.map(({ name }) => name.length));
  const lines = shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: quorate VERB ...\n\n${lines.join('\n')}\n\nquorate VERB --help shows options and an example.`;
}

function helpOf(verb: Verb): string {
  const options = [...verb.help, '--json            one JSON document for programs'];
  return [
    verb.summary,
    '',
    `Usage: quorate ${verb.name} ${verb.usage}`,
    '',
    ...options.map((line) => `  ${line}`),
    '',
    'Example:',
    `  ${verb.example}`,
  ].join('\n');
}

/** Bad input is the caller's (2); anything else is a defect of ours (3). */
function explain(error: unknown, json: boolean): ExitCode {
  const known = error instanceof QuorateError;
  const ours = !known || error.code.startsWith('QRT_ERR_INTERNAL') || error.code.startsWith('QRT_ERR_NATIVE');
  const text = error instanceof Error ? error.message : String(error);
  if (json) console.log(JSON.stringify({ error: known ? error : { code: null, message: text } }));
  console.error(known ? `quorate: ${error.code}: ${text}` : `quorate: a defect of ours: ${text}`);
  if (!known && error instanceof Error && error.stack) console.error(error.stack);
  return ours ? EXIT.defect : EXIT.badInput;
}

// A reader that goes away (quorate ... | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.yes : EXIT.defect);
});
process.exitCode = await main(process.argv.slice(2));
