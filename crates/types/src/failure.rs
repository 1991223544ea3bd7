//! Errors that cross the seam as data.
//!
//! Each crate has one error enum of its own and implements [`Coded`] for it. The seam turns any `Coded` into
//! `{ code, message, details, retryable }`, and TypeScript throws one `QuorateError` from that.

use std::fmt;

/// An error with a stable, documented code.
///
/// Codes have the form `QRT_ERR_<ROOM>_<REASON>`. They are public: once released a code keeps its meaning,
/// and every code stands in docs/errors.md (a test compares the two).
pub trait Coded: std::error::Error {
    /// Every code this type can carry, for the test that compares the code with docs/errors.md.
    const CODES: &'static [&'static str];

    /// The stable code of this error.
    fn code(&self) -> &'static str;

    /// Path of the input field that is at fault, such as `profiles[3].confidence`, where one is.
    fn field(&self) -> Option<&FieldPath> {
        None
    }

    /// Whether the same call may succeed later without a change of its input.
    fn retryable(&self) -> bool {
        false
    }
}

/// Where in the caller's input a fault lies, in the notation a JavaScript caller would type.
///
/// ```
/// use quorate_types::FieldPath;
/// let path = FieldPath::new("profiles").index(3).field("confidence");
/// assert_eq!(path.to_string(), "profiles[3].confidence");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(String);

impl FieldPath {
    /// Starts a path at a top-level field.
    pub fn new(field: &str) -> Self {
        Self(field.to_owned())
    }

    /// Steps into the element at `index`.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push_str(&format!("[{index}]"));
        self
    }

    /// Steps into a member.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(field);
        self
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
