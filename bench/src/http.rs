//! One connection that GETs the same path again and again.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::Error;

/// A kept connection to `http://127.0.0.1:PORT`.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Connection {
    /// Connects to an origin.
    pub(crate) fn open(origin: &str) -> Result<Connection, Error> {
        let address = origin
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let stream = TcpStream::connect(&address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Connection {
            stream: BufReader::new(stream),
            address,
        })
    }

    /// The body of a 200, and how long it took.
    pub(crate) fn get(&mut self, path: &str) -> Result<(Vec<u8>, Duration), Error> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\naccept: */*\r\n\r\n",
            self.address
        );
        let began = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(Error::Closed);
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let took = began.elapsed();
        if !status.contains(" 200") {
            return Err(Error::other(format!(
                "GET {path}: {status}{}",
                String::from_utf8_lossy(&body)
            )));
        }
        Ok((body, took))
    }
}
