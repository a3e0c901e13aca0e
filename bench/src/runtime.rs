//! A stopwatch in the shape of the Lambda Runtime API.
//!
//! It serves one environment over one blocking connection and reads the clock at the two moments
//! that matter: when the runtime asks for work, and when its answer has arrived whole. The local
//! target's Runtime API is not used here, so that what is measured is the function and nothing else.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::Error;

/// A start of Node on a busy machine, twenty times over.
const PATIENCE: Duration = Duration::from_secs(10);

/// One running environment and the connection that it asks for work on.
pub(crate) struct Environment {
    child: Child,
    listener: TcpListener,
    connection: Option<BufReader<TcpStream>>,
    waiting: bool,
    spawned: Instant,
    requests: u32,
}

/// An answer and how long the environment took for it.
pub(crate) struct Answer {
    /// The body that the function posted.
    pub(crate) body: Vec<u8>,
    /// From the event's first byte sent to the answer's last byte received.
    pub(crate) took: Duration,
}

impl Environment {
    /// Starts `command` with `AWS_LAMBDA_RUNTIME_API` pointing here. The clock starts just before
    /// the process does.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let spawned = Instant::now();
        let child = command.env("AWS_LAMBDA_RUNTIME_API", address).spawn()?;
        Ok(Self {
            child,
            listener,
            connection: None,
            waiting: false,
            spawned,
            requests: 0,
        })
    }

    /// Waits until the runtime asks for its first event; gives the time since the spawn.
    pub(crate) fn ready(&mut self) -> Result<Duration, Error> {
        self.await_next()?;
        Ok(self.spawned.elapsed())
    }

    /// Hands over one event and waits for the answer.
    pub(crate) fn invoke(&mut self, event: &[u8]) -> Result<Answer, Error> {
        self.await_next()?;
        self.requests += 1;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             lambda-runtime-aws-request-id: request-{}\r\n\
             lambda-runtime-deadline-ms: 9999999999999\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n\
             lambda-runtime-trace-id: Root=1-00000000-000000000000000000000000\r\n\
             content-length: {}\r\n\r\n",
            self.requests,
            event.len(),
        );
        let connection = self.connection()?;
        let started = Instant::now();
        let mut message = head.into_bytes();
        message.extend_from_slice(event);
        connection.get_mut().write_all(&message)?;
        self.waiting = false;
        let (path, body) = self.request()?;
        let took = started.elapsed();
        if !path.ends_with("/response") {
            return Err(Error::Function(String::from_utf8_lossy(&body).into_owned()));
        }
        self.reply(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        Ok(Answer { body, took })
    }

    /// Since the process was started.
    pub(crate) fn age(&self) -> Duration {
        self.spawned.elapsed()
    }

    /// Largest resident memory so far, in bytes (`VmHWM`, Linux).
    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        crate::process::peak_memory(self.child.id())
    }

    /// CPU time used so far, user and system (Linux).
    pub(crate) fn cpu_time(&self) -> Result<Duration, Error> {
        crate::process::cpu_time(self.child.id())
    }

    fn await_next(&mut self) -> Result<(), Error> {
        while !self.waiting {
            let (path, body) = self.request()?;
            if !path.ends_with("/invocation/next") {
                return Err(Error::Function(String::from_utf8_lossy(&body).into_owned()));
            }
            self.waiting = true;
        }
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut BufReader<TcpStream>, Error> {
        if self.connection.is_none() {
            let stream = self.accept()?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            self.connection = Some(BufReader::new(stream));
        }
        self.connection.as_mut().ok_or(Error::Closed)
    }

    /// A process that has died connects no more: that must end the waiting.
    fn accept(&self) -> Result<TcpStream, Error> {
        let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX);
        let timeout = Timespec {
            tv_sec: seconds,
            tv_nsec: 0,
        };
        let mut listening = [PollFd::new(&self.listener, PollFlags::IN)];
        if poll(&mut listening, Some(&timeout)).map_err(std::io::Error::from)? == 0 {
            return Err(Error::Slow(PATIENCE.as_secs()));
        }
        Ok(self.listener.accept()?.0)
    }

    /// The next request's path and body. A runtime that opens a new connection is followed to it.
    fn request(&mut self) -> Result<(String, Vec<u8>), Error> {
        loop {
            let reader = self.connection()?;
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                self.connection = None;
                continue;
            }
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut length = Some(0);
            loop {
                let mut header = String::new();
                reader.read_line(&mut header)?;
                let header = header.trim_end().to_ascii_lowercase();
                if header.is_empty() {
                    break;
                }
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().ok();
                }
                if header.starts_with("transfer-encoding:") {
                    length = None;
                }
            }
            let body = match length {
                Some(length) => {
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body)?;
                    body
                }
                None => chunked(reader)?,
            };
            return Ok((path, body));
        }
    }

    fn reply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.connection()?.get_mut().write_all(bytes)?;
        Ok(())
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn chunked(reader: &mut BufReader<TcpStream>) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| Error::Closed)?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        let mut end = [0; 2];
        reader.read_exact(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}
