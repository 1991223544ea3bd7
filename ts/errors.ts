/** Form of every error code: `QRT_ERR_<ROOM>_<REASON>`. All of them stand in docs/errors.md. */
export type QuorateErrorCode = `QRT_ERR_${string}`;

/** Where a fault lies. */
export interface QuorateErrorDetails {
  /** Path of the input field at fault, such as `profiles[3].confidence`, or null where no single field is. */
  readonly field: string | null;
}

/** The one error class of Quorate. Decide by `code`: it is stable, the message is not. */
export class QuorateError extends Error {
  override readonly name = 'QuorateError';
  readonly code: QuorateErrorCode;
  readonly details: QuorateErrorDetails;
  /** Whether the same call may succeed later without a change of its input. */
  readonly retryable: boolean;

  constructor(
    code: QuorateErrorCode,
    message: string,
    options: { field?: string | null; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = { field: options.field ?? null };
    this.retryable = options.retryable ?? false;
  }

  /** What a log, a REST reply or `--json` shows; never a stack. */
  toJSON(): { code: string; message: string; details: QuorateErrorDetails; retryable: boolean } {
    return { code: this.code, message: this.message, details: this.details, retryable: this.retryable };
  }
}

/** Input of the wrong type, size or range, found by the facade before the core is asked. */
export const INPUT_INVALID = 'QRT_ERR_INPUT_INVALID';
/** The native addon could not be loaded on this platform. */
export const NATIVE_LOAD = 'QRT_ERR_NATIVE_LOAD';
