//! What one function sends to another: an event, and beside it the id of the request behind it, so
//! that the logs of both are found by that id (`cargo xtask logs --request-id`).
//!
//! The id is the member `request_id` of the payload, in an invocation that is waited for and in one
//! that is not. Who invokes a function by hand leaves it out.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::request;

const REQUEST_ID: &str = "request_id";

/// A received event without the id, and the id.
pub(crate) struct Invocation<E> {
    pub(crate) event: E,
    pub(crate) request_id: Option<String>,
}

/// The payload with the id of the request that is being answered; unchanged outside of one.
pub(crate) fn with_request_id(event: &Value) -> Value {
    let mut event = event.clone();
    if let (Value::Object(members), Some(id)) = (&mut event, request::id_if_any()) {
        members.insert(REQUEST_ID.to_owned(), Value::String(id));
    }
    event
}

impl<'de, E: DeserializeOwned> Deserialize<'de> for Invocation<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Value::deserialize(deserializer)?;
        let members = event.as_object_mut();
        let id = members.and_then(|members| members.remove(REQUEST_ID));
        Ok(Invocation {
            event: serde_json::from_value(event).map_err(serde::de::Error::custom)?,
            request_id: id.and_then(|id| id.as_str().map(str::to_owned)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum Event {
        Drain { organization: u32 },
    }

    fn received(payload: Value) -> Result<Invocation<Event>, serde_json::Error> {
        serde_json::from_value(payload)
    }

    #[tokio::test]
    async fn the_id_of_the_request_goes_along_and_the_event_does_not_see_it() {
        let event = json!({"kind": "drain", "organization": 1});
        assert_eq!(with_request_id(&event), event, "outside of a request");
        let current = request::Current::new("request-1");
        let sent = request::scope(current, async { with_request_id(&event) }).await;
        let received = received(sent).unwrap();
        assert_eq!(received.event, Event::Drain { organization: 1 });
        assert_eq!(received.request_id.as_deref(), Some("request-1"));
    }

    #[test]
    fn an_event_without_an_id_is_taken_and_another_member_is_not() {
        let by_hand = received(json!({"kind": "drain", "organization": 1})).unwrap();
        assert_eq!(by_hand.request_id, None);
        assert!(received(json!({"kind": "drain", "organization": 1, "more": 2})).is_err());
        assert!(received(json!("drain")).is_err());
    }
}
