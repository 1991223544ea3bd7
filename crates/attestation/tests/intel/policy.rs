//! What only a hierarchy of our own can show: each rejection by its reason, each edge from both sides.

use quorate_attestation::{Anchors, Reason, Vendor};
use serde_json::json;

use crate::simulated::{
    AUTHORITY, Key, NOW, PCK_SERIAL, ROOT, SIGNER_SERIAL, World, der, integer, list, sequence,
};

/// The reason why a quote of TDX 1.5 is refused after `change`.
fn refused(change: impl FnOnce(&mut World)) -> Option<Reason> {
    let mut world = World::new();
    change(&mut world);
    world.judge().reason(&world.quote(5, 3))
}

/// The status of the firmware after `change`.
fn status(change: impl FnOnce(&mut World)) -> Option<String> {
    let mut world = World::new();
    change(&mut world);
    let mut judge = world.judge();
    judge.policy.intel.tcb_statuses.extend(
        ["OutOfDate", "Revoked", "TDRelaunchAdvised", "OutOfDateConfigurationNeeded"].map(str::to_owned),
    );
    judge.policy.intel.advisories = None;
    let verdict = judge.verdict(&world.quote(5, 3));
    verdict.accepted().and_then(|accepted| accepted.tcb.status.clone())
}

#[test]
fn every_form_of_quote_is_accepted() {
    for (world, version, kind) in [
        (World::new(), 4, 2),
        (World::new(), 5, 2),
        (World::new(), 5, 3),
        (World::sgx(), 3, 1),
        (World::sgx(), 4, 1),
        (World::sgx(), 5, 1),
    ] {
        let verdict = world.judge().verdict(&world.quote(version, kind));
        let accepted = verdict.accepted().unwrap_or_else(|| panic!("{version} {kind}: {verdict:?}"));
        let vendor = if kind == 1 { Vendor::IntelSgx } else { Vendor::IntelTdx };
        assert_eq!(accepted.vendor, vendor);
        assert_eq!(accepted.product, ["SGX", "TDX 1.0", "TDX 1.5"][usize::from(kind) - 1]);
        assert_eq!(accepted.machine.as_deref(), Some(format!("intel-ppid:{}", "77".repeat(16)).as_str()));
        // TCB info and root's list end on 2026-07-01; the oldest level is of 2026-02-01.
        assert_eq!(accepted.valid_until, 1_782_864_000_000);
        assert_eq!(accepted.tcb.date, Some(1_769_904_000_000));
        assert!(accepted.revocation_checked && !accepted.debug);
    }
    let world = World::new();
    for (version, kind) in [(3, 2), (3, 3), (6, 3), (5, 4)] {
        assert_eq!(world.judge().reason(&world.quote(version, kind)), Some(Reason::Unsupported));
    }
}

#[test]
fn a_root_counts_only_where_it_is_trusted() {
    let world = World::new();
    let quote = world.quote(5, 3);
    let mut judge = world.judge();
    assert_eq!(judge.verdict(&quote).accepted().unwrap().endorser.name, "simulated");
    judge.anchors = Anchors::pinned();
    assert_eq!(judge.reason(&quote), Some(Reason::ChainUntrusted));
    world.trust(&mut judge, true);
    assert_eq!(judge.reason(&quote), Some(Reason::DemoAnchor));
    judge.policy.demo_allowed = true;
    assert_eq!(judge.verdict(&quote).accepted().unwrap().endorser.name, "demo");
}

/// An anchor for simulated machines, even where it is allowed, says nothing of machines under another root.
#[test]
fn collateral_of_one_root_does_not_speak_for_machines_of_another() {
    let (world, other) = (World::new(), World::new());
    let mut judge = world.judge();
    judge.policy.demo_allowed = true;
    let theirs = other.collateral();
    judge.collateral.tcb_infos = theirs.tcb_infos;
    judge.collateral.certificates.extend(theirs.certificates);
    judge.collateral.crls.extend(theirs.crls);
    other.trust(&mut judge, true);
    assert_eq!(judge.reason(&world.quote(5, 3)), Some(Reason::CollateralMismatch));
    judge.collateral.tcb_infos.extend(world.collateral().tcb_infos);
    assert_eq!(judge.reason(&world.quote(5, 3)), None);
}

