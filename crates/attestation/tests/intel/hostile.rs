//! Quotes with any byte changed, cut or added.

use proptest::prelude::*;
use quorate_attestation::Reason;
use quorate_attestation::intel::pck;
use quorate_attestation::intel::quote::Quote;

use crate::support::{FEBRUARY_2026, FOLDER, JUNE_2025, Judge, bundle, pem, present, quote};

/// A quote of each form, and a judge that accepts it.
fn accepted_quotes() -> Vec<(&'static str, Vec<u8>, Judge)> {
    let mut sgx = Judge::new(JUNE_2025, bundle("dcap-qvl/sgx_quote_collateral.json"));
    sgx.policy.intel.tcb_statuses.insert("ConfigurationAndSWHardeningNeeded".to_owned());
    sgx.policy.intel.advisories = None;
    let v4 = Judge::new(JUNE_2025, bundle("dcap-qvl/tdx_quote_collateral.json"));
    let v5 = Judge::new(FEBRUARY_2026, bundle("dcap-qvl/tdx_quote_outdated_collateral.json"));
    let all = vec![
        ("v3", quote("dcap-qvl/sgx_quote"), sgx),
        ("v4", quote("dcap-qvl/tdx_quote"), v4),
        ("v5", quote("go-tdx-guest/quote_v5_sample.dat"), v5),
    ];
    for (name, quote, judge) in &all {
        let verdict = judge.verdict(quote);
        assert!(verdict.accepted().is_some(), "{name}: {verdict:?}");
    }
    all
}

fn offset(quote: &[u8], part: &[u8]) -> usize {
    part.as_ptr() as usize - quote.as_ptr() as usize
}

/// Header, body, lengths, both signatures, key, the quoting enclave's report and its data: every bit of every
/// byte before the certificates.
#[test]
fn every_flipped_bit_before_the_certificates_is_rejected() {
    if !present() {
        return;
    }
    for (name, mut quote, judge) in accepted_quotes() {
        let certificates = {
            let parsed = Quote::parse(&quote).unwrap();
            offset(&quote, parsed.pck_chain)
        };
        assert!(certificates > 1000);
        for at in 0..certificates {
            for bit in 0..8 {
                quote[at] ^= 1 << bit;
                assert!(judge.reason(&quote).is_some(), "{name}: byte {at} bit {bit} makes no difference");
                quote[at] ^= 1 << bit;
            }
        }
        assert!(judge.reason(&quote).is_none());
    }
}

/// The certificates stand in the quote as PEM: flips are made in what that encodes, root included.
#[test]
fn every_flipped_byte_of_a_certificate_is_rejected() {
    if !present() {
        return;
    }
    for (name, quote, judge) in accepted_quotes() {
        let (start, length, ders) = {
            let parsed = Quote::parse(&quote).unwrap();
            let (below, root) = pck::chain(parsed.pck_chain).unwrap();
            let mut ders: Vec<Vec<u8>> = below.iter().map(|certificate| certificate.der().to_vec()).collect();
            ders.push(root);
            (offset(&quote, parsed.pck_chain), parsed.pck_chain.len(), ders)
        };
        let with = |ders: &[Vec<u8>]| replace_chain(&quote, start, length, &pem(ders));
        assert!(judge.reason(&with(&ders)).is_none(), "{name}");
        for certificate in 0..ders.len() {
            for at in 0..ders[certificate].len() {
                let mut changed = ders.clone();
                changed[certificate][at] ^= 1;
                let reason = judge.reason(&with(&changed));
                assert!(reason.is_some(), "{name}: certificate {certificate} byte {at}");
            }
        }
    }
}

/// The quote with another chain, and with every length that covers it set anew.
fn replace_chain(quote: &[u8], start: usize, length: usize, chain: &[u8]) -> Vec<u8> {
    let mut changed = [&quote[..start], chain].concat();
    let grow = |old: u32| u32::try_from(old as usize - length + chain.len()).unwrap();
    let body = match (quote[0], &quote[4..6]) {
        (5, _) => 48 + 6 + u32::from_le_bytes(quote[50..54].try_into().unwrap()) as usize,
        (_, [0x81, 0]) => 48 + 584,
        _ => 48 + 384,
    };
    let mut lengths = vec![body, start - 4];
    if quote[0] > 3 {
        lengths.push(body + 4 + 128 + 2);
    }
    for at in lengths {
        let old = u32::from_le_bytes(changed[at..at + 4].try_into().unwrap());
        changed[at..at + 4].copy_from_slice(&grow(old).to_le_bytes());
    }
    changed
}

