//! What the tests of the store share.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

use quorate_store::{Answer, Statement, Store, StoreError, Value};

/// A folder of its own that goes with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quorate-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("store.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn sql(text: &str) -> Statement {
    Statement { sql: text.to_owned(), params: Vec::new(), rows_expected: None }
}

pub(crate) fn insert(id: i64, value: &str) -> Statement {
    let params = vec![Value::Integer(id), Value::Text(value.to_owned())];
    Statement { params, ..sql("INSERT INTO t (id, v) VALUES (?, ?)") }
}

pub(crate) fn transact(store: &Store, statements: Vec<Statement>) -> Result<Vec<Answer>, StoreError> {
    let (sender, receiver) = channel();
    store.transact(statements, move |outcome| sender.send(outcome).unwrap());
    receiver.recv().unwrap()
}

pub(crate) fn query(store: &Store, statement: Statement) -> Result<Answer, StoreError> {
    let (sender, receiver) = channel();
    store.query(statement, move |outcome| sender.send(outcome).unwrap());
    receiver.recv().unwrap()
}

pub(crate) fn count(store: &Store) -> i64 {
    match query(store, sql("SELECT count(*) FROM t")).unwrap().rows[0][0] {
        Value::Integer(count) => count,
        ref other => panic!("{other:?}"),
    }
}
