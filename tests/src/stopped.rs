//! Processes that hang: stopped by the system, with their sockets open.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// A process and its children, stopped until this value is dropped.
#[derive(Debug)]
pub struct Stopped(Vec<Pid>);

impl Stopped {
    /// Stops the process with that id and everything below it.
    pub fn tree(pid: u32) -> Stopped {
        let mut stopped = vec![pid];
        let mut next = 0;
        while let Some(parent) = stopped.get(next).copied() {
            stop(parent);
            stopped.extend(children(parent));
            next += 1;
        }
        let pids = stopped
            .iter()
            .filter_map(|pid| Pid::from_raw(pid.cast_signed()));
        Stopped(pids.collect())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

fn stop(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
}

/// The processes that a process started: the fourth field of `/proc/PID/stat`, after the name in
/// parentheses, is the parent.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        if after_name.split(' ').nth(1) == Some(&parent.to_string()) {
            found.push(pid);
        }
    }
    found
}
