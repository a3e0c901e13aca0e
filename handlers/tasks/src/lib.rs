//! Tasks, comments, labels, projects and saved views: `/api/tasks`, `/api/labels`, `/api/projects` and
//! `/api/views`.
//!
//! What always holds:
//!
//! - What belongs to another organization is answered as what does not exist: 404 in a path, 422
//!   for a field of a body.
//! - A change names the version that it was made from, and is refused when there is a newer one.
//! - Each mutation leaves its line of the audit trail and its event, in its own transaction.
//! - A deleted task keeps its row and its sub-tasks, and comes back with them.

mod bulk;
mod by_number;
mod change;
mod changes;
mod color;
mod comments;
mod create;
mod export;
mod fields;
mod flow;
mod get;
mod hierarchy;
mod import;
mod label_ids;
mod labels;
pub mod list;
mod notifications;
mod number;
mod place;
mod priority;
mod projects;
mod rank;
mod remove;
mod snapshot;
mod stats;
mod stats_history;
mod status;
mod task;
mod views;
mod zone;

pub use priority::Priority;
pub use status::Status;
pub use task::{Person, SubTasks, Task, TaskLabel, TaskSummary};

miyabi_core::routes![
    list::list,
    create::create,
    stats::stats,
    flow::flow,
    stats_history::history,
    snapshot::snapshot,
    changes::changes,
    export::export,
    bulk::bulk,
    import::import,
    by_number::by_number,
    get::get,
    change::change,
    remove::remove,
    remove::restore,
    comments::list,
    comments::create,
    comments::change,
    comments::remove,
    labels::list,
    labels::create,
    labels::change,
    labels::remove,
    projects::list,
    projects::create,
    projects::change,
    views::list,
    views::create,
    views::change,
    views::remove,
];

/// The handler that `docs/STYLE.md` shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/STYLE.md")]
struct Style;
