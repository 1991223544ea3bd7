//! Windows, mix-ups, downgrades and tampering of Intel's collateral.

use quorate_attestation::{Collateral, Reason};
use serde_json::{Value, json};

use crate::simulated::World;
use crate::support::{FEBRUARY_2026, JUNE_2025, Judge, bundle, from_hex, hex, present, quote, read};

const BUNDLE: &str = "dcap-qvl/tdx_quote_collateral.json";
const OTHER: &str = "dcap-qvl/tdx_quote_outdated_collateral.json";
const QUOTE: &str = "dcap-qvl/tdx_quote";

fn judge(collateral: Collateral) -> Judge {
    Judge::new(JUNE_2025, collateral)
}

/// The bundle with members changed.
fn changed(change: impl FnOnce(&mut Value)) -> Collateral {
    let mut bundle: Value = serde_json::from_slice(&read(BUNDLE)).unwrap();
    change(&mut bundle);
    let mut collateral = Collateral::new();
    collateral.add_intel_bundle(bundle.to_string().as_bytes()).unwrap();
    collateral
}

fn without(remove: impl FnOnce(&mut Collateral)) -> Option<Reason> {
    let mut collateral = bundle(BUNDLE);
    remove(&mut collateral);
    judge(collateral).reason(&quote(QUOTE))
}

#[test]
fn every_window_is_closed_at_both_ends() {
    if !present() {
        return;
    }
    let quote = quote(QUOTE);
    let mut judge = judge(bundle(BUNDLE));
    // Issue dates: TCB info 2025-06-19T10:16:03Z, identity 10:32:27Z; CRL of the platform authority before.
    let identity_issued = judge.collateral.identities[0].statement.issue_date;
    let info_ends = judge.collateral.tcb_infos[0].statement.next_update;
    let crl_ends = judge.collateral.crls.iter().map(|crl| crl.next_update).min().unwrap();
    let first_end = info_ends.min(crl_ends);
    let mut at = |time| {
        judge.time = time;
        judge.reason(&quote)
    };
    assert_eq!(at(identity_issued), None);
    assert_eq!(at(identity_issued - 1), Some(Reason::CollateralNotYetValid));
    assert_eq!(at(first_end), None);
    assert!(matches!(at(first_end + 1), Some(Reason::CollateralExpired | Reason::CrlStale)));
    // The times EXPECTED.json names: "future" and "expired".
    assert!(matches!(at(1_700_000_000_000), Some(Reason::CertificateNotYetValid)));
    assert!(matches!(at(1_750_327_200_000), Some(Reason::CollateralNotYetValid | Reason::CrlStale)));
    assert!(matches!(at(1_790_000_000_000), Some(Reason::CollateralExpired | Reason::CrlStale)));
    judge.policy.revocation_required = false;
    judge.time = info_ends + 1;
    assert_eq!(judge.reason(&quote), Some(Reason::CollateralExpired));
}

#[test]
fn a_verdict_ends_with_the_first_thing_behind_it() {
    if !present() {
        return;
    }
    let judge = judge(bundle(BUNDLE));
    let verdict = judge.verdict(&quote(QUOTE));
    let accepted = verdict.accepted().unwrap();
    let collateral = &judge.collateral;
    let ends = collateral.crls.iter().map(|crl| crl.next_update);
    let ends = ends.chain(collateral.tcb_infos.iter().map(|info| info.statement.next_update));
    let ends = ends.chain(collateral.identities.iter().map(|identity| identity.statement.next_update));
    let ends = ends.chain(collateral.certificates.iter().map(|certificate| certificate.not_after));
    assert_eq!(Some(accepted.valid_until), ends.min());
}

#[test]
fn collateral_of_another_platform_is_refused() {
    if !present() {
        return;
    }
    let other = Judge::new(FEBRUARY_2026, bundle(OTHER));
    assert_eq!(other.reason(&quote(QUOTE)), Some(Reason::CollateralMismatch));
    let sgx = judge(bundle("dcap-qvl/sgx_quote_collateral.json"));
    // Statements about enclaves do not count for TDs at all; the list is of the other authority.
    assert_eq!(sgx.reason(&quote(QUOTE)), Some(Reason::CrlMissing));
    let mut both = bundle("dcap-qvl/sgx_quote_collateral.json");
    both.crls.extend(bundle(BUNDLE).crls);
    assert_eq!(judge(both).reason(&quote(QUOTE)), Some(Reason::CollateralMissing));
    let info_of_tdx = without(|collateral| {
        collateral.identities = bundle("dcap-qvl/sgx_quote_collateral.json").identities;
    });
    assert_eq!(info_of_tdx, Some(Reason::CollateralMissing));
}

