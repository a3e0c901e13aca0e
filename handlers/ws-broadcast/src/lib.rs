//! Sends the events of the outbox to the connections of their organization, and closes connections
//! whose rights ended.
//!
//! It is invoked for one organization after each commit that wrote events (`drain`), and each minute
//! for all that something is left in (`sweep`). What always holds:
//!
//! - Whoever holds the lock on the first undelivered event of an organization sends its events; nobody
//!   else does, until that one is marked. So each connection gets events in the order of their numbers.
//! - An event is marked as delivered after it was sent, in the transaction that holds the lock. A
//!   process that is killed leaves it to the next: it may come twice, with the same number, and is
//!   never lost.
//! - Whoever releases the lock looks for events once more. What another one wanted to send meanwhile,
//!   and left because of the lock, is there by then.
//! - What is sent goes to connections whose session, membership and role are as they were when they
//!   were opened, asked after the events were read.
//! - A connection that does not take its messages in time is closed, and its client catches up by
//!   `/api/changes`: nobody waits for it twice.

mod batch;
mod close;
mod deliver;
mod drain;
mod event;
mod inbox;
mod message;
mod presence;
mod retention;
mod sweep;
mod upkeep;

use std::time::{Duration, Instant};

use miyabi_core::{ApiError, App};

pub use event::{Event, Summary};

/// How long an invocation goes on with new work: well below the 60 s that the stages give it, since
/// what has begun is finished.
const BUDGET: Duration = Duration::from_secs(40);

/// Answers an invocation.
///
/// # Errors
///
/// When the database or the WebSocket API does not answer. Nothing is lost: what was not sent is
/// still marked so.
pub async fn answer(app: &App, event: Event) -> Result<Summary, ApiError> {
    let deadline = Instant::now() + BUDGET;
    let summary = match event {
        Event::Drain { organization_id } => drain::drain(app, organization_id, deadline).await?,
        Event::Sweep => sweep::sweep(app, deadline).await?,
    };
    let Summary {
        delivered,
        gone,
        left,
    } = summary;
    tracing::info!(delivered, gone, left, "Events were sent.");
    Ok(summary)
}
