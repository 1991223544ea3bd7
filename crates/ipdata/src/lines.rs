//! Lines of a text source, one at a time and of bounded length.

use std::io::BufRead;

use crate::error::IpdataError;
use quorate_types::FieldPath;

/// Longest line that is read. Longer ones count as malformed; organisation names stay far below.
pub(crate) const LINE_BYTES_MAX: usize = 4096;

/// Reads lines into one buffer that is used again and never grows beyond [`LINE_BYTES_MAX`].
pub(crate) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// Lines begun so far, so the number of the current line, counted from 1.
    pub(crate) number: u64,
    /// Bytes consumed so far.
    pub(crate) bytes: u64,
    field: FieldPath,
}

/// One line, or the fact that it was too long.
pub(crate) enum Line<'a> {
    Text(&'a str),
    Unusable(&'static str),
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R, field: FieldPath) -> Self {
        Self { input, line: Vec::new(), number: 0, bytes: 0, field }
    }

    /// The next line without its end, `None` at the end of the input.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, IpdataError> {
        self.line.clear();
        let mut too_long = false;
        let mut begun = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let reason = error.to_string();
                    return Err(IpdataError::Read { line: self.number, reason, field: self.field.clone() });
                }
            };
            if chunk.is_empty() {
                break;
            }
            begun = true;
            let end = memchr_newline(chunk);
            let taken = end.unwrap_or(chunk.len());
            if self.line.len() + taken <= LINE_BYTES_MAX {
                self.line.extend_from_slice(&chunk[..taken]);
            } else {
                too_long = true;
            }
            let consumed = taken + usize::from(end.is_some());
            self.input.consume(consumed);
            self.bytes += consumed as u64;
            if end.is_some() {
                break;
            }
        }
        if !begun {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(self.finished_line(too_long)))
    }

    fn finished_line(&self, too_long: bool) -> Line<'_> {
        if too_long {
            return Line::Unusable("the line is longer than 4096 bytes");
        }
        let bytes = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        // A file written by some spreadsheets begins with a byte order mark.
        let bytes =
            if self.number == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
        std::str::from_utf8(bytes).map_or(Line::Unusable("the line is not UTF-8"), Line::Text)
    }
}

fn memchr_newline(chunk: &[u8]) -> Option<usize> {
    chunk.iter().position(|&byte| byte == b'\n')
}

/// Splits a CSV line of RFC 4180 (without line breaks inside quotes) into at most `N` fields; `None` when a
/// quote is misplaced or there are more fields. Unquoted fields are trimmed.
pub(crate) fn split_csv<const N: usize>(line: &str) -> Option<Fields<N>> {
    let mut fields = Fields { texts: [const { String::new() }; N], count: 0 };
    let mut rest = line;
    loop {
        if fields.count == N {
            return None;
        }
        let (text, after) = csv_field(rest)?;
        fields.texts[fields.count] = text;
        fields.count += 1;
        match after {
            None => return Some(fields),
            Some(after) => rest = after,
        }
    }
}

/// The fields of one line.
pub(crate) struct Fields<const N: usize> {
    texts: [String; N],
    pub(crate) count: usize,
}

impl<const N: usize> Fields<N> {
    /// The field at `index`, empty where the line has fewer.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.texts.get(index).map_or("", String::as_str)
    }
}

/// One field and what follows its comma (`None` at the end of the line).
fn csv_field(line: &str) -> Option<(String, Option<&str>)> {
    let Some(quoted) = line.trim_start().strip_prefix('"') else {
        return Some(match line.split_once(',') {
            Some((text, rest)) => (text.trim().to_owned(), Some(rest)),
            None => (line.trim().to_owned(), None),
        });
    };
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        text.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                text.push('"');
                rest = more;
            }
            None => {
                let after = after.trim_start();
                return if after.is_empty() {
                    Some((text, None))
                } else {
                    Some((text, Some(after.strip_prefix(',')?)))
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(line: &str) -> Option<Vec<String>> {
        split_csv::<4>(line).map(|f| (0..f.count).map(|i| f.get(i).to_owned()).collect())
    }

    #[test]
    fn quotes_follow_rfc_4180() {
        assert_eq!(csv(r#"a, b ,"c, ""d""""#).unwrap(), ["a", "b", "c, \"d\""]);
        assert_eq!(csv("a,,").unwrap(), ["a", "", ""]);
        assert!(csv(r#"a,"b"c"#).is_none());
        assert!(csv(r#"a,"b"#).is_none());
        assert!(csv("1,2,3,4,5").is_none());
    }

    #[test]
    fn long_and_foreign_lines_are_reported_and_the_next_line_is_read() {
        let mut text = vec![b'x'; LINE_BYTES_MAX + 1];
        text.extend_from_slice(b"\n\xff\xfe\nok\r\nlast");
        let mut lines =
            Lines::new(std::io::BufReader::with_capacity(16, &text[..]), FieldPath::new("sources"));
        assert!(matches!(lines.next().unwrap(), Some(Line::Unusable(_))));
        assert!(matches!(lines.next().unwrap(), Some(Line::Unusable(_))));
        assert!(matches!(lines.next().unwrap(), Some(Line::Text("ok"))));
        assert!(matches!(lines.next().unwrap(), Some(Line::Text("last"))));
        assert!(lines.next().unwrap().is_none());
        assert_eq!((lines.number, lines.bytes), (4, text.len() as u64));
    }
}
