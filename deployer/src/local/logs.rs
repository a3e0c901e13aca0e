//! Reading the logs of the stage: files, one for each source, of which a line is a line. Those of
//! functions and the gateway are written by [`super::lambda::Log`], the database's by PostgreSQL.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use time::{PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    files::Files,
    lambda::{log_before, parse_log_line},
    records::Records,
};
use crate::{
    Error,
    logs::LogSource,
    target::{LogLine, LogQuery},
};

/// A person does not notice it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How PostgreSQL begins a line: `2026-11-27 05:13:21.123 UTC [1234] `.
const POSTGRES_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
/// Bytes of that time.
const POSTGRES_TIME_LENGTH: usize = 23;

/// A log file that is read on as it grows. It stays open: a file that was turned over meanwhile is
/// read to its end before the next one is begun.
struct Tail {
    source: LogSource,
    path: PathBuf,
    file: Option<File>,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

/// Calls `lines` with what is written, oldest first.
pub(super) async fn read(
    files: &Files,
    stage: &str,
    query: &LogQuery,
    lines: &mut dyn FnMut(Vec<LogLine>),
) -> Result<(), Error> {
    let mut tails = Vec::new();
    for source in sources(query) {
        let Some(path) = path(files, stage, source)? else {
            continue;
        };
        tails.push(Tail::new(source, path));
    }
    // What was turned over before is read once.
    let mut older: Vec<Tail> = tails
        .iter()
        .map(|tail| Tail::new(tail.source, log_before(&tail.path)))
        .collect();
    loop {
        let mut found = Vec::new();
        for tail in older.iter_mut().chain(&mut tails) {
            tail.read(query.since, &mut found).map_err(|cause| {
                Error::failed(
                    format!("The log {} cannot be read.", tail.path.display()),
                    format!("Check its permissions: `ls -l {}`", tail.path.display()),
                )
                .because(cause)
            })?;
        }
        older.clear();
        found.sort_by_key(|line| line.at);
        if !found.is_empty() {
            lines(found);
        }
        if !query.follow {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn sources(query: &LogQuery) -> Vec<LogSource> {
    if query.sources.is_empty() {
        LogSource::all(true)
    } else {
        query.sources.clone()
    }
}

/// The file of a source; `None`: the database is not deployed.
fn path(files: &Files, stage: &str, source: LogSource) -> Result<Option<PathBuf>, Error> {
    let group = match source {
        LogSource::Function(name) => format!("/aws/lambda/miyabi-{stage}-{name}"),
        LogSource::Gateway => format!("/aws/vendedlogs/apigateway/miyabi-{stage}-api"),
        LogSource::Database => {
            let records = Records::load(files)?.stacks();
            let mut resources = records.into_iter().flat_map(|stack| stack.resources);
            let database = resources.find(|record| record.resource_type == "AWS::RDS::DBInstance");
            return Ok(database.map(|record| {
                postgres_server::place(&files.database(&record.reference)).join("server.log")
            }));
        }
    };
    Ok(Some(files.log(&group)))
}

impl Tail {
    fn new(source: LogSource, path: PathBuf) -> Tail {
        Tail {
            source,
            path,
            file: None,
            rest: Vec::new(),
        }
    }

    fn read(&mut self, since: Option<SystemTime>, lines: &mut Vec<LogLine>) -> io::Result<()> {
        loop {
            if self.file.is_none() {
                self.file = open(&self.path)?;
            }
            let Some(file) = &mut self.file else {
                return Ok(());
            };
            // Looked at before the rest is read: what was written up to the change is in this file.
            let is_current = is_at(file, &self.path)?;
            file.read_to_end(&mut self.rest)?;
            self.take_lines(since, lines);
            if is_current {
                return Ok(());
            }
            self.file = None;
            self.rest.clear();
            if !self.path.exists() {
                return Ok(());
            }
        }
    }

    fn take_lines(&mut self, since: Option<SystemTime>, lines: &mut Vec<LogLine>) {
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        let first = lines.len();
        let mut skipped = true;
        for text in String::from_utf8_lossy(&whole).lines() {
            match self.parse(text) {
                Some((at, text)) => {
                    skipped = since.is_some_and(|since| at < since);
                    if !skipped {
                        lines.push(LogLine {
                            source: self.source,
                            at,
                            text: text.to_owned(),
                        });
                    }
                }
                // The second line of a statement.
                None => {
                    if let Some(before) = lines[first..].last_mut().filter(|_| !skipped) {
                        before.text.push('\n');
                        before.text.push_str(text);
                    }
                }
            }
        }
    }

    /// When the line was written, and its text; `None`: it continues the one before.
    fn parse<'a>(&self, line: &'a str) -> Option<(SystemTime, &'a str)> {
        match self.source {
            LogSource::Database => {
                let at = line.get(..POSTGRES_TIME_LENGTH)?;
                let at = PrimitiveDateTime::parse(at, POSTGRES_TIME).ok()?;
                Some((at.assume_utc().into(), line))
            }
            LogSource::Function(_) | LogSource::Gateway => parse_log_line(line),
        }
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether the open file is still the one at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok(there.ino() == open.ino() && there.dev() == open.dev()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::local::lambda::Log;

    fn texts(tail: &mut Tail) -> Vec<String> {
        let mut lines = Vec::new();
        tail.read(None, &mut lines).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_log_that_is_turned_over_between_two_looks_loses_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.log");
        let mut tail = Tail::new(LogSource::Function("tasks"), path.clone());
        assert_eq!(texts(&mut tail), [""; 0]);
        let log = Log::open(&path).unwrap();
        log.line("one");
        assert_eq!(texts(&mut tail), ["one"]);
        log.line("two");
        fs::rename(&path, log_before(&path)).unwrap();
        Log::open(&path).unwrap().line("three");
        assert_eq!(texts(&mut tail), ["two", "three"]);
        assert_eq!(texts(&mut tail), [""; 0]);
        fs::remove_file(&path).unwrap();
        assert_eq!(texts(&mut tail), [""; 0]);
    }

    #[test]
    fn half_a_line_waits_for_its_end_and_a_statement_keeps_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.log");
        let mut file = File::create(&path).unwrap();
        let mut tail = Tail::new(LogSource::Database, path);
        file.write_all(b"2026-11-27 05:13:21.123 UTC [1] ERROR:  bad\n\tsecond\n2026-11-27")
            .unwrap();
        let first = "2026-11-27 05:13:21.123 UTC [1] ERROR:  bad\n\tsecond";
        assert_eq!(texts(&mut tail), [first]);
        file.write_all(b" 05:13:22.000 UTC [1] LOG:  next\n")
            .unwrap();
        let mut lines = Vec::new();
        tail.read(None, &mut lines).unwrap();
        let at = time::macros::datetime!(2026-11-27 05:13:22 UTC);
        assert_eq!(lines[0].at, SystemTime::from(at));
    }
}
