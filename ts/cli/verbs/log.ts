import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  readLogKeyFile,
  readVerifierKeys,
  TransparencyLog,
  verifyCheckpoint,
  verifyConsistency,
  verifyLogProof,
} from '../../domain/trust/index.js';
import { QuorateError } from '../../errors.js';
import { INPUT_UNREADABLE, readBytes, USAGE } from '../input.js';
import { progressBar } from '../terminal.js';
import { EXIT, type ExitCode, type OptionValues, type VerbContext } from '../verb.js';

/** Entries of one call to the log; each call waits for the disk once. */
const BATCH_ENTRIES = 1000;
/** What a log says that is not as it was signed for: the answer to a verifier, no failure of his. */
const NOT_AS_SIGNED = /^QRT_ERR_(DISK_CORRUPT|LOG_REWRITTEN|MERKLE_NOTE)$/;

/** `log append`. */
export async function logAppend({
  positionals,
  options,
  json,
  signal,
  print,
}: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  if (path === undefined) throw new QuorateError(USAGE, 'name a file of entries, or - for stdin');
  const key = await readLogKeyFile(needed(options, 'key', 'the keys of the log'));
  const input = await readBytes(path);
  const entries = options['whole'] ? [input] : linesOf(input);
  return withLog(
    options,
    async (log) => {
      const first = log.size;
      const bar = progressBar('appending');
      for (let at = 0; at < entries.length; at += BATCH_ENTRIES) {
        signal.throwIfAborted();
        await log.append(entries.slice(at, at + BATCH_ENTRIES));
        bar.update(Math.min(at + BATCH_ENTRIES, entries.length), entries.length);
      }
      bar.end();
      const checkpoint = await log.sign(key);
      const { size } = log;
      if (json) print(JSON.stringify({ first: `${first}`, size: `${size}`, checkpoint }));
      else print(`${entries.length} entries from ${first} on; signed for ${size} as ${key.origin}`);
      return EXIT.yes;
    },
    true,
  );
}

/** `log prove`. */
export async function logProve({ positionals, options, json, print }: VerbContext): Promise<ExitCode> {
  const entry = await entryOf(options);
  const [given] = positionals;
  if ((given === undefined) === (entry === null))
    throw new QuorateError(USAGE, 'name the index of an entry, or the entry with --entry or --text');
  if (given !== undefined && !/^\d{1,19}$/.test(given))
    throw new QuorateError(USAGE, `"${given}" is no index`);
  return withLog(options, async (log) => {
    const index = entry === null ? BigInt(given ?? 0) : await log.find(entry);
    if (index === null) {
      print(json ? JSON.stringify({ found: false }) : 'no entry of the log is this one');
      return EXIT.no;
    }
    const proof = log.prove(index);
    const out = options['out'];
    if (out !== undefined) await writeFile(String(out), proof);
    if (json) print(JSON.stringify({ found: true, index: `${index}`, proof }));
    else print(out === undefined ? proof.trimEnd() : `entry ${index}: ${String(out)}`);
    return EXIT.yes;
  });
}

