//! Just enough of PostgreSQL's protocol to run a script on a server that trusts us: what `codegen`
//! needs to make a schema in a database that lives for a minute.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// Protocol version 3.0.
const PROTOCOL: i32 = 196_608;

/// Connects as `postgres` and runs a script of any number of statements, in one transaction.
/// An error holds what the server said.
pub(crate) fn run_script(port: u16, database: &str, script: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut startup = PROTOCOL.to_be_bytes().to_vec();
    for text in ["user", "postgres", "database", database] {
        startup.extend_from_slice(text.as_bytes());
        startup.push(0);
    }
    startup.push(0);
    send(&mut stream, None, &startup)?;
    until_ready(&mut stream)?;
    let mut query = script.as_bytes().to_vec();
    query.push(0);
    send(&mut stream, Some(b'Q'), &query)?;
    until_ready(&mut stream)?;
    send(&mut stream, Some(b'X'), &[])
}

fn send(stream: &mut TcpStream, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
    let length = i32::try_from(body.len() + 4).map_err(io::Error::other)?;
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    stream.write_all(&message)
}

/// Reads messages up to `ReadyForQuery`; the first error is the result.
fn until_ready(stream: &mut TcpStream) -> io::Result<()> {
    let mut error = None;
    loop {
        let mut head = [0; 5];
        stream
            .read_exact(&mut head)
            .map_err(|cause| error.take().unwrap_or(cause))?;
        let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length - 4).map_err(io::Error::other)?];
        stream.read_exact(&mut body)?;
        match head[0] {
            b'E' => error = Some(io::Error::other(message(&body))),
            b'R' if body != 0_i32.to_be_bytes() => {
                return Err(io::Error::other("the server asks for a password"));
            }
            b'Z' => return error.map_or(Ok(()), Err),
            _ => (),
        }
    }
}

/// The message, detail and position of an error.
fn message(body: &[u8]) -> String {
    body.split(|byte| *byte == 0)
        .filter_map(|field| {
            let (kind, text) = field.split_first()?;
            matches!(kind, b'M' | b'D' | b'H' | b'W').then(|| String::from_utf8_lossy(text))
        })
        .collect::<Vec<_>>()
        .join("; ")
}
