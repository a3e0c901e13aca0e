//! Where lines go, and in which form.

use deployer::{
    logs::{LogFilter, LogSource},
    stage::Stage,
    target::LogLine,
};
use serde_json::json;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{is_wanted, understand};
use crate::{
    context::Context,
    show::log::{Pretty, Understood},
    ui::plain_json,
};

/// Shows the lines of each look and counts them.
pub(crate) struct Output<'a> {
    context: &'a Context,
    filter: LogFilter,
    form: Form,
    shown: usize,
    left_out: usize,
}

/// How lines look.
pub(crate) enum Form {
    /// For a person.
    Pretty {
        pretty: Pretty,
        /// Also what nobody misses while all is well.
        with_routine: bool,
        /// The logs that were asked for by name.
        named: Vec<LogSource>,
    },
    /// As written, after time and source.
    Raw,
    /// One object a line.
    Json,
}

impl<'a> Output<'a> {
    pub(crate) fn new(context: &'a Context, filter: LogFilter, form: Form) -> Output<'a> {
        Output {
            context,
            filter,
            form,
            shown: 0,
            left_out: 0,
        }
    }

    /// For somebody who watches the stage: as on a terminal, or in JSON where that was asked for.
    pub(crate) fn watching(context: &'a Context, stage: &Stage) -> Output<'a> {
        let form = if context.ui.is_json() {
            Form::Json
        } else {
            Form::Pretty {
                pretty: Pretty::new(&LogSource::of(stage), context.ui.data_paint()),
                with_routine: false,
                named: Vec::new(),
            }
        };
        Output::new(context, LogFilter::default(), form)
    }

    /// How many lines were shown.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }

    /// How many lines passed the filter and were left out for a person.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Shows the lines of one look.
    pub(crate) fn show(&mut self, lines: Vec<LogLine>) {
        let lines = understand(lines).filter(|(line, entry)| self.filter.accepts(line, entry));
        let mut lines: Vec<Understood> = lines.collect();
        let passed = lines.len();
        let text = match &mut self.form {
            Form::Pretty {
                pretty,
                with_routine,
                named,
            } => {
                lines.retain(|line| *with_routine || is_wanted(line, named));
                pretty.text(&lines)
            }
            Form::Raw => joined(lines.iter().map(raw)),
            Form::Json => joined(lines.iter().map(json_line)),
        };
        self.shown += lines.len();
        self.left_out += passed - lines.len();
        if !lines.is_empty() {
            self.context.ui.data(&text);
        }
    }
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn raw((line, _): &Understood) -> String {
    format!("{} {} {}", time_of(line), line.source.name(), line.text)
}

fn json_line((line, entry): &Understood) -> String {
    let mut value = json!({
        "at": time_of(line),
        "source": line.source.name(),
        "kind": entry.kind.as_str(),
        "level": entry.level.as_str(),
        "request_id": entry.request_id,
        "text": line.text,
    });
    if let LogSource::Function(name) = line.source {
        value["function"] = json!(name);
    }
    plain_json(&value.to_string()).into_owned()
}

/// Milliseconds are what CloudWatch Logs keeps.
fn time_of(line: &LogLine) -> String {
    let at = OffsetDateTime::from(line.at).to_offset(UtcOffset::UTC);
    let millis = at
        .replace_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000)
        .unwrap_or(at);
    millis.format(&Rfc3339).unwrap_or_default()
}
