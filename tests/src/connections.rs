//! The `@connections` endpoint of a WebSocket API, for one test: it keeps what it is sent, and a
//! connection can misbehave.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    Setup,
    scripted::{Reply, Scripted},
};

/// How a connection takes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 200.
    Takes,
    /// 410: it was closed, and nobody said so.
    Gone,
    /// 429.
    LimitExceeded,
    /// 500.
    Fails,
    /// No answer.
    Hangs,
}

#[derive(Debug, Default)]
struct State {
    manners: BTreeMap<String, Manner>,
    received: BTreeMap<String, Vec<Value>>,
    attempts: BTreeMap<String, usize>,
    closed: BTreeSet<String>,
}

/// The endpoint. It answers until the runtime of the test ends.
#[derive(Debug)]
pub struct Connections {
    server: Scripted,
    state: Arc<Mutex<State>>,
}

impl Connections {
    /// Starts it. Every connection takes what it is sent.
    pub async fn start() -> Connections {
        let state: Arc<Mutex<State>> = Arc::default();
        let of_server = state.clone();
        let server = Scripted::start(move |asked| {
            let (method, path) = asked.what.split_once(' ').unwrap_or_default();
            let Some(id) = path.strip_prefix("/live/@connections/") else {
                return Reply::Answer(404, "application/json", Vec::new());
            };
            let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
            let mut state = of_server.lock().unwrap();
            if method == "DELETE" {
                state.closed.insert(id);
                return Reply::Answer(204, "application/json", Vec::new());
            }
            *state.attempts.entry(id.clone()).or_default() += 1;
            let manner = state.manners.get(&id).copied();
            let status = match manner.unwrap_or(Manner::Takes) {
                Manner::Takes if state.closed.contains(&id) => 410,
                Manner::Takes => {
                    let message = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
                    state.received.entry(id).or_default().push(message);
                    200
                }
                Manner::Gone => 410,
                Manner::LimitExceeded => 429,
                Manner::Fails => 500,
                Manner::Hangs => return Reply::Silence,
            };
            Reply::Answer(status, "application/json", Vec::new())
        })
        .await;
        Connections { server, state }
    }

    /// An application whose `ws-broadcast` posts here.
    pub fn setup(&self) -> Setup {
        Setup {
            environment: vec![(
                "ws-broadcast",
                "CONNECTIONS_ENDPOINT",
                format!("{}/live", self.server.origin()),
            )],
            ..Setup::default()
        }
    }

    /// From now on the connection takes messages in this manner.
    pub fn set(&self, id: &str, manner: Manner) {
        let mut state = self.state.lock().unwrap();
        state.manners.insert(id.to_owned(), manner);
    }

    /// The messages that a connection has taken.
    pub fn messages(&self, id: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state.received.get(id).cloned().unwrap_or_default()
    }

    /// The events in these messages, in their order.
    pub fn events(&self, id: &str) -> Vec<Value> {
        let mut events = Vec::new();
        for message in self.messages(id) {
            match message["type"].as_str() {
                Some("event") => events.push(message),
                Some("events") => events.extend(message["items"].as_array().unwrap().clone()),
                _ => {}
            }
        }
        events
    }

    /// The numbers of these events.
    pub fn seqs(&self, id: &str) -> Vec<i64> {
        let events = self.events(id);
        events
            .iter()
            .map(|event| event["seq"].as_i64().unwrap())
            .collect()
    }

    /// How often something was sent to a connection, whatever came of it.
    pub fn attempts(&self, id: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.attempts.get(id).copied().unwrap_or_default()
    }

    /// Whether the function had the connection closed.
    pub fn is_closed(&self, id: &str) -> bool {
        self.state.lock().unwrap().closed.contains(id)
    }
}