#[test]
fn what_follows_a_quote_changes_nothing() {
    if !present() {
        return;
    }
    for (name, quote, judge) in accepted_quotes() {
        let verdict = judge.verdict(&quote);
        let end = quote.len() - Quote::parse(&quote).unwrap().trailing_bytes;
        let garbage: Vec<u8> = (0..3000u32).map(|at| (at * 7) as u8).collect();
        for tail in [&[][..], &[0; 100], &garbage] {
            assert_eq!(judge.verdict(&[&quote[..end], tail].concat()), verdict, "{name}");
        }
        let full = [quote.as_slice(), &vec![0; 16 << 10]].concat();
        assert_eq!(judge.reason(&full), Some(Reason::Malformed), "{name} over the cap");
        assert_eq!(judge.reason(&full[..16 << 10]), None, "{name} at the cap");
    }
}

#[test]
fn every_cut_is_refused() {
    if !present() {
        return;
    }
    for (name, quote, judge) in accepted_quotes() {
        let end = quote.len() - Quote::parse(&quote).unwrap().trailing_bytes;
        for length in 0..end {
            assert_eq!(judge.reason(&quote[..length]), Some(Reason::Malformed), "{name} cut at {length}");
        }
    }
}

/// Lengths inside a quote are exact: what one of them covers cannot be hidden behind another.
#[test]
fn chains_of_another_length_are_refused() {
    if !present() {
        return;
    }
    let (_, quote, judge) = accepted_quotes().remove(1);
    let parsed = Quote::parse(&quote).unwrap();
    let (below, root) = pck::chain(parsed.pck_chain).unwrap();
    let (start, length) = (offset(&quote, parsed.pck_chain), parsed.pck_chain.len());
    let with = |ders: &[&[u8]]| {
        let ders: Vec<Vec<u8>> = ders.iter().map(|der| der.to_vec()).collect();
        judge.reason(&replace_chain(&quote, start, length, &pem(&ders)))
    };
    let [leaf, authority] = [&below[0], &below[1]].map(|certificate| certificate.der());
    assert_eq!(with(&[leaf, authority, &root]), None);
    assert_eq!(with(&[leaf, &root]), Some(Reason::ChainUntrusted), "the authority is in the collateral");
    assert_eq!(with(&[leaf, authority]), Some(Reason::ChainUntrusted));
    assert_eq!(with(&[leaf]), Some(Reason::Malformed));
    assert_eq!(with(&[&root]), Some(Reason::Malformed));
    assert_eq!(with(&[authority, leaf, &root]), Some(Reason::CertificateProfile));
    assert_eq!(with(&[leaf, authority, leaf, authority, leaf, authority, leaf, authority, &root]), {
        Some(Reason::Malformed)
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_mutated_quote_panics_or_passes(
        which in 0usize..3,
        flips in prop::collection::vec((0usize..1400, any::<u8>()), 1..6),
        cut in prop::option::of(0usize..5000),
    ) {
        if !std::path::Path::new(FOLDER).is_dir() {
            return Ok(());
        }
        ACCEPTED.with(|all| {
            let (_, original, judge) = &all[which];
            let mut quote = original.clone();
            for (at, value) in flips {
                quote[at] = value;
            }
            quote.truncate(cut.unwrap_or(quote.len()));
            if quote != original[..quote.len()] {
                prop_assert!(judge.reason(&quote).is_some());
            }
            let _ = Quote::parse(&quote).map(|quote| quote.fields());
            Ok(())
        })?;
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), version in 3u8..6, tdx: bool) {
        let mut quote = bytes;
        for (at, value) in [version, 0, 2, 0, if tdx { 0x81 } else { 0 }, 0, 0, 0].into_iter().enumerate() {
            if let Some(byte) = quote.get_mut(at) {
                *byte = value;
            }
        }
        let _ = Quote::parse(&quote);
        let _ = pck::chain(&quote);
    }
}

thread_local! {
    static ACCEPTED: Vec<(&'static str, Vec<u8>, Judge)> = accepted_quotes();
}
