//! CBOR with strict settings: the one canonical form of documents that are signed or leave the system, and
//! the reader of other people's tokens.
//!
//! Source: RFC 8949; the deterministic form is its section 4.2.1. The header of each item is read and written
//! by `ciborium-ll`. What is refused in both modes, because two readers could take it for two things:
//! indefinite lengths, duplicate keys, bytes after the item, nesting deeper than [`DEPTH_MAX`], floats and
//! simple values other than false, true and null.

use ciborium_io::Read;
use ciborium_ll::{Decoder, Encoder, Header};

use crate::failure::Coded;

/// Deepest nesting of arrays, maps and tags.
pub const DEPTH_MAX: usize = 16;

/// One CBOR item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Major type 0.
    Unsigned(u64),
    /// Major type 1; the number is `-1 - n`.
    Negative(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Value>),
    /// Major type 5; keys are unique. [`encode`] sorts them.
    Map(Vec<(Value, Value)>),
    /// Major type 6.
    Tag(u64, Box<Value>),
    /// `false` or `true`.
    Bool(bool),
    /// `null`.
    Null,
}

/// What a reader insists on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Unambiguous, as said above; lengths and numbers may be written longer than needed, keys in any order.
    Unambiguous,
    /// The deterministic encoding: exactly the bytes that [`encode`] would write.
    Deterministic,
}

/// Why bytes are no acceptable CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CborError {
    /// Byte at which reading stopped.
    pub position: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl std::fmt::Display for CborError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} at byte {}", self.reason, self.position)
    }
}

impl std::error::Error for CborError {}

impl Coded for CborError {
    const CODES: &'static [&'static str] = &["QRT_ERR_DOCUMENT_MALFORMED"];

    fn code(&self) -> &'static str {
        "QRT_ERR_DOCUMENT_MALFORMED"
    }
}

impl Value {
    /// A number that may be negative.
    pub fn integer(number: i64) -> Self {
        u64::try_from(number).map_or_else(|_| Self::Negative((-1 - number).unsigned_abs()), Self::Unsigned)
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A byte string.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// The number of a major type 0 item.
    pub fn as_unsigned(&self) -> Option<u64> {
        if let Self::Unsigned(number) = self { Some(*number) } else { None }
    }

    /// The number of a major type 0 or 1 item, where it fits.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Unsigned(number) => i64::try_from(*number).ok(),
            Self::Negative(number) => i64::try_from(*number).ok().map(|number| -1 - number),
            _ => None,
        }
    }

    /// The bytes of a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The text of a text string.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The entries of a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// The value of a key of a map; none where this is no map or has no such key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.as_map()?.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }
}

/// Reads exactly one item that fills `bytes`.
///
/// Memory is bounded by the input: nothing is allocated for a length that the remaining bytes cannot hold.
///
/// # Errors
/// [`CborError`] with the byte where reading stopped.
///
/// ```
/// use quorate_types::cbor::{Form, Value, decode};
/// assert_eq!(decode(&[0x18, 0x07], Form::Unambiguous), Ok(Value::Unsigned(7)));
/// assert!(decode(&[0x18, 0x07], Form::Deterministic).is_err());
/// ```
pub fn decode(bytes: &[u8], form: Form) -> Result<Value, CborError> {
    let mut reader = Reader { decoder: Decoder::from(bytes), length: bytes.len() };
    let value = reader.item(0)?;
    if reader.remaining() > 0 {
        return Err(reader.error("bytes follow the item"));
    }
    if form == Form::Deterministic {
        let canonical = encode(&value);
        if canonical != bytes {
            let position = canonical.iter().zip(bytes).take_while(|(ours, theirs)| ours == theirs).count();
            return Err(CborError { position, reason: "not in the deterministic form" });
        }
    }
    Ok(value)
}

struct Reader<'bytes> {
    decoder: Decoder<&'bytes [u8]>,
    length: usize,
}

