/**
 * Evidence of the machine this runs on, through Linux' configfs-tsm (kernel 6.7 and later).
 *
 * Source: Documentation/ABI/testing/configfs-tsm-report of the Linux kernel: a report is a directory; writing
 * `inblob` asks, reading `outblob` answers, `generation` counts writes, so that a second writer is seen.
 */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QuorateError } from '../../errors.js';
import * as parse from '../../parse.js';
import { bytes } from './bytes.js';
import { CHALLENGE_BYTES_MAX } from './limits.js';

/** Where the kernel puts it. */
export const CONFIGFS_TSM = '/sys/kernel/config/tsm/report';
/** Largest blob the kernel gives. */
const BLOB_BYTES_MAX = 32 * 1024;
const ATTEMPTS = 3;

/** This machine has no TEE that its kernel could ask, or the kernel refused. */
export const NO_TEE = 'QRT_ERR_TRUST_NO_TEE';
/** Somebody else asked for a report at the same time, again and again. */
export const TEE_BUSY = 'QRT_ERR_TRUST_TEE_BUSY';

/** What the kernel handed out. */
export interface LocalEvidence {
  /** The driver that answered: `sev_guest`, `tdx_guest`, `arm_cca_guest`. */
  readonly provider: string;
  /** The report, quote or token. */
  readonly outblob: Uint8Array;
  /** Certificates that came with it (AMD's table), where the driver has them. */
  readonly auxblob: Uint8Array | null;
}

/** The kernel's directory, as a thing one is given: files in production, a fake kernel in tests. */
export interface TsmDirectory {
  /** Makes an entry. */
  make(entry: string): Promise<void>;
  read(entry: string, attribute: string): Promise<Uint8Array>;
  write(entry: string, attribute: string, value: Uint8Array): Promise<void>;
  remove(entry: string): Promise<void>;
}

/** The directory where the kernel puts it, or another one. */
export function tsmDirectory(root = CONFIGFS_TSM): TsmDirectory {
  parse.text(root, 'root', 4096);
  return {
    make: (entry) => mkdir(join(root, entry)),
    read: (entry, attribute) => readFile(join(root, entry, attribute)),
    write: (entry, attribute, value) => writeFile(join(root, entry, attribute), value),
    remove: (entry) => rmdir(join(root, entry)),
  };
}

let entries = 0;

/**
 * Asks this machine's TEE for evidence that binds `challenge` (at most 64 bytes). Throws QRT_ERR_TRUST_NO_TEE
 * where there is none and QRT_ERR_TRUST_TEE_BUSY where another writer keeps changing the request.
 */
export async function localEvidence(
  challenge: Uint8Array,
  directory: TsmDirectory = tsmDirectory(),
): Promise<LocalEvidence> {
  const inblob = bytes(challenge, 'challenge', CHALLENGE_BYTES_MAX);
  if (inblob.byteLength === 0) throw parse.invalid('challenge', 'at least one byte', inblob.byteLength);
  parse.having<TsmDirectory>(directory, 'directory', 'make', 'read', 'write', 'remove');
  entries += 1;
  const entry = `quorate-${process.pid}-${entries}`;
  try {
    await directory.make(entry);
  } catch (error) {
    throw noTee(error);
  }
  try {
    return await ask(directory, entry, inblob);
  } finally {
    await directory.remove(entry).catch(() => undefined);
  }
}

async function ask(directory: TsmDirectory, entry: string, inblob: Buffer): Promise<LocalEvidence> {
  const blob = async (attribute: string): Promise<Buffer> =>
    bytes(await directory.read(entry, attribute), attribute, BLOB_BYTES_MAX);
  const text = async (attribute: string): Promise<string> => (await blob(attribute)).toString().trim();
  const generation = async (): Promise<number> => {
    const read = await text('generation');
    return parse.integer(/^\d+$/.test(read) ? Number(read) : read, 'generation', 0, Number.MAX_SAFE_INTEGER);
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      const before = await generation();
      await directory.write(entry, 'inblob', inblob);
      const outblob = await blob('outblob');
      const auxblob = await blob('auxblob').catch(() => null);
      const provider = await text('provider');
      // Our write counts one. More, and what was read may answer somebody else's challenge.
      if ((await generation()) === before + 1) return { provider, outblob, auxblob };
    } catch (error) {
      throw noTee(error);
    }
  }
  const message = 'another process keeps asking through the same entry; try again';
  throw new QuorateError(TEE_BUSY, message, { retryable: true });
}

function noTee(cause: unknown): QuorateError {
  if (cause instanceof QuorateError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new QuorateError(NO_TEE, `this machine's kernel gives no attestation report (${reason})`, { cause });
}