#[test]
fn each_missing_part_has_its_reason() {
    if !present() {
        return;
    }
    assert_eq!(without(|all| all.tcb_infos.clear()), Some(Reason::CollateralMissing));
    assert_eq!(without(|all| all.identities.clear()), Some(Reason::CollateralMissing));
    assert_eq!(without(|all| all.certificates.clear()), Some(Reason::CollateralMissing));
    assert_eq!(without(|all| all.crls.clear()), Some(Reason::CrlMissing));
    let lists = bundle(BUNDLE).crls.len();
    for list in 0..lists {
        let gone = without(|all| drop(all.crls.remove(list)));
        assert_eq!(gone, Some(Reason::CrlMissing));
    }
}

#[test]
fn lists_that_are_not_required_leave_a_mark_where_they_are_missing() {
    if !present() {
        return;
    }
    let mut judge = judge(bundle(BUNDLE));
    judge.policy.revocation_required = false;
    assert!(judge.verdict(&quote(QUOTE)).accepted().unwrap().revocation_checked);
    judge.collateral.crls.clear();
    assert!(!judge.verdict(&quote(QUOTE)).accepted().unwrap().revocation_checked);
}

/// A changed statement is refused although it still reads well: the signature covers the bytes.
#[test]
fn tampered_statements_are_refused() {
    if !present() {
        return;
    }
    let replace = |member: &'static str, from: &'static str, to: &'static str| {
        let collateral = changed(|bundle| {
            let text = bundle[member].as_str().unwrap();
            assert!(text.contains(from), "{member} has no {from}");
            bundle[member] = json!(text.replacen(from, to, 1));
        });
        judge(collateral).reason(&quote(QUOTE))
    };
    let bad = Some(Reason::CollateralSignature);
    assert_eq!(replace("tcb_info", "\"UpToDate\"", "\"OutOfDate\""), bad);
    assert_eq!(replace("tcb_info", "2025-07-19", "2026-07-19"), bad);
    assert_eq!(replace("tcb_info", "\"svn\":", "\"svn\": "), bad, "the same JSON, other bytes");
    assert_eq!(replace("tcb_info", "{", "{ "), bad);
    assert_eq!(replace("qe_identity", "\"isvsvn\":4", "\"isvsvn\":3"), bad);
    assert_eq!(replace("qe_identity", "DC9E2A7C", "dc9e2a7c"), bad);
    for member in ["tcb_info_signature", "qe_identity_signature"] {
        for byte in [0, 31, 32, 63] {
            let collateral = changed(|bundle| {
                let mut signature = from_hex(bundle[member].as_str().unwrap());
                signature[byte] ^= 1;
                bundle[member] = json!(hex(&signature));
            });
            assert_eq!(judge(collateral).reason(&quote(QUOTE)), bad, "{member} byte {byte}");
        }
    }
    let swapped = changed(|bundle| {
        bundle["tcb_info_signature"] = bundle["qe_identity_signature"].clone();
    });
    assert_eq!(judge(swapped).reason(&quote(QUOTE)), bad);
}

#[test]
fn every_flipped_byte_of_a_statement_is_noticed() {
    if !present() {
        return;
    }
    let (quote, bundle): (_, Value) = (quote(QUOTE), serde_json::from_slice(&read(BUNDLE)).unwrap());
    let mut judge = judge(crate::support::bundle(BUNDLE));
    for (name, member) in [("tcbInfo", "tcb_info"), ("enclaveIdentity", "qe_identity")] {
        let raw = bundle[member].as_str().unwrap().as_bytes();
        let signature = bundle[format!("{member}_signature")].as_str().unwrap();
        for at in 0..raw.len() {
            let mut raw = raw.to_vec();
            raw[at] ^= 1;
            let lead = format!("{{\"{name}\":").into_bytes();
            let end = format!(",\"signature\":\"{signature}\"}}").into_bytes();
            let response = [lead, raw, end].concat();
            let before = (judge.collateral.tcb_infos.clone(), judge.collateral.identities.clone());
            let added = if name == "tcbInfo" {
                judge.collateral.tcb_infos.clear();
                judge.collateral.add_tcb_info(&response)
            } else {
                judge.collateral.identities.clear();
                judge.collateral.add_identity(&response)
            };
            assert!(added.is_err() || judge.reason(&quote).is_some(), "{name} byte {at}");
            (judge.collateral.tcb_infos, judge.collateral.identities) = before;
        }
    }
    assert_eq!(judge.reason(&quote), None);
}

