//! One connection: what it is known by, what waits to be sent on it, and how it ends.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{Request, header};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::SocketApi;
use crate::mutex::lock;

/// How long the other side may take to read the last frame and to close.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// `L0SM9cOFvHcCIhw=`
    pub(super) id: String,
    pub(super) connected_at: SystemTime,
    pub(super) source_ip: String,
    pub(super) user_agent: String,
    began: Instant,
    active: Mutex<(Instant, SystemTime)>,
    outbox: mpsc::Sender<String>,
    closing: watch::Sender<Option<Closing>>,
}

/// The other ends of a connection's channels.
pub(super) struct Mailbox {
    outbox: mpsc::Receiver<String>,
    closing: watch::Receiver<Option<Closing>>,
}

/// How a connection ends: a close code (<https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>) and
/// why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) code: u16,
    pub(super) reason: String,
    /// Whether the client sent it, or is gone.
    by_client: bool,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The connection ends.
    Gone,
    /// The client does not read.
    Full,
}

impl Closing {
    fn ours(code: u16, reason: &str) -> Closing {
        Closing {
            code,
            reason: reason.to_owned(),
            by_client: false,
        }
    }

    fn theirs(code: u16, reason: &str) -> Closing {
        Closing {
            by_client: true,
            ..Closing::ours(code, reason)
        }
    }

    /// Its time is over, or that of the API.
    pub(super) fn going_away() -> Closing {
        Closing::ours(1001, "Going away")
    }

    /// A function closes it.
    pub(super) fn normal() -> Closing {
        Closing::ours(1000, "Connection Closed Normally")
    }
}

impl Connection {
    pub(super) fn new<B>(request: &Request<B>, outbox: usize) -> (Arc<Connection>, Mailbox) {
        let (sends, receives) = mpsc::channel(outbox);
        let (closes, closing) = watch::channel(None);
        let now = (Instant::now(), SystemTime::now());
        let user_agent = request.headers().get(header::USER_AGENT);
        let connection = Connection {
            // Eleven bytes: an id with a `=` at its end, as API Gateway's are.
            id: URL_SAFE.encode(&uuid::Uuid::new_v4().as_bytes()[..11]),
            connected_at: now.1,
            source_ip: "127.0.0.1".to_owned(),
            user_agent: user_agent
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .unwrap_or_default(),
            began: now.0,
            active: Mutex::new(now),
            outbox: sends,
            closing: closes,
        };
        let mailbox = Mailbox {
            outbox: receives,
            closing,
        };
        (Arc::new(connection), mailbox)
    }

    /// Puts a text into the queue of what is sent to the client.
    pub(super) fn post(&self, text: String) -> Result<(), NotTaken> {
        if self.closing.borrow().is_some() {
            return Err(NotTaken::Gone);
        }
        self.outbox.try_send(text).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotTaken::Full,
            mpsc::error::TrySendError::Closed(_) => NotTaken::Gone,
        })
    }

    /// Ends it; the first reason counts.
    pub(super) fn close(&self, closing: Closing) {
        self.closing.send_if_modified(|current| {
            let is_first = current.is_none();
            if is_first {
                *current = Some(closing);
            }
            is_first
        });
    }

    /// When something was sent or received last.
    pub(super) fn active_at(&self) -> SystemTime {
        lock(&self.active).1
    }

    fn touch(&self) {
        *lock(&self.active) = (Instant::now(), SystemTime::now());
    }
}

/// Runs a connection until either side closes it or its time is over; how it ended.
pub(super) async fn run<S>(
    api: &Arc<SocketApi>,
    connection: &Arc<Connection>,
    mut mailbox: Mailbox,
    socket: WebSocketStream<S>,
) -> Closing
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    let closing = tokio::select! {
        closing = receive(api, connection, &mut stream) => closing,
        closing = send(connection, &mut mailbox, &mut sink) => closing,
    };
    // What is still posted is for nobody.
    connection.close(closing.clone());
    drop(mailbox);
    if closing.by_client {
        // The library has answered a close frame; this sends it.
        let _ = tokio::time::timeout(CLOSES_WITHIN, sink.close()).await;
        return closing;
    }
    let frame = CloseFrame {
        code: CloseCode::from(closing.code),
        reason: Utf8Bytes::from(closing.reason.as_str()),
    };
    let _ = tokio::time::timeout(CLOSES_WITHIN, sink.send(Message::Close(Some(frame)))).await;
    if let Ok(socket) = stream.reunite(sink) {
        drain(socket.into_inner()).await;
    }
    closing
}

/// Reads what the client has sent until it closes. A socket that is closed with unread bytes loses
/// what was written last: the close frame.
async fn drain<S: AsyncRead + Unpin>(mut stream: S) {
    let mut scratch = [0; 4096];
    let read = async { while stream.read(&mut scratch).await.is_ok_and(|count| count > 0) {} };
    let _ = tokio::time::timeout(CLOSES_WITHIN, read).await;
}

async fn send<S>(
    connection: &Connection,
    mailbox: &mut Mailbox,
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
) -> Closing
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let text = tokio::select! {
            biased;
            closing = mailbox.closing.wait_for(Option::is_some) => {
                let closing = closing.ok().and_then(|closing| closing.clone());
                return closing.unwrap_or_else(Closing::going_away);
            }
            text = mailbox.outbox.recv() => text,
        };
        let Some(text) = text else {
            return Closing::going_away();
        };
        let sent = tokio::select! {
            sent = sink.send(Message::text(text)) => sent,
            closing = mailbox.closing.wait_for(Option::is_some) => {
                let closing = closing.ok().and_then(|closing| closing.clone());
                return closing.unwrap_or_else(Closing::going_away);
            }
        };
        if sent.is_err() {
            return Closing::theirs(1006, "");
        }
        connection.touch();
    }
}

async fn receive<S>(
    api: &Arc<SocketApi>,
    connection: &Arc<Connection>,
    stream: &mut SplitStream<WebSocketStream<S>>,
) -> Closing
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let ends = connection.began + api.limits.duration;
    loop {
        let idle = lock(&connection.active).0 + api.limits.idle;
        let message = tokio::select! {
            message = stream.next() => message,
            () = tokio::time::sleep_until(ends.min(idle)) => {
                let idle = lock(&connection.active).0 + api.limits.idle;
                if Instant::now() >= ends.min(idle) {
                    return Closing::going_away();
                }
                continue;
            }
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                connection.touch();
                if !api.receive(connection, text.as_str()) {
                    return Closing::ours(1008, "Too many requests");
                }
            }
            Some(Ok(Message::Binary(_))) => {
                return Closing::ours(1003, "Binary frames are not supported");
            }
            Some(Ok(Message::Close(frame))) => {
                return match frame {
                    Some(frame) => Closing::theirs(frame.code.into(), frame.reason.as_str()),
                    None => Closing::theirs(1005, ""),
                };
            }
            // Pings are answered by the library, and keep no connection alive here.
            Some(Ok(_)) => {}
            Some(Err(Error::Capacity(_))) => return Closing::ours(1009, "Message too big"),
            Some(Err(Error::Utf8(_))) => return Closing::ours(1007, "Not UTF-8"),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
                return Closing::theirs(1006, "");
            }
            Some(Err(Error::Protocol(_))) => return Closing::ours(1002, "Protocol error"),
            Some(Err(_)) => return Closing::theirs(1006, ""),
        }
    }
}
