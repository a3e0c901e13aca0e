//! Connections of the WebSocket API: `$connect`, `$disconnect`, and what clients say (`$default`).
//!
//! What always holds:
//!
//! - A connection is opened by a ticket, for the organization and the page that the ticket was issued
//!   for, and by nothing else. There is no message that changes its organization.
//! - The id of a connection comes from the gateway; no client can choose or send one.
//! - What a client says changes its own row alone. Nothing of the organization is answered but the
//!   number of its last event.

mod connect;
mod event;
mod message;
mod presence;

use miyabi_core::{ApiError, App};

pub use event::{Answer, SocketEvent};

/// Answers an event of the WebSocket API.
///
/// # Errors
///
/// When the database does not answer: the gateway then refuses the connection, or answers the
/// message with an error of its own.
pub async fn answer(app: &App, event: SocketEvent) -> Result<Answer, ApiError> {
    match event.request_context.route_key.as_str() {
        "$connect" => connect::connect(app, &event).await,
        "$disconnect" => connect::disconnect(app, &event.request_context.connection_id).await,
        _ => message::answer(app, &event).await,
    }
}
