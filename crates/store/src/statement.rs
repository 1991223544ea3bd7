//! What goes in and what comes out: SQL with values, and rows of values.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// Most statements of one transaction.
pub const STATEMENTS_MAX: usize = 10_000;
/// Most rows of one answer: a longer list is read page by page.
pub const ROWS_MAX: usize = 100_000;
/// Most bytes of text and blobs of one answer.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A value of a column or of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// REAL; never NaN, which SQLite would store as NULL.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BLOB.
    Blob(Vec<u8>),
}

impl Value {
    /// Bytes of text or blob.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Null | Self::Integer(_) | Self::Real(_) => 0,
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A statement with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// One statement; `?` stands for the next parameter.
    pub sql: String,
    /// Values of the parameters, in order.
    pub params: Vec<Value>,
    /// How many rows it has to change or return, else the transaction fails: how a guard of a row's version
    /// or of a lease is written.
    pub rows_expected: Option<u64>,
}

/// What a statement gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names of the columns; empty where it returns none.
    pub columns: Vec<String>,
    /// The rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
    /// Rows inserted, updated or deleted.
    pub rows_changed: u64,
}
