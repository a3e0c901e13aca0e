//! Reading the logs of functions: files, one for each, of which a line is a line.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    time::Duration,
};

use super::{
    files::Files,
    lambda::{log_before, parse_log_line},
};
use crate::{
    Error,
    target::{LogLine, LogQuery},
};

/// A person does not notice it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A log file that is read on as it grows.
struct Tail {
    function: String,
    path: PathBuf,
    read_to: u64,
    /// The beginning of a line whose end is not there yet.
    rest: Vec<u8>,
}

/// Calls `line` with what fits the query, oldest first.
pub(super) async fn read(
    files: &Files,
    stage: &str,
    query: &LogQuery,
    line: &mut dyn FnMut(LogLine),
) -> Result<(), Error> {
    let names = miyabi_catalog::FUNCTIONS
        .iter()
        .map(|function| function.name);
    let mut tails: Vec<Tail> = names
        .filter(|name| {
            query.functions.is_empty() || query.functions.iter().any(|wanted| wanted == name)
        })
        .map(|name| Tail {
            function: name.to_owned(),
            path: files.log(&format!("/aws/lambda/miyabi-{stage}-{name}")),
            read_to: 0,
            rest: Vec::new(),
        })
        .collect();
    let mut older: Vec<Tail> = tails.iter().map(Tail::before).collect();
    loop {
        let mut lines = Vec::new();
        // What was turned over before is read once.
        for tail in older.iter_mut().chain(&mut tails) {
            tail.read(query, &mut lines).map_err(|cause| {
                Error::failed(
                    format!("The log {} cannot be read.", tail.path.display()),
                    "Check the permissions of the file.",
                )
                .because(cause)
            })?;
        }
        older.clear();
        lines.sort_by_key(|line| line.at);
        lines.into_iter().for_each(&mut *line);
        if !query.follow {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Tail {
    /// The log before this one.
    fn before(&self) -> Tail {
        Tail {
            function: self.function.clone(),
            path: log_before(&self.path),
            read_to: 0,
            rest: Vec::new(),
        }
    }

    fn read(&mut self, query: &LogQuery, lines: &mut Vec<LogLine>) -> io::Result<()> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        // Shorter than what was read: it is another file.
        if file.metadata()?.len() < self.read_to {
            self.read_to = 0;
            self.rest.clear();
        }
        file.seek(SeekFrom::Start(self.read_to))?;
        let mut bytes = Vec::new();
        self.read_to += file.read_to_end(&mut bytes)? as u64;
        self.rest.append(&mut bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(());
        };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        for text in String::from_utf8_lossy(&whole).lines() {
            let Some((at, text)) = parse_log_line(text) else {
                continue;
            };
            let new_enough = query.since.is_none_or(|since| at >= since);
            let fits = query
                .filter
                .as_ref()
                .is_none_or(|filter| text.contains(filter.as_str()));
            if new_enough && fits {
                lines.push(LogLine {
                    function: self.function.clone(),
                    at,
                    text: text.to_owned(),
                });
            }
        }
        Ok(())
    }
}
