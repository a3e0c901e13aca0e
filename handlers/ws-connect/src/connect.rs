//! `$connect` and `$disconnect`: a connection gets its row, and loses it.

use miyabi_core::{ApiError, App, Opaque};

use crate::{
    event::{Answer, SocketEvent},
    presence,
};

/// Most open connections of one person in an organization: as many tabs as anybody has.
const MAX_OF_A_PERSON: i64 = 100;

/// Opens a connection for whoever has a ticket: 403 when there is none, or it is not good for this
/// page; 429 when the person has too many connections.
pub(crate) async fn connect(app: &App, event: &SocketEvent) -> Result<Answer, ApiError> {
    let (Some(origin), Some(ticket)) = (event.origin(), event.ticket().and_then(Opaque::parse))
    else {
        tracing::info!("A handshake without a ticket or an origin is refused.");
        return Ok(Answer::refused(403));
    };
    let mut tx = app.db().before_sign_in().await?;
    let taken = sqlx::query!(
        "select organization, owner, session, owner_role, owner_role_version, expires
         from app.take_ws_ticket($1, $2)",
        ticket.hash(),
        origin,
    )
    .fetch_one(&mut *tx)
    .await?;
    let (Some(organization), Some(owner)) = (taken.organization, taken.owner) else {
        // It is used up all the same.
        tx.commit().await?;
        tracing::info!("A handshake is refused: its ticket is not good.");
        return Ok(Answer::refused(403));
    };
    tx.enter_organization(organization).await?;
    let inserted = sqlx::query!(
        "insert into ws_connections (organization_id, connection_id, user_id, session_id, role, role_version, expires_at)
         select $1, $2, $3, $4, $5, $6, $7
         where (select count(*) from ws_connections where organization_id = $1 and user_id = $3) < $8",
        organization,
        event.request_context.connection_id,
        owner,
        taken.session,
        taken.owner_role,
        taken.owner_role_version,
        taken.expires,
        MAX_OF_A_PERSON,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    if inserted.rows_affected() == 0 {
        tracing::info!(%organization, %owner, "A handshake is refused: the person has too many connections.");
        return Ok(Answer::refused(429));
    }
    Ok(Answer::accepted())
}

/// Forgets a connection. The gateway does not promise to say that one was closed: what it does not
/// say is found out by a message that finds nobody, or by time.
pub(crate) async fn disconnect(app: &App, id: &str) -> Result<Answer, ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    let found = sqlx::query_scalar!("select organization from app.find_ws_connection($1)", id)
        .fetch_one(&mut *tx)
        .await?;
    let Some(organization) = found else {
        tx.commit().await?;
        return Ok(Answer::accepted());
    };
    tx.enter_organization(organization).await?;
    let presence = sqlx::query_scalar!(
        "delete from ws_connections where connection_id = $1 returning presence",
        id
    )
    .fetch_optional(&mut *tx)
    .await?
    .flatten();
    let must_nudge = match presence {
        Some(_) => presence::changed(&mut tx, organization).await?,
        None => false,
    };
    tx.commit().await?;
    if must_nudge {
        app.nudge(organization).await;
    }
    Ok(Answer::accepted())
}
