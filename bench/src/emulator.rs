//! A ministack of the measurement's own, which keeps nothing.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Context, Error};

/// It is written in Python and has much to import.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Ends with the measurement, however that ends.
pub(crate) struct Emulator {
    keeper: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts one and waits until it answers.
    pub(crate) fn start(context: &Context) -> Result<Emulator, Error> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let dir = context
            .scratch()
            .join(format!("ministack-{}", address.port()));
        fs::create_dir_all(&dir)?;
        let log = fs::File::create(dir.join("log"))?;
        // `read` returns when this process ends or drops its side of the pipe.
        let keeper = Command::new("/bin/sh")
            .args(["-c", "\"$@\" & read _; kill $!; wait", "sh"])
            .arg(context.ministack()?)
            .envs([
                ("BIND_HOST", "127.0.0.1"),
                ("GATEWAY_PORT", &address.port().to_string()),
                ("LAMBDA_EXECUTOR", "local"),
            ])
            .env("TMPDIR", &dir)
            .current_dir(&dir)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let emulator = Emulator { keeper, address };
        let began = Instant::now();
        while emulator.health().is_err() {
            if began.elapsed() > STARTS_WITHIN {
                return Err(Error::other("ministack does not answer."));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(emulator)
    }

    /// Its address, for `--endpoint-url`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn health(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ministack/health HTTP/1.0\r\nhost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let well = answer.split(' ').nth(1) == Some("200");
        well.then_some(())
            .ok_or_else(|| std::io::Error::other(answer))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
