/** Bytes at the door of this room. */
import * as parse from '../../parse.js';

/** @internal Bytes, as a view that the core copies from. */
export function bytes(value: unknown, path: string, lengthMax: number): Buffer {
  if (!(value instanceof Uint8Array)) throw parse.invalid(path, 'a Uint8Array', value);
  if (value.byteLength > lengthMax) throw parse.invalid(path, `at most ${lengthMax} bytes`, value.byteLength);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** @internal Bytes of hexadecimal digits. */
export function bytesOfHex(value: unknown, path: string): Buffer {
  const text = parse.text(value, path, 1024);
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text))
    throw parse.invalid(path, 'an even number of hexadecimal digits', value);
  return Buffer.from(text, 'hex');
}

/** @internal Exactly `length` bytes, written as base64 in its one form. */
export function bytesOfBase64(value: unknown, path: string, length: number): Buffer {
  const text = parse.text(value, path, 16_384);
  const found = Buffer.from(text, 'base64');
  if (found.byteLength !== length || found.toString('base64') !== text)
    throw parse.invalid(path, `${length} bytes in base64`, text);
  return found;
}
