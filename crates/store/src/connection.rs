//! A connection, and how a statement runs on it.

use std::path::Path;
use std::time::Duration;

use quorate_types::FieldPath;
use rusqlite::types::ValueRef;
use rusqlite::{Connection as Sqlite, OpenFlags, params_from_iter};

use crate::error::StoreError;
use crate::statement::{ANSWER_BYTES_MAX, Answer, ROWS_MAX, Statement, Value};

/// Statements that stay prepared per connection.
const PREPARED_MAX: usize = 256;
/// How long a connection waits for another one of this process, at a checkpoint.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Memory of a connection's page cache, in KiB.
const CACHE_KIB: i64 = 16 << 10;

/// A connection to the file of the store.
pub(crate) struct Connection {
    sqlite: Sqlite,
    path: String,
}

impl Connection {
    /// The connection that writes; makes the file where there is none.
    pub(crate) fn writing(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Self::open(path, flags)?;
        let wal: String = connection.pragma("PRAGMA journal_mode=WAL")?;
        if wal != "wal" {
            let reason = format!("its file system takes no write-ahead log (journal mode {wal})");
            return Err(StoreError::Open { path: connection.path, reason });
        }
        connection.batch("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;")?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(crate) fn reading(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.batch("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF;")?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        let failed =
            |error: rusqlite::Error| StoreError::Open { path: shown.clone(), reason: error.to_string() };
        // One thread uses a connection: SQLite's own mutexes would only cost.
        let sqlite =
            Sqlite::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        sqlite.busy_timeout(BUSY_WAIT).map_err(failed)?;
        sqlite.set_prepared_statement_cache_capacity(PREPARED_MAX);
        let connection = Self { sqlite, path: shown };
        connection.batch(&format!("PRAGMA cache_size=-{CACHE_KIB};"))?;
        Ok(connection)
    }

    /// Looks at every page and index.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let answer = self.run(
            &Statement { sql: "PRAGMA integrity_check(1)".into(), params: Vec::new(), rows_expected: None },
            "integrity",
        )?;
        match answer.rows.first().and_then(|row| row.first()) {
            Some(Value::Text(verdict)) if verdict == "ok" => Ok(()),
            Some(Value::Text(reason)) => {
                Err(StoreError::Corrupt { path: self.path.clone(), reason: reason.clone() })
            }
            _ => Err(StoreError::Corrupt { path: self.path.clone(), reason: "it cannot be checked".into() }),
        }
    }

    /// Runs one statement; `field` names it in an error.
    pub(crate) fn run(&self, statement: &Statement, field: &str) -> Result<Answer, StoreError> {
        let failed =
            |error: rusqlite::Error| StoreError::of_statement(&error, &self.path, FieldPath::new(field));
        let mut prepared = self.sqlite.prepare_cached(&statement.sql).map_err(failed)?;
        let columns: Vec<String> = prepared.column_names().map(str::to_owned).collect();
        let before = self.sqlite.total_changes();
        let mut answer = Answer { columns, ..Answer::default() };
        let mut rows = prepared.query(params_from_iter(&statement.params)).map_err(failed)?;
        let mut bytes = 0;
        while let Some(row) = rows.next().map_err(failed)? {
            let values: Vec<Value> = (0..answer.columns.len())
                .map(|at| row.get_ref(at).map(value))
                .collect::<Result<_, _>>()
                .map_err(failed)?;
            bytes += values.iter().map(Value::len).sum::<usize>();
            answer.rows.push(values);
            if answer.rows.len() > ROWS_MAX || bytes > ANSWER_BYTES_MAX {
                let (what, limit) =
                    if bytes > ANSWER_BYTES_MAX { ("bytes", ANSWER_BYTES_MAX) } else { ("rows", ROWS_MAX) };
                return Err(StoreError::Limit { what, limit, field: FieldPath::new(field) });
            }
        }
        drop(rows);
        answer.rows_changed = self.sqlite.total_changes() - before;
        expect(statement.rows_expected, &answer, field)?;
        Ok(answer)
    }

    /// Runs statements of our own.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        let failed = |error| StoreError::of_statement(&error, &self.path, FieldPath::new("store"));
        self.sqlite.execute_batch(sql).map_err(failed)
    }

    /// Whether no transaction is open: SQLite ends one by itself where the disk fails.
    pub(crate) fn is_idle(&self) -> bool {
        self.sqlite.is_autocommit()
    }

    fn pragma(&self, sql: &str) -> Result<String, StoreError> {
        let failed = |error| StoreError::of_statement(&error, &self.path, FieldPath::new("store"));
        self.sqlite.query_row(sql, [], |row| row.get(0)).map_err(failed)
    }
}

fn expect(expected: Option<u64>, answer: &Answer, field: &str) -> Result<(), StoreError> {
    let found = if answer.columns.is_empty() { answer.rows_changed } else { answer.rows.len() as u64 };
    match expected {
        Some(expected) if expected != found => {
            Err(StoreError::Conflict { expected, found, field: FieldPath::new(field) })
        }
        _ => Ok(()),
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
