//! The audit trail of an organization: `GET /api/activity`, all of it as NDJSON, and what of it every
//! member may read: the history of tasks.
//!
//! Only reading: the trail is written by the functions that do something, in the transaction that
//! does it (`miyabi_core::Audit`). The database role of this function may read the trail and add
//! to it (a refusal is an entry), and can neither change nor remove a row.

mod entry;
mod export;
mod history;
mod list;

pub use entry::{Actor, Entry, Outcome, UsedApiToken};

miyabi_core::routes![
    list::list,
    export::export,
    history::of_tasks,
    history::of_task
];
