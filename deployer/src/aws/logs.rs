//! Reading what functions wrote, from CloudWatch Logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Aws, refused::Refused};
use crate::{
    Error,
    target::{LogLine, LogQuery},
};

/// How often new lines are asked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(2);
/// Lines can arrive late; how far back is looked again.
const LATE: Duration = Duration::from_secs(10);

/// A line, and the id of its event where the endpoint gives one.
#[derive(Debug, Clone)]
struct Event {
    id: Option<String>,
    line: LogLine,
}

/// Which events were shown, so that a second look at the same seconds shows none again.
#[derive(Debug, Default)]
struct Shown(BTreeSet<EventKey>);

/// What an event is known by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EventKey {
    Id(String),
    /// Without an id: function, time, text, and the how manieth of these it is. A look starts at a
    /// time, so it has all events of a time or none, and the number stays the same.
    Content(String, SystemTime, String, usize),
}

impl Shown {
    /// The events of a look that no earlier one had, in their order.
    fn add(&mut self, events: Vec<Event>) -> Vec<LogLine> {
        let mut equal: BTreeMap<(String, SystemTime, String), usize> = BTreeMap::new();
        let mut new = Vec::new();
        for Event { id, line } in events {
            let key = id.map(EventKey::Id).unwrap_or_else(|| {
                let content = (line.function.clone(), line.at, line.text.clone());
                let number = equal.entry(content.clone()).or_default();
                *number += 1;
                EventKey::Content(content.0, content.1, content.2, *number)
            });
            if self.0.insert(key) {
                new.push(line);
            }
        }
        new
    }
}

impl Aws {
    /// Gives each line that fits, oldest first; with `follow` it continues.
    pub(super) async fn read_logs(
        &self,
        query: &LogQuery,
        line: &mut dyn FnMut(LogLine),
    ) -> Result<(), Error> {
        let functions: Vec<&str> = match query.functions.as_slice() {
            [] => miyabi_catalog::FUNCTIONS
                .iter()
                .map(|function| function.name)
                .collect(),
            some => some.iter().map(String::as_str).collect(),
        };
        let mut since = query.since.unwrap_or(UNIX_EPOCH);
        let mut shown = Shown::default();
        loop {
            let read = functions
                .iter()
                .map(|function| self.log_of(function, since, query.filter.as_deref()));
            let mut events: Vec<Event> = futures_util::future::try_join_all(read)
                .await?
                .into_iter()
                .flatten()
                .collect();
            events.sort_by_key(|event| event.line.at);
            let newest = events.last().map_or(since, |event| event.line.at);
            shown.add(events).into_iter().for_each(&mut *line);
            if !query.follow {
                return Ok(());
            }
            since = since.max(newest.checked_sub(LATE).unwrap_or(UNIX_EPOCH));
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    /// The events of one function. A function that never ran has none.
    async fn log_of(
        &self,
        function: &str,
        since: SystemTime,
        filter: Option<&str>,
    ) -> Result<Vec<Event>, Error> {
        let start = since
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .clients
                .logs
                .filter_log_events()
                .log_group_name(format!("/aws/lambda/{}", self.function_name(function)))
                .start_time(start)
                .set_next_token(token)
                .send()
                .await;
            let page = match answer {
                Ok(page) => page,
                Err(error) => {
                    let refused = Refused::new("logs:FilterLogEvents", error);
                    if refused.is_missing() {
                        return Ok(found);
                    }
                    return Err(refused.error(format!("The log of `{function}` cannot be read.")));
                }
            };
            for event in page.events() {
                let text = event.message().unwrap_or_default().trim_end_matches('\n');
                if filter.is_some_and(|filter| !text.contains(filter)) {
                    continue;
                }
                let millis = u64::try_from(event.timestamp().unwrap_or(0)).unwrap_or(0);
                let entry = LogLine {
                    function: function.to_owned(),
                    at: UNIX_EPOCH + Duration::from_millis(millis),
                    text: text.to_owned(),
                };
                let id = event.event_id().filter(|id| !id.is_empty());
                found.push(Event {
                    id: id.map(str::to_owned),
                    line: entry,
                });
            }
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
                function: "tasks".to_owned(),
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
