//! `sweep`: each minute, what no nudge did.

use std::time::{Duration, Instant};

use miyabi_catalog::metrics::OUTBOX_LAG;
use miyabi_core::{ApiError, App};
use uuid::Uuid;

use crate::{Summary, close, drain, inbox, presence, retention, upkeep};

/// How many organizations are asked for at once.
const PAGE: i32 = 100;
/// A connection whose access token expires before the next sweep is closed by this one: none outlives
/// its token.
const EXPIRING_SECONDS: i32 = 60;

/// Looks after every organization in which something is left to do, and then after what is of none.
///
/// # Errors
///
/// When the database does not answer at all.
pub(crate) async fn sweep(app: &App, deadline: Instant) -> Result<Summary, ApiError> {
    let summary = look_after_all(app, deadline).await?;
    upkeep::run(app, deadline).await;
    Ok(summary)
}

/// One organization that fails does not keep the others waiting.
async fn look_after_all(app: &App, deadline: Instant) -> Result<Summary, ApiError> {
    let mut summary = Summary::default();
    let mut lag = Duration::ZERO;
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
            app.write_metric(OUTBOX_LAG, lag.as_secs_f64());
            return Ok(summary);
        };
        after = Some(*last);
        for organization in page {
            if Instant::now() >= deadline {
                tracing::warn!("The sweep has no time left. The next one continues.");
                app.write_metric(OUTBOX_LAG, lag.as_secs_f64());
                return Ok(summary);
            }
            match waiting(app, organization).await {
                Ok(waiting) => lag = lag.max(waiting),
                Err(error) => {
                    tracing::error!(%organization, ?error, "The age of the events could not be read.");
                }
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

/// How long the first event of an organization has waited to be sent; zero: none waits.
async fn waiting(app: &App, organization: Uuid) -> Result<Duration, ApiError> {
    let mut tx = app.db().in_organization(organization).await?;
    let seconds = sqlx::query_scalar!(
        r#"select extract(epoch from clock_timestamp() - created_at)::float8 as "seconds!" from outbox
           where organization_id = $1 and delivered_at is null order by seq limit 1"#,
        organization
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    // The clock of the database may have been set back.
    Ok(Duration::from_secs_f64(
        seconds.unwrap_or_default().max(0.0),
    ))
}

async fn look_after(app: &App, organization: Uuid, deadline: Instant) -> Result<Summary, ApiError> {
    close::close_stale(app, organization, EXPIRING_SECONDS).await?;
    let summary = drain::send_events(app, organization, deadline).await?;
    inbox::send_signals(app, organization).await?;
    presence::send_due(app, organization).await?;
    retention::forget_old(app, organization).await?;
    drain::finish(app, organization, summary).await
}
