//! A server's data directory: made whole or not at all, and who uses it.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
    process::Stdio,
    thread,
    time::Instant,
};

use rustix::process::{Pid, test_kill_process};

use crate::{
    Binaries, Error, Options, POLL, STOP_WITHIN,
    account::{self, Account, write_private},
    last_lines,
};

/// How the name of the directory begins while it is made; the process id follows.
const FRESH: &str = "data.new";

/// Makes `dir/data` ready for a server: waits for one that still shuts down there, and creates what
/// does not exist.
pub(crate) fn prepare(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    dir: &Path,
) -> Result<(), Error> {
    let data = dir.join("data");
    wait_for_predecessor(&data)?;
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(found) if found.trim() == binaries.major.to_string() => Ok(()),
        Ok(found) => Err(Error::OtherVersion {
            data,
            found: found.trim().to_owned(),
            wanted: binaries.major,
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            initdb(binaries, options, account, dir, &data)
        }
        Err(error) => Err(Error::io("read the version of", &data)(error)),
    }
}
/// Makes the directory, with a superuser and what its first statements make.
fn initdb(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    dir: &Path,
    data: &Path,
) -> Result<(), Error> {
    // Into a directory beside it: a killed initdb leaves no half-made data directory. Each process
    // has its own, since the initdb of one that was killed may go on for a moment, and removes its
    // directory when it fails.
    let fresh = dir.join(format!("{FRESH}-{}", std::process::id()));
    remove_half_made(dir)?;
    if fs::exists(&fresh).map_err(Error::io("look at", &fresh))? {
        fs::remove_dir_all(&fresh).map_err(Error::io("remove", &fresh))?;
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

/// Removes what killed processes left. One that is still written to stays until the next time.
fn remove_half_made(dir: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(dir).map_err(Error::io("read", dir))? {
        let entry = entry.map_err(Error::io("read", dir))?;
        if entry.file_name().to_string_lossy().starts_with(FRESH) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Nobody but a superuser creates large objects, which row-level security does not apply to. Each
/// database is copied from `template1`, with this.
const NO_LARGE_OBJECTS: &str = "revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public";

/// Single-user mode takes SQL on its input, needs no client and no network, and is what `initdb`
/// itself uses. A statement ends with its line.
fn run_first_sql(
    binaries: &Binaries,
    options: &Options,
    account: Option<Account>,
    data: &Path,
) -> Result<(), Error> {
    let program = binaries.program("postgres");
    let mut command = account::command(&program, account);
    command.arg("--single").arg("-D").arg(data);
    command.args([
        "-c",
        "exit_on_error=on",
        "-c",
        "log_min_error_statement=panic",
    ]);
    command.args(["-c", "log_statement=none", "template1"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut process = command.spawn().map_err(Error::io("start", &program))?;
    if let Some(mut input) = process.stdin.take() {
        let text = format!("{NO_LARGE_OBJECTS}\n{}\n", options.first_sql.join("\n"));
        // When it ended early, what it said is the error to tell.
        let _ = input.write_all(text.as_bytes());
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

/// The server writes its state to line 8 of `postmaster.pid`; that is what `pg_ctl` reads too.
pub(crate) fn says_ready(data: &Path, pid: u32) -> bool {
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
