//! Ends child processes when this process is killed without having had the time to do so.
//!
//! One shell holds the list: its standard input ends when this process does, however that happens,
//! and then it ends what is still on the list. Works on every Unix.

use std::{
    io::Write,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use std::os::unix::process::CommandExt;

const SCRIPT: &str = r#"
pids=" "
while read -r what pid; do
  case "$what" in
    +) pids="$pids$pid " ;;
    -) case "$pids" in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
"#;

/// The list of children. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orphans(Arc<Mutex<Child>>);

impl Orphans {
    /// Starts the shell.
    pub fn watch() -> std::io::Result<Orphans> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Orphans(Arc::new(Mutex::new(shell))))
    }

    /// This child must not outlive us.
    pub fn add(&self, pid: u32) {
        self.write(&format!("+ {pid}\n"));
    }

    /// This child has ended; its number may be somebody else's soon.
    pub fn remove(&self, pid: u32) {
        self.write(&format!("- {pid}\n"));
    }

    fn write(&self, line: &str) {
        let mut shell = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(input) = shell.stdin.as_mut() {
            // Somebody killed the shell: children then end with their Runtime API.
            let _ = input.write_all(line.as_bytes());
        }
    }
}
