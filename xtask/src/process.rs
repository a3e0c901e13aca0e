//! Running a tool: its output is read as it comes, kept whole, and shown when it failed.

use std::{ffi::OsString, fmt, process::Stdio};

use deployer::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
    sync::mpsc,
};

/// A tool with its arguments.
#[derive(Debug)]
pub(crate) struct Tool {
    command: Command,
    shown: String,
}

/// How a tool ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether it ended well.
    pub(crate) well: bool,
    /// Everything that it said, on stdout and stderr, as it came.
    pub(crate) said: String,
    /// What it said on stdout.
    pub(crate) stdout: String,
}

impl Tool {
    /// A program with its arguments. It gets no keyboard.
    pub(crate) fn new(program: impl Into<OsString>, arguments: &[&str]) -> Tool {
        let program = program.into();
        let shown = program.to_string_lossy().into_owned();
        Tool::from(Command::new(&program), shown, arguments)
    }

    /// Cargo, the one that runs us.
    pub(crate) fn cargo(arguments: &[&str]) -> Tool {
        let cargo = Command::from(deployer::build::cargo());
        Tool::from(cargo, "cargo".to_owned(), arguments).env("CARGO_TERM_COLOR", "never")
    }

    fn from(mut command: Command, mut shown: String, arguments: &[&str]) -> Tool {
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for argument in arguments {
            shown.push(' ');
            shown.push_str(argument);
        }
        Tool { command, shown }
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Tool {
        self.command.env(name, value.into());
        self
    }

    /// Runs in that folder.
    pub(crate) fn within(mut self, folder: &std::path::Path) -> Tool {
        self.command.current_dir(folder);
        self
    }

    /// Runs it to its end; `line` gets each line as it comes.
    pub(crate) async fn run(mut self, mut line: impl FnMut(&str)) -> Result<Ended, Error> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let not_run = |cause: std::io::Error| {
            Error::failed(
                format!("`{}` could not be run.", self.shown),
                "See which tools are missing: `cargo xtask doctor`",
            )
            .because(cause)
        };
        let mut child = self.command.spawn().map_err(not_run)?;
        let (sender, mut lines) = mpsc::unbounded_channel();
        let readers = [
            tokio::spawn(read(Source::Stdout, child.stdout.take(), sender.clone())),
            tokio::spawn(read(Source::Stderr, child.stderr.take(), sender)),
        ];
        let (mut said, mut stdout) = (String::new(), String::new());
        while let Some((source, text)) = lines.recv().await {
            line(&text);
            said.push_str(&text);
            said.push('\n');
            if source == Source::Stdout {
                stdout.push_str(&text);
                stdout.push('\n');
            }
        }
        for reader in readers {
            let _ = reader.await;
        }
        let status = child.wait().await.map_err(not_run)?;
        Ok(Ended {
            well: status.success(),
            said,
            stdout,
        })
    }

    /// Runs it to its end; an error holds everything that it said.
    pub(crate) async fn run_well(self, hint: &str) -> Result<Ended, Error> {
        let shown = self.shown.clone();
        let ended = self.run(|_| ()).await?;
        if ended.well {
            return Ok(ended);
        }
        Err(Error::failed(format!("`{shown}` failed."), hint)
            .because(ended.said.trim_end().to_owned()))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Stdout,
    Stderr,
}

async fn read(
    source: Source,
    from: Option<impl AsyncRead + Unpin>,
    to: mpsc::UnboundedSender<(Source, String)>,
) {
    let Some(from) = from else { return };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    // By bytes, not by `lines()`: a tool that writes no UTF-8 must not end the reading.
    while reader
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line)
            .trim_end_matches(['\n', '\r'])
            .to_owned();
        if to.send((source, text)).is_err() {
            return;
        }
        line.clear();
    }
}
