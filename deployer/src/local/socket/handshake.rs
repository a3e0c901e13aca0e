//! From a request to a connection: `$connect` decides, then the protocol is switched.

use std::sync::Arc;

use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::server::create_response_with_body,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    FRAME, MESSAGE, SocketApi,
    connection::{Closing, Connection, Mailbox, run},
    event::{self, Source},
    refusal,
};
use crate::{
    local::http::{Reply, json as answer},
    mutex::lock,
};

impl SocketApi {
    /// Answers a handshake.
    pub(super) async fn connect(self: &Arc<Self>, mut request: Request<Incoming>) -> Reply {
        let Ok(mut reply) = create_response_with_body(&request, Full::default) else {
            return refusal(StatusCode::UPGRADE_REQUIRED, "Upgrade Required");
        };
        if !self.arrivals.take("") || !self.takes("$connect") {
            return refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let (connection, mailbox) = Connection::new(&request, self.limits.outbox);
        let request_id = uuid::Uuid::new_v4().to_string();
        let (domain, stage) = self.name();
        let source = Source {
            api: &self.id,
            domain: &domain,
            stage: &stage,
        };
        let event = event::connect(&source, &connection, &request, &request_id);
        match self.accept(&event).await {
            Ok(None) => {}
            Ok(Some(protocol)) => {
                let headers = reply.headers_mut();
                headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
            }
            Err((status, message)) => {
                let body = json!({ "message": message, "connectionId": connection.id, "requestId": request_id });
                return answer(status, &body);
            }
        }
        let api = self.clone();
        let upgrade = hyper::upgrade::on(&mut request);
        let mut running = lock(&self.running);
        running.spawn(async move {
            // Nobody is there any more: API Gateway made no connection.
            let Ok(upgraded) = upgrade.await else { return };
            api.drive(connection, mailbox, TokioIo::new(upgraded)).await;
        });
        while running.try_join_next().is_some() {}
        reply
    }

    /// Asks `$connect`; the subprotocol that its function chose, or status and words of the refusal.
    async fn accept(
        &self,
        event: &Value,
    ) -> Result<Option<HeaderValue>, (StatusCode, &'static str)> {
        // Without the route, everybody may connect.
        let Some(target) = self.target("$connect") else {
            return Ok(None);
        };
        let response = self.invoke(&target, event).await;
        let response = response.map_err(|failed| (failed.status, failed.message))?;
        let status = response["statusCode"]
            .as_u64()
            .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        match status {
            Some(status) if status.is_success() => Ok(protocol(&response)),
            Some(status) if status.is_client_error() || status.is_server_error() => {
                Err((status, status.canonical_reason().unwrap_or_default()))
            }
            // Neither a yes nor an error: API Gateway makes nothing of it.
            _ => Err((StatusCode::BAD_GATEWAY, "Internal server error")),
        }
    }

    /// Runs an accepted connection to its end.
    async fn drive(
        self: &Arc<Self>,
        connection: Arc<Connection>,
        mailbox: Mailbox,
        stream: TokioIo<hyper::upgrade::Upgraded>,
    ) {
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(0)
            .max_frame_size(Some(FRAME))
            .max_message_size(Some(MESSAGE));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        lock(&self.connections).insert(connection.id.clone(), connection.clone());
        let closing = run(self, &connection, mailbox, socket).await;
        lock(&self.connections).remove(&connection.id);
        self.disconnected(&connection, &closing).await;
    }

    /// Invokes `$disconnect`, as best it can.
    async fn disconnected(&self, connection: &Connection, closing: &Closing) {
        let Some(target) = self.target("$disconnect") else {
            return;
        };
        let (domain, stage) = self.name();
        let source = Source {
            api: &self.id,
            domain: &domain,
            stage: &stage,
        };
        let request_id = uuid::Uuid::new_v4().to_string();
        let event = event::disconnect(&source, connection, closing, &request_id);
        // Nobody is left to whom a failure could be reported.
        let _ = self.invoke(&target, &event).await;
    }

    /// The host name and the stage under which it is called.
    pub(super) fn name(&self) -> (String, String) {
        let parts = self.read();
        let stage = parts.stage.as_ref().map(|stage| stage.name.clone());
        (parts.domain.clone(), stage.unwrap_or_default())
    }
}

/// The header `Sec-WebSocket-Protocol` of a response of `$connect`.
fn protocol(response: &Value) -> Option<HeaderValue> {
    let headers = response["headers"].as_object()?;
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))?;
    HeaderValue::from_str(value.as_str()?).ok()
}