impl Reader<'_> {
    fn error(&mut self, reason: &'static str) -> CborError {
        CborError { position: self.decoder.offset(), reason }
    }

    fn remaining(&mut self) -> usize {
        self.length.saturating_sub(self.decoder.offset())
    }

    fn item(&mut self, depth: usize) -> Result<Value, CborError> {
        let header = self.decoder.pull().map_err(|_| self.error("a cut or malformed header"))?;
        match header {
            Header::Positive(number) => Ok(Value::Unsigned(number)),
            Header::Negative(number) => Ok(Value::Negative(number)),
            Header::Bytes(length) => self.string(length).map(Value::Bytes),
            Header::Text(length) => String::from_utf8(self.string(length)?)
                .map(Value::Text)
                .map_err(|_| self.error("a text that is not UTF-8")),
            Header::Array(length) => self.array(length, depth),
            Header::Map(length) => self.map(length, depth),
            Header::Tag(tag) => {
                self.descend(depth)?;
                Ok(Value::Tag(tag, Box::new(self.item(depth + 1)?)))
            }
            Header::Simple(20) => Ok(Value::Bool(false)),
            Header::Simple(21) => Ok(Value::Bool(true)),
            Header::Simple(22) => Ok(Value::Null),
            Header::Simple(_) => Err(self.error("a simple value other than false, true and null")),
            Header::Float(_) => Err(self.error("a floating-point number")),
            Header::Break => Err(self.error("a break outside an indefinite length")),
        }
    }

    fn descend(&mut self, depth: usize) -> Result<(), CborError> {
        if depth < DEPTH_MAX { Ok(()) } else { Err(self.error("nested too deeply")) }
    }

    /// A length that the remaining bytes can hold at `least` bytes an element.
    fn definite(&mut self, length: Option<usize>, least: usize) -> Result<usize, CborError> {
        let length = length.ok_or_else(|| self.error("an indefinite length"))?;
        if length > self.remaining() / least {
            return Err(self.error("a length beyond the end of the input"));
        }
        Ok(length)
    }

    fn string(&mut self, length: Option<usize>) -> Result<Vec<u8>, CborError> {
        let mut bytes = vec![0; self.definite(length, 1)?];
        self.decoder.read_exact(&mut bytes).map_err(|_| self.error("a cut string"))?;
        Ok(bytes)
    }

    fn array(&mut self, length: Option<usize>, depth: usize) -> Result<Value, CborError> {
        self.descend(depth)?;
        let length = self.definite(length, 1)?;
        (0..length).map(|_| self.item(depth + 1)).collect::<Result<_, _>>().map(Value::Array)
    }

    fn map(&mut self, length: Option<usize>, depth: usize) -> Result<Value, CborError> {
        self.descend(depth)?;
        let length = self.definite(length, 2)?;
        let mut entries = Vec::with_capacity(length.min(64));
        for _ in 0..length {
            entries.push((self.item(depth + 1)?, self.item(depth + 1)?));
        }
        let mut keys: Vec<Vec<u8>> = entries.iter().map(|(key, _)| encode(key)).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.error("a key that occurs twice"));
        }
        Ok(Value::Map(entries))
    }
}

/// The deterministic encoding: shortest lengths and numbers, keys sorted by their encoded bytes.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Unsigned(number) => push(Header::Positive(*number), out),
        Value::Negative(number) => push(Header::Negative(*number), out),
        Value::Bytes(bytes) => {
            push(Header::Bytes(Some(bytes.len())), out);
            out.extend_from_slice(bytes);
        }
        Value::Text(text) => {
            push(Header::Text(Some(text.len())), out);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            push(Header::Array(Some(items.len())), out);
            for item in items {
                write(item, out);
            }
        }
        Value::Map(entries) => {
            push(Header::Map(Some(entries.len())), out);
            let mut encoded: Vec<(Vec<u8>, &Value)> =
                entries.iter().map(|(key, value)| (encode(key), value)).collect();
            encoded.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            for (key, value) in encoded {
                out.extend_from_slice(&key);
                write(value, out);
            }
        }
        Value::Tag(tag, item) => {
            push(Header::Tag(*tag), out);
            write(item, out);
        }
        Value::Bool(flag) => push(Header::Simple(if *flag { 21 } else { 20 }), out),
        Value::Null => push(Header::Simple(22), out),
    }
}

fn push(header: Header, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = Encoder::from(&mut *out).push(header);
}

/// A document: `[tag, version, fields...]` in the deterministic form. The tag separates the domains of what
/// is signed: no document of one kind can be read as one of another.
pub fn document(tag: &str, version: u64, fields: Vec<Value>) -> Vec<u8> {
    let head = [Value::text(tag), Value::Unsigned(version)];
    encode(&Value::Array(head.into_iter().chain(fields).collect()))
}

/// Reads a document of the given tag, version and number of fields; gives the fields.
///
/// # Errors
/// [`CborError`]; a document of another kind, version or length is refused, never read in part.
pub fn open_document(bytes: &[u8], tag: &str, version: u64, fields: usize) -> Result<Vec<Value>, CborError> {
    let refuse = |reason| Err(CborError { position: 0, reason });
    let Value::Array(mut items) = decode(bytes, Form::Deterministic)? else {
        return refuse("no document: it is not an array");
    };
    if items.first().and_then(Value::as_text) != Some(tag) {
        return refuse("a document of another kind");
    }
    if items.get(1).and_then(Value::as_unsigned) != Some(version) {
        return refuse("a document of another version");
    }
    if items.len() != fields + 2 {
        return refuse("a document with missing or unknown fields");
    }
    Ok(items.split_off(2))
}