#[test]
fn a_td_its_host_can_look_into_is_refused_unless_allowed() {
    for bit in 0..8 {
        let mut world = World::new();
        world.td_attributes |= 1 << bit;
        let mut judge = world.judge();
        assert_eq!(judge.reason(&world.quote(5, 3)), Some(Reason::Debug), "bit {bit}");
        judge.policy.debug_allowed = true;
        assert!(judge.verdict(&world.quote(4, 2)).accepted().unwrap().debug);
    }
    let mut world = World::sgx();
    world.enclave_attributes |= 2;
    let mut judge = world.judge();
    assert_eq!(judge.reason(&world.quote(3, 1)), Some(Reason::Debug));
    judge.policy.debug_allowed = true;
    assert!(judge.verdict(&world.quote(3, 1)).accepted().unwrap().debug);
}

#[test]
fn service_tds_are_refused_unless_allowed() {
    let changes: [fn(&mut World); 3] = [
        |world| world.mr_service_td = 1,
        |world| world.td_attributes |= 1 << 29,
        |world| world.td_attributes |= 1 << 17,
    ];
    for change in changes {
        let mut world = World::new();
        change(&mut world);
        let mut judge = world.judge();
        assert_eq!(judge.reason(&world.quote(5, 3)), Some(Reason::MigrationAgent));
        judge.policy.intel.service_td_allowed = true;
        assert_eq!(judge.reason(&world.quote(5, 3)), None);
    }
}

#[test]
fn attributes_that_weaken_a_td_or_are_unknown_are_refused() {
    let mut world = World::new();
    world.td_attributes = 0;
    let mut judge = world.judge();
    assert_eq!(judge.reason(&world.quote(4, 2)), Some(Reason::Attributes));
    judge.policy.intel.sept_ve_allowed = true;
    assert_eq!(judge.reason(&world.quote(4, 2)), None);
    let known = [16, 17, 27, 28, 29, 30, 31, 62, 63];
    for bit in 8..64 {
        world.td_attributes = 1 << 28 | 1 << bit;
        judge.policy.intel.service_td_allowed = true;
        let expected = (!known.contains(&bit)).then_some(Reason::Attributes);
        assert_eq!(judge.reason(&world.quote(4, 2)), expected, "bit {bit}");
    }
}

#[test]
fn revoked_certificates_are_refused() {
    let world = World::new();
    let quote = world.quote(5, 3);
    let revoked = |issuer: &str, key: &Key, serial: u8| {
        let mut judge = world.judge();
        judge.collateral.add_crls(&list(issuer, key, &[serial], "260701000000Z")).unwrap();
        judge.reason(&quote)
    };
    assert_eq!(revoked(AUTHORITY, &world.authority, PCK_SERIAL), Some(Reason::Revoked));
    assert_eq!(revoked(ROOT, &world.root, 2), Some(Reason::Revoked), "the authority");
    assert_eq!(revoked(ROOT, &world.root, SIGNER_SERIAL), Some(Reason::Revoked), "the signer of statements");
    assert_eq!(revoked(AUTHORITY, &world.authority, 99), None);
    assert_eq!(revoked(AUTHORITY, &Key::new(), PCK_SERIAL), None, "a forged list beside a good one");
}

#[test]
fn lists_are_missing_stale_or_forged() {
    let world = World::new();
    let quote = world.quote(5, 3);
    let with = |lists: &[Vec<u8>]| {
        let mut judge = world.judge();
        judge.collateral.crls.clear();
        for list in lists {
            judge.collateral.add_crls(list).unwrap();
        }
        let strict = judge.reason(&quote);
        judge.policy.revocation_required = false;
        let marked = judge.verdict(&quote).accepted().map(|accepted| accepted.revocation_checked);
        assert_eq!(marked, Some(strict.is_none()));
        strict
    };
    let root = list(ROOT, &world.root, &[], "260701000000Z");
    let good = list(AUTHORITY, &world.authority, &[], "260701000000Z");
    let stale = list(AUTHORITY, &world.authority, &[PCK_SERIAL], "260610000000Z");
    let forged = list(AUTHORITY, &Key::new(), &[], "260701000000Z");
    assert_eq!(with(&[root.clone(), good.clone()]), None);
    assert_eq!(with(std::slice::from_ref(&root)), Some(Reason::CrlMissing));
    assert_eq!(with(&[good]), Some(Reason::CrlMissing), "of the root");
    assert_eq!(with(&[root.clone(), stale]), Some(Reason::CrlStale));
    assert_eq!(with(&[root, forged]), Some(Reason::CrlForged));
}

