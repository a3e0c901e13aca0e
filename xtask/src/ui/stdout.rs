//! Stdout, and whether what was written to it arrived.
//!
//! A command whose data was lost has failed, whatever it did otherwise: `running` asks here before
//! it ends with exit code 0.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often a follower looks whether its reader still exists. Within a line or this time, a
/// follower without a reader ends.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Stdout of this process.
#[derive(Debug, Default)]
pub(super) struct Stdout {
    failure: Mutex<Option<io::Error>>,
}

/// Why data did not reach its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The reader closed its end, as `head` does. It knows; nobody has to be informed.
    ReaderGone,
    /// It could not be written: a full disk, a closed descriptor.
    NotWritten(String),
}

impl Stdout {
    /// Writes `text` and a line end. The first failure is kept; nothing is written after it, so that
    /// a reader never sees a gap.
    pub(super) fn write_line(&self, text: &str) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_some() {
            return;
        }
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
        *failure = written.err();
    }

    /// What was lost so far.
    pub(super) fn lost(&self) -> Option<Lost> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = failure.as_ref()?;
        Some(match cause.kind() {
            io::ErrorKind::BrokenPipe => Lost::ReaderGone,
            _ => Lost::NotWritten(cause.to_string()),
        })
    }

    /// Completes when nothing that is written can arrive any more.
    pub(super) async fn closed(&self) {
        while self.lost().is_none() && !has_no_reader() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Whether stdout is a pipe or a socket whose other end is closed.
fn has_no_reader() -> bool {
    let stdout = io::stdout();
    if stdout.is_terminal() {
        return false;
    }
    let mut looked_at = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec::default();
    let found = poll(&mut looked_at, Some(&at_once));
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    found.is_ok_and(|count| count > 0) && looked_at[0].revents().intersects(gone)
}
