//! The only printer. Data goes to stdout, talk to stderr.
//!
//! On a terminal, steps are spinners with durations; in a pipe, plain lines, at least one every
//! fifteen seconds while a step goes on. With `--json`, stdout holds exactly one line of JSON.

mod echo;
mod error;
mod paint;
mod plain;
mod stdout;
mod words;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use deployer::{
    Error,
    progress::{Event, Progress, ResourceState},
};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

pub(crate) use paint::Paint;
pub(crate) use plain::{plain, plain_json};
pub(crate) use stdout::Lost;
use stdout::Stdout;
pub(crate) use words::{duration, plural};

/// How often a step that goes on says so in a pipe.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How often the steps are looked at for that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Prints. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ui {
    json: bool,
    terminal: bool,
    colour: bool,
    stdout: Arc<Stdout>,
    bars: MultiProgress,
    steps: Arc<Mutex<BTreeMap<String, Running>>>,
}

/// A step that goes on.
struct Running {
    title: String,
    began: Instant,
    said: Instant,
    /// What it is at, as it said last.
    doing: String,
    bar: Option<ProgressBar>,
}

impl Ui {
    /// `json`: stdout is for a machine.
    pub(crate) fn new(json: bool) -> Ui {
        let terminal = io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        Ui {
            json,
            terminal,
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
            stdout: Arc::default(),
            bars: MultiProgress::new(),
            steps: Arc::default(),
        }
    }

    /// Whether stdout is for a machine.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether somebody reads stdout as it is written, and not another program.
    pub(crate) fn is_read_by_a_person(&self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// The colours of data, which goes to stdout.
    pub(crate) fn data_paint(&self) -> Paint {
        Paint::new(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// The colours of talk, which goes to stderr.
    pub(crate) fn talk_paint(&self) -> Paint {
        Paint::new(self.colour)
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        io::stderr().is_terminal() && io::stdin().is_terminal()
    }

    /// A sink for the deployer's events.
    pub(crate) fn progress(&self) -> Progress {
        let ui = self.clone();
        Progress::new(move |event| ui.event(event))
    }

    /// The answer of a command: one line of JSON, or `text` for people.
    pub(crate) fn answer(&self, value: &impl Serialize, text: &str) {
        if self.json {
            self.data(&plain_json(
                &serde_json::to_string(value).unwrap_or_default(),
            ));
        } else {
            self.data(text);
        }
    }

    /// A line (or lines) on stdout.
    pub(crate) fn data(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        self.bars.suspend(|| self.stdout.write_line(text));
    }

    /// What did not reach the reader of stdout.
    pub(crate) fn lost(&self) -> Option<Lost> {
        self.stdout.lost()
    }

    /// Completes when nobody reads stdout any more: a command that follows something then ends.
    pub(crate) async fn reader_gone(&self) {
        self.stdout.closed().await;
    }

    /// A line (or lines) on stderr.
    pub(crate) fn say(&self, text: &str) {
        self.bars.suspend(|| {
            let _ = writeln!(io::stderr().lock(), "{text}");
        });
    }

    /// A warning, a full sentence.
    pub(crate) fn warn(&self, text: &str) {
        self.say(&format!("{} {text}", self.paint("33;1", "warning:")));
    }

    /// An error with its causes and what to do next, after which the command continues.
    pub(crate) fn report(&self, error: &Error) {
        self.bars.clear().ok();
        self.say(&error::text(error, self));
    }

    /// The error with which a command ends: with `--json`, it is the answer.
    pub(crate) fn error(&self, error: &Error) {
        self.report(error);
        if self.json {
            self.data(&error::json(error).to_string());
        }
    }

    /// Asks a question on the terminal; what was typed, without its end. `None`: nobody is there.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !self.can_ask() {
            return None;
        }
        self.bars.suspend(|| {
            let mut stderr = io::stderr().lock();
            write!(stderr, "{} ", self.paint("1", question)).ok()?;
            stderr.flush().ok()?;
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line).ok()?;
            (read > 0).then(|| line.trim().to_owned())
        })
    }

    /// The same for something that nobody may read on the screen. `None` also when the terminal would
    /// show it.
    pub(crate) fn ask_secret(&self, question: &str) -> Option<String> {
        let _hidden = self.can_ask().then(echo::NoEcho::new).flatten()?;
        let typed = self.ask(question);
        // The line end was not shown either.
        self.say("");
        typed
    }

    /// A line that somebody types while other things go on. `None`: no more will come.
    pub(crate) fn typed(&self) -> Option<String> {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim().to_owned())
    }

    /// `text` in an ANSI style when somebody sees stderr.
    pub(crate) fn paint(&self, style: &str, text: &str) -> String {
        self.talk_paint().with(style, text)
    }

    fn event(&self, event: Event) {
        // A panic elsewhere must not silence the rest.
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { step, title } => {
                steps.insert(step, self.begin(title));
            }
            Event::Doing { step, what } => {
                if let Some(running) = steps.get_mut(&step) {
                    self.doing(running, &what);
                }
            }
            Event::Done { step, summary } => {
                if let Some(running) = steps.remove(&step) {
                    self.end(&running, &self.paint("32;1", "done"), &summary);
                }
            }
            Event::Failed { step } => {
                if let Some(running) = steps.remove(&step) {
                    self.end(&running, &self.paint("31;1", "failed"), "");
                }
            }
            Event::Resource {
                stack,
                logical_id,
                resource_type,
                state,
                detail,
            } => {
                let detail = detail
                    .map(|detail| format!(": {}", plain(&detail)))
                    .unwrap_or_default();
                let line = format!(
                    "{stack} {} {logical_id} ({resource_type}){detail}",
                    state.as_str()
                );
                match steps.get_mut(&format!("stack {stack}")) {
                    Some(running) if state != ResourceState::Failed => {
                        self.doing(running, &format!("{} {logical_id}", state.as_str()));
                    }
                    _ => self.say(&format!("  {line}")),
                }
            }
            Event::Warning { text } => self.warn(&plain(&text)),
        }
    }

    fn begin(&self, title: String) -> Running {
        let bar = if self.terminal {
            let bar = self.bars.add(ProgressBar::new_spinner());
            let style =
                ProgressStyle::with_template("  {spinner} {prefix} {wide_msg:.dim} {elapsed:>4}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner())
                    .tick_strings(&["-", "\\", "|", "/", " "]);
            bar.set_style(style);
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            Some(bar)
        } else {
            self.say(&format!("{title} .."));
            None
        };
        Running {
            title,
            began: Instant::now(),
            said: Instant::now(),
            doing: String::new(),
            bar,
        }
    }

    fn doing(&self, running: &mut Running, what: &str) {
        match &running.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => running.doing = format!("{what} "),
        }
    }

    /// In a pipe, says of every step that it still goes on, until this is dropped.
    pub(crate) async fn signs_of_life(self) {
        if self.terminal {
            return;
        }
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
            for running in steps.values_mut() {
                if running.said.elapsed() >= SIGN_OF_LIFE {
                    running.said = Instant::now();
                    let took = duration(running.began.elapsed());
                    self.say(&format!("{} .. {}({took})", running.title, running.doing));
                }
            }
        }
    }

    fn end(&self, running: &Running, how: &str, summary: &str) {
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
        }
        let took = self.paint("2", &format!("({})", duration(running.began.elapsed())));
        let summary = if summary.is_empty() {
            String::new()
        } else {
            format!(", {summary}")
        };
        self.say(&format!("{}: {how}{summary} {took}", running.title));
    }
}
