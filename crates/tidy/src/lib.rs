//! The style and the import rules of the house, as a test.
//!
//! What is not enforced drifts. The rules themselves stand in `tests/`, each with its reason; this library
//! only finds and reads the files. It is the one crate that may use files and processes: nothing but tests
//! depends on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A source file: its path from the root of the project, with `/`, and its text.
pub struct Source {
    /// Path from the root, such as `crates/types/src/lib.rs`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below `folder` whose name ends in one of `endings`, sorted by path; generated folders are left
/// out.
pub fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), &root().join(folder), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    const GENERATED: [&str; 5] = ["node_modules", "target", "dist", "coverage", "__snapshots__"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !GENERATED.contains(&name.as_str()) && (!name.starts_with('.') || name == ".ci") {
                collect(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending))
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

/// What cargo says of this workspace, dependencies left out.
pub fn metadata() -> Result<Value, String> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo metadata does not start: {error}"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// Fails with all offences at once, so that one run shows everything there is to mend.
pub fn expect_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

/// The functions of a formatted file, as (name, first line, lines), where `opens` tells a function's first
/// line.
///
/// A formatter closes a function with a brace at the indentation of its first line; that is all this relies
/// on.
pub fn functions<'text>(
    text: &'text str,
    opens: impl Fn(&str) -> Option<&str>,
) -> Vec<(&'text str, usize, usize)> {
    let lines: Vec<&'text str> = text.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let Some(name) = opens(line) else { continue };
        let start = line.find(name).unwrap_or(0);
        let indent = &line[..line.len() - line.trim_start().len()];
        let close = format!("{indent}}}");
        let last =
            lines[first..].iter().position(|l| l.starts_with(&close) && l.trim_start().starts_with('}'));
        if let Some(length) = last {
            found.push((&line[start..start + name.len()], first + 1, length + 1));
        }
    }
    found
}
