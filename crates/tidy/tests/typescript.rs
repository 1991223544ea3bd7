//! Import rules of `ts/`: data runs one way, and an import of a room costs what the room needs.
#![allow(missing_docs)]

use quorate_tidy::{Source, expect_none, root, sources};

/// A room may import the rooms to its left.
const ROOMS: &[&str] =
    &["fleet", "trust", "market", "placement", "consensus", "federation", "quality", "services"];
/// What every room may import of the house.
const SHARED: &[&str] = &["ts/native", "ts/errors", "ts/parse", "ts/ports/clock"];

/// The modules a file imports, relative ones resolved to paths from the root without their ending.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("//") || code.starts_with('*') || code.starts_with("/*") {
            continue;
        }
        for lead in ["from '", "import('", "import '", "require)('", "require('", "(import.meta.url)('"] {
            for piece in code.split(lead).skip(1) {
                if let Some(target) = piece.split('\'').next() {
                    found.push((index + 1, resolve(&source.path, target)));
                }
            }
        }
    }
    found
}

fn resolve(from: &str, target: &str) -> String {
    if !target.starts_with('.') {
        return target.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for step in target.split('/') {
        match step {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/").trim_end_matches(".js").to_owned()
}

fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix("ts/domain/")?.split('/').next()
}

#[test]
fn only_native_imports_the_generated_loader() {
    let mut offences = Vec::new();
    for source in sources("ts", &[".ts"]) {
        for (line, target) in imports(&source) {
            if target.contains("native.cjs") && source.path != "ts/native.ts" {
                offences.push(format!("{}:{line}", source.path));
            }
        }
    }
    expect_none("ts/native.ts is the only importer of the generated loader", &offences);
}

#[test]
fn rooms_import_to_the_left_only() {
    let mut offences = Vec::new();
    for source in sources("ts/domain", &[".ts"]) {
        let room = room_of(&source.path).unwrap();
        let own = ROOMS.iter().position(|known| *known == room);
        for (line, target) in imports(&source) {
            let allowed = match room_of(&target) {
                Some(other) if other == room => true,
                Some(other) => {
                    let public = target == format!("ts/domain/{other}/index");
                    public && own > ROOMS.iter().position(|known| *known == other)
                }
                None => SHARED.contains(&target.as_str()) || target.starts_with("node:"),
            };
            if !allowed {
                offences.push(format!("{}:{line} imports {target}", source.path));
            }
        }
    }
    expect_none(
        "a room imports its own files, the index of rooms to its left, and the shared few",
        &offences,
    );
}

#[test]
fn the_cli_uses_public_exports_only() {
    let mut offences = Vec::new();
    for source in sources("ts/cli", &[".ts"]) {
        for (line, target) in imports(&source) {
            let public = target.starts_with("ts/domain/") && target.ends_with("/index");
            let shared = SHARED.contains(&target.as_str()) || target == "ts/index";
            if !(public || shared || target.starts_with("ts/cli/") || target.starts_with("node:")) {
                offences.push(format!("{}:{line} imports {target}", source.path));
            }
        }
    }
    expect_none("the command line is a user of the package like any other", &offences);
}

#[test]
fn every_room_has_a_facade_and_a_reason() {
    let mut offences = Vec::new();
    for entry in std::fs::read_dir(root().join("ts/domain")).unwrap().flatten() {
        let room = entry.file_name().to_string_lossy().into_owned();
        if !entry.path().join("index.ts").exists() {
            offences.push(format!("ts/domain/{room} has no index.ts"));
        }
        if !root().join(format!("docs/design/{room}.md")).exists() {
            offences.push(format!("docs/design/{room}.md does not say why the room is as it is"));
        }
    }
    expect_none("a room has one public list and one page of reasons", &offences);
}
