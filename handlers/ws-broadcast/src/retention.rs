//! The outbox is emptied: events are kept for 7 days, and at most 10,000 of an organization. A client
//! that asks for older ones is told to begin again.

use miyabi_core::{ApiError, App};
use uuid::Uuid;

/// How many events of an organization are kept once they are delivered.
const KEPT: i64 = 10_000;
/// Most rows of one transaction, and most transactions of one call: the rest is for the next.
const AT_ONCE: i64 = 1_000;
const TIMES: usize = 20;

/// Deletes what is too old or too much.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn forget_old(app: &App, organization: Uuid) -> Result<(), ApiError> {
    for _ in 0..TIMES {
        let mut tx = app.db().in_organization(organization).await?;
        // What is not delivered after 7 days is not sent any more either. `skip locked`: the event
        // that somebody is sending now.
        let deleted = sqlx::query!(
            "delete from outbox where organization_id = $1 and seq in (
                select o.seq from outbox o
                where o.organization_id = $1 and (
                    o.created_at < now() - interval '7 days'
                    or (o.delivered_at is not null
                        and o.seq <= (select last_seq from outbox_sequences where organization_id = $1) - $2))
                order by o.seq limit $3 for update skip locked)",
            organization,
            KEPT,
            AT_ONCE,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if deleted.rows_affected() < AT_ONCE.unsigned_abs() {
            return Ok(());
        }
    }
    Ok(())
}
