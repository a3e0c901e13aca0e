//! Which lines a reader wants.

use super::{Entry, Level};
use crate::{Error, target::LogLine};

/// Which lines a reader wants; nothing is left out by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only lines that contain this text.
    pub text: Option<String>,
    /// Only lines of this level or a more severe one.
    pub level: Option<Level>,
    /// Only lines of the request with this id.
    pub request_id: Option<String>,
}

impl LogFilter {
    /// Whether the line, which means `entry`, is wanted.
    pub fn accepts(&self, line: &LogLine, entry: &Entry) -> bool {
        let has = |text: &String| line.text.contains(text.as_str());
        let is_of = |id: &String| match &entry.request_id {
            Some(of) => of == id,
            // A line of another form may still name the request.
            None => has(id),
        };
        self.text.as_ref().is_none_or(has)
            && self.level.is_none_or(|level| entry.level >= level)
            && self.request_id.as_ref().is_none_or(is_of)
    }
}

/// Refuses text that no request has as its id. Ids are what API Gateway makes (letters, digits, `-`,
/// `_`, `=`) and at most 64 characters, as `miyabi-core` keeps them.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] with the place where an id is found.
pub fn assert_request_id(id: &str) -> Result<(), Error> {
    let of_an_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '.');
    if (8..=64).contains(&id.len()) && id.chars().all(of_an_id) {
        return Ok(());
    }
    Err(Error::usage(
        format!("`{}` is not the id of a request.", id.escape_default()),
        "It is in the header `x-request-id` of every response, in `request_id` of every error, and below the errors that `logs` shows.",
    ))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::logs::LogSource;

    fn accepts(filter: &LogFilter, source: LogSource, text: &str) -> bool {
        let line = LogLine {
            source,
            at: SystemTime::UNIX_EPOCH,
            text: text.to_owned(),
        };
        filter.accepts(&line, &Entry::parse(source, text))
    }

    #[test]
    fn a_request_is_found_by_its_whole_id_in_every_source() {
        let filter = LogFilter {
            request_id: Some("request-1".to_owned()),
            ..LogFilter::default()
        };
        let message = |id: &str| {
            format!(
                r#"{{"level":"INFO","message":"m","other":"request-1","span":{{"request_id":"{id}"}}}}"#
            )
        };
        let access = r#"{"requestId":"request-1","status":"200"}"#;
        let tasks = LogSource::Function("tasks");
        assert!(accepts(&filter, tasks, &message("request-1")));
        assert!(!accepts(&filter, tasks, &message("request-12")));
        assert!(accepts(&filter, LogSource::Gateway, access));
        assert!(accepts(&filter, tasks, "panicked in request-1"));
        assert!(!accepts(&filter, tasks, "panicked"));
    }

    #[test]
    fn a_level_takes_itself_and_what_is_worse() {
        let at_least = |level| LogFilter {
            level: Some(level),
            ..LogFilter::default()
        };
        let tasks = LogSource::Function("tasks");
        let warn = r#"{"level":"WARN","message":"m"}"#;
        assert!(accepts(&at_least(Level::Info), tasks, warn));
        assert!(accepts(&at_least(Level::Warn), tasks, warn));
        assert!(!accepts(&at_least(Level::Error), tasks, warn));
    }

    #[test]
    fn what_cannot_be_an_id_is_refused() {
        for id in [
            "",
            "short",
            "has space in it",
            "quote\"quote\"",
            "x\u{1b}[31mxxxxxx",
        ] {
            let error = assert_request_id(id).unwrap_err();
            assert!(!error.message().contains('\u{1b}'), "{error}");
        }
        for id in ["JKJaXmPLvHcESHA=", "019ac6a2-0000-7000-8000-000000000000"] {
            assert_request_id(id).unwrap();
        }
    }
}
