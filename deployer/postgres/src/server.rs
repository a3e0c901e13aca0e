//! One running server: its data directory, its process and its end.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    Binaries, Error, Options, POLL, STOP_WITHIN, Source,
    account::{self, Account, write_private},
    data_directory, last_lines,
};

/// Enough for the recovery of a small database after a crash, on a slow disk.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A server that runs until this value is dropped or this process ends.
#[derive(Debug)]
pub struct Server {
    process: Child,
    watcher: Child,
    port: u16,
    dir: PathBuf,
}

impl Server {
    /// Starts a server and returns when it takes connections, after 60 seconds at most. A data
    /// directory that exists is used as it is. A server that still shuts down there (its parent
    /// just died) is waited for.
    pub fn start(binaries: &Binaries, options: &Options) -> Result<Server, Error> {
        if options.tls.is_some() && binaries.source == Source::Npm {
            return Err(Error::NoTls);
        }
        let account = Account::other_than_root();
        let dir = account::place(&options.dir);
        account::make_own(&dir, account)?;
        data_directory::prepare(binaries, options, account, &dir)?;
        if let Some(tls) = &options.tls {
            write_private(&dir.join("server.crt"), &tls.certificate, account)?;
            write_private(&dir.join("server.key"), &tls.key, account)?;
        }
        // A free port can be taken by another process before the server binds it.
        let mut attempts = 5;
        loop {
            attempts -= 1;
            let port = options.port.map_or_else(free_port, Ok)?;
            match launch(binaries, options, account, &dir, port) {
                Err(Error::NotStarted { tail, .. })
                    if options.port.is_none()
                        && attempts > 0
                        && tail.contains("Address already in use") => {}
                outcome => return outcome,
            }
        }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where its files are: `data` and `server.log`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the process lives. Costs nothing.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Whether the process lives and takes connections.
    pub fn is_ready(&mut self) -> bool {
        self.is_running()
            && data_directory::says_ready(&self.dir.join("data"), self.process.id())
            && TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// Ends the server: running transactions are rolled back, the data is complete. After 20
    /// seconds it is killed, which loses nothing either and makes the next start slower.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process);
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
    }
}

/// Fast shutdown, then the hard way.
fn end(process: &mut Child) {
    let Some(pid) = Pid::from_raw(process.id().cast_signed()) else {
        return;
    };
    if matches!(process.try_wait(), Ok(None)) {
        let _ = kill_process(pid, Signal::INT);
        let deadline = Instant::now() + STOP_WITHIN;
        while matches!(process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = process.kill();
                let _ = process.wait();
            }
            thread::sleep(POLL);
        }
    }
}

fn launch(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    dir: &Path,
    port: u16,
) -> Result<Server, Error> {
    let data = dir.join("data");
    let log_path = dir.join("server.log");
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log_path)
        .map_err(Error::io("open", &log_path))?;
    let log_start = log.metadata().map_err(Error::io("read", &log_path))?.len();
    let second_handle = log.try_clone().map_err(Error::io("open", &log_path))?;

    let mut command = account::command(&binaries.program("postgres"), account);
    command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
    let mut set = |name: &str, value: &str| {
        command.arg("-c").arg(format!("{name}={value}"));
    };
    set("listen_addresses", "127.0.0.1");
    set("unix_socket_directories", "");
    if options.fast_and_unsafe {
        set("fsync", "off");
        set("synchronous_commit", "off");
        set("full_page_writes", "off");
    }
    if options.tls.is_some() {
        set("ssl", "on");
        set("ssl_cert_file", &dir.join("server.crt").to_string_lossy());
        set("ssl_key_file", &dir.join("server.key").to_string_lossy());
    }
    for (name, value) in &options.settings {
        set(name, value);
    }
    // A group of its own: Ctrl-C in a terminal is for us, and we stop the server in order.
    command.stdout(log).stderr(second_handle).process_group(0);
    let mut process = command
        .spawn()
        .map_err(Error::io("start", &binaries.program("postgres")))?;
    let watcher = match watch(process.id()) {
        Ok(watcher) => watcher,
        Err(error) => {
            end(&mut process);
            return Err(error);
        }
    };
    let mut server = Server {
        process,
        watcher,
        port,
        dir: dir.to_owned(),
    };

    let deadline = Instant::now() + START_WITHIN;
    let why = loop {
        if server.is_ready() {
            return Ok(server);
        }
        match server.process.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => break format!("it ended with {status}"),
            Err(error) => break format!("its process is gone: {error}"),
        }
        if Instant::now() > deadline {
            break format!("it was not ready after {} seconds", START_WITHIN.as_secs());
        }
        thread::sleep(POLL);
    };
    drop(server);
    let text = fs::read(&log_path).unwrap_or_default();
    let ours = text
        .get(usize::try_from(log_start).unwrap_or(0)..)
        .unwrap_or(&text);
    let tail = last_lines(&String::from_utf8_lossy(ours), 8);
    Err(Error::NotStarted {
        why,
        log: log_path,
        tail,
    })
}

/// Ends the server when this process dies without having done so: `read` returns when the last
/// holder of the other end of its pipe, this process, is gone. Works on every Unix, and unlike a
/// parent-death signal it does not mind which thread started it.
fn watch(pid: u32) -> Result<Child, Error> {
    Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("read _; kill -INT {pid}"))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(Error::io("start", Path::new("/bin/sh")))
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| Error::Io {
            doing: "find a free port on 127.0.0.1".to_owned(),
            source,
        })
}