#[test]
fn every_flipped_byte_of_a_list_is_noticed() {
    if !present() {
        return;
    }
    let quote = quote(QUOTE);
    let bundle: Value = serde_json::from_slice(&read(BUNDLE)).unwrap();
    for (member, step) in [("root_ca_crl", 1), ("pck_crl", 7)] {
        let list = from_hex(bundle[member].as_str().unwrap());
        for at in (0..list.len()).step_by(step) {
            let mut list = list.clone();
            list[at] ^= 1;
            let mut collateral = crate::support::bundle(BUNDLE);
            let issuer = issuer_of(&from_hex(bundle[member].as_str().unwrap()));
            collateral.crls.retain(|crl| crl.issuer != issuer);
            // A list that does not parse is refused when it is added; one that does is forged or another's.
            if collateral.add_crls(&list).is_ok() {
                let reason = judge(collateral).reason(&quote);
                assert!(
                    matches!(reason, Some(Reason::CrlForged | Reason::CrlMissing)),
                    "{member} byte {at}: {reason:?}"
                );
            }
        }
    }
}

fn issuer_of(list: &[u8]) -> Vec<u8> {
    let mut collateral = Collateral::new();
    collateral.add_crls(list).unwrap();
    collateral.crls[0].issuer.clone()
}

/// A forged statement beside a genuine one neither counts nor stands in its way.
#[test]
fn of_several_statements_the_newest_genuine_one_counts() {
    if !present() {
        return;
    }
    let forged = changed(|bundle| {
        let text = bundle["tcb_info"].as_str().unwrap().replacen(
            "\"tcbEvaluationDataNumber\":17",
            "\"tcbEvaluationDataNumber\":99",
            1,
        );
        bundle["tcb_info"] = json!(text);
    });
    let mut collateral = bundle(BUNDLE);
    let genuine = collateral.tcb_infos[0].clone();
    collateral.tcb_infos = vec![forged.tcb_infos[0].clone(), genuine];
    assert_eq!(judge(collateral).reason(&quote(QUOTE)), None);
    assert_eq!(judge(forged).reason(&quote(QUOTE)), Some(Reason::CollateralSignature));

    // Later collateral of another platform and of another year does not disturb an earlier verdict either.
    let mut all = bundle(BUNDLE);
    all.add_intel_bundle(&read(OTHER)).unwrap();
    all.add_intel_bundle(&read("dcap-qvl/sgx_quote_collateral.json")).unwrap();
    assert_eq!(judge(all.clone()).reason(&quote(QUOTE)), None);
    let now = Judge::new(FEBRUARY_2026, all);
    assert_eq!(now.reason(&quote("go-tdx-guest/quote_v5_sample.dat")), None);
}

#[test]
fn old_evaluations_are_a_downgrade() {
    if !present() {
        return;
    }
    let mut judge = judge(bundle(BUNDLE));
    judge.policy.intel.evaluation_number_min = 17;
    assert_eq!(judge.reason(&quote(QUOTE)), None);
    judge.policy.intel.evaluation_number_min = 18;
    assert_eq!(judge.reason(&quote(QUOTE)), Some(Reason::CollateralDowngrade));
}

