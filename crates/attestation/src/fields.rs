//! Evidence as readable fields, for `attest inspect`: what it says, which is not yet what it proves.

use crate::verdict::hex;

/// One field of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name as the format's specification has it, with dots for nesting.
    pub name: String,
    /// Value for a person: numbers in decimal, bytes in hexadecimal.
    pub value: String,
}

impl Field {
    /// A field with a value that prints.
    pub(crate) fn new(name: impl Into<String>, value: impl ToString) -> Self {
        Self { name: name.into(), value: value.to_string() }
    }

    /// A field of bytes.
    pub(crate) fn bytes(name: impl Into<String>, bytes: &[u8]) -> Self {
        Self { name: name.into(), value: hex(bytes) }
    }

    /// The same field of evidence that is part of other evidence.
    pub(crate) fn within(self, whole: &str) -> Self {
        Self { name: format!("{whole}.{}", self.name), ..self }
    }
}
