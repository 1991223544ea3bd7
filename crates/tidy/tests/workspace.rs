//! Rules of the workspace: levels, the seam, what the root package may be.
#![allow(missing_docs, clippy::unwrap_used)]

use quorate_tidy::{expect_none, metadata, root, sources};

/// Crates may use crates of a lower level only: never sideways, never up. See docs/architecture.md.
const LEVELS: &[(&str, u32)] = &[
    ("quorate-types", 0),
    ("quorate-nsga2", 1),
    ("quorate-diversity", 1),
    ("quorate-ipdata", 1),
    ("quorate-attestation", 1),
    ("quorate-merkle", 1),
    ("quorate-multisig", 1),
    ("quorate-placement", 2),
    ("quorate-attester", 2),
    ("quorate-disk", 3),
    ("quorate-transparency", 4),
    ("quorate-store", 4),
];
/// Crates that only tests use.
const DEV: &[&str] = &["quorate-tidy"];
/// The root package.
const SEAM: &str = "quorate-node";

fn level(name: &str) -> Option<u32> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

fn packages() -> Vec<serde_json::Value> {
    metadata().unwrap()["packages"].as_array().unwrap().clone()
}

#[test]
fn crates_depend_only_on_lower_levels() {
    let mut offences = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        if name == SEAM || DEV.contains(&name) {
            continue;
        }
        let Some(own) = level(name) else {
            offences.push(format!("{name} has no level: add it to LEVELS and to docs/architecture.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let dev = dependency["kind"].as_str() == Some("dev");
            if DEV.contains(&other) && !dev {
                offences.push(format!("{name} depends on {other}, which only tests may use"));
            }
            if level(other).is_some_and(|level| level >= own) {
                offences.push(format!("{name} (level {own}) depends on {other}, which is not below it"));
            }
        }
    }
    expect_none("a crate uses crates of a lower level only", &offences);
}

#[test]
fn only_the_root_package_knows_node() {
    let mut offences = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            if other.starts_with("napi") && name != SEAM {
                offences.push(format!("{name} depends on {other}"));
            }
        }
    }
    expect_none("napi appears in the root manifest only", &offences);
}

#[test]
fn the_root_package_is_the_addon_and_nothing_else() {
    let packages = packages();
    let seam = packages.iter().find(|package| package["name"] == SEAM).unwrap();
    let kinds: Vec<String> = seam["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["kind"][0].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["cdylib", "custom-build"]);
    let build = std::fs::read_to_string(root().join("build.rs")).unwrap();
    let code: Vec<&str> = build.lines().filter(|line| !line.starts_with("//") && !line.is_empty()).collect();
    assert_eq!(code, ["fn main() {", "    napi_build::setup();", "}"]);
}

#[test]
fn addons_unwind_so_that_a_panic_stays_catchable() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("panic = \"unwind\""));
    assert!(!manifest.contains("panic = \"abort\""));
}

#[test]
fn the_seam_has_one_file_per_crate_it_exposes() {
    let own = ["src/lib.rs", "src/failure.rs", "src/run.rs", "src/runtime.rs"];
    let offences: Vec<String> = sources("src", &[".rs"])
        .into_iter()
        .filter(|source| !own.contains(&source.path.as_str()))
        .filter(|source| {
            let name = source.path["src/".len()..].trim_end_matches(".rs").split('/').next().unwrap_or("");
            let crate_name = format!("quorate-{name}");
            level(&crate_name).is_none()
        })
        .map(|source| source.path)
        .collect();
    expect_none("a file of the seam has the name of the crate it exposes", &offences);
}

#[test]
fn cores_hold_no_clock_no_file_no_socket_no_global_randomness() {
    const BANNED: &[&str] = &[
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::env::",
        "std::process",
        "std::thread::spawn",
        "Instant::now",
        "SystemTime",
        "thread_rng",
        "getrandom",
        "tokio",
        "println!",
        "HashMap",
        "HashSet",
    ];
    let mut offences = Vec::new();
    for (name, _) in LEVELS.iter().filter(|(_, level)| *level <= 2) {
        let folder = format!("crates/{}/src", name.trim_start_matches("quorate-"));
        for source in sources(&folder, &[".rs"]) {
            for (index, line) in source.text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for banned in BANNED.iter().filter(|banned| code.contains(**banned)) {
                    offences.push(format!("{}:{} uses {banned}", source.path, index + 1));
                }
            }
        }
    }
    expect_none("levels 0 to 2 are sans-IO: time, randomness and bytes are arguments", &offences);
}
