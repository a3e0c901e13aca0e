//! What clients say: `hello`, `ping` and `presence`.

use miyabi_core::{ApiError, App};
use serde::Deserialize;
use serde_json::json;

use crate::{
    event::{Answer, SocketEvent},
    presence::{self, Place},
};

/// Longest message that is read, in bytes. The longest that makes sense has a tenth of it.
const MAX_LENGTH: usize = 1024;

/// A message of a client.
#[derive(Debug, PartialEq, Eq)]
enum Message {
    /// The first one: what is the last event?
    Hello,
    /// Is the connection still good? It also keeps the gateway from closing it after 10 minutes.
    Ping,
    /// Where somebody is.
    Presence(Place),
}

/// Its members, before it is known what they mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, with = "present")]
    last_seq: Option<Option<i64>>,
    #[serde(default, with = "present")]
    at: Option<Option<String>>,
}

/// Null is something else than nothing.
mod present {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

impl Message {
    /// # Errors
    ///
    /// The code of the error that the client is sent.
    fn parse(text: &str) -> Result<Message, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("too_large");
        }
        // serde would take an array for the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err("bad_message");
        }
        let members: Members = serde_json::from_str(text).map_err(|_| "bad_message")?;
        match (members.kind.as_str(), members.last_seq, members.at) {
            // Which events the client has seen is for the client to compare.
            ("hello", last_seq, None) if last_seq.flatten().is_none_or(|seq| seq >= 0) => {
                Ok(Message::Hello)
            }
            ("ping", None, None) => Ok(Message::Ping),
            ("presence", None, Some(at)) => match at {
                None => Ok(Message::Presence(Place::Nowhere)),
                Some(at) => Place::parse(&at)
                    .map(Message::Presence)
                    .ok_or("bad_message"),
            },
            ("hello" | "ping" | "presence", _, _) => Err("bad_message"),
            _ => Err("unknown_type"),
        }
    }
}

/// Answers a message. A connection whose rights ended is told `closed`, whatever it says: `ws-broadcast`
/// closes it, and forgets those that it could not reach.
pub(crate) async fn answer(app: &App, event: &SocketEvent) -> Result<Answer, ApiError> {
    let text = match &event.body {
        Some(text) if !event.is_base64_encoded => text,
        _ => return Ok(Answer::error("bad_message")),
    };
    let message = match Message::parse(text) {
        Ok(message) => message,
        Err(code) => return Ok(Answer::error(code)),
    };
    let connection = &event.request_context.connection_id;
    let mut tx = app.db().before_sign_in().await?;
    let found = sqlx::query!(
        "select organization, is_entitled from app.find_ws_connection($1)",
        connection
    )
    .fetch_one(&mut *tx)
    .await?;
    let (Some(organization), Some(true)) = (found.organization, found.is_entitled) else {
        tx.commit().await?;
        return Ok(Answer::error("closed"));
    };
    match message {
        Message::Ping => {
            tx.commit().await?;
            Ok(Answer::message(&json!({ "type": "pong" })))
        }
        Message::Hello => {
            tx.enter_organization(organization).await?;
            let seq = sqlx::query_scalar!(
                "select last_seq from outbox_sequences where organization_id = $1",
                organization
            )
            .fetch_one(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(Answer::message(&json!({ "type": "hello", "seq": seq })))
        }
        Message::Presence(place) => presence::take(app, tx, organization, connection, place).await,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn messages_are_these_and_nothing_else() {
        let task = Uuid::from_u128(7);
        let at = format!(r#"{{"type":"presence","at":"task:{task}"}}"#);
        for (text, message) in [
            (r#"{"type":"hello","last_seq":7}"#, Ok(Message::Hello)),
            (r#"{"type":"hello","last_seq":null}"#, Ok(Message::Hello)),
            (r#" {"type":"hello"}"#, Ok(Message::Hello)),
            (r#"{"type":"ping"}"#, Ok(Message::Ping)),
            (at.as_str(), Ok(Message::Presence(Place::Task(task)))),
            (
                r#"{"type":"presence","at":null}"#,
                Ok(Message::Presence(Place::Nowhere)),
            ),
            (r#"{"type":"presence"}"#, Err("bad_message")),
            (r#"{"type":"presence","at":"label:1"}"#, Err("bad_message")),
            (r#"{"type":"hello","last_seq":-1}"#, Err("bad_message")),
            (r#"{"type":"hello","last_seq":"7"}"#, Err("bad_message")),
            (r#"{"type":"ping","last_seq":null}"#, Err("bad_message")),
            (r#"{"type":"subscribe"}"#, Err("unknown_type")),
            (
                r#"{"type":"hello","organization_id":"x"}"#,
                Err("bad_message"),
            ),
            (
                r#"{"type":"subscribe","organization_id":"x"}"#,
                Err("bad_message"),
            ),
            (r#"["ping"]"#, Err("bad_message")),
            ("ping", Err("bad_message")),
            ("", Err("bad_message")),
        ] {
            assert_eq!(Message::parse(text), message, "{text}");
        }
        let large = format!(r#"{{"type":"{}"}}"#, "a".repeat(MAX_LENGTH));
        assert_eq!(Message::parse(&large), Err("too_large"));
    }
}
