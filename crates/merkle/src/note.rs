//! Signed notes: a text and the signatures of those who stand for it (C2SP signed-note).

use crate::error::MerkleError;
use crate::text::{decode_base64, encode_base64, is_key_name};

/// Largest note that is read. A post-quantum signature takes up to 6.5 kB in base64.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;
/// Most signatures that are read; the specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 32;

const LINE_START: &str = "\u{2014} ";
const KEY_ID_BYTES: usize = 4;

/// A note, parsed but not verified: its text means nothing before a trusted key has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its last newline.
    pub text: String,
    /// In the order of the note.
    pub signatures: Vec<SignatureLine>,
}

/// One signature of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// With the name it tells which key and which algorithm; it is short and no proof of either.
    pub key_id: [u8; KEY_ID_BYTES],
    /// What the key made of the text.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// The line, with its newline.
    pub fn encode(&self) -> String {
        let bytes = [&self.key_id, self.signature.as_slice()].concat();
        format!("{LINE_START}{} {}\n", self.name, encode_base64(&bytes))
    }
}

impl Note {
    /// Reads a note: the text ends at the last empty line, and signatures follow to the last byte.
    ///
    /// # Errors
    /// `QRT_ERR_MERKLE_NOTE` with the line at fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, MerkleError> {
        let at = |reason, line| MerkleError::Note { reason, line };
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(at("it is larger than 256 KiB", 1));
        }
        let whole = str::from_utf8(bytes).map_err(|_| at("it is not UTF-8", 1))?;
        let line_of = |byte: usize| whole.as_bytes()[..byte].iter().filter(|b| **b == b'\n').count() + 1;
        if let Some(byte) = bytes.iter().position(|byte| *byte < 0x20 && *byte != b'\n') {
            return Err(at("it has a control character", line_of(byte)));
        }
        let end = whole.rfind("\n\n").ok_or(at("no empty line stands before the signatures", 1))?;
        let (text, lines) = (&whole[..=end], &whole[end + 2..]);
        let first = line_of(end) + 2;
        let lines = lines.strip_suffix('\n').ok_or(at("its last line is cut off", first))?;
        let mut signatures = Vec::new();
        for (number, line) in (first..).zip(lines.split('\n')) {
            if signatures.len() == SIGNATURES_MAX {
                return Err(at("it has more than 32 signatures", number));
            }
            let signature = parse_line(line).ok_or(at("this is no signature line", number))?;
            signatures.push(signature);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The note as it is served.
    pub fn encode(&self) -> String {
        let lines: String = self.signatures.iter().map(SignatureLine::encode).collect();
        format!("{}\n{lines}", self.text)
    }
}

fn parse_line(line: &str) -> Option<SignatureLine> {
    let (name, encoded) = line.strip_prefix(LINE_START)?.split_once(' ')?;
    if !is_key_name(name) {
        return None;
    }
    let bytes = decode_base64(encoded)?;
    let (key_id, signature) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
    if signature.is_empty() {
        return None;
    }
    Some(SignatureLine { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
}
