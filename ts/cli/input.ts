import { open } from 'node:fs/promises';
import { QuorateError } from '../errors.js';

/** Largest input the command line reads into memory. */
const INPUT_BYTES_MAX = 256 * 1024 * 1024;

/** The file could not be read. */
export const INPUT_UNREADABLE = 'QRT_ERR_CLI_INPUT_UNREADABLE';
/** The file is not JSON. */
export const INPUT_NOT_JSON = 'QRT_ERR_CLI_INPUT_NOT_JSON';
/** A verb, an option or an argument is not understood. */
export const USAGE = 'QRT_ERR_CLI_USAGE';

/** Reads one JSON document from a file, or from stdin where the path is `-`. */
export async function readJson(path: string | undefined): Promise<unknown> {
  if (path === undefined) throw new QuorateError(USAGE, 'name an input file, or - for stdin');
  const bytes = await readBytes(path);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new QuorateError(INPUT_NOT_JSON, `${path === '-' ? 'stdin' : path} is not JSON: ${reason}`, {
      cause: error,
    });
  }
}

/** Reads a file whole, or stdin where the path is `-`. */
export async function readBytes(path: string): Promise<Buffer> {
  if (path === '-') return readStream(process.stdin, 'stdin');
  try {
    const file = await open(path);
    return await readStream(file.createReadStream(), path);
  } catch (error) {
    if (error instanceof QuorateError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new QuorateError(INPUT_UNREADABLE, `${path} cannot be read: ${reason}`, { cause: error });
  }
}

async function readStream(stream: AsyncIterable<Buffer | string>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > INPUT_BYTES_MAX) {
      throw new QuorateError(INPUT_UNREADABLE, `${name} is larger than ${INPUT_BYTES_MAX} bytes`);
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}
