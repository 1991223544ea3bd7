/** Seeded numbers, so that every run of a bench and every peer sees the same input. */

const MASK = (1n << 64n) - 1n;

/** SplitMix64 (Steele, Lea, Flood 2014). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = BigInt(seed);
  }

  #next() {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK;
    return mixed(this.#state);
  }

  /** 0 to 1, 1 excluded. */
  unit() {
    return Number(this.#next() >> 11n) / 2 ** 53;
  }

  /** A whole number of 0 to `limit`, `limit` excluded. */
  below(limit) {
    return Math.floor(this.unit() * limit);
  }
}

/** The output function of SplitMix64. */
export function mixed(state) {
  let bits = state & MASK;
  bits = ((bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  bits = ((bits ^ (bits >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return bits ^ (bits >> 31n);
}

/** Draws 0 to `count` - 1; the n-th (from 1) with a share that falls like n^-exponent. */
export function zipf(count, exponent) {
  let sum = 0;
  const cumulative = Array.from({ length: count }, (_, at) => {
    sum += (at + 1) ** -exponent;
    return sum;
  });
  return (random) => {
    const point = random.unit() * sum;
    return cumulative.findIndex((reached) => reached >= point);
  };
}
