//! Mutated inputs for decoders, the same in every run.

/// Xorshift: the same mutations in every run.
pub(crate) struct Mutations(u64);

impl Mutations {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below
    }

    /// Changes up to four bytes, and at times cuts, doubles a part, or sets a length to an extreme.
    fn mutate(&mut self, original: &[u8], into: &mut Vec<u8>) {
        into.clear();
        into.extend_from_slice(original);
        for _ in 0..=self.next(4) {
            let at = self.next(into.len());
            into[at] = self.next(256) as u8;
        }
        match self.next(8) {
            0 => into.truncate(self.next(original.len())),
            1 => {
                let (from, to) = (self.next(into.len()), self.next(into.len()));
                into.extend_from_within(from.min(to)..from.max(to));
            }
            2 => {
                let at = self.next(into.len());
                let end = (at + 4).min(into.len());
                into[at..end].fill(0xff);
            }
            _ => {}
        }
    }

    /// Decodes so many mutations of an input.
    pub(crate) fn run(&mut self, rounds: usize, original: &[u8], decode: impl Fn(&[u8])) {
        let mut input = Vec::new();
        for _ in 0..rounds {
            self.mutate(original, &mut input);
            decode(&input);
        }
    }
}