/** `log verify`. */
export async function logVerify({ positionals, options, json, print }: VerbContext): Promise<ExitCode> {
  const [path] = positionals;
  const files = (options['key'] ?? []) as string[];
  if ((path === undefined) === (options['log'] === undefined))
    throw new QuorateError(USAGE, 'name a proof, or a whole log with --log');
  if (path !== undefined && options['since'] !== undefined)
    throw new QuorateError(USAGE, '--since goes with --log');
  if (path === undefined && (options['entry'] !== undefined || options['text'] !== undefined))
    throw new QuorateError(USAGE, '--entry and --text go with a proof');
  if (files.length === 0) throw new QuorateError(USAGE, "name the log's public keys with --key");
  const keys = (await Promise.all(files.map(readVerifierKeys))).flat();
  const answer = path === undefined ? await verifyLog(options, keys) : await verifyProof(path, options, keys);
  if (json) print(JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}` : value)));
  else print(answer.valid ? `valid: ${answer.shown}` : `not valid, ${answer.fault}: ${answer.detail}`);
  return answer.valid ? EXIT.yes : EXIT.no;
}

type Answer =
  | { valid: true; origin: string; size: bigint; index?: bigint; shown: string }
  | { valid: false; fault: string; detail: string };

async function verifyProof(path: string, options: OptionValues, keys: string[]): Promise<Answer> {
  const entry = await entryOf(options);
  if (entry === null) throw new QuorateError(USAGE, 'name the entry of the proof with --entry or --text');
  const verdict = verifyLogProof(await readBytes(path), { entry, keys });
  if (!verdict.valid) return verdict;
  const { origin, size } = verdict.head;
  const shown = `entry ${verdict.index} of ${origin}, which signed for ${size}`;
  return { valid: true, origin, size, index: verdict.index, shown };
}

async function verifyLog(options: OptionValues, keys: string[]): Promise<Answer> {
  try {
    return await withLog(options, (log) => verifyOpen(log, options, keys));
  } catch (error) {
    if (error instanceof QuorateError && NOT_AS_SIGNED.test(error.code))
      return { valid: false, fault: error.code, detail: error.message };
    throw error;
  }
}

async function verifyOpen(log: TransparencyLog, options: OptionValues, keys: string[]): Promise<Answer> {
  const { checkpoint } = log;
  if (checkpoint === null)
    return { valid: false, fault: 'NO_CHECKPOINT', detail: 'the log has not signed for anything' };
  const verdict = verifyCheckpoint(checkpoint, { keys });
  if (!verdict.valid) return verdict;
  const { origin, size } = verdict.head;
  const shown = `${size} entries of ${origin}, all as they were signed for`;
  const whole: Answer = { valid: true, origin, size, shown };
  if (options['since'] === undefined) return whole;
  const earlier = verifyCheckpoint(await readBytes(String(options['since'])), { keys });
  if (!earlier.valid) return earlier;
  const since = earlier.head;
  if (since.size > size)
    return {
      valid: false,
      fault: 'SIZES_REVERSED',
      detail: `the earlier checkpoint has ${since.size} entries`,
    };
  if (since.size > 0n) {
    const proof = log.proveConsistency(since.size, size);
    const sizes = { size1: since.size, size2: size, root1: since.root, root2: verdict.head.root };
    const continues = verifyConsistency({ ...sizes, proof });
    if (!continues.valid)
      return {
        valid: false,
        fault: continues.fault,
        detail: 'the log does not continue the earlier checkpoint',
      };
  }
  return { ...whole, shown: `${shown}; it continues the ${since.size} of the earlier checkpoint` };
}

async function withLog<T>(
  options: OptionValues,
  use: (log: TransparencyLog) => Promise<T>,
  make = false,
): Promise<T> {
  const directory = needed(options, 'log', 'the directory of the log');
  if (!make && !existsSync(join(directory, 'entries')))
    throw new QuorateError(INPUT_UNREADABLE, `${directory} holds no log`);
  const log = await TransparencyLog.open(directory, { purpose: 'quorate log' });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

async function entryOf(options: OptionValues): Promise<Uint8Array | null> {
  const { entry, text } = options;
  if (entry !== undefined && text !== undefined)
    throw new QuorateError(USAGE, '--entry and --text name one entry: give one of them');
  if (entry !== undefined) return readBytes(String(entry));
  return text === undefined ? null : Buffer.from(String(text));
}

function needed(options: OptionValues, name: string, what: string): string {
  const value = options[name];
  if (value === undefined) throw new QuorateError(USAGE, `name ${what} with --${name}`);
  return String(value);
}

/** The lines of a file, without what ends them; a last line without its end counts. */
function linesOf(input: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let at = input.indexOf(10); at >= 0; at = input.indexOf(10, start)) {
    lines.push(input.subarray(start, input[at - 1] === 13 ? at - 1 : at));
    start = at + 1;
  }
  if (start < input.length) lines.push(input.subarray(start));
  return lines;
}
