//! A small HTTP server on 127.0.0.1, and the two shapes of answers that everything here gives.

use std::{future::Future, io, net::Ipv4Addr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// How long a client may take for the head of a request, for its body, and to send the next one on
/// a connection that it keeps. AWS states no figures for an HTTP API; a client that sends a byte now
/// and then must not hold a connection for longer than an invocation could.
pub(super) const CLIENT_PATIENCE: Duration = Duration::from_secs(30);

/// An answer in memory.
pub type Reply = Response<Full<Bytes>>;

/// A server that runs until this value is dropped, or [`Server::stop`] is called. Connections that
/// are being answered when it is dropped are ended with it.
#[derive(Debug)]
pub struct Server {
    port: u16,
    accepting: JoinHandle<()>,
    closing: watch::Sender<bool>,
}

impl Server {
    /// Listens on that port of 127.0.0.1, 0 for a free one, and answers with `handler`. A client may
    /// take its time: for neighbours that are trusted.
    pub async fn start<H, F>(port: u16, handler: H) -> io::Result<Server>
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Server::start_with(port, None, handler).await
    }

    /// The same for anybody: a connection on which nothing whole arrives within `patience` is
    /// closed.
    pub async fn start_for_clients<H, F>(
        port: u16,
        patience: Duration,
        handler: H,
    ) -> io::Result<Server>
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Server::start_with(port, Some(patience), handler).await
    }

    async fn start_with<H, F>(
        port: u16,
        patience: Option<Duration>,
        handler: H,
    ) -> io::Result<Server>
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        let (closing, closed) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, patience, Arc::new(handler), closed));
        Ok(Server {
            port,
            accepting,
            closing,
        })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes no new request, and returns when those that run are answered, or after `within`.
    pub async fn stop(mut self, within: Duration) {
        let _ = self.closing.send(true);
        let _ = tokio::time::timeout(within, &mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<H, F>(
    listener: TcpListener,
    patience: Option<Duration>,
    handler: Arc<H>,
    mut closed: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closed.wait_for(|closed| *closed) => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors: others close theirs.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(serve(stream, patience, handler.clone(), closed.clone()));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve<H, F>(
    stream: TcpStream,
    patience: Option<Duration>,
    handler: Arc<H>,
    mut closed: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    // Without it, an answer in two packets waits 40 ms for the acknowledgement of the first.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(patience);
    // A connection whose protocol is switched leaves the server: its new owner ends it.
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // An error is a client that went away: nobody is left to be told.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closed.wait_for(|closed| *closed) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Bytes of the request line and the header lines.
pub(super) fn head_size(head: &http::request::Parts) -> usize {
    let path = head
        .uri
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    let line = head.method.as_str().len() + path + " HTTP/1.1".len() + 3;
    let headers = head.headers.iter();
    line + headers
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum::<usize>()
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &Value) -> Reply {
    bytes(status, "application/json", body.to_string())
}

/// An answer with that body.
pub fn bytes(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        reply.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    reply
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What the server sent until it closed the connection, and whether it did.
    async fn sent(port: u16, bytes: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut text = String::new();
        let closed =
            tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text));
        closed.await.ok().map(|_| text)
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_whole_arrives_is_closed() {
        let patience = Duration::from_millis(200);
        let server = Server::start_for_clients(0, patience, |_| async {
            bytes(StatusCode::OK, "text/plain", "served")
        })
        .await
        .unwrap();
        let port = server.port();
        // Nothing, a head that does not end, and a connection that is kept after an answer.
        for (bytes, answers) in [
            ("", 0),
            ("GET / HTTP/1.1\r\nhost: x\r\nx-slow: ", 0),
            ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", 1),
        ] {
            let text = sent(port, bytes.as_bytes()).await;
            let text = text.unwrap_or_else(|| panic!("{bytes:?} holds a connection"));
            assert_eq!(text.matches("served").count(), answers, "{text}");
        }
    }
}
