//! `cargo xtask logs`: the lines of functions, once or as they come.

use std::time::{Duration, SystemTime};

use clap::Args;
use deployer::{
    Error,
    target::{LogLine, LogQuery},
};
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::context::Context;

/// Shows what the functions wrote, oldest first.
#[derive(Args)]
pub(crate) struct Logs {
    /// Functions by their short names; none: all.
    functions: Vec<String>,
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Follow new lines until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// Not older than this: `30s`, `10m`, `2h`, `1d`.
    #[arg(long, value_name = "AGE", value_parser = age)]
    since: Option<Duration>,
    /// Only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

impl Logs {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        for function in &self.functions {
            super::known_function(function)?;
        }
        let target = context.target(&stage).await?;
        let query = LogQuery {
            functions: self.functions,
            since: self
                .since
                .and_then(|age| SystemTime::now().checked_sub(age)),
            filter: self.filter,
            follow: self.follow,
        };
        let mut show = |line: LogLine| show(context, &line);
        let read = context.interrupt.or(target.logs(&query, &mut show));
        let result = tokio::select! {
            result = read => result,
            () = context.ui.reader_gone() => Ok(()),
        };
        // Ctrl-C is how following ends.
        if self.follow && context.interrupt.is_set() {
            Ok(0)
        } else {
            result.map(|()| 0)
        }
    }
}

/// A line each; with `--json` one object a line.
pub(crate) fn show(context: &Context, line: &LogLine) {
    let at = OffsetDateTime::from(line.at);
    let millis = at
        .replace_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000)
        .unwrap_or(at);
    let at = millis.format(&Rfc3339).unwrap_or_default();
    if context.ui.is_json() {
        let value = json!({"at": at, "function": line.function, "text": line.text});
        context.ui.data(&value.to_string());
    } else {
        let head = context.ui.paint("2", &format!("{at} {}", line.function));
        context.ui.data(&format!("{head} {}", line.text));
    }
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not an age: write a number and s, m, h or d, as in `10m`");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit() {
        assert_eq!(age("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(age("2h"), Ok(Duration::from_secs(7200)));
        assert!(age("10").is_err() && age("").is_err() && age("9999999999999999999d").is_err());
    }
}
