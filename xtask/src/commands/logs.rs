//! `cargo xtask logs`: what a stage logged, once or as it is written.

use std::time::{Duration, SystemTime};

use clap::Args;
use deployer::{
    Error,
    logs::{Entry, Kind, Level, LogFilter, LogSource, assert_request_id},
    stage::Stage,
    target::{LogLine, LogQuery, Target},
};

use crate::{
    context::Context,
    show::log::{Pretty, Understood},
};

mod output;
mod since;

use output::Form;
pub(crate) use output::Output;
use since::Since;

/// How far back AWS is searched when nobody says: CloudWatch Logs is asked page by page.
const LOOKBACK: Duration = Duration::from_secs(3600);
/// The same for one request, which is searched for on the side of CloudWatch Logs.
const LOOKBACK_FOR_A_REQUEST: Duration = Duration::from_secs(86_400);

/// Shows what a stage logged, oldest first.
///
/// On a terminal: one line a request, with time (UTC), function, method, route, status, duration and
/// who; errors with their cause below. Left out there unless `--all` or the log's name is given:
/// metrics, Lambda's own lines, and what gateway and database log about requests that went well. In a
/// pipe: every line as it was written, after its time and log.
///
/// Control characters in a line are shown as their codes and never reach the terminal.
#[derive(Args)]
pub(crate) struct Logs {
    /// Functions by their short names, `gateway` for the access log, `database`; none: all.
    #[arg(value_name = "LOG")]
    sources: Vec<String>,
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Continue with new lines until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// Not older than this: `30s`, `10m`, `2h`, `1d`, or a time as `2026-11-27T05:00:00Z`.
    ///
    /// Without it: all on `local`; the last hour on AWS, the last day with `--request-id`, only new
    /// lines with `--follow`.
    #[arg(long, value_name = "AGE|TIME", value_parser = since::parse, allow_hyphen_values = true)]
    since: Option<Since>,
    /// Only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only lines of this level or a more severe one: `info`, `warn`, `error`.
    ///
    /// A response with status 500 or above is an error.
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    /// Only lines of this request, in every log: its whole path.
    ///
    /// The id is in the header `x-request-id` of each response. Exit code 1 when no log has it.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// On a terminal, leave nothing out.
    #[arg(long)]
    all: bool,
    /// In a pipe, show lines as on a terminal, without colours.
    #[arg(long, conflicts_with = "json")]
    pretty: bool,
}

impl Logs {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let named: Result<Vec<LogSource>, Error> = self
            .sources
            .iter()
            .map(|name| LogSource::parse(name, &stage))
            .collect();
        if let Some(id) = &self.request_id {
            assert_request_id(id)?;
        }
        let query = LogQuery {
            sources: named?,
            since: self.since(&stage)?,
            request_id: self.request_id.clone(),
            follow: self.follow,
        };
        let target = context.target(&stage).await?;
        if self.follow {
            // Else it would wait for lines that nobody writes.
            assert_deployed(&*target, stage.name()).await?;
        }
        let mut output = self.output(context, &stage, &query);
        let mut show = |lines: Vec<LogLine>| output.show(lines);
        let read = context.interrupt.or(target.logs(&query, &mut show));
        let result = tokio::select! {
            result = read => result,
            () = context.ui.reader_gone() => return Ok(0),
        };
        // Ctrl-C is how following ends.
        if self.follow && context.interrupt.is_set() {
            return Ok(0);
        }
        result?;
        match output.shown() {
            0 => {
                self.nothing(context, &stage, &*target, output.left_out())
                    .await
            }
            _ => Ok(0),
        }
    }

    /// From when on lines are read.
    fn since(&self, stage: &Stage) -> Result<Option<SystemTime>, Error> {
        let now = SystemTime::now();
        if let Some(since) = &self.since {
            return since.moment(now);
        }
        let lookback = match (stage.is_local(), self.follow, &self.request_id) {
            (true, ..) => return Ok(None),
            (false, _, Some(_)) => LOOKBACK_FOR_A_REQUEST,
            (false, true, None) => Duration::ZERO,
            (false, false, None) => LOOKBACK,
        };
        Ok(now.checked_sub(lookback))
    }

    fn output<'a>(&self, context: &'a Context, stage: &Stage, query: &LogQuery) -> Output<'a> {
        let form = if context.ui.is_json() {
            Form::Json
        } else if self.pretty || context.ui.is_read_by_a_person() {
            Form::Pretty {
                pretty: Pretty::new(&LogSource::of(stage), context.ui.data_paint()),
                with_routine: self.all || self.request_id.is_some(),
                named: query.sources.clone(),
            }
        } else {
            Form::Raw
        };
        let filter = LogFilter {
            text: self.filter.clone(),
            level: self.level,
            request_id: self.request_id.clone(),
        };
        Output::new(context, filter, form)
    }

    /// Why nothing was shown, and the next command.
    async fn nothing(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        left_out: usize,
    ) -> Result<u8, Error> {
        let name = stage.name();
        assert_deployed(target, name).await?;
        if let Some(id) = &self.request_id {
            let searched = match (&self.since, stage.is_local()) {
                (Some(_), _) => "since the given time",
                (None, true) => "in all that is kept",
                (None, false) => "in the last 24 hours",
            };
            let compare = "Compare the id with `x-request-id` of the response";
            let command = format!("cargo xtask logs --stage {name} --request-id {id}");
            let hint = match (&self.since, stage.is_local()) {
                (Some(_), true) => format!("{compare}; look at all lines: `{command}`"),
                (None, true) => {
                    format!("{compare}. The logs of `{name}` begin with its first deploy.")
                }
                (_, false) => format!(
                    "{compare}; look further back: `{command} --since 30d`. On AWS a line can take some seconds to appear."
                ),
            };
            return Err(Error::failed(
                format!(
                    "No log of the stage `{name}` has a line of the request `{id}` {searched}."
                ),
                hint,
            ));
        }
        let next = if left_out > 0 {
            format!(
                "{left_out} lines of metrics, Lambda, gateway and database were left out: `cargo xtask logs --stage {name} --all`"
            )
        } else if stage.is_local() {
            format!("Follow new ones: `cargo xtask logs --stage {name} --follow`")
        } else {
            format!("Look further back: `cargo xtask logs --stage {name} --since 1d`")
        };
        context.ui.say(&format!("No such lines. {next}"));
        Ok(0)
    }
}

/// # Errors
///
/// When the stage is not deployed, with the command that deploys it.
async fn assert_deployed(target: &dyn Target, name: &str) -> Result<(), Error> {
    if !target.deployed().await?.stacks.is_empty() {
        return Ok(());
    }
    Err(Error::failed(
        format!("The stage `{name}` is not deployed, so it has no logs."),
        format!("`cargo xtask deploy --stage {name}`"),
    ))
}

/// Whether a line is shown to a person who asked for nothing in particular.
fn is_wanted(understood: &Understood, named: &[LogSource]) -> bool {
    let (line, entry) = understood;
    let is_named = named.contains(&line.source);
    match entry.kind {
        Kind::Access(_) | Kind::Database(_) => is_named || !entry.is_routine(),
        _ => !entry.is_routine(),
    }
}

/// Lines with their meaning.
fn understand(lines: Vec<LogLine>) -> impl Iterator<Item = Understood> {
    lines.into_iter().map(|line| {
        let entry = Entry::parse(line.source, &line.text);
        (line, entry)
    })
}
