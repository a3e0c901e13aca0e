//! Reading the logs of the stage, from CloudWatch Logs.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Aws, aws_error::AwsError};
use crate::{
    Error,
    logs::LogSource,
    target::{LogLine, LogQuery},
};

/// How often new lines are asked for: CloudWatch Logs shows them some seconds after they were
/// written, and an account may ask a few times a second for all its readers.
const FOLLOW_EVERY: Duration = Duration::from_secs(2);
/// Lines can arrive late; how far back is looked again.
const LATE: Duration = Duration::from_secs(10);

/// A line, and the id of its event where the endpoint gives one.
#[derive(Debug, Clone)]
struct Event {
    id: Option<String>,
    line: LogLine,
}

/// Which events were shown, and when they were written, so that a second look at the same seconds
/// shows none again.
#[derive(Debug, Default)]
struct Shown(BTreeMap<EventKey, SystemTime>);

/// What an event is known by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EventKey {
    Id(String),
    /// Without an id: source, time, text, and the how manieth of these it is. A look starts at a
    /// time, so it has all events of a time or none, and the number stays the same.
    Content(LogSource, SystemTime, String, usize),
}

impl Shown {
    /// The events of a look that no earlier one had, in their order.
    fn add(&mut self, events: Vec<Event>) -> Vec<LogLine> {
        let mut equal: BTreeMap<(LogSource, SystemTime, String), usize> = BTreeMap::new();
        let mut new = Vec::new();
        for Event { id, line } in events {
            let key = id.map(EventKey::Id).unwrap_or_else(|| {
                let content = (line.source, line.at, line.text.clone());
                let number = equal.entry(content.clone()).or_default();
                *number += 1;
                EventKey::Content(content.0, content.1, content.2, *number)
            });
            if self.0.insert(key, line.at).is_none() {
                new.push(line);
            }
        }
        new
    }

    /// Forgets events that no look will return again.
    fn forget_before(&mut self, since: SystemTime) {
        self.0.retain(|_, at| *at >= since);
    }
}

impl Aws {
    /// Calls `lines` with what was written, oldest first; with `follow` it continues.
    pub(super) async fn read_logs(
        &self,
        query: &LogQuery,
        lines: &mut dyn FnMut(Vec<LogLine>),
    ) -> Result<(), Error> {
        let groups = self.log_groups(query).await?;
        let mut since = query.since.unwrap_or(UNIX_EPOCH);
        let mut shown = Shown::default();
        loop {
            let read = groups
                .iter()
                .map(|(source, group)| self.log_of(*source, group, since, query));
            let mut events: Vec<Event> = futures_util::future::try_join_all(read)
                .await?
                .into_iter()
                .flatten()
                .collect();
            events.sort_by_key(|event| event.line.at);
            let newest = events.last().map_or(since, |event| event.line.at);
            let new = shown.add(events);
            if !new.is_empty() {
                lines(new);
            }
            if !query.follow {
                return Ok(());
            }
            since = since.max(newest.checked_sub(LATE).unwrap_or(UNIX_EPOCH));
            shown.forget_before(since);
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    /// The log groups of the query's sources, by their names at CloudWatch Logs.
    async fn log_groups(&self, query: &LogQuery) -> Result<Vec<(LogSource, String)>, Error> {
        let every = query.sources.is_empty();
        let sources = match query.sources.as_slice() {
            [] => LogSource::of(&self.stage),
            some => some.to_vec(),
        };
        let mut groups = Vec::new();
        for source in sources {
            let group = match source {
                LogSource::Function(name) => format!("/aws/lambda/{}", self.function_name(name)),
                LogSource::Gateway => {
                    format!("/aws/vendedlogs/apigateway/{}", self.function_name("api"))
                }
                LogSource::Database => match self.database_instance().await {
                    Ok(instance) => format!("/aws/rds/instance/{instance}/postgresql"),
                    // Nobody asked for it by name, and the others may be there.
                    Err(error) if every && error.kind() == crate::ErrorKind::Usage => continue,
                    Err(error) => return Err(error),
                },
            };
            groups.push((source, group));
        }
        Ok(groups)
    }

    /// The events of one log group. A function that never ran has none.
    async fn log_of(
        &self,
        source: LogSource,
        group: &str,
        since: SystemTime,
        query: &LogQuery,
    ) -> Result<Vec<Event>, Error> {
        let start = since
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        // In quotes a pattern is looked for as it is
        // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
        let pattern = query.request_id.as_ref().map(|id| format!("\"{id}\""));
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .clients
                .logs
                .filter_log_events()
                .log_group_name(group)
                .start_time(start)
                .set_filter_pattern(pattern.clone())
                .set_next_token(token)
                .send()
                .await;
            let page = match answer {
                Ok(page) => page,
                Err(error) => {
                    let refused = AwsError::new("logs:FilterLogEvents", error);
                    if refused.is_missing() {
                        return Ok(found);
                    }
                    let name = source.name();
                    return Err(refused.error(format!("The log of `{name}` cannot be read.")));
                }
            };
            for event in page.events() {
                let text = event.message().unwrap_or_default().trim_end_matches('\n');
                let millis = u64::try_from(event.timestamp().unwrap_or(0)).unwrap_or(0);
                let line = LogLine {
                    source,
                    at: UNIX_EPOCH + Duration::from_millis(millis),
                    text: text.to_owned(),
                };
                let id = event.event_id().filter(|id| !id.is_empty());
                found.push(Event {
                    id: id.map(str::to_owned),
                    line,
                });
            }
            // A page can be empty and still not be the last one.
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: Option<&str>, second: u64, text: &str) -> Event {
        Event {
            id: id.map(str::to_owned),
            line: LogLine {
                source: LogSource::Function("tasks"),
                at: UNIX_EPOCH + Duration::from_secs(second),
                text: text.to_owned(),
            },
        }
    }

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn every_event_is_shown_once_with_an_id_and_without_one() {
        let mut shown = Shown::default();
        let first = || {
            vec![
                event(None, 1, "a"),
                event(None, 1, "a"),
                event(None, 2, "b"),
            ]
        };
        assert_eq!(texts(&shown.add(first())), ["a", "a", "b"]);
        let mut second = first();
        second.insert(2, event(None, 1, "a"));
        second.push(event(Some("1"), 2, "b"));
        assert_eq!(texts(&shown.add(second.clone())), ["a", "b"]);
        assert_eq!(texts(&shown.add(second)), [""; 0]);
        let other = vec![event(Some("2"), 2, "b")];
        assert_eq!(texts(&shown.add(other)), ["b"]);
    }
}
