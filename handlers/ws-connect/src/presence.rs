//! Presence: which task somebody looks at. It belongs to the connection that said it, and ends with
//! it.

use miyabi_core::{ApiError, App, Tx};
use uuid::Uuid;

use crate::event::Answer;

/// Shortest time between two presences of one connection that are taken, in seconds.
const INTERVAL_SECONDS: f64 = 5.0;

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere that others are told.
    Nowhere,
    /// At a task.
    Task(Uuid),
}

impl Place {
    /// From `task:ID`, in the spelling that ids have in answers.
    pub(crate) fn parse(text: &str) -> Option<Place> {
        let id = text.strip_prefix("task:")?;
        let parsed = Uuid::try_parse(id).ok()?;
        (parsed.to_string() == id).then_some(Place::Task(parsed))
    }

    fn text(self) -> Option<String> {
        match self {
            Place::Nowhere => None,
            Place::Task(id) => Some(format!("task:{id}")),
        }
    }
}

/// Takes note of where a connection is. Nothing is answered but a refusal: the client hears of it
/// with the others.
pub(crate) async fn take(
    app: &App,
    mut tx: Tx,
    organization: Uuid,
    connection: &str,
    place: Place,
) -> Result<Answer, ApiError> {
    tx.enter_organization(organization).await?;
    let taken = sqlx::query!(
        "update ws_connections set presence = $2, presence_at = clock_timestamp()
         where connection_id = $1
            and (presence_at is null or presence_at <= clock_timestamp() - make_interval(secs => $3))",
        connection,
        place.text(),
        INTERVAL_SECONDS,
    )
    .execute(&mut *tx)
    .await?;
    if taken.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(Answer::error("too_often"));
    }
    let must_nudge = changed(&mut tx, organization).await?;
    tx.commit().await?;
    if must_nudge {
        app.nudge(organization).await;
    }
    Ok(Answer::accepted())
}

/// Notes that presence changed. `true`: it is the first change since it was sent, and nobody is on
/// the way to send it yet.
pub(crate) async fn changed(tx: &mut Tx, organization: Uuid) -> Result<bool, ApiError> {
    let first = sqlx::query_scalar!(
        "insert into ws_presence as p (organization_id) values ($1)
         on conflict (organization_id) do update set changed_at = clock_timestamp()
            where p.changed_at <= p.sent_at
         returning organization_id",
        organization
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(first.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_task_in_one_spelling() {
        let id = Uuid::from_u128(0xabcdef);
        assert_eq!(Place::parse(&format!("task:{id}")), Some(Place::Task(id)));
        for wrong in [
            format!("task:{}", id.to_string().to_uppercase()),
            format!("task:{}", id.simple()),
            format!("label:{id}"),
            format!("{id}"),
            "task:".to_owned(),
            String::new(),
        ] {
            assert_eq!(Place::parse(&wrong), None, "{wrong}");
        }
    }
}
