//! A command that runs, and what it has said so far.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::Ran;

/// Nothing here is slower than a deploy on a machine with other things to do.
const SOON: Duration = Duration::from_secs(120);

/// A command that was started, with its progress lines as they come.
#[derive(Debug)]
pub struct Running {
    child: Child,
    reading: JoinHandle<()>,
    stderr: watch::Receiver<String>,
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (said, stderr) = watch::channel(String::new());
        let reading = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                said.send_modify(|text| {
                    text.push_str(&line);
                    text.push('\n');
                });
            }
        });
        Running {
            child,
            reading,
            stderr,
        }
    }

    /// Waits until it has said that; returns at once then. Panics when it ends without.
    pub async fn says(&self, what: &str) {
        let mut stderr = self.stderr.clone();
        let heard = timeout(SOON, stderr.wait_for(|text| text.contains(what))).await;
        if !matches!(heard, Ok(Ok(_))) {
            panic!("it did not say {what}:\n{}", *self.stderr.borrow());
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// `kill -9`, unless it has ended by itself.
    pub fn kill(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.signal(Signal::KILL);
        }
    }

    /// Waits for its end.
    pub async fn ends(mut self) -> Ran {
        let status = timeout(SOON, self.child.wait()).await;
        let code = status.unwrap().unwrap().code().unwrap_or(-1);
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().unwrap();
        pipe.read_to_string(&mut stdout).await.unwrap();
        self.reading.await.unwrap();
        let stderr = self.stderr.borrow().clone();
        Ran {
            code,
            stdout,
            stderr,
        }
    }
}
