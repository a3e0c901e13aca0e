//! A WebSocket as a client of the site has one.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use miyabi_tests::{Member, Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use super::LONG;

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A socket with a fresh ticket, greeted.
pub(crate) async fn connect(person: &Member, url: &str, origin: &str) -> Socket {
    let ticket = person.ticket().await;
    let mut socket = open(&format!("{url}?ticket={ticket}"), origin)
        .await
        .unwrap();
    // The ticket was good for one connection.
    let again = open(&format!("{url}?ticket={ticket}"), origin).await;
    assert_eq!(again.err(), Some(403));
    say(&mut socket, json!({ "type": "hello", "last_seq": null })).await;
    let hello = hear(&mut socket, "hello").await;
    assert!(hello["seq"].is_u64(), "{hello}");
    socket
}

/// A socket, or the status with which it was refused.
pub(crate) async fn open(url: &str, origin: &str) -> Result<Socket, u16> {
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    open_at(address.parse().unwrap(), url, origin).await
}

/// The same where a server is reached by another address than the URL has.
pub(crate) async fn open_at(address: SocketAddr, url: &str, origin: &str) -> Result<Socket, u16> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) async fn say(socket: &mut Socket, message: Value) {
    let text = message.to_string();
    socket.send(Message::text(text)).await.unwrap();
}

/// The next message.
async fn next(socket: &mut Socket, expected: &str) -> Value {
    loop {
        let message = tokio::time::timeout(LONG, socket.next()).await;
        match message.unwrap_or_else(|_| panic!("no {expected}")) {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(text.as_str()).unwrap(),
            Some(Ok(_)) => {}
            other => panic!("no {expected}: {other:?}"),
        }
    }
}

/// The next message of that type; others, such as who is present, are passed over.
pub(crate) async fn hear(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = next(socket, kind).await;
        if message["type"] == kind {
            return message;
        }
    }
}

/// Waits until the server has closed it.
pub(crate) async fn is_closed(socket: &mut Socket) {
    loop {
        match tokio::time::timeout(LONG, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(_))) | None => return,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
}

/// The event of a message that is about that id.
fn event_in(message: &Value, id: &Value) -> Option<Value> {
    let items = match message["type"].as_str() {
        Some("events") => message["items"].as_array().cloned().unwrap(),
        Some("event") => vec![message.clone()],
        _ => return None,
    };
    let is_about = |event: &Value| {
        let mut ids = event["ids"].as_array().into_iter().flatten();
        ids.any(|one| one == id)
    };
    items.into_iter().find(is_about)
}

/// The events until one is about that id.
pub(crate) async fn event_of(socket: &mut Socket, id: &Value) -> Value {
    loop {
        let message = next(socket, "event").await;
        if let Some(event) = event_in(&message, id) {
            return event;
        }
    }
}

/// The events until one is about that id at that version: what somebody else changed, not the event of
/// one's own change before.
pub(crate) async fn version_of(socket: &mut Socket, id: &Value, version: u64) {
    loop {
        let event = event_of(socket, id).await;
        let mut versions = event["versions"].as_array().into_iter().flatten();
        if versions.any(|one| *one == version) {
            return;
        }
    }
}

/// An event about that id, and the signal that the inbox changed, in either order.
pub(super) async fn event_and_signal(socket: &mut Socket, id: &Value) {
    let (mut event, mut signal) = (false, false);
    while !(event && signal) {
        let message = next(socket, "event and signal").await;
        event |= event_in(&message, id).is_some();
        signal |= message["type"] == "inbox";
    }
}
