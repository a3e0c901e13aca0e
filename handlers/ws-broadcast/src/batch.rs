//! A batch: the next events of an organization, sent and marked in one transaction.

use miyabi_core::{ApiError, App, Tx};
use uuid::Uuid;

use crate::{
    close,
    deliver::{Postponed, deliver},
    message::{self, OutboxEvent},
};

/// Most events that are read at once: with 1,000 ids each, the most that one has, they are 6 MB as
/// messages.
const MAX: i64 = 100;

/// What became of the next events.
pub(crate) enum Sent {
    /// There are none, or somebody else is sending them.
    Nothing,
    /// They are with every connection.
    Events {
        /// How many, and the number of the last.
        count: u64,
        last_seq: i64,
        /// How many connections were gone.
        gone: u64,
    },
    /// Limits are exceeded: to be sent later.
    Postponed {
        /// How many connections were gone.
        gone: u64,
    },
}

/// Sends the next events.
///
/// # Errors
///
/// When the database or the WebSocket API does not answer.
pub(crate) async fn send_next(app: &App, organization: Uuid) -> Result<Sent, ApiError> {
    let connections = app.connections()?;
    let mut tx = app.db().in_organization(organization).await?;
    let events = claim(&mut tx, organization).await?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        tx.commit().await?;
        return Ok(Sent::Nothing);
    };
    let (first_seq, last_seq) = (first.seq, last.seq);
    // After the events were read: who connects later learns their numbers from the first answer, and
    // who was shut out before does not get them.
    let (entitled, stale) = recipients(&mut tx).await?;
    let messages = message::of_events(&events)
        .map_err(|error| ApiError::Internal(format!("Events cannot be serialized: {error}.")))?;
    let count = events.len() as u64;
    drop(events);
    let delivery = deliver(connections, &entitled, &messages).await;
    let gone = delivery.gone.len() as u64;
    close::forget(
        &mut tx,
        organization,
        &[&delivery.gone[..], &delivery.dropped].concat(),
    )
    .await?;
    if delivery.postponed.is_none() {
        sqlx::query!(
            "update outbox set delivered_at = clock_timestamp()
             where organization_id = $1 and seq between $2 and $3 and delivered_at is null",
            organization,
            first_seq,
            last_seq,
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    // They have no row any more. Should one not be closed, its client is told so by the next ping.
    close::disconnect(connections, &delivery.dropped).await;
    close::close(app, organization, &stale).await?;
    match delivery.postponed {
        None => Ok(Sent::Events {
            count,
            last_seq,
            gone,
        }),
        Some(Postponed::LimitExceeded) => {
            tracing::warn!(%organization, "The limits of the WebSocket API are exceeded. The events are sent later.");
            Ok(Sent::Postponed { gone })
        }
        Some(Postponed::Failing(why)) => Err(ApiError::Unavailable(format!(
            "The events of {organization} are not sent: {why}."
        ))),
    }
}

/// Locks the first event that is not delivered, and reads it with those after it. Nothing, when
/// there is none or somebody else has it.
async fn claim(tx: &mut Tx, organization: Uuid) -> Result<Vec<OutboxEvent>, ApiError> {
    let events = sqlx::query_as!(
        OutboxEvent,
        r#"with head as (
                select seq from outbox
                where organization_id = $1 and delivered_at is null
                    and seq = (
                        select o.seq from outbox o
                        where o.organization_id = $1 and o.delivered_at is null order by o.seq limit 1)
                for update skip locked)
            select e.seq as "seq!", e.type as "kind!", e.ids as "ids!", e.versions as "versions!: Vec<Option<i64>>"
            from head
            cross join lateral (
                select o.seq, o.type, o.ids, o.versions from outbox o
                where o.organization_id = $1 and o.seq >= head.seq and o.delivered_at is null
                order by o.seq limit $2) e
            order by e.seq"#,
        organization,
        MAX,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(events)
}

/// The connections that may be sent events, and those that may not any more.
async fn recipients(tx: &mut Tx) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let rows = sqlx::query!(
        r#"select connection_id as "id!", is_entitled as "is_entitled!" from app.ws_recipients()"#
    )
    .fetch_all(&mut **tx)
    .await?;
    let (mut entitled, mut stale) = (Vec::new(), Vec::new());
    for row in rows {
        if row.is_entitled {
            entitled.push(row.id);
        } else {
            stale.push(row.id);
        }
    }
    Ok((entitled, stale))
}
