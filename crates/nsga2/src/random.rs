//! Random numbers that depend on the seed and the place of use alone.
//!
//! Generator: xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021);
//! its state is filled by SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
//! Generators", 2014), as the authors of xoshiro advise. Only integer arithmetic decides, so every build
//! draws the same numbers.

/// A random stream of one individual in one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of individual `index` in `generation` of the run with this `seed`.
    ///
    /// The three numbers are mixed one after the other, so neighbouring streams share no visible structure.
    pub fn stream(seed: u64, generation: u64, index: u64) -> Self {
        let mut mixer = mix(seed.wrapping_add(GOLDEN_GAMMA));
        mixer = mix(mixer ^ generation.wrapping_add(1).wrapping_mul(GOLDEN_GAMMA));
        mixer = mix(mixer ^ index.wrapping_add(1).wrapping_mul(GOLDEN_GAMMA));
        let state = std::array::from_fn(|_| {
            mixer = mixer.wrapping_add(GOLDEN_GAMMA);
            mix(mixer)
        });
        // SplitMix64 visits 0 once in 2^64 calls, so four zeros in a row, which would stick, cannot occur.
        Self { state }
    }

    /// 64 uniform bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A uniform number of [0, 1) in steps of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A uniform integer of [0, `bound`); 0 where `bound` is 0.
    ///
    /// Multiply and shift (Lemire 2019) without the rejection step: the bias is at most `bound` / 2^64.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Whether an event of this probability happens; never where it is 0, always where it is 1.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Puts `items` into a uniformly random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

/// The odd number closest to 2^64 divided by the golden ratio.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoshiro_matches_its_published_recurrence() {
        // First outputs of xoshiro256++ from the state 1, 2, 3, 4 (test vector of the rand_xoshiro crate's
        // docs).
        let mut random = Random { state: [1, 2, 3, 4] };
        let drawn: Vec<u64> = (0..4).map(|_| random.next_u64()).collect();
        assert_eq!(drawn, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn split_mix_matches_its_published_outputs() {
        // SplitMix64 from seed 1234567, as listed by Rosetta Code.
        let first = mix(1_234_567_u64.wrapping_add(GOLDEN_GAMMA));
        let second = mix(1_234_567_u64.wrapping_add(GOLDEN_GAMMA.wrapping_mul(2)));
        assert_eq!([first, second], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn streams_are_repeatable_and_differ_in_each_coordinate() {
        let base = Random::stream(1, 2, 3);
        assert_eq!(base, Random::stream(1, 2, 3));
        for other in [
            Random::stream(2, 2, 3),
            Random::stream(1, 3, 3),
            Random::stream(1, 2, 4),
            Random::stream(3, 2, 1),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn draws_are_uniform_enough() {
        let mut counts = [0_u32; 10];
        let mut sum = 0.0;
        for index in 0..10_000 {
            let mut random = Random::stream(7, 0, index);
            counts[random.below(10)] += 1;
            sum += random.unit();
        }
        // Five standard deviations of a binomial(10 000, 0.1) are 150, of the mean of 10 000 units 0.0145.
        assert!(counts.iter().all(|&count| count.abs_diff(1_000) < 150), "{counts:?}");
        assert!((sum / 10_000.0 - 0.5).abs() < 0.0145);
    }

    #[test]
    fn edges_of_below_and_chance() {
        let mut random = Random::stream(0, 0, 0);
        for _ in 0..100 {
            assert_eq!(random.below(0), 0);
            assert_eq!(random.below(1), 0);
            assert!(!random.chance(0.0));
            assert!(random.chance(1.0));
        }
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Random::stream(5, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
