//! Transactions: all or none, in order, each alone, visible once acknowledged.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

mod support;

use quorate_store::{Options, Statement, Store, StoreError, Value};
use quorate_types::Coded;
use support::{Folder, count, insert, query, sql, transact};

fn opened() -> (Folder, Store) {
    let folder = Folder::new();
    let store = Store::open(&folder.file(), Options::default()).unwrap();
    transact(&store, vec![sql("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE) STRICT")]).unwrap();
    (folder, store)
}

#[test]
fn every_kind_of_value_comes_back_as_it_went_in() {
    let (_folder, store) = opened();
    transact(&store, vec![sql("CREATE TABLE k (i INTEGER, r REAL, t TEXT, b BLOB, n TEXT)")]).unwrap();
    let values = vec![
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("ä\0b".into()),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    let insert = Statement { params: values.clone(), ..sql("INSERT INTO k VALUES (?, ?, ?, ?, ?)") };
    let answers = transact(&store, vec![insert]).unwrap();
    assert_eq!(answers[0].rows_changed, 1);
    let answer = query(&store, sql("SELECT * FROM k")).unwrap();
    assert_eq!(answer.columns, ["i", "r", "t", "b", "n"]);
    assert_eq!(answer.rows, [values]);
}

#[test]
fn a_transaction_is_all_or_none_and_fails_alone() {
    let (_folder, store) = opened();
    let error = transact(&store, vec![insert(1, "a"), insert(2, "b"), insert(3, "a")]).unwrap_err();
    assert_eq!(error.code(), "QRT_ERR_STORE_CONSTRAINT");
    assert_eq!(error.field().unwrap().to_string(), "statements[2]");
    assert_eq!(count(&store), 0);
    transact(&store, vec![insert(1, "a")]).unwrap();
    assert_eq!(count(&store), 1);
}

#[test]
fn a_guard_that_does_not_hold_undoes_its_transaction() {
    let (_folder, store) = opened();
    transact(&store, vec![insert(1, "a")]).unwrap();
    let guard = |id: i64| Statement {
        params: vec![Value::Integer(id)],
        rows_expected: Some(1),
        ..sql("UPDATE t SET v = v || '+' WHERE id = ?")
    };
    transact(&store, vec![guard(1), insert(2, "b")]).unwrap();
    let error = transact(&store, vec![insert(3, "c"), guard(9)]).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { expected: 1, found: 0, .. }), "{error}");
    assert!(error.retryable());
    assert_eq!(count(&store), 2);
    let returning = Statement { rows_expected: Some(1), ..sql("DELETE FROM t WHERE id = 2 RETURNING v") };
    assert_eq!(transact(&store, vec![returning]).unwrap()[0].rows, [[Value::Text("b".into())]]);
}

#[test]
fn many_callers_share_commits_and_a_bad_one_harms_no_other() {
    let (_folder, store) = opened();
    let (sender, outcomes) = std::sync::mpsc::channel();
    for id in 0..3_000 {
        let sender = sender.clone();
        // Every tenth breaks the unique value of the one before.
        let value = if id % 10 == 9 { id - 1 } else { id };
        store.transact(vec![insert(id, &value.to_string())], move |outcome| {
            sender.send((id, outcome.is_ok())).unwrap();
        });
    }
    let outcomes: Vec<(i64, bool)> = outcomes.iter().take(3_000).collect();
    assert!(outcomes.iter().all(|(id, good)| *good == (id % 10 != 9)));
    assert_eq!(count(&store), 2_700);
    assert_eq!(store.waiting(), (0, 0));
}

#[test]
fn what_sqlite_does_not_take_is_an_error_that_names_the_statement() {
    let (_folder, store) = opened();
    for bad in ["SELEKT 1", "INSERT INTO nowhere VALUES (1)", "SELECT 1; SELECT 2", ""] {
        let error = transact(&store, vec![insert(1, "a"), sql(bad)]).unwrap_err();
        assert_eq!(error.code(), "QRT_ERR_STORE_STATEMENT", "{bad}: {error}");
        assert_eq!(error.field().unwrap().to_string(), "statements[1]");
    }
    let missing = Statement { params: Vec::new(), ..insert(1, "a") };
    assert_eq!(transact(&store, vec![missing]).unwrap_err().code(), "QRT_ERR_STORE_STATEMENT");
    let write = query(&store, insert(1, "a")).unwrap_err();
    assert_eq!(write.code(), "QRT_ERR_STORE_STATEMENT", "{write}");
    assert_eq!(count(&store), 0);
}

#[test]
fn answers_have_a_bound() {
    let (_folder, store) = opened();
    let many =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) SELECT i FROM n";
    assert!(matches!(query(&store, sql(many)).unwrap_err(), StoreError::Limit { what: "rows", .. }));
    let large = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT zeroblob(1000000) FROM n";
    assert!(matches!(query(&store, sql(large)).unwrap_err(), StoreError::Limit { what: "bytes", .. }));
    let statements = vec![insert(1, "a"); 10_001];
    assert!(matches!(transact(&store, statements).unwrap_err(), StoreError::Limit { .. }));
}

#[test]
fn closing_writes_what_waits_and_leaves_one_file() {
    let (folder, store) = opened();
    let (sender, outcomes) = std::sync::mpsc::channel();
    for id in 0..200 {
        let sender = sender.clone();
        store.transact(vec![insert(id, &id.to_string())], move |outcome| {
            sender.send(outcome.is_ok()).unwrap()
        });
    }
    store.close();
    assert!(outcomes.iter().take(200).all(|good| good));
    assert!(matches!(query(&store, sql("SELECT 1")).unwrap_err(), StoreError::Closed));
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["store.sqlite"]);
    let again = Store::open(&folder.file(), Options { check: true }).unwrap();
    assert_eq!(count(&again), 200);
}

#[test]
fn a_damaged_file_and_a_foreign_one_are_named() {
    let (folder, store) = opened();
    let rows: Vec<_> = (0..2_000).map(|id| insert(id, &format!("{id:0>100}"))).collect();
    transact(&store, rows).unwrap();
    store.close();
    let mut bytes = std::fs::read(folder.file()).unwrap();
    // An index page with its cells overwritten.
    let at = bytes.len() - 4096 * 3;
    bytes[at..at + 200].fill(0x55);
    std::fs::write(folder.file(), &bytes).unwrap();
    let damaged = Store::open(&folder.file(), Options { check: true }).err().unwrap();
    assert_eq!(damaged.code(), "QRT_ERR_STORE_CORRUPT", "{damaged}");
    std::fs::write(
        folder.file(),
        b"no store at all, but long enough to have a header of its own......".repeat(100),
    )
    .unwrap();
    let foreign = Store::open(&folder.file(), Options::default()).err().unwrap();
    assert_eq!(foreign.code(), "QRT_ERR_STORE_CORRUPT", "{foreign}");
    let absent = Store::open(&folder.path().join("no/such/folder"), Options::default()).err().unwrap();
    assert_eq!(absent.code(), "QRT_ERR_STORE_OPEN");
}
