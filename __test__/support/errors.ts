import { QuorateError } from 'quorate/errors';
import { expect } from 'vitest';

/** Runs `work` and returns the `QuorateError` it throws or rejects with; fails on anything else. */
export async function refusal(work: () => unknown): Promise<QuorateError> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    expect(error).toBeInstanceOf(QuorateError);
    return error as QuorateError;
  }
  throw new Error(`expected a QuorateError, got ${String(JSON.stringify(answer)).slice(0, 300)}`);
}

/** Runs `work`: an answer is fine, and of all errors only a `QuorateError` with a code of ours. */
export async function answersOrRefuses(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    expect(error.code).toMatch(/^QRT_ERR_[A-Z0-9]+_[A-Z0-9_]+$/);
    expect(error.code).not.toMatch(/^QRT_ERR_INTERNAL/);
    expect(error.message.length).toBeGreaterThan(0);
    expect(error.details).toHaveProperty('field');
  }
}
