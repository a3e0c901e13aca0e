//! The `@connections` endpoint: functions post to connections, look at them and close them
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>).

use std::time::SystemTime;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    MESSAGE, SocketApi,
    connection::{Closing, NotTaken},
    signature::{self, Denied},
};
use crate::{
    local::{
        gateway::decode,
        http::{Reply, bytes, json as answer},
        lambda::Version,
    },
    mutex::lock,
};

impl SocketApi {
    /// Answers a request about the connection of that id, percent-encoded.
    pub(super) async fn manage(&self, connection: &str, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MESSAGE).collect().await;
        let Ok(body) = body.map(|body| body.to_bytes()) else {
            return error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PayloadTooLargeException",
                "The data has exceeded the maximum size allowed.",
            );
        };
        if let Err(denied) = self.authorize(&head, &body) {
            return error(StatusCode::FORBIDDEN, denied.kind, &denied.message);
        }
        let found = lock(&self.connections).get(&decode(connection)).cloned();
        let Some(connection) = found else {
            return gone();
        };
        match head.method {
            Method::POST => match connection.post(String::from_utf8_lossy(&body).into_owned()) {
                Ok(()) => bytes(StatusCode::OK, "application/json", ""),
                Err(NotTaken::Gone) => gone(),
                Err(NotTaken::Full) => error(
                    StatusCode::TOO_MANY_REQUESTS,
                    "LimitExceededException",
                    "The client does not read what is sent to it.",
                ),
            },
            Method::GET => {
                let description = json!({
                    "connectedAt": iso(connection.connected_at),
                    "identity": {
                        "sourceIp": connection.source_ip,
                        "userAgent": connection.user_agent,
                    },
                    "lastActiveAt": iso(connection.active_at()),
                });
                answer(StatusCode::OK, &description)
            }
            Method::DELETE => {
                connection.close(Closing::normal());
                lock(&self.connections).remove(&connection.id);
                bytes(StatusCode::NO_CONTENT, "application/json", "")
            }
            _ => error(
                StatusCode::FORBIDDEN,
                "ForbiddenException",
                "There are POST, GET and DELETE of a connection.",
            ),
        }
    }

    /// Whether a function has signed the request whose role lets it manage the connections of this
    /// API: its environment names their endpoint, as in every template.
    fn authorize(&self, head: &http::request::Parts, body: &[u8]) -> Result<(), Denied> {
        let token = head.headers.get("x-amz-security-token");
        let token = token.and_then(|token| token.to_str().ok());
        let token = token.ok_or_else(Denied::unsigned)?;
        let alive = self.functions.alive();
        let caller = alive
            .iter()
            .find(|version| variable(version, "AWS_SESSION_TOKEN") == Some(token));
        let caller = caller.ok_or_else(Denied::unknown_token)?;
        let key = variable(caller, "AWS_ACCESS_KEY_ID").unwrap_or_default();
        let secret = variable(caller, "AWS_SECRET_ACCESS_KEY").unwrap_or_default();
        signature::verify(head, body, key, secret, SystemTime::now())?;
        let (domain, stage) = self.name();
        let endpoint = format!("//{domain}/{stage}");
        let may = caller
            .spec()
            .environment
            .values()
            .any(|value| value.ends_with(&endpoint));
        if may {
            Ok(())
        } else {
            Err(Denied {
                kind: "ForbiddenException",
                message: format!(
                    "{} is not authorized to perform execute-api:ManageConnections on {}.",
                    caller.spec().name,
                    self.id
                ),
            })
        }
    }
}

fn variable<'a>(version: &'a Version, name: &str) -> Option<&'a str> {
    version.spec().environment.get(name).map(String::as_str)
}

fn gone() -> Reply {
    error(
        StatusCode::GONE,
        "GoneException",
        "There is no such connection any more.",
    )
}

fn error(status: StatusCode, kind: &str, message: &str) -> Reply {
    let mut reply = answer(status, &json!({ "message": message }));
    if let Ok(kind) = kind.parse() {
        reply.headers_mut().insert("x-amzn-errortype", kind);
    }
    reply
}

fn iso(at: SystemTime) -> String {
    OffsetDateTime::from(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}
