//! The one supervisor of a stage: the lock that it holds while it lives, and which build it is.

use std::{
    fs::{self, File},
    io,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::local::files::Files;

/// How long a predecessor may take to end.
const PREDECESSOR_ENDS_WITHIN: Duration = Duration::from_secs(60);

/// Which program this process is: it changes with every build of it.
pub(in crate::local) fn fingerprint() -> String {
    // The link leads to the file that runs, also when another was put in its place.
    let running = fs::metadata("/proc/self/exe");
    let metadata = running.or_else(|_| fs::metadata(std::env::current_exe()?));
    let Ok(metadata) = metadata else {
        return String::new();
    };
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!(
        "{}-{}",
        metadata.len(),
        modified.unwrap_or_default().as_nanos()
    )
}

/// Whether a supervisor lives, as its lock says.
pub(in crate::local) fn is_running(files: &Files) -> bool {
    let Ok(file) = File::open(files.supervisor_lock()) else {
        return false;
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            let _ = flock(&file, FlockOperation::Unlock);
            false
        }
        Err(_) => true,
    }
}

/// Waits for a supervisor that is about to end, and holds the lock as long as the file lives.
pub(super) async fn lock(files: &Files) -> io::Result<File> {
    fs::create_dir_all(files.dir())?;
    let file = File::create(files.supervisor_lock())?;
    let begun = Instant::now();
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if begun.elapsed() > PREDECESSOR_ENDS_WITHIN {
            return Err(io::Error::other(format!(
                "another supervisor of this stage runs: {error}"
            )));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(file)
}
