//! Closing connections, and forgetting them.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use miyabi_core::{ApiError, App, Connections, Tx};
use uuid::Uuid;

/// Longest that the gateway may take to close a connection.
const LIMIT: Duration = Duration::from_secs(1);

/// Closes the connections of an organization whose session, membership or role is not what it was,
/// and those whose time ends within that many seconds.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn close_stale(
    app: &App,
    organization: Uuid,
    expiring_seconds: i32,
) -> Result<(), ApiError> {
    let mut tx = app.db().in_organization(organization).await?;
    let stale = sqlx::query_scalar!(
        r#"select connection_id as "id!" from app.ws_recipients()
            where not is_entitled or expires_at <= clock_timestamp() + make_interval(secs => $1)"#,
        f64::from(expiring_seconds),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    close(app, organization, &stale).await
}

/// Closes connections, and then forgets them: one that could not be closed keeps its row, which is
/// sent nothing, and is tried again by the next sweep.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn close(app: &App, organization: Uuid, ids: &[String]) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let closed = disconnect(app.connections()?, ids).await;
    let mut tx = app.db().in_organization(organization).await?;
    forget(&mut tx, organization, &closed).await?;
    tx.commit().await
}

/// Has the gateway close connections; returns those that are closed.
pub(crate) async fn disconnect(connections: &Connections, ids: &[String]) -> Vec<String> {
    stream::iter(ids)
        .map(|id| async move {
            match connections.close(id, LIMIT).await {
                Ok(()) => Some(id.clone()),
                Err(error) => {
                    tracing::warn!(error, "A connection could not be closed.");
                    None
                }
            }
        })
        .buffer_unordered(Connections::CONCURRENCY)
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// Deletes the rows of connections.
///
/// # Errors
///
/// Those of the database.
pub(crate) async fn forget(
    tx: &mut Tx,
    organization: Uuid,
    ids: &[String],
) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from ws_connections where organization_id = $1 and connection_id = any($2)",
        organization,
        ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
