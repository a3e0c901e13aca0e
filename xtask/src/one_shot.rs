//! One invocation of a function that needs nothing but itself: its binary is started against a
//! Runtime API that has one event to give and takes one answer.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
};

/// A debug build on a busy machine, ten times over.
const PATIENCE: Duration = Duration::from_secs(20);

/// The answer of the function; an error says why there is none.
pub(crate) async fn invoke(bootstrap: &Path, event: &Value) -> Result<Value, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(|cause| cause.to_string())?;
    let address = listener.local_addr().map_err(|cause| cause.to_string())?;
    let mut child = Command::new(bootstrap)
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", address.to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "one-shot"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
            ("AWS_REGION", "us-east-1"),
            ("MIYABI_STAGE", "local"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| format!("{}: {cause}", bootstrap.display()))?;
    let mut stderr = child.stderr.take();
    let said = async {
        let mut text = String::new();
        if let Some(stderr) = &mut stderr {
            // What it says before it ends is all that there is to tell.
            let _ = stderr.read_to_string(&mut text).await;
        }
        text
    };
    tokio::select! {
        answer = serve(&listener, event) => answer.map_err(|cause| cause.to_string()),
        said = said => Err(format!("it ended before it answered: {said}")),
        () = tokio::time::sleep(PATIENCE) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Gives the event to the first who asks, and returns what is posted.
async fn serve(listener: &TcpListener, event: &Value) -> std::io::Result<Value> {
    let mut given = false;
    loop {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        while let Some((line, body)) = request(&mut stream).await? {
            if line.starts_with("GET ") && !given {
                given = true;
                next(stream.get_mut(), event).await?;
            } else if line.starts_with("POST ") {
                stream
                    .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
                    .await?;
                return serde_json::from_slice(&body).map_err(std::io::Error::other);
            }
        }
    }
}

async fn next(stream: &mut TcpStream, event: &Value) -> std::io::Result<()> {
    let body = event.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         lambda-runtime-aws-request-id: one-shot\r\nlambda-runtime-deadline-ms: 9999999999999\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:one-shot\r\n\
         lambda-runtime-trace-id: Root=1-00000000-000000000000000000000000\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

/// The request line and the body of one request; `None` at the end of the connection.
async fn request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
            Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
            _ => (),
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    while chunked {
        let mut size = String::new();
        stream.read_line(&mut size).await?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await?;
        body.extend_from_slice(&chunk[..size]);
        chunked = size > 0;
    }
    Ok(Some((first, body)))
}
