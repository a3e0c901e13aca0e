//! A server that answers as a test says, also in ways that no good server would: for what stands
//! outside of the application and misbehaves.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What somebody asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `POST /login/oauth/access_token`: method and path, without the query.
    pub what: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, content type, body.
    Answer(u16, &'static str, Vec<u8>),
    /// Status 200, JSON, and that many bytes of it.
    Huge(usize),
    /// Nothing, until the other side gives up.
    Silence,
}

impl Reply {
    /// Status 200 with JSON.
    pub fn json(value: &serde_json::Value) -> Reply {
        Reply::Answer(200, "application/json", value.to_string().into_bytes())
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server. It answers until the runtime of the test ends.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts on a free port.
    pub async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen) = (script.clone(), seen.clone());
                tokio::spawn(async move {
                    // Whoever asked may go away before the answer is written.
                    let _ = serve(stream, &*script, &seen).await;
                });
            }
        });
        Scripted { address, asked }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `host:port`
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that was asked so far, method and path.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &Script,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let Some(asked) = read(&mut stream).await? else {
        return Ok(());
    };
    seen.lock().unwrap().push(asked.what.clone());
    let head = |status: u16, kind: &str, length: usize| {
        format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )
    };
    match script(&asked) {
        Reply::Answer(status, kind, body) => {
            stream
                .write_all(head(status, kind, body.len()).as_bytes())
                .await?;
            stream.write_all(&body).await?;
        }
        Reply::Huge(length) => {
            stream
                .write_all(head(200, "application/json", length + 2).as_bytes())
                .await?;
            stream.write_all(b"\"").await?;
            let piece = vec![b'a'; 64 * 1024];
            for _ in 0..length / piece.len() {
                stream.write_all(&piece).await?;
            }
            stream.write_all(b"\"").await?;
        }
        Reply::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
    }
    stream.shutdown().await
}

/// One request; `None` when the connection ends before it does.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let head_length = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_length]).into_owned();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
    while bytes.len() < head_length + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut words = head.split([' ', '?']);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    Ok(Some(Asked {
        what: format!("{method} {path}"),
        body: bytes.split_off(head_length),
    }))
}
