//! The one thread that writes.

use std::sync::mpsc::{Receiver, TryRecvError};

use crate::connection::Connection;
use crate::error::StoreError;
use crate::statement::{Answer, Statement};

/// Most transactions that share a commit: what the first of them waits for the others is bounded.
const GROUP_MAX: usize = 500;

/// Takes the outcome of a call, on the thread of the store.
pub(crate) type Reply<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// A transaction that waits.
pub(crate) struct Transaction {
    pub(crate) statements: Vec<Statement>,
    pub(crate) reply: Reply<Vec<Answer>>,
}

/// Runs until every sender is gone: what waits at that moment is still written.
pub(crate) fn run(connection: &Connection, queue: &Receiver<Transaction>, left: impl Fn()) {
    while let Ok(first) = queue.recv() {
        left();
        group(connection, first, queue, &left);
    }
    // Leaves one file behind, without a log. What fails here is done by the next opening.
    let _ = connection.batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
}

/// One commit for all transactions that wait by now. Each is undone alone where it fails.
fn group(connection: &Connection, first: Transaction, queue: &Receiver<Transaction>, left: &impl Fn()) {
    if let Err(error) = connection.batch("BEGIN IMMEDIATE") {
        return (first.reply)(Err(error));
    }
    let mut done = Vec::new();
    let mut next = Some(first);
    while let Some(Transaction { statements, reply }) = next {
        match alone(connection, &statements) {
            Ok(answers) => done.push((answers, reply)),
            Err(error) => {
                let ended = connection.is_idle();
                reply(Err(error.clone()));
                // The disk failed: SQLite took back the whole group.
                if ended {
                    return fail(done, &error);
                }
            }
        }
        next = match (done.len() < GROUP_MAX).then(|| queue.try_recv()) {
            Some(Ok(transaction)) => {
                left();
                Some(transaction)
            }
            Some(Err(TryRecvError::Empty | TryRecvError::Disconnected)) | None => None,
        };
    }
    match connection.batch("COMMIT") {
        Ok(()) => done.into_iter().for_each(|(answers, reply)| reply(Ok(answers))),
        Err(error) => {
            if !connection.is_idle() {
                let _ = connection.batch("ROLLBACK");
            }
            fail(done, &error);
        }
    }
}

fn fail(done: Vec<(Vec<Answer>, Reply<Vec<Answer>>)>, error: &StoreError) {
    done.into_iter().for_each(|(_, reply)| reply(Err(error.clone())));
}

/// The statements of one transaction inside the group: all of them or none.
fn alone(connection: &Connection, statements: &[Statement]) -> Result<Vec<Answer>, StoreError> {
    connection.batch("SAVEPOINT one")?;
    let run = |(at, statement)| connection.run(statement, &format!("statements[{at}]"));
    let answers: Result<Vec<Answer>, StoreError> = statements.iter().enumerate().map(run).collect();
    if answers.is_err() && !connection.is_idle() {
        connection.batch("ROLLBACK TO one")?;
    }
    if !connection.is_idle() {
        connection.batch("RELEASE one")?;
    }
    answers
}
