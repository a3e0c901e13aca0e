//! `drain`: everything that is to be done for one organization.

use std::time::Instant;

use miyabi_core::{ApiError, App};
use uuid::Uuid;

use crate::{
    Summary,
    batch::{self, Sent},
    close, inbox, presence, retention,
};

/// How many events there are between two looks at what is too old to keep.
const TIDIED_EVERY: i64 = 100;

/// Sends the events of an organization until there are none, closes what must be closed, and sends
/// presence.
///
/// # Errors
///
/// When the database or the WebSocket API does not answer.
pub(crate) async fn drain(
    app: &App,
    organization: Uuid,
    deadline: Instant,
) -> Result<Summary, ApiError> {
    let summary = send_events(app, organization, deadline).await?;
    if summary.delivered == 0 {
        // With events, each batch has closed what it found.
        close::close_stale(app, organization, 0).await?;
    }
    inbox::send_signals(app, organization).await?;
    presence::send_due(app, organization).await?;
    finish(app, organization, summary).await
}

/// Sends events, batch after batch.
pub(crate) async fn send_events(
    app: &App,
    organization: Uuid,
    deadline: Instant,
) -> Result<Summary, ApiError> {
    let mut summary = Summary::default();
    while Instant::now() < deadline {
        match batch::send_next(app, organization).await? {
            Sent::Nothing => break,
            Sent::Events {
                count,
                last_seq,
                gone,
            } => {
                summary.delivered += count;
                summary.gone += gone;
                let first_seq = last_seq - i64::try_from(count).unwrap_or_default();
                if first_seq / TIDIED_EVERY != last_seq / TIDIED_EVERY {
                    retention::forget_old(app, organization).await?;
                }
            }
            Sent::Postponed { gone } => {
                summary.gone += gone;
                break;
            }
        }
    }
    Ok(summary)
}

/// Counts what is left.
pub(crate) async fn finish(
    app: &App,
    organization: Uuid,
    mut summary: Summary,
) -> Result<Summary, ApiError> {
    let mut tx = app.db().in_organization(organization).await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
            select from outbox where organization_id = $1 and delivered_at is null limit 10000) undelivered"#,
        organization
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    summary.left = u64::try_from(left).unwrap_or_default();
    Ok(summary)
}
