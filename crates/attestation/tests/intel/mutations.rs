//! A million mutated inputs through every decoder of this part: any answer, no panic.

use quorate_attestation::Collateral;
use quorate_attestation::certificate::Certificate;
use quorate_attestation::intel::event_log::replay;
use quorate_attestation::intel::pck::{self, PckExtension};
use quorate_attestation::intel::quote::Quote;

use crate::support::{present, quote, read};

/// Xorshift: the same mutations in every run.
struct Mutations(u64);

impl Mutations {
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

    fn run(&mut self, rounds: usize, original: &[u8], decode: impl Fn(&[u8])) {
        let mut input = Vec::new();
        for _ in 0..rounds {
            self.mutate(original, &mut input);
            decode(&input);
        }
    }
}

#[test]
fn no_decoder_panics() {
    if !present() {
        return;
    }
    let mut mutations = Mutations(0x9e37_79b9_7f4a_7c15);
    for path in ["dcap-qvl/sgx_quote", "dcap-qvl/tdx_quote", "go-tdx-guest/quote_v5_sample.dat"] {
        let bytes = quote(path);
        mutations.run(140_000, &bytes, |input| drop(Quote::parse(input)));
        // The part before the certificates, where lengths stand.
        mutations.run(140_000, &bytes[..1300], |input| {
            let whole = [input, &bytes[1300..]].concat();
            let _ = Quote::parse(&whole).map(|quote| quote.fields());
        });
        let parsed = Quote::parse(&bytes).unwrap();
        let (below, _) = pck::chain(parsed.pck_chain).unwrap();
        mutations.run(40_000, below[0].der(), |input| {
            let _ = Certificate::from_der(input).and_then(|certificate| PckExtension::read(&certificate));
        });
        mutations.run(10_000, parsed.pck_chain, |input| drop(pck::chain(input)));
    }
    let info = read("go-tdx-guest/sample_tcbinfo_response_v5");
    mutations.run(40_000, &info, |input| drop(Collateral::new().add_tcb_info(input)));
    let identity = read("go-tdx-guest/sample_qeIdentity_response");
    mutations.run(80_000, &identity, |input| drop(Collateral::new().add_identity(input)));
    let bundle = read("dcap-qvl/tdx_quote_collateral.json");
    mutations.run(6_000, &bundle, |input| drop(Collateral::new().add_intel_bundle(input)));
    let log = crate::event_log::log();
    mutations.run(120_000, &log[..3_000], |input| drop(replay(input)));
}
