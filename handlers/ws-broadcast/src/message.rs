//! Messages to clients.

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

/// Largest message, in bytes: API Gateway takes 131,072
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const MAX_LENGTH: usize = 128 * 1024;
const PREFIX: &str = r#"{"type":"events","items":["#;
const SUFFIX: &str = "]}";

/// An event of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutboxEvent {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) versions: Vec<Option<i64>>,
}

#[derive(Serialize)]
struct EventMessage<'a> {
    r#type: &'static str,
    seq: i64,
    event: &'a str,
    ids: &'a [Uuid],
    versions: Vec<Option<i64>>,
}

/// The messages for events in their order: one for each as many as fit.
///
/// # Errors
///
/// When one cannot be serialized.
pub(crate) fn of_events(events: &[OutboxEvent]) -> Result<Vec<Bytes>, serde_json::Error> {
    let mut messages = Vec::new();
    let mut items: Vec<String> = Vec::new();
    let mut length = PREFIX.len() + SUFFIX.len();
    for event in events {
        let mut versions = event.versions.clone();
        // Empty in rows from before events had versions.
        versions.resize(event.ids.len(), None);
        let item = serde_json::to_string(&EventMessage {
            r#type: "event",
            seq: event.seq,
            event: &event.kind,
            ids: &event.ids,
            versions,
        })?;
        if !items.is_empty() && length + item.len() + 1 > MAX_LENGTH {
            messages.push(message(&items));
            items.clear();
            length = PREFIX.len() + SUFFIX.len();
        }
        length += item.len() + 1;
        items.push(item);
    }
    if !items.is_empty() {
        messages.push(message(&items));
    }
    Ok(messages)
}

fn message(items: &[String]) -> Bytes {
    match items {
        [one] => one.clone().into(),
        several => format!("{PREFIX}{}{SUFFIX}", several.join(",")).into(),
    }
}

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct PersonAt {
    pub(crate) user_id: Uuid,
    pub(crate) at: String,
}

/// The message about everybody's presence.
///
/// # Errors
///
/// When it cannot be serialized.
pub(crate) fn of_presence(people: &[PersonAt]) -> Result<Bytes, serde_json::Error> {
    #[derive(Serialize)]
    struct Presence<'a> {
        r#type: &'static str,
        people: &'a [PersonAt],
    }
    let message = Presence {
        r#type: "presence",
        people,
    };
    serde_json::to_vec(&message).map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(seq: i64, ids: usize) -> OutboxEvent {
        OutboxEvent {
            seq,
            kind: "tasks.changed".to_owned(),
            ids: vec![Uuid::max(); ids],
            versions: vec![Some(i64::MAX); ids],
        }
    }

    fn parsed(messages: &[Bytes]) -> Vec<Value> {
        let parse = |message: &Bytes| serde_json::from_slice(message).unwrap();
        messages.iter().map(parse).collect()
    }

    #[test]
    fn one_event_is_a_message_and_several_are_one() {
        let one = json!({"type": "event", "seq": 1, "event": "tasks.changed", "ids": [Uuid::max()], "versions": [i64::MAX]});
        assert_eq!(
            parsed(&of_events(&[event(1, 1)]).unwrap()),
            std::slice::from_ref(&one)
        );
        let messages = parsed(&of_events(&[event(1, 1), event(2, 1)]).unwrap());
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["type"], "events");
        assert_eq!(messages[0]["items"][0], one);
        assert_eq!(messages[0]["items"][1]["seq"], 2);
    }

    #[test]
    fn versions_that_are_missing_are_null() {
        let mut old = event(1, 2);
        old.versions.clear();
        let messages = parsed(&of_events(&[old]).unwrap());
        assert_eq!(messages[0]["versions"], json!([null, null]));
    }

    #[test]
    fn no_message_is_larger_than_the_gateway_takes_and_none_is_lost() {
        let events: Vec<OutboxEvent> = (1..=20).map(|seq| event(seq, 1000)).collect();
        let messages = of_events(&events).unwrap();
        assert!(messages.len() > 1 && messages.iter().all(|message| message.len() <= MAX_LENGTH));
        let mut seen = Vec::new();
        for message in parsed(&messages) {
            let items = message["items"].as_array().cloned();
            seen.extend(
                items
                    .unwrap_or(vec![message])
                    .iter()
                    .map(|item| item["seq"].as_i64().unwrap()),
            );
        }
        assert_eq!(seen, (1..=20).collect::<Vec<i64>>());
    }
}
