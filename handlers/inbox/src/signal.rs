//! The signal to a person's connections that their inbox changed.

use miyabi_core::{ApiError, Tx};
use uuid::Uuid;

/// Has the connections of a person told, once this transaction is committed.
///
/// # Errors
///
/// Those of the database.
pub(crate) async fn send(tx: &mut Tx, organization: Uuid, user: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into inbox_signals (organization_id, user_id) values ($1, $2)",
        organization,
        user
    )
    .execute(&mut **tx)
    .await?;
    tx.nudge();
    Ok(())
}
