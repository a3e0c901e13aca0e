//! Lines of PostgreSQL's log, with the prefix of a server on this machine (`%m [%p] `) or of RDS
//! (`%t:%r:%u@%d:[%p]:`).

use super::{
    Level,
    entry::{Entry, Kind},
};

/// <https://www.postgresql.org/docs/15/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS>,
/// and the words of the lines that belong to the one before.
const SEVERITIES: [(&str, Level); 12] = [
    ("LOG", Level::Info),
    ("INFO", Level::Info),
    ("NOTICE", Level::Info),
    ("WARNING", Level::Warn),
    ("ERROR", Level::Error),
    ("FATAL", Level::Error),
    ("PANIC", Level::Error),
    ("DETAIL", Level::Info),
    ("HINT", Level::Info),
    ("CONTEXT", Level::Info),
    ("STATEMENT", Level::Info),
    ("QUERY", Level::Info),
];

pub(super) fn parse(text: &str) -> Option<Entry> {
    // The prefix ends with the process; what follows can hold anything.
    let (_, rest) = text.split_once(']')?;
    let rest = rest.trim_start_matches([':', ' ']);
    let (word, message) = rest.split_once(":  ")?;
    let (_, level) = SEVERITIES.into_iter().find(|(name, _)| *name == word)?;
    Some(Entry {
        kind: Kind::Database(message.to_owned()),
        level,
        request_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_prefixes_are_read_and_only_what_went_wrong_is_not_routine() {
        for (line, message, level) in [
            (
                "2026-11-27 05:13:21.123 UTC [1234] LOG:  database system is ready to accept connections",
                "database system is ready to accept connections",
                Level::Info,
            ),
            (
                "2026-11-27 05:13:21 UTC:10.0.0.5(5432):miyabi_tasks@miyabi:[123]:ERROR:  relation \"x\" does not exist at character 15",
                "relation \"x\" does not exist at character 15",
                Level::Error,
            ),
            (
                "2026-11-27 05:13:21 UTC::@:[123]:LOG:  checkpoint starting: time",
                "checkpoint starting: time",
                Level::Info,
            ),
        ] {
            let entry = parse(line).unwrap();
            assert_eq!(entry.kind, Kind::Database(message.to_owned()));
            assert_eq!(entry.level, level);
            assert_eq!(entry.is_routine(), level < Level::Warn, "{line}");
        }
        assert_eq!(parse("\tcontinued"), None);
    }
}
