//! What API Gateway sends for a WebSocket API, as far as it is used, and what it is answered.
//!
//! The members are those of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>
//! and of the proxy events that Lambda gets.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An event of the WebSocket API. Without `Debug`: the address has a ticket in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketEvent {
    /// What the gateway says; no client can set any of it.
    pub(crate) request_context: RequestContext,
    /// Headers of the handshake, on `$connect` only.
    #[serde(default)]
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    /// The same without repetition, where the gateway sends only these.
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    /// Parameters of the address, on `$connect` only.
    #[serde(default)]
    multi_value_query_string_parameters: Option<HashMap<String, Vec<String>>>,
    /// The same without repetition.
    #[serde(default)]
    query_string_parameters: Option<HashMap<String, String>>,
    /// The message.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// Whether the message was binary.
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
}

/// What the gateway says of a connection.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestContext {
    /// `$connect`, `$disconnect`, or `$default` for every message.
    pub(crate) route_key: String,
    /// Id of the connection.
    pub(crate) connection_id: String,
}

/// What the gateway does next: the status of the handshake, or a message to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Answer {
    /// The connection is opened, or nothing is said.
    pub(crate) fn accepted() -> Answer {
        Answer {
            status_code: 200,
            body: None,
        }
    }

    /// The handshake is refused.
    pub(crate) fn refused(status_code: u16) -> Answer {
        Answer {
            status_code,
            body: None,
        }
    }

    /// A message to the client.
    pub(crate) fn message(message: &Value) -> Answer {
        Answer {
            status_code: 200,
            body: Some(message.to_string()),
        }
    }

    /// An error, as a message to the client.
    pub(crate) fn error(code: &str) -> Answer {
        Answer::message(&json!({ "type": "error", "code": code }))
    }
}

impl SocketEvent {
    /// The one value of the header `Origin`; `None` when it is absent or repeated.
    pub(crate) fn origin(&self) -> Option<&str> {
        let is_origin = |name: &str| name.eq_ignore_ascii_case("origin");
        match &self.multi_value_headers {
            Some(headers) => {
                let mut values = headers
                    .iter()
                    .filter(|(name, _)| is_origin(name))
                    .flat_map(|(_, values)| values);
                match (values.next(), values.next()) {
                    (Some(value), None) => Some(value),
                    _ => None,
                }
            }
            None => {
                let headers = self.headers.as_ref()?;
                let mut values = headers.iter().filter(|(name, _)| is_origin(name));
                match (values.next(), values.next()) {
                    (Some((_, value)), None) => Some(value),
                    _ => None,
                }
            }
        }
    }

    /// The parameter `ticket`, when it is given once and nothing else is: an address with anything
    /// else in it, as an access token, was not made by our page.
    pub(crate) fn ticket(&self) -> Option<&str> {
        let (name, value) = match &self.multi_value_query_string_parameters {
            Some(parameters) => {
                let mut parameters = parameters.iter();
                let (Some((name, values)), None) = (parameters.next(), parameters.next()) else {
                    return None;
                };
                match values.as_slice() {
                    [one] => (name, one),
                    _ => return None,
                }
            }
            None => {
                let mut parameters = self.query_string_parameters.as_ref()?.iter();
                let (Some(parameter), None) = (parameters.next(), parameters.next()) else {
                    return None;
                };
                parameter
            }
        };
        (name == "ticket").then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(members: &Value) -> SocketEvent {
        let mut event = json!({
            "requestContext": {"routeKey": "$connect", "connectionId": "id=", "stage": "live"},
            "isBase64Encoded": false,
        });
        for (name, value) in members.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn the_origin_is_the_one_that_is_given_once() {
        for (members, origin) in [
            (
                json!({"headers": {"Origin": "https://a.example"}}),
                Some("https://a.example"),
            ),
            (json!({"headers": {"origin": "null"}}), Some("null")),
            (json!({"headers": {"Host": "a"}}), None),
            (json!({}), None),
            (
                json!({"multiValueHeaders": {"Origin": ["https://a.example"]}, "headers": {"Origin": "https://a.example"}}),
                Some("https://a.example"),
            ),
            (
                json!({"multiValueHeaders": {"Origin": ["https://a.example", "https://b.example"]}}),
                None,
            ),
            (
                json!({"multiValueHeaders": {"Origin": ["a"], "origin": ["a"]}}),
                None,
            ),
        ] {
            assert_eq!(event(&members).origin(), origin, "{members}");
        }
    }

    #[test]
    fn a_ticket_is_alone_in_its_address() {
        for (members, ticket) in [
            (json!({"queryStringParameters": {"ticket": "t"}}), Some("t")),
            (
                json!({"multiValueQueryStringParameters": {"ticket": ["t"]}, "queryStringParameters": {"ticket": "t"}}),
                Some("t"),
            ),
            (
                json!({"queryStringParameters": {"ticket": "t", "access_token": "a"}}),
                None,
            ),
            (json!({"queryStringParameters": {"token": "t"}}), None),
            (
                json!({"multiValueQueryStringParameters": {"ticket": ["t", "u"]}}),
                None,
            ),
            (json!({"multiValueQueryStringParameters": {}}), None),
            (json!({}), None),
        ] {
            assert_eq!(event(&members).ticket(), ticket, "{members}");
        }
    }
}
