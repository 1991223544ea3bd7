//! A million mutated inputs through every decoder of this part: any answer, no panic.

use quorate_attestation::Collateral;
use quorate_attestation::certificate::Certificate;
use quorate_attestation::intel::event_log::replay;
use quorate_attestation::intel::pck::{self, PckExtension};
use quorate_attestation::intel::quote::Quote;

use crate::mutate::Mutations;
use crate::support::{present, quote, read};

#[test]
fn no_decoder_panics() {
    if !present() {
        return;
    }
    let mut mutations = Mutations::new();
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