#[test]
fn the_chain_from_the_pck_to_the_quote_has_no_gap() {
    assert_eq!(refused(|_| {}), None);
    assert_eq!(refused(|world| world.qe_tail[31] = 1), Some(Reason::KeyBinding));
    assert_eq!(refused(|world| world.vendor[15] ^= 1), Some(Reason::Unsupported));
    assert_eq!(refused(|world| world.pck_form.last_day = "260601000000Z"), Some(Reason::CertificateExpired));
    assert_eq!(refused(|world| world.pck_form.issuer = ROOT), Some(Reason::ChainSignature));
    assert_eq!(refused(|world| world.pck_form.authority = true), Some(Reason::CertificateProfile));
    // Parts of two good quotes of one platform: another key, another enclave report, another body.
    let (world, mut other) = (World::new(), World::new());
    let judge = world.judge();
    let quote = world.quote(5, 3);
    other.attestation = Key::new();
    let theirs = other.quote(5, 3);
    let body = 48 + 6 + 648;
    let mut swapped = quote.clone();
    swapped[body + 4..body + 4 + 128].copy_from_slice(&theirs[body + 4..body + 4 + 128]);
    assert_eq!(judge.reason(&swapped), Some(Reason::KeyBinding));
    let mut swapped = quote.clone();
    swapped[body + 4..body + 4 + 64].copy_from_slice(&theirs[body + 4..body + 4 + 64]);
    assert_eq!(judge.reason(&swapped), Some(Reason::EvidenceSignature));
    let mut swapped = quote;
    let report = body + 4 + 128 + 6;
    swapped[report..report + 448].copy_from_slice(&theirs[report..report + 448]);
    assert_eq!(judge.reason(&swapped), Some(Reason::EvidenceSignature));
}

#[test]
fn statements_are_signed_by_a_signer_under_the_root_and_nobody_else() {
    let missing = Some(Reason::CollateralMissing);
    assert_eq!(refused(|world| world.signer_form.subject = "Intel SGX PCK Certificate"), missing);
    assert_eq!(refused(|world| world.signer_form.authority = true), missing);
    let expired = refused(|world| world.signer_form.last_day = "260601000000Z");
    assert_eq!(expired, Some(Reason::CertificateExpired));
    // The key of a PCK that was taken out of its machine cannot speak for Intel: not even under the right
    // name.
    assert_eq!(refused(|world| world.signer_form.issuer = AUTHORITY), Some(Reason::CertificateProfile));
}

#[test]
fn every_component_of_a_level_counts() {
    for at in 0..16 {
        let below = |world: &mut World| world.components[at] = 199;
        assert_eq!(status(below).as_deref(), Some("OutOfDate"), "component {at}");
        assert_eq!(refused(below), Some(Reason::TcbStatus));
        assert_eq!(refused(|world| world.components[at] = 99), Some(Reason::TcbUnknown));
        assert_eq!(refused(|world| world.components[at] = 201), None);
    }
    assert_eq!(status(|world| world.pce_svn = 12).as_deref(), Some("OutOfDate"));
    assert_eq!(refused(|world| world.pce_svn = 4), Some(Reason::TcbUnknown));
    for at in 2..16 {
        let need = |world: &mut World| {
            for level in world.tcb_info["tcbLevels"].as_array_mut().unwrap() {
                level["tcb"]["tdxtcbcomponents"][at]["svn"] = json!(3);
            }
            world.tee_tcb_svn[at] = 3;
            world.tee_tcb_svn2[at] = 3;
        };
        assert_eq!(refused(need), None, "component {at} of TDX");
        let launch_below = refused(|world| {
            need(world);
            world.tee_tcb_svn[at] = 2;
        });
        assert_eq!(launch_below, Some(Reason::TcbUnknown));
        let now_below = refused(|world| {
            need(world);
            world.tee_tcb_svn2[at] = 2;
        });
        assert_eq!(now_below, Some(Reason::TcbUnknown));
    }
}

