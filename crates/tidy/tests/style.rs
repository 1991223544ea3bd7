//! Rules of style that can be checked: sizes, and what must not stand in the text.
#![allow(missing_docs)]

use quorate_tidy::{Source, expect_none, functions, sources};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
/// The seam converts and calls; a longer function there holds logic that belongs into a crate.
const SEAM_FUNCTION_LINES_MAX: usize = 25;
const LINE_COLUMNS_MAX: usize = 110;
/// A sentence is not cut in two, so that a search for it finds it.
const TEXT_LINE_COLUMNS_MAX: usize = 160;

fn code() -> Vec<Source> {
    let mut all = sources("src", &[".rs"]);
    for folder in ["crates", "ts", "__test__", "scripts", "bench", "examples"] {
        all.extend(sources(folder, &[".rs", ".ts", ".mjs", ".py"]));
    }
    all
}

fn rust_function(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let at = rest.find("fn ")?;
    let lead = &rest[..at];
    let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern", "\"C\""];
    if line.ends_with(';') || !lead.split_whitespace().all(|word| words.contains(&word)) {
        return None;
    }
    rest[at + 3..].split(['(', '<']).next()
}

/// Long signatures end in a line of their own that begins with the closing parenthesis: the body begins
/// there.
fn typescript_function(line: &str) -> Option<&str> {
    const CONTROL: [&str; 9] = ["if", "for", "while", "switch", "catch", "return", "else", "do", "try"];
    let mut rest = line.trim_start();
    if !line.ends_with('{') {
        return None;
    }
    if rest.starts_with(')') {
        return rest.get(..1);
    }
    for lead in
        ["export ", "default ", "async ", "static ", "private ", "override ", "function ", "get ", "*"]
    {
        rest = rest.strip_prefix(lead).unwrap_or(rest);
    }
    let name = rest.split(['(', '<']).next()?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '#');
    (plain && rest.len() > name.len() && !CONTROL.contains(&name)).then_some(name)
}

#[test]
fn files_stay_short() {
    let offences: Vec<String> = code()
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(source, lines)| format!("{} has {lines} lines", source.path))
        .collect();
    expect_none("a file has at most 600 lines", &offences);
}

#[test]
fn lines_stay_short() {
    let mut offences = Vec::new();
    for source in code() {
        for (index, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            let comment = line.trim_start().starts_with(['/', '*', '#']);
            let text = !comment && line.contains(['\'', '"', '`']);
            if columns > if text { TEXT_LINE_COLUMNS_MAX } else { LINE_COLUMNS_MAX } {
                offences.push(format!("{}:{} has {columns} columns", source.path, index + 1));
            }
        }
    }
    expect_none("a line is at most 110 columns, comments included", &offences);
}

#[test]
fn functions_stay_short() {
    let mut offences = Vec::new();
    for source in code().iter().filter(|source| !source.path.contains("__test__")) {
        let rust = source.path.ends_with(".rs");
        if !rust && !source.path.ends_with(".ts") {
            continue;
        }
        let found = if rust {
            functions(&source.text, rust_function)
        } else {
            functions(&source.text, typescript_function)
        };
        let limit =
            if source.path.starts_with("src/") { SEAM_FUNCTION_LINES_MAX } else { FUNCTION_LINES_MAX };
        for (name, line, lines) in found.into_iter().filter(|(_, _, lines)| *lines > limit) {
            offences.push(format!("{}:{line} {name} has {lines} lines, at most {limit} here", source.path));
        }
    }
    expect_none("a function has one job", &offences);
}

#[test]
fn requirement_ids_stay_out_of_the_code() {
    let is_id = |word: &str| {
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        word.strip_prefix("RCARD-").is_some_and(digits)
            || word
                .strip_prefix('R')
                .and_then(|rest| rest.split_once('-'))
                .is_some_and(|(document, row)| document.len() == 3 && digits(document) && digits(row))
    };
    let mut offences = Vec::new();
    for source in code() {
        for (index, line) in source.text.lines().enumerate() {
            if line.split(|c: char| !c.is_alphanumeric() && c != '-').any(is_id) {
                offences.push(format!("{}:{}", source.path, index + 1));
            }
        }
    }
    expect_none("requirement ids stand in docs/requirements.md only", &offences);
}

#[test]
fn nothing_unfinished_is_committed() {
    // Written in pieces, so that this list does not find itself.
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimple", "mented!(")];
    let mut offences = Vec::new();
    for source in code() {
        for (index, line) in source.text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                offences.push(format!("{}:{} says {mark}", source.path, index + 1));
            }
        }
    }
    expect_none("what is not finished is not here", &offences);
}
