//! A message of a client on its way to a function, and what comes back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    SocketApi,
    connection::Connection,
    event::{self, Source},
};

impl SocketApi {
    /// Sends a message of a client to the function of its route, and what that returns to the client.
    /// Messages of one connection run side by side, as on AWS: their order is not kept. `false`: the
    /// throttle of the route refuses it.
    pub(super) fn receive(self: &Arc<Self>, connection: &Arc<Connection>, text: &str) -> bool {
        let selected = self
            .read()
            .selection
            .as_ref()
            .and_then(|selection| selection.key(text));
        // `$connect` and `$disconnect` are not for messages, whatever a client writes.
        let selected = selected.filter(|key| !key.starts_with('$'));
        let target = selected
            .and_then(|key| self.target(&key))
            .or_else(|| self.target("$default"));
        let request_id = uuid::Uuid::new_v4().to_string();
        let told = |message: &str| {
            json!({ "message": message, "connectionId": connection.id, "requestId": request_id })
                .to_string()
        };
        let Some(target) = target else {
            // A client that does not read misses this.
            let _ = connection.post(told("Forbidden"));
            return true;
        };
        if !self.takes(&target.key) {
            return false;
        }
        let (domain, stage) = self.name();
        let source = Source {
            api: &self.id,
            domain: &domain,
            stage: &stage,
        };
        let event = event::message(&source, connection, &target.key, text, &request_id);
        let (api, connection) = (self.clone(), connection.clone());
        tokio::spawn(async move {
            let answer = match api.invoke(&target, &event).await {
                Ok(response) if target.answers => match &response["body"] {
                    Value::Null => None,
                    Value::String(text) if text.is_empty() => None,
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                },
                Ok(_) => None,
                Err(failed) => Some(
                    json!({ "message": failed.message, "connectionId": connection.id, "requestId": request_id })
                        .to_string(),
                ),
            };
            if let Some(answer) = answer {
                let _ = connection.post(answer);
            }
        });
        true
    }
}