#[test]
fn the_module_of_version_0_is_judged_by_the_platforms_level() {
    let module = |svn: u8| {
        move |world: &mut World| {
            world.tee_tcb_svn[..2].copy_from_slice(&[svn, 0]);
            world.tee_tcb_svn2[..2].copy_from_slice(&[svn, 0]);
        }
    };
    assert_eq!(refused(module(6)), None);
    assert_eq!(status(module(5)).as_deref(), Some("OutOfDate"));
    assert_eq!(refused(module(4)), Some(Reason::TcbUnknown));
}

#[test]
fn the_module_has_its_own_identity_and_levels() {
    let module = |svn: u8| {
        move |world: &mut World| {
            world.tee_tcb_svn[0] = svn;
            world.tee_tcb_svn2[0] = svn;
        }
    };
    assert_eq!(refused(module(7)), None);
    assert_eq!(status(module(5)).as_deref(), Some("OutOfDate"));
    assert_eq!(status(module(3)), None, "revoked is refused even where the policy lists it");
    assert_eq!(refused(module(3)), Some(Reason::TcbStatus));
    assert_eq!(refused(module(1)), Some(Reason::TcbUnknown));
    let identity = Some(Reason::EnclaveIdentity);
    assert_eq!(refused(|world| world.tee_tcb_svn[1] = 2), identity, "no module of version 2 is stated");
    assert_eq!(refused(|world| world.tee_tcb_svn2[1] = 2), identity);
    assert_eq!(refused(|world| world.mr_signer_seam = 1), identity);
    for bit in [0, 31, 63] {
        assert_eq!(refused(|world| world.seam_attributes = 1 << bit), identity);
        // A bit that the mask leaves out is one that nothing is known of.
        let outside = refused(|world| {
            world.seam_attributes = 1 << bit;
            world.tcb_info["tdxModuleIdentities"][0]["attributesMask"] = json!("0000000000000000");
        });
        assert_eq!(outside, identity);
    }
}

#[test]
fn a_module_updated_below_a_running_td_advises_a_relaunch() {
    let updated = |world: &mut World| world.tee_tcb_svn[0] = 4;
    assert_eq!(status(updated).as_deref(), Some("TDRelaunchAdvised"));
    assert_eq!(refused(updated), Some(Reason::TcbStatus));
    let both_old = |world: &mut World| {
        updated(world);
        world.tee_tcb_svn2[0] = 5;
    };
    assert_eq!(status(both_old).as_deref(), Some("OutOfDate"));
    assert_eq!(status(|world| world.tee_tcb_svn2[0] = 5).as_deref(), Some("OutOfDate"));
    assert_eq!(refused(|world| world.tee_tcb_svn2[0] = 3), Some(Reason::TcbStatus), "revoked now");
    let old_enclave = |world: &mut World| {
        updated(world);
        world.qe[258] = 3;
    };
    assert_eq!(status(old_enclave).as_deref(), Some("OutOfDate"));
}

#[test]
fn another_quoting_enclave_is_refused_and_an_old_one_pulls_the_status_down() {
    let identity = Some(Reason::EnclaveIdentity);
    for byte in [16, 19, 48, 49, 55, 128, 159, 256, 257] {
        assert_eq!(refused(|world| world.qe[byte] ^= 1), identity, "byte {byte}");
    }
    assert_eq!(refused(|world| world.qe[48] |= 2), identity, "a quoting enclave under debug");
    for unmasked in [56, 63] {
        assert_eq!(refused(|world| world.qe[unmasked] ^= 1), None, "byte {unmasked} is not under the mask");
    }
    assert_eq!(status(|world| world.qe[258] = 3).as_deref(), Some("OutOfDate"));
    assert_eq!(refused(|world| world.qe[258] = 2), Some(Reason::TcbStatus));
    assert_eq!(refused(|world| world.qe[258] = 1), Some(Reason::TcbUnknown));
    assert_eq!(refused(|world| world.qe[259] = 1), None, "the version has two bytes");
    let contradiction = refused(|world| world.identity["miscselectMask"] = json!("FFFFFFFE"));
    assert_eq!(contradiction, None);
    let contradiction = refused(|world| {
        world.identity["miscselect"] = json!("01000000");
        world.identity["miscselectMask"] = json!("FEFFFFFF");
    });
    assert_eq!(contradiction, identity, "a value outside its mask matches nothing");
}

