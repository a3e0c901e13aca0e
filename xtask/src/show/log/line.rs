//! The form of one line.

use deployer::{
    logs::{Access, Answered, Entry, Kind, Level, Message},
    target::LogLine,
};

use crate::ui::{Paint, plain};

/// What is below a line begins under its source.
const BELOW: &str = "              ";
/// Fields that say why something failed: a line of their own.
const CAUSES: [&str; 4] = ["error", "failure", "detail", "why"];
/// Characters of an id that tell it from others: the last ones, which are random in every version of
/// UUID. `--filter` finds the line by them.
const TAIL_OF_ID: usize = 8;

/// How wide columns are, and in which colours.
pub(super) struct Shape {
    pub(super) paint: Paint,
    /// Characters of the longest source.
    pub(super) source: usize,
}

impl Shape {
    /// The line itself.
    pub(super) fn entry(&self, out: &mut String, time: &str, line: &LogLine, entry: &Entry) {
        let head = format!(
            "{}  {}",
            self.paint.with("2", time),
            self.paint.with(
                "36",
                &format!("{:width$}", line.source.name(), width = self.source)
            )
        );
        let body = match &entry.kind {
            Kind::Answered(answered) => self.answered(answered),
            Kind::Access(access) => self.access(access),
            Kind::Metrics(metrics) => {
                let values = metrics
                    .iter()
                    .map(|(name, value)| format!("{name} {value}"));
                let values = values.collect::<Vec<_>>().join(", ");
                self.paint
                    .with("2", &format!("metrics {}", one_line(&values)))
            }
            Kind::Platform if entry.level < Level::Error => {
                self.paint.with("2", &one_line(&line.text))
            }
            Kind::Message(message) => self.message(entry.level, message, true),
            Kind::Database(text) => format!("{} {}", self.level(entry.level), indented(text)),
            Kind::Platform | Kind::Text => {
                format!("{} {}", self.level(entry.level), indented(&line.text))
            }
        };
        push(out, &format!("{head}  {body}"));
    }

    /// A message below the line of its request.
    pub(super) fn below(&self, out: &mut String, line: &LogLine, entry: &Entry) {
        let text = match &entry.kind {
            Kind::Message(message) => self.message(entry.level, message, false),
            _ => indented(&line.text),
        };
        push(out, &format!("{BELOW}{text}"));
    }

    /// By which the whole path of the request is found.
    pub(super) fn request_id(&self, out: &mut String, entry: &Entry) {
        if let Some(id) = &entry.request_id {
            let text = format!("{BELOW}request {}", one_line(id));
            push(out, &self.paint.with("2", &text));
        }
    }

    fn answered(&self, answered: &Answered) -> String {
        let who = match (&answered.user, &answered.organization) {
            (Some(user), Some(organization)) => {
                format!("user {} of {}", tail(user), tail(organization))
            }
            (None, Some(organization)) => format!("of {}", tail(organization)),
            (Some(user), None) => format!("user {}", tail(user)),
            (None, None) => "-".to_owned(),
        };
        let route = format!("{} {}", answered.method, answered.route);
        let took = format!("{} ms", answered.milliseconds);
        format!(
            "{:<40} {} {took:>9}  {}",
            one_line(&route),
            self.status(answered.status),
            one_line(&who)
        )
    }

    fn access(&self, access: &Access) -> String {
        let route = access.route.as_deref().unwrap_or("no route");
        let took = access
            .milliseconds
            .map_or("-".to_owned(), |took| format!("{took} ms"));
        let rest = [access.ip.as_deref(), access.error.as_deref()];
        let rest: Vec<&str> = rest.into_iter().flatten().collect();
        format!(
            "{:<40} {} {took:>9}  {}",
            one_line(route),
            self.status(access.status),
            one_line(&rest.join("  "))
        )
    }

    /// The sentence with its fields; what says why is on lines of its own.
    fn message(&self, level: Level, message: &Message, with_request: bool) -> String {
        let mut text = format!("{} {}", self.level(level), indented(&message.text));
        if let Some((method, route)) = message.request.as_ref().filter(|_| with_request) {
            text.push_str(&format!("  {} {}", one_line(method), one_line(route)));
        }
        let is_cause = |name: &str| CAUSES.contains(&name);
        for (name, value) in message.fields.iter().filter(|(name, _)| !is_cause(name)) {
            text.push_str(&format!("  {}={}", one_line(name), one_line(value)));
        }
        for (_, value) in message.fields.iter().filter(|(name, _)| is_cause(name)) {
            text.push_str(&format!("\n{BELOW}because: {}", indented(value)));
        }
        text
    }

    fn level(&self, level: Level) -> String {
        let style = match level {
            Level::Info => "2",
            Level::Warn => "33;1",
            Level::Error => "31;1",
        };
        self.paint.with(style, &format!("{:5}", level.as_str()))
    }

    fn status(&self, status: u16) -> String {
        let style = match status {
            500.. => "31;1",
            400.. => "33",
            _ => "32",
        };
        self.paint.with(style, &status.to_string())
    }
}

fn push(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// The end of an id.
fn tail(id: &str) -> String {
    let skipped = id.chars().count().saturating_sub(TAIL_OF_ID);
    id.chars().skip(skipped).collect()
}

/// Text of several lines: no line of it begins where a line of the log begins.
fn indented(text: &str) -> String {
    plain(text).replace('\n', &format!("\n{BELOW}"))
}

fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ").replace('\t', "  ")
}
