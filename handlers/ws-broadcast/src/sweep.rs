//! `sweep`: each minute, what no nudge did.

use std::time::Instant;

use miyabi_core::{ApiError, App};
use uuid::Uuid;

use crate::{Summary, close, drain, inbox, presence, retention};

/// How many organizations are asked for at once.
const PAGE: i32 = 100;
/// A connection whose access token expires before the next sweep is closed by this one: none outlives
/// its token.
const EXPIRING_SECONDS: i32 = 60;

/// Looks after every organization in which something is left to do. One that fails does not keep the
/// others waiting.
///
/// # Errors
///
/// When the database does not answer at all.
pub(crate) async fn sweep(app: &App, deadline: Instant) -> Result<Summary, ApiError> {
    let mut summary = Summary::default();
    let mut after: Option<Uuid> = None;
    loop {
        let mut tx = app.db().before_sign_in().await?;
        let page = sqlx::query_scalar!(
            r#"select id as "id!" from app.organizations_to_serve($1, $2, $3) id"#,
            after,
            PAGE,
            EXPIRING_SECONDS,
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(last) = page.last() else {
            return Ok(summary);
        };
        after = Some(*last);
        for organization in page {
            if Instant::now() >= deadline {
                tracing::warn!("The sweep has no time left. The next one continues.");
                return Ok(summary);
            }
            match look_after(app, organization, deadline).await {
                Ok(done) => summary.add(done),
                Err(error) => {
                    tracing::error!(%organization, ?error, "An organization could not be looked after.");
                }
            }
        }
    }
}

async fn look_after(app: &App, organization: Uuid, deadline: Instant) -> Result<Summary, ApiError> {
    close::close_stale(app, organization, EXPIRING_SECONDS).await?;
    let summary = drain::send_events(app, organization, deadline).await?;
    inbox::send_signals(app, organization).await?;
    presence::send_due(app, organization).await?;
    retention::forget_old(app, organization).await?;
    drain::finish(app, organization, summary).await
}
