//! The published tokens and keys.

use quorate_attestation::certificate::PublicKey;
use quorate_attestation::{EndorsedKey, Evidence};
use quorate_types::cbor::{Form, Value, decode, encode};

use crate::support::{Court, unhex, vector};

/// 2026-06-15: no token says when it was made.
pub(crate) const SECONDS: u64 = 1_781_481_600;

/// The device of most CCA vectors, as their trust anchor stores name it.
pub(crate) const PLATFORM: [&str; 2] = [
    "7f454c4602010100000000000000000003003e00010000005058000000000000",
    "0107060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918",
];
/// The device of the PSA vectors of TF-M.
pub(crate) const TFM: [&str; 2] = [
    "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
    "01fa58755f658627ce5460f29b75296713248cae7ad9e2984b90280efcbcb50248",
];
/// The device of the draft's PSA vector.
pub(crate) const DRAFT: [&str; 2] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "010202020202020202020202020202020202020202020202020202020202020202",
];
/// The public half of `psa-token/tfm-key.pem`, which holds the private key, as `openssl ec` prints it.
pub(crate) const TFM_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeeupDov0UKZ1FXatRZmwet+TjaO7
C9F9ADbtSaLQ/D+/zfqJVrVov9uGc+ZI2LWNkplVsUomwwgPNBF9lx1oZA==
-----END PUBLIC KEY-----
";

pub(crate) fn cca(path: &str) -> Option<Evidence> {
    vector(path).map(|token| Evidence::Cca { token })
}

pub(crate) fn psa(path: &str) -> Option<Evidence> {
    vector(path).map(|token| Evidence::Psa { token })
}

pub(crate) fn endorsed([implementation, instance]: [&str; 2], key: &[u8]) -> EndorsedKey {
    EndorsedKey {
        implementation_id: unhex(implementation),
        instance_id: unhex(instance),
        key: PublicKey::from_document(key).unwrap(),
        endorser: "the maker".to_owned(),
        valid_from: 0,
        valid_until: None,
        demo: false,
    }
}

/// A court that trusts one key.
pub(crate) fn court(device: [&str; 2], key: &[u8]) -> Court {
    let mut court = Court::at(SECONDS);
    court.anchors.endorse(vec![endorsed(device, key)]).unwrap();
    court
}

/// A court that trusts a store of keys.
pub(crate) fn court_of_store(path: &str) -> Option<Court> {
    let mut court = Court::at(SECONDS);
    court.anchors.add_endorsements("the maker", &vector(path)?, false).unwrap();
    Some(court)
}

/// The items of a token that no key signs, changed.
pub(crate) fn rewritten(token: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut item = decode(token, Form::Unambiguous).unwrap();
    change(&mut item);
    encode(&item)
}
