//! Where lines come from, by the names that people type.

use crate::{
    Error,
    stage::{Stage, did_you_mean},
};

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogSource {
    /// The access log of the gateway: a line each request, also of those that reach no function.
    Gateway,
    /// A function, by its short name in the catalogue.
    Function(&'static str),
    /// The database server.
    Database,
}

const GATEWAY: &str = "gateway";
const DATABASE: &str = "database";

impl LogSource {
    /// The name on the command line and in `--json`: `tasks`, `gateway`, `database`.
    pub const fn name(self) -> &'static str {
        match self {
            LogSource::Gateway => GATEWAY,
            LogSource::Function(name) => name,
            LogSource::Database => DATABASE,
        }
    }

    /// Every source that the stage has.
    pub fn of(stage: &Stage) -> Vec<LogSource> {
        LogSource::all(stage.settings().database.managed)
    }

    /// The gateway, every function of the catalogue and, where the stage has one of its own, the
    /// database.
    pub(crate) fn all(has_database: bool) -> Vec<LogSource> {
        let functions = miyabi_catalog::FUNCTIONS.iter();
        let functions = functions.map(|function| LogSource::Function(function.name));
        let database = has_database.then_some(LogSource::Database);
        [LogSource::Gateway]
            .into_iter()
            .chain(functions)
            .chain(database)
            .collect()
    }

    /// The source of that name.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when the stage has none, with the nearest name that it has.
    pub fn parse(name: &str, stage: &Stage) -> Result<LogSource, Error> {
        let sources = LogSource::of(stage);
        if let Some(source) = sources.iter().find(|source| source.name() == name) {
            return Ok(*source);
        }
        if name == DATABASE {
            return Err(Error::usage(
                format!(
                    "The stage `{}` has no database of its own: it was given by address, and its log is where it runs.",
                    stage.name()
                ),
                format!(
                    "`cargo xtask logs --stage {}` shows the other logs.",
                    stage.name()
                ),
            ));
        }
        let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
        Err(Error::usage(
            format!("There is no log `{name}`."),
            did_you_mean(name, &names),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_source_and_a_wrong_one_is_refused_with_the_nearest() {
        let stage = Stage::load("prod").unwrap();
        let sources = LogSource::of(&stage);
        for source in &sources {
            let namesakes = sources.iter().filter(|other| other.name() == source.name());
            assert_eq!(namesakes.count(), 1, "{}", source.name());
            assert_eq!(LogSource::parse(source.name(), &stage).unwrap(), *source);
        }
        let error = LogSource::parse("gatway", &stage).unwrap_err();
        assert!(
            error.hint().starts_with("Did you mean `gateway`?"),
            "{error:?}"
        );
        let sandbox = Stage::load("sandbox").unwrap();
        let error = LogSource::parse("database", &sandbox).unwrap_err();
        assert!(error.message().contains("given by address"), "{error}");
    }
}
