//! What a process has used, read from `/proc` (Linux).

use std::{fs, time::Duration};

use crate::Error;

/// Largest resident memory of the process so far, in bytes.
pub(crate) fn peak_memory(pid: u32) -> Result<u64, Error> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .trim()
                .parse::<u64>()
                .ok()
        })
        .map(|kilobytes| kilobytes * 1024)
        .ok_or(Error::Proc)
}

/// Whether the process runs the program of that name: `cargo run` becomes the program it starts.
pub(crate) fn runs(pid: u32, program: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == program)
}

/// CPU time of the process so far, all threads, user and system. Resolution: 1 ns of the
/// scheduler's own count where the kernel gives it.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, Error> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let statistics = fs::read_to_string(task?.path().join("schedstat"))?;
        let nanoseconds = statistics
            .split(' ')
            .next()
            .and_then(|field| field.parse().ok())
            .ok_or(Error::Proc)?;
        total += Duration::from_nanos(nanoseconds);
    }
    Ok(total)
}
