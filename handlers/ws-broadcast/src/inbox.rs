//! Signals to people whose inbox changed, to their own connections alone.
//!
//! A signal has no content and no number: it is no event of the organization, so that nobody else
//! sees a gap. One that is lost with its connection costs nothing, since a client reads its inbox
//! when it connects.

use bytes::Bytes;
use miyabi_core::{ApiError, App};
use uuid::Uuid;

use crate::{close, deliver::deliver};

/// Most signals that are taken at once.
const MAX: i64 = 1_000;
const MESSAGE: &str = r#"{"type":"inbox"}"#;

/// Sends the signals of an organization until there are none.
///
/// # Errors
///
/// When the database does not respond.
pub(crate) async fn send_signals(app: &App, organization: Uuid) -> Result<(), ApiError> {
    let connections = app.connections()?;
    loop {
        let mut tx = app.db().in_organization(organization).await?;
        // Deleted when they are sent: a process that is killed leaves them to the next.
        let people = sqlx::query_scalar!(
            r#"with taken as (
                delete from inbox_signals where organization_id = $1 and id in (
                    select s.id from inbox_signals s where s.organization_id = $1
                    order by s.id limit $2 for update skip locked)
                returning user_id)
               select distinct user_id as "user!" from taken"#,
            organization,
            MAX,
        )
        .fetch_all(&mut *tx)
        .await?;
        if people.is_empty() {
            return tx.commit().await;
        }
        let ids = sqlx::query_scalar!(
            r#"select connection_id as "id!" from app.ws_recipients() where is_entitled and owner = any($1)"#,
            &people,
        )
        .fetch_all(&mut *tx)
        .await?;
        let delivery = deliver(connections, &ids, &[Bytes::from_static(MESSAGE.as_bytes())]).await;
        if delivery.postponed.is_some() {
            // They stay for the sweep of the next minute.
            return tx.rollback().await;
        }
        let over = [&delivery.gone[..], &delivery.dropped].concat();
        close::forget(&mut tx, organization, &over).await?;
        tx.commit().await?;
        close::disconnect(connections, &delivery.dropped).await;
    }
}