#[test]
fn advisories_of_every_part_count() {
    for pointer in ["/tcbLevels/1", "/tdxModuleIdentities/0/tcbLevels/0"] {
        let advised = |world: &mut World| {
            world.tcb_info.pointer_mut(pointer).unwrap()["advisoryIDs"] = json!(["INTEL-SA-09999"]);
        };
        assert_eq!(refused(advised), Some(Reason::TcbStatus));
        assert_eq!(status(advised).as_deref(), Some("UpToDate"), "where the policy allows any advisory");
    }
    let advised =
        |world: &mut World| world.identity["tcbLevels"][0]["advisoryIDs"] = json!(["INTEL-SA-09999"]);
    assert_eq!(refused(advised), Some(Reason::TcbStatus));
}

#[test]
fn platforms_and_machines_can_be_blocked() {
    let world = World::new();
    for blocked in ["intel-fmspc:b0c06f000000".to_owned(), format!("intel-ppid:{}", "77".repeat(16))] {
        let mut judge = world.judge();
        judge.policy.blocked.insert(blocked);
        assert_eq!(judge.reason(&world.quote(5, 3)), Some(Reason::MachineBlocked));
    }
    assert_eq!(refused(|world| world.tcb_info["pceId"] = json!("0001")), Some(Reason::CollateralMismatch));
    assert_eq!(
        refused(|world| world.tcb_info["fmspc"] = json!("B0C06F000001")),
        Some(Reason::CollateralMismatch)
    );
}

#[test]
fn a_challenge_must_be_answered() {
    let world = World::new();
    let (judge, quote) = (world.judge(), world.quote(5, 3));
    assert!(judge.answer(&quote, Some(&[0x42; 64])).accepted().unwrap().fresh);
    assert_eq!(judge.answer(&quote, Some(&[0x42; 63])).reason(), Some(Reason::Challenge));
    assert_eq!(judge.answer(&quote, Some(&[0x43; 64])).reason(), Some(Reason::Challenge));
    let mut judge = judge;
    judge.policy.fresh_required = true;
    assert_eq!(judge.reason(&quote), Some(Reason::NotFresh));
    assert_eq!(judge.time, NOW);
}

#[test]
fn pck_certificates_state_everything_once() {
    let profile = Some(Reason::CertificateProfile);
    for at in 0..4 {
        assert_eq!(refused(|world| drop(world.members.remove(at))), profile, "member {at} is missing");
        assert_eq!(refused(|world| world.members.push(world.members[at].clone())), profile, "{at} twice");
    }
    // The instance and the configuration are for platforms of several processors.
    assert_eq!(refused(|world| world.members.truncate(4)), None);
    let wrong: [(usize, Vec<u8>); 8] = [
        (0, der(4, &[0x77; 15])),
        (0, der(12, &[0x77; 16])),
        (1, der(4, &[0])),
        (2, der(4, &[0; 7])),
        (3, der(10, &[3])),
        (4, der(4, &[0; 17])),
        (5, sequence(&[World::pair(&[7, 1], &integer(&[1]))])),
        (5, sequence(&[World::pair(&[8, 1], &der(1, &[0]))])),
    ];
    for (at, value) in wrong {
        assert_eq!(refused(|world| world.members[at].1 = value.clone()), profile, "{at} as {value:?}");
    }
    assert_eq!(refused(|world| world.pck_form.extension = Some(vec![0x30, 0])), profile);
    assert_eq!(refused(|world| world.pck_form.extension = Some(vec![0x30, 0x80])), profile);
    assert_eq!(refused(|world| world.pck_form.extension = Some(Vec::new())), profile);
}
