//! Presence: who looks at which task, sent to everybody of the organization at most every 2 seconds.

use std::{collections::BTreeSet, time::Duration};

use miyabi_core::{ApiError, App};
use uuid::Uuid;

use crate::{
    close,
    deliver::deliver,
    message::{self, PersonAt},
};

/// Shortest time between two messages about presence, in seconds.
const INTERVAL_SECONDS: f64 = 2.0;
/// How long somebody is where they said they are, in seconds.
const LIFETIME_SECONDS: f64 = 30.0;

/// Sends presence when it changed since it was sent, as soon as that is allowed.
///
/// It is the job of the one who saw the first change (`ws-connect` nudges for no other), so that one
/// invocation waits, for 2 seconds at most.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn send_due(app: &App, organization: Uuid) -> Result<(), ApiError> {
    let mut tx = app.db().in_organization(organization).await?;
    let due = sqlx::query!(
        r#"select sent_at, greatest(0, extract(epoch from sent_at - clock_timestamp())::float8 + $2) as "wait_seconds!"
            from ws_presence where organization_id = $1 and changed_at > sent_at"#,
        organization,
        INTERVAL_SECONDS,
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    let Some(due) = due else {
        return Ok(());
    };
    tokio::time::sleep(Duration::from_secs_f64(
        due.wait_seconds.min(INTERVAL_SECONDS),
    ))
    .await;
    let mut tx = app.db().in_organization(organization).await?;
    let is_ours = sqlx::query!(
        "update ws_presence set sent_at = clock_timestamp() where organization_id = $1 and sent_at = $2",
        organization,
        due.sent_at,
    )
    .execute(&mut *tx)
    .await?;
    if is_ours.rows_affected() == 0 {
        // Somebody else sent it meanwhile.
        return tx.rollback().await;
    }
    let rows = sqlx::query!(
        r#"select connection_id as "id!", owner as "owner!",
                case when presence_at > clock_timestamp() - make_interval(secs => $1) then presence end as presence
            from app.ws_recipients() where is_entitled"#,
        LIFETIME_SECONDS,
    )
    .fetch_all(&mut *tx)
    .await?;
    // Before it is sent: presence that is lost is followed by the next.
    tx.commit().await?;
    // Many tabs are one face.
    let people: BTreeSet<PersonAt> = rows
        .iter()
        .filter_map(|row| {
            Some(PersonAt {
                user_id: row.owner,
                at: row.presence.clone()?,
            })
        })
        .collect();
    let people: Vec<PersonAt> = people.into_iter().collect();
    let message = message::of_presence(&people)
        .map_err(|error| ApiError::Internal(format!("Presence cannot be serialized: {error}.")))?;
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    let delivery = deliver(app.connections()?, &ids, &[message]).await;
    if delivery.gone.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().in_organization(organization).await?;
    close::forget(&mut tx, organization, &delivery.gone).await?;
    tx.commit().await
}
