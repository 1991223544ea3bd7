//! Threads that read, each from a snapshot of what is committed.

use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use crate::connection::Connection;
use crate::statement::{Answer, Statement};
use crate::writer::Reply;

/// A read that waits.
pub(crate) struct Query {
    pub(crate) statement: Statement,
    pub(crate) reply: Reply<Answer>,
}

/// Runs until the sender is gone.
pub(crate) fn run(connection: &Connection, queue: &Mutex<Receiver<Query>>, left: impl Fn()) {
    loop {
        // A receiver is whole after any panic.
        let query = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Query { statement, reply }) = query else { return };
        left();
        reply(connection.run(&statement, "statement"));
    }
}
