//! A small HTTP server on 127.0.0.1, and the two shapes of answers that everything here gives.

use std::{future::Future, io, net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// An answer in memory.
pub(crate) type Reply = Response<Full<Bytes>>;

/// A server that runs until this value is dropped. Connections that are being answered then are
/// ended with it.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on that port of 127.0.0.1, 0 for a free one, and answers with `handler`.
    pub(crate) async fn start<H, F>(port: u16, handler: H) -> io::Result<Server>
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        let handler = Arc::new(handler);
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of file descriptors: others close theirs.
                    tokio::task::yield_now().await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let handler = handler.clone();
                let service = service_fn(move |request| {
                    let answer = handler(request);
                    async move { Ok::<_, std::convert::Infallible>(answer.await) }
                });
                connections.spawn(async move {
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), service);
                    // The client went away: nobody is left to be told.
                    let _ = connection.await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Server { port, accepting })
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
    bytes(status, "application/json", body.to_string())
}

/// An answer with that body.
pub(crate) fn bytes(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        reply.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    reply
}
