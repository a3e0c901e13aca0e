//! What a line means.

use super::{Access, Level, LogSource, database, function, gateway};

/// A line, understood. What no rule knows is [`Kind::Text`].
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// How severe it is.
    pub level: Level,
    /// The request that it belongs to: the id that the gateway gave it, which clients see as
    /// `x-request-id`. For a platform line, the id of the invocation at Lambda.
    pub request_id: Option<String>,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A function answered a request.
    Answered(Answered),
    /// A function reports something.
    Message(Message),
    /// Metrics in embedded metric format: name and value.
    Metrics(Vec<(String, f64)>),
    /// Lambda reports about an environment or an invocation.
    Platform,
    /// The gateway answered a request.
    Access(Access),
    /// The database server reports something: its text without time and process.
    Database(String),
    /// Anything else.
    Text,
}

impl Kind {
    /// The name in `--json`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Kind::Answered(_) => "request",
            Kind::Message(_) => "message",
            Kind::Metrics(_) => "metrics",
            Kind::Platform => "platform",
            Kind::Access(_) => "access",
            Kind::Database(_) => "database",
            Kind::Text => "text",
        }
    }
}

/// A request that a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// `GET`
    pub method: String,
    /// The route of the catalogue: `/api/tasks/{task_id}`; `none`: an unknown path.
    pub route: String,
    /// The status of the response.
    pub status: u16,
    /// From the event to the response.
    pub milliseconds: u64,
    /// Id of the person; `None`: nobody was signed in, or not yet known.
    pub user: Option<String>,
    /// Id of the organization.
    pub organization: Option<String>,
}

/// Something that a function reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The sentence.
    pub text: String,
    /// Method and route of the request in which it was written.
    pub request: Option<(String, String)>,
    /// The other fields in their order: name and value as text.
    pub fields: Vec<(String, String)>,
}

impl Entry {
    /// What a line of that source means.
    pub fn parse(source: LogSource, text: &str) -> Entry {
        match source {
            LogSource::Function(_) => function::parse(text),
            LogSource::Gateway => gateway::parse(text),
            LogSource::Database => database::parse(text),
        }
        .unwrap_or(Entry {
            kind: Kind::Text,
            level: Level::Info,
            request_id: None,
        })
    }

    /// Whether nobody misses the line while all is well: metrics, Lambda's own lines, the gateway's
    /// line about a request that a function answered, what a database server reports by itself.
    pub fn is_routine(&self) -> bool {
        match &self.kind {
            Kind::Metrics(_) | Kind::Platform | Kind::Database(_) => self.level < Level::Warn,
            Kind::Access(access) => access.error.is_none(),
            Kind::Answered(_) | Kind::Message(_) | Kind::Text => false,
        }
    }
}
