/**
 * Service credits: itemised, integer, and the same bytes whenever they are computed again from the same
 * violations.
 */
import * as parse from '../../parse.js';
import type { Violation } from './compliance.js';
import { CREDIT_BASIS_POINTS, CREDIT_BASIS_POINTS_MAX } from './limits.js';

export interface CreditItem {
  readonly objective: Violation['objective'];
  readonly severity: Violation['severity'];
  readonly measured: number;
  readonly limit: number;
  /** Part of the period's price, in basis points. */
  readonly creditBasisPoints: number;
}

export interface CreditNote {
  readonly serviceId: string;
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly items: readonly CreditItem[];
  /** Sum of the items, never above the whole price. */
  readonly totalBasisPoints: number;
}

/** Performance violations give credits; a diversity violation is mended by a move, not by money. */
export function creditNote(
  serviceId: string,
  periodStart: number,
  periodEnd: number,
  violations: readonly Violation[],
): CreditNote {
  const items = violations
    .filter((violation) => violation.objective !== 'diversity')
    .map(({ objective, severity, measured, limit }) => {
      return { objective, severity, measured, limit, creditBasisPoints: CREDIT_BASIS_POINTS[severity] };
    })
    .sort((a, b) => (a.objective < b.objective ? -1 : 1));
  const sum = items.reduce((total, item) => total + item.creditBasisPoints, 0);
  return {
    serviceId,
    periodStart,
    periodEnd,
    items,
    totalBasisPoints: Math.min(sum, CREDIT_BASIS_POINTS_MAX),
  };
}

/** What a credit is worth, rounded down, in micro-units of money. */
export function creditMicro(note: CreditNote, priceMicro: bigint): bigint {
  const { totalBasisPoints } = parse.record(note, 'note');
  const share = parse.integer(totalBasisPoints, 'note.totalBasisPoints', 0, CREDIT_BASIS_POINTS_MAX);
  if (typeof priceMicro !== 'bigint' || priceMicro < 0n)
    throw parse.invalid('priceMicro', 'a bigint of 0 or more', priceMicro);
  return (priceMicro * BigInt(share)) / 10_000n;
}