/// The store remembers the highest evaluation it was given: a later one that has ended is no reason to go
/// back to an earlier one that has not.
#[test]
fn a_later_evaluation_that_has_ended_forbids_earlier_ones() {
    let mut world = World::new();
    let mut judge = world.judge();
    let quote = world.quote(5, 3);
    assert_eq!(judge.reason(&quote), None);
    let mut add = |number: u32, next_update: &str| {
        world.tcb_info["tcbEvaluationDataNumber"] = json!(number);
        world.tcb_info["nextUpdate"] = json!(next_update);
        judge.collateral.tcb_infos.extend(world.collateral().tcb_infos);
        judge.reason(&quote)
    };
    assert_eq!(add(17, "2026-06-10T00:00:00Z"), None, "an earlier one has ended, as it should");
    assert_eq!(add(18, "2026-06-10T00:00:00Z"), None, "an older copy of the same evaluation");
    assert_eq!(add(19, "2026-06-10T00:00:00Z"), Some(Reason::CollateralExpired));
    assert_eq!(add(19, "2026-07-01T00:00:00Z"), None, "fetched anew");
    let mut stranger = World::new();
    stranger.tcb_info["tcbEvaluationDataNumber"] = json!(20);
    stranger.tcb_info["nextUpdate"] = json!("2026-06-10T00:00:00Z");
    judge.collateral.tcb_infos.extend(stranger.collateral().tcb_infos);
    assert_eq!(judge.reason(&quote), None, "a forged one forbids nothing");
}

#[test]
fn the_same_collateral_twice_is_there_once() {
    if !present() {
        return;
    }
    let mut twice = bundle(BUNDLE);
    let counts = |all: &Collateral| {
        (all.certificates.len(), all.crls.len(), all.tcb_infos.len(), all.identities.len())
    };
    let once = counts(&twice);
    twice.add_intel_bundle(&read(BUNDLE)).unwrap();
    assert_eq!(counts(&twice), once);
}

#[test]
fn statements_that_are_not_of_their_form_are_refused_when_they_are_added() {
    if !present() {
        return;
    }
    let body = String::from_utf8(read("go-tdx-guest/sample_tcbInfo_response")).unwrap();
    let add = |text: &str| Collateral::new().add_tcb_info(text.as_bytes()).map_err(|why| why.reason);
    assert_eq!(add(&body), Ok(()));
    let malformed = Err(Reason::Malformed);
    for (from, to) in [
        ("\"svn\":5,", "\"svn\":256,"),
        ("{\"svn\":0}]", "{\"svn\":0},{\"svn\":0}]"),
        (",{\"svn\":0}]", "]"),
        ("\"UpToDate\"", "\"Fine\""),
        ("\"fmspc\":\"50806f000000\"", "\"fmspc\":\"50806f0000\""),
        ("2023-06-18T08:42:58Z", "2023-06-18"),
        ("\"id\":\"TDX\"", "\"id\":\"SGX\""),
        ("\"id\":\"TDX\"", "\"id\":\"TDX\",\"id\":\"TDX\""),
        ("\"pcesvn\":5", "\"pcesvn\":11"),
        ("\"signature\"", "\"more\":1,\"signature\""),
    ] {
        assert!(body.contains(from), "{from}");
        assert_eq!(add(&body.replacen(from, to, 1)), malformed, "{from} -> {to}");
    }
    assert_eq!(add(&body.replacen("\"version\":3", "\"version\":2", 1)), Err(Reason::Unsupported));
    assert_eq!(add(&body.replacen("\"tcbType\":0", "\"tcbType\":1", 1)), Err(Reason::Unsupported));
    assert_eq!(add(""), malformed);
    assert_eq!(add(&"[".repeat(100_000)), malformed, "depth is bounded");
    let deep = format!("\"more\":{}{},\"tcbDate\"", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(add(&body.replacen("\"tcbDate\"", &deep, 1)), malformed, "depth is bounded");
    assert_eq!(add(&" ".repeat(300_000)), malformed, "size is bounded");
    let identity = String::from_utf8(read("go-tdx-guest/sample_qeIdentity_response")).unwrap();
    let add = |text: &str| Collateral::new().add_identity(text.as_bytes()).map_err(|why| why.reason);
    assert_eq!(add(&identity), Ok(()));
    assert_eq!(add(&body), malformed);
    assert_eq!(add(&identity.replacen("\"TD_QE\"", "\"QVE\"", 1)), Err(Reason::Unsupported));
    assert_eq!(add(&identity.replacen("\"version\":2", "\"version\":1", 1)), Err(Reason::Unsupported));
    assert_eq!(add(&identity.replacen("UpToDate", "ConfigurationNeeded", 1)), malformed);
}
