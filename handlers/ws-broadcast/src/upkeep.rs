//! What the schedule does each minute beside live updates: it deletes what is over.
//!
//! Each task does a bounded part of its work and leaves the rest to the next sweep; each is a
//! function of the database that runs as the owner and decides by itself what is over. One that fails
//! keeps no other from running.

use std::time::Instant;

use miyabi_core::{ApiError, App};

/// Most buckets of rate limits that are forgotten at once.
const BUCKETS: i32 = 10_000;

/// Does every task once, as long as there is time.
pub(crate) async fn run(app: &App, deadline: Instant) {
    if Instant::now() >= deadline {
        return;
    }
    if let Err(error) = forget_rate_limits(app).await {
        tracing::error!(?error, "Full buckets of rate limits could not be deleted.");
    }
}

async fn forget_rate_limits(app: &App) -> Result<(), ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    sqlx::query_scalar!("select app.forget_rate_limits($1)", BUCKETS)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await
}
