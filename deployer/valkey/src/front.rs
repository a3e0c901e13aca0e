//! What terminates TLS in front of a server.

use std::{io::ErrorKind, net::Ipv4Addr, path::PathBuf, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// Longest that a client may take for its handshake.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

/// Accepts connections until it is dropped; those that are open are closed with it.
#[derive(Debug)]
pub(crate) struct Front {
    port: u16,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Listens on that port of 127.0.0.1, 0 for a free one. A front that was dropped a moment ago
    /// may still have it.
    pub(crate) async fn bind(port: u16) -> std::io::Result<(TcpListener, u16)> {
        let mut attempts = 50;
        let listener = loop {
            attempts -= 1;
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Err(error) if attempts > 0 && error.kind() == ErrorKind::AddrInUse => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                bound => break bound?,
            }
        };
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    }

    /// Passes what comes by TLS to the Unix socket.
    pub(crate) fn start(
        listener: TcpListener,
        port: u16,
        acceptor: TlsAcceptor,
        socket: PathBuf,
    ) -> Front {
        Front {
            port,
            accepting: tokio::spawn(accept(listener, acceptor, socket)),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, socket: PathBuf) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(pass(stream, acceptor.clone(), socket.clone()));
            }
            // Out of file descriptors: others close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// One connection. An error is a side that went away.
async fn pass(stream: TcpStream, acceptor: TlsAcceptor, socket: PathBuf) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(mut client)) = timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await else {
        return;
    };
    let Ok(mut server) = UnixStream::connect(&socket).await else {
        return;
    };
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
