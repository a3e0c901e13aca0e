//! A stand-in for Secrets Manager, for the functions that are measured: it answers any request with
//! the secret whose ARN the body names, at once.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use serde_json::{Value, json};

use crate::Error;

/// Serves until the process ends; gives where.
pub(crate) fn serve(secrets: BTreeMap<String, String>) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let secrets = Arc::new(secrets);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let secrets = Arc::clone(&secrets);
            thread::spawn(move || {
                // The function went away: that is its business.
                let _ = answer(stream, &secrets);
            });
        }
    });
    Ok(address)
}

fn answer(stream: TcpStream, secrets: &BTreeMap<String, String>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let arn = request["SecretId"].as_str().unwrap_or_default();
        let answer = json!({"ARN": arn, "SecretString": secrets.get(arn)}).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream
            .get_mut()
            .write_all(format!("{head}{answer}").as_bytes())?;
    }
}
