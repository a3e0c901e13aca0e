//! One running server: its data directory, its process and its end.

use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::OpenOptionsExt,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::{
    Binaries, Error, Source,
    account::{self, Account},
};

/// Enough for the recovery of a small database after a crash, on a slow disk.
const START_WITHIN: Duration = Duration::from_secs(60);
/// A fast shutdown rolls back what runs and writes a checkpoint.
const STOP_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// How to run a server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its files should be; [`place`](crate::place) decides where they are.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// Password of the superuser `postgres`, who then needs it like every other role (SCRAM).
    /// `None` trusts everybody on this machine. Counts when the data directory is created.
    pub password: Option<String>,
    /// Statements that the superuser runs once in a data directory that is made now, each on one
    /// line. They are not logged, so they may hold passwords.
    pub first_sql: Vec<String>,
    /// Gives up safety after a power cut for speed. For tests only.
    pub fast_and_unsafe: bool,
    /// Accepts TLS with this certificate, next to connections without.
    pub tls: Option<Tls>,
    /// Further settings, as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
}

/// A server certificate.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, PEM.
    pub certificate: String,
    /// The private key, PEM.
    pub key: String,
}

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
        let data = dir.join("data");
        wait_for_predecessor(&data)?;
        match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(found) if found.trim() == binaries.major.to_string() => {}
            Ok(found) => {
                let found = found.trim().to_owned();
                return Err(Error::OtherVersion {
                    data,
                    found,
                    wanted: binaries.major,
                });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                initdb(binaries, options, account, &dir, &data)?
            }
            Err(error) => return Err(Error::io("read the version of", &data)(error)),
        }
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
            && says_ready(&self.dir.join("data"), self.process.id())
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

fn initdb(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    dir: &Path,
    data: &Path,
) -> Result<(), Error> {
    // Into a directory beside it: a killed initdb leaves no half-made data directory.
    let fresh = dir.join("data.new");
    match fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("remove", &fresh)(error));
        }
        _ => {}
    }
    let locale = if cfg!(target_os = "linux") {
        "C.UTF-8"
    } else {
        "en_US.UTF-8"
    };
    let mut command = account::command(&binaries.program("initdb"), account);
    command.arg("--pgdata").arg(&fresh);
    command.args([
        "--username=postgres",
        "--encoding=UTF8",
        "--no-instructions",
    ]);
    command.arg(format!("--locale={locale}"));
    if options.fast_and_unsafe {
        command.arg("--no-sync");
    }
    let password_file = dir.join("password");
    if let Some(password) = &options.password {
        write_private(&password_file, password, account)?;
        command
            .arg("--auth=scram-sha-256")
            .arg("--pwfile")
            .arg(&password_file);
    } else {
        command.arg("--auth=trust");
    }
    let output = command.output();
    if options.password.is_some() {
        fs::remove_file(&password_file).map_err(Error::io("remove", &password_file))?;
    }
    let output = output.map_err(Error::io("run", &binaries.program("initdb")))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        let output = last_lines(&String::from_utf8_lossy(&text), 8);
        return Err(Error::Initdb {
            data: data.to_owned(),
            output,
        });
    }
    run_first_sql(binaries, options, account, &fresh)?;
    fs::rename(&fresh, data).map_err(Error::io("rename", &fresh))
}

/// Single-user mode takes SQL on its input, needs no client and no network, and is what `initdb`
/// itself uses.
fn run_first_sql(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    data: &Path,
) -> Result<(), Error> {
    if options.first_sql.is_empty() {
        return Ok(());
    }
    let program = binaries.program("postgres");
    let mut command = account::command(&program, account);
    command.arg("--single").arg("-D").arg(data);
    command.args([
        "-c",
        "exit_on_error=on",
        "-c",
        "log_min_error_statement=panic",
    ]);
    command.args(["-c", "log_statement=none", "postgres"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut process = command.spawn().map_err(Error::io("start", &program))?;
    if let Some(mut input) = process.stdin.take() {
        let text = options.first_sql.join("\n") + "\n";
        // When it ended early, what it said is the error to tell.
        let _ = std::io::Write::write_all(&mut input, text.as_bytes());
    }
    let output = process
        .wait_with_output()
        .map_err(Error::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Initdb {
        data: data.to_owned(),
        output: last_lines(&String::from_utf8_lossy(&output.stderr), 8),
    })
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

/// The server writes its state to line 8 of `postmaster.pid`; that is what `pg_ctl` reads too.
fn says_ready(data: &Path, pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let mut lines = text.lines();
    lines.next() == Some(pid.to_string().as_str())
        && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

/// When our predecessor was killed, its server is still shutting down for a moment.
fn wait_for_predecessor(data: &Path) -> Result<(), Error> {
    let deadline = Instant::now() + STOP_WITHIN;
    while let Some(pid) = running_on(data) {
        if Instant::now() > deadline {
            return Err(Error::InUse {
                data: data.to_owned(),
                pid: pid.as_raw_nonzero().get(),
            });
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// The live process that `postmaster.pid` names, if it is a PostgreSQL. The file of a killed
/// server stays, and its process id may belong to anything by now.
fn running_on(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
    match test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(_) => return None,
    }
    match fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())) {
        Ok(command_line) => String::from_utf8_lossy(&command_line)
            .contains("postgres")
            .then_some(pid),
        // No /proc on this system: believe the file.
        Err(_) => (!Path::new("/proc/self").exists()).then_some(pid),
    }
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

/// Writes a file that only the server's user can read.
fn write_private(path: &Path, content: &str, account: Option<Account>) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("remove", path)(error));
        }
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Error::io("create", path))?;
    std::io::Write::write_all(&mut file, content.as_bytes()).map_err(Error::io("write", path))?;
    account::give(path, account)
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
