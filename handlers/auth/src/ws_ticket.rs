//! Tickets for the WebSocket API.
//!
//! A browser can send no header with a WebSocket handshake, and an access token in an address ends
//! up in logs. So the address has a ticket: good for one connection, for 30 seconds, and for a page
//! of the origin that asked for it.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Caller, Db, Opaque, Origin, Timestamp,
    permission::{Session, tasks},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A ticket for one connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct WsTicket {
    /// For the query string of `webSocketUrl`: `?ticket=..`.
    ticket: String,
    /// Time after which it opens no connection.
    expires_at: Timestamp,
}

/// Issues a ticket for one WebSocket connection.
///
/// Connect within 30 seconds to `webSocketUrl?ticket=..`, from a page of this origin. The connection
/// is closed when the access token of this request expires, and at once when the session ends, the
/// role changes or the membership ends.
#[utoipa::path(
    post, path = "/api/auth/ws-ticket", tag = "auth", operation_id = "createWsTicket",
    responses(
        (status = 201, description = "The ticket.", body = WsTicket),
    )
)]
pub(crate) async fn ws_ticket(
    caller: Caller<Session<tasks::Read>>,
    State(db): State<Db>,
    origin: Origin,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let ticket = Opaque::random()?;
    let expiry = OffsetDateTime::from_unix_timestamp(caller.claims()?.exp)
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    // Those of others that nobody used go, too: the table holds what half a minute brings.
    sqlx::query!("delete from ws_tickets where expires_at < clock_timestamp()")
        .execute(&mut *tx)
        .await?;
    let expires_at = sqlx::query_scalar!(
        r#"insert into ws_tickets (organization_id, token_hash, user_id, session_id, origin, connection_expires_at)
           values ($1, $2, $3, $4, $5, $6)
           returning expires_at as "expires_at: Timestamp""#,
        caller.organization_id(),
        ticket.hash(),
        caller.user_id(),
        caller.session_id()?,
        origin.url,
        expiry,
    )
    .fetch_one(&mut *tx)
    .await?;
    let body = WsTicket {
        ticket: ticket.text(),
        expires_at,
    };
    let mut response = tx.commit_with((), &body).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
