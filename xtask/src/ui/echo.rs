//! A terminal that does not show what is typed, for as long as this lives.

use std::process::{Command, Stdio};

/// Restores the echo when it is dropped.
#[derive(Debug)]
pub(super) struct NoEcho(());

impl NoEcho {
    /// `None`: the terminal of stdin cannot be told, so nothing secret may be typed on it. POSIX has
    /// the command on every system that this runs on.
    pub(super) fn new() -> Option<NoEcho> {
        set("-echo").then_some(NoEcho(()))
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        set("echo");
    }
}

fn set(setting: &str) -> bool {
    let mut stty = Command::new("stty");
    stty.arg(setting)
        .stdin(Stdio::inherit())
        .stdout(Stdio::null());
    stty.status().is_ok_and(|status| status.success())
}
