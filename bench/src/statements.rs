//! The statements that the function sends for a request, read back from the server's log.

use serde::Serialize;

use crate::{Error, database::Logged};

/// A statement as Node sends it again.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Statement {
    /// The SQL.
    pub(crate) text: String,
    /// Its parameters as text, null included; absent: it goes by the simple protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Vec<Option<String>>>,
}

/// The statements of one request: the last transaction that was logged whole.
pub(crate) fn of_one_request(logged: &[Logged]) -> Result<Vec<Statement>, Error> {
    let mut statements = Vec::new();
    let mut last = Vec::new();
    for line in logged {
        if let Some(text) = line.message.strip_prefix("statement: ") {
            if text.starts_with("begin") {
                statements.clear();
            }
            statements.push(Statement {
                text: text.to_owned(),
                values: None,
            });
            if text.ends_with("commit") {
                last = std::mem::take(&mut statements);
            }
        } else if let Some(text) = executed(&line.message) {
            let values = parameters(&line.detail);
            statements.push(Statement {
                text: text.to_owned(),
                values: Some(values),
            });
        }
    }
    if last.len() < 3 {
        return Err(Error::other(
            "The server's log shows no transaction of the function.",
        ));
    }
    Ok(last)
}

/// How long each request took at the database, in milliseconds: the sum over a transaction.
pub(crate) fn durations(logged: &[Logged]) -> Vec<f64> {
    let (mut sum, mut requests) = (0.0, Vec::new());
    for line in logged {
        let Some((duration, what)) = line
            .message
            .strip_prefix("duration: ")
            .and_then(|rest| rest.split_once(" ms"))
        else {
            continue;
        };
        if what.trim_start().starts_with("statement: begin") {
            sum = 0.0;
        }
        sum += duration.parse::<f64>().unwrap_or(0.0);
        if what.trim_end().ends_with("commit") {
            requests.push(sum);
        }
    }
    requests
}

/// `execute sqlx_s_1: select ..` -> `select ..`.
fn executed(message: &str) -> Option<&str> {
    message
        .strip_prefix("execute ")?
        .split_once(": ")
        .map(|(_, text)| text)
}

/// `parameters: $1 = 'it''s', $2 = NULL` -> `it's`, null.
fn parameters(detail: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = detail;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(mut quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after.split_once(", ").map_or("", |(_, rest)| rest);
            continue;
        };
        let mut value = String::new();
        while let Some((text, after)) = quoted.split_once('\'') {
            value.push_str(text);
            quoted = after;
            match after.strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    quoted = after;
                }
                None => break,
            }
        }
        values.push(Some(value));
        rest = quoted;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str, detail: &str) -> Logged {
        Logged {
            message: message.to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn parameters_are_read_as_the_server_writes_them() {
        let read = parameters("parameters: $1 = 'it''s = , $9', $2 = NULL, $3 = '', $4 = '51'");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(read, [text("it's = , $9"), None, text(""), text("51")]);
        assert_eq!(parameters(""), []);
    }

    #[test]
    fn the_statements_are_those_of_the_last_whole_request() {
        let log = [
            line("statement: begin; select 1", ""),
            line("execute sqlx_s_1: select 0", ""),
            line("statement: commit", ""),
            line("statement: begin; select 1", ""),
            line("execute sqlx_s_1: select $1", "parameters: $1 = 'a'"),
            line("statement: commit", ""),
            line("statement: begin; select 1", ""),
        ];
        let statements = of_one_request(&log).unwrap();
        assert_eq!(statements.len(), 3);
        assert_eq!(statements[1].values, Some(vec![Some("a".to_owned())]));
        assert!(of_one_request(&log[..1]).is_err());
    }

    #[test]
    fn durations_are_summed_by_request() {
        let log = [
            line("duration: 1.5 ms  statement: begin; select 1", ""),
            line("duration: 0.25 ms  execute sqlx_s_1: select 1", ""),
            line("duration: 0.25 ms  statement: commit", ""),
            line("duration: 9 ms  statement: begin", ""),
        ];
        assert_eq!(durations(&log), [2.0]);
    }
}
