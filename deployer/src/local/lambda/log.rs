//! The log of a function: a file, one line an event, each with the time at which it was written.
//! When it is large, it becomes `NAME.log.1` in the place of the one before, and a new one begins.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use crate::local::metrics::Metrics;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// When a log becomes the one before, in bytes.
const LARGEST: u64 = 32 << 20;

/// Where a function's log goes. Cheap to clone; lines are never torn.
#[derive(Debug, Clone)]
pub struct Log {
    file: Arc<Mutex<File>>,
    path: PathBuf,
    metrics: Option<Metrics>,
}

impl Log {
    /// Appends to the file at `path`, which is made when it is not there.
    pub fn open(path: &Path) -> io::Result<Log> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(Log {
            file: Arc::new(Mutex::new(append(path)?)),
            path: path.to_owned(),
            metrics: None,
        })
    }

    /// The same, and metrics in its lines are recorded there, as CloudWatch Logs does.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Log {
        Log {
            metrics: Some(metrics),
            ..self
        }
    }

    /// Where metrics of who writes here are recorded.
    pub(super) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    /// Writes one line. A disk that is full loses lines, never requests.
    pub fn line(&self, text: &str) {
        if let Some(metrics) = &self.metrics {
            metrics.record_line(text);
        }
        let now = OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default();
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = self.turn_over(&mut file);
        let _ = file.write_all(format!("{now} {text}\n").as_bytes());
    }

    fn turn_over(&self, file: &mut File) -> io::Result<()> {
        let ours = file.metadata()?;
        if ours.len() < LARGEST {
            return Ok(());
        }
        // Another holder of the same log may have done it.
        if fs::metadata(&self.path).is_ok_and(|there| there.ino() == ours.ino()) {
            fs::rename(&self.path, before(&self.path))?;
        }
        *file = append(&self.path)?;
        Ok(())
    }

    /// The last lines, without their times: what to show when a function does not start.
    pub fn tail(&self, count: usize) -> String {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.split_once(' ').map_or(line, |(_, text)| text))
            .collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}

/// The log before the one at `path`.
pub(crate) fn before(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Reads a line as [`Log::line`] writes it: when, and the text.
pub(crate) fn parse_log_line(line: &str) -> Option<(SystemTime, &str)> {
    let (at, text) = line.split_once(' ')?;
    Some((OffsetDateTime::parse(at, &Rfc3339).ok()?.into(), text))
}
