//! The events of an operation: what happened to each resource, told as it comes. They are for people
//! and for the first cause of a failure; nothing else depends on them.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::types::StackStatus;
use time::OffsetDateTime;

use super::{
    Aws,
    aws_error::AwsError,
    event_pages::{Call, Happened, Lookback, Page},
    stack::{Phase, phase},
};
use crate::progress::{Event, Progress, ResourceState};

/// What a look at the events brought.
pub(super) struct News {
    pub(super) count: usize,
    /// The stack itself reached an end.
    pub(super) stack_ended: bool,
}

/// The most that is read of one operation; CloudFormation gives about a hundred events a page.
const MOST_PAGES: u32 = 100;

/// The events of one operation.
pub(super) struct Events {
    since: Option<OffsetDateTime>,
    known: BTreeSet<String>,
    all: Vec<Happened>,
    /// False once the newer call is found not to be there.
    describe_events: bool,
    readable: bool,
}

impl Events {
    pub(super) fn new(since: Option<OffsetDateTime>) -> Events {
        Events {
            // The server's clock is known to the second.
            since: since.map(|since| since - time::Duration::seconds(2)),
            known: BTreeSet::new(),
            all: Vec::new(),
            describe_events: true,
            readable: true,
        }
    }

    /// Reads and reports what is new. `None`: the events cannot be read.
    pub(super) async fn look(
        &mut self,
        aws: &Aws,
        name: &str,
        id: &str,
        lookback: Lookback,
        progress: &Progress,
    ) -> Option<News> {
        let newest_first = match self.read(aws, id, lookback).await {
            Ok(events) => events,
            Err(refused) => {
                if self.readable && !refused.is_passing() {
                    progress.warn(format!("The events of `{name}` cannot be read, so only its end is reported ({refused})."));
                }
                self.readable = false;
                return None;
            }
        };
        let mut news = News {
            count: 0,
            stack_ended: false,
        };
        for event in of_last_operation(newest_first, id, self.since) {
            if !self.known.insert(event.id.clone()) {
                continue;
            }
            news.count += 1;
            if event.is_of_the_stack(id) {
                news.stack_ended |=
                    phase(&StackStatus::from(event.status.as_str())) != Some(Phase::Busy);
            } else if let Some(state) = state(&event.status) {
                progress.report(Event::Resource {
                    stack: name.to_owned(),
                    logical_id: event.logical_id.clone(),
                    resource_type: event.resource_type.clone(),
                    state,
                    detail: (state == ResourceState::Failed).then(|| event.reason.clone()),
                });
            }
            self.all.push(event);
        }
        Some(news)
    }

    /// Events, newest first.
    async fn read(
        &mut self,
        aws: &Aws,
        id: &str,
        lookback: Lookback,
    ) -> Result<Vec<Happened>, AwsError> {
        let (mut page, call) = self.first_page(aws, id, lookback).await?;
        let mut events = page.events;
        let mut pages = 1;
        while lookback == Lookback::WholeOperation && pages < MOST_PAGES {
            let begun = begins_within(&events, id, self.since);
            let Some(next) = page.next.filter(|_| !begun) else {
                break;
            };
            // What was read until here is better than nothing.
            let Ok(older) = call.page(aws, id, Some(next), lookback).await else {
                break;
            };
            page = older;
            events.append(&mut page.events);
            pages += 1;
        }
        Ok(events)
    }

    async fn first_page(
        &mut self,
        aws: &Aws,
        id: &str,
        lookback: Lookback,
    ) -> Result<(Page, Call), AwsError> {
        if self.describe_events {
            match Call::Operation.page(aws, id, None, lookback).await {
                Ok(page) if !page.events.is_empty() => return Ok((page, Call::Operation)),
                // An endpoint that knows the call and records nothing for it, or nothing happened.
                Ok(_) => (),
                Err(refused) if refused.is_passing() || refused.is_expired() => {
                    return Err(refused);
                }
                // An endpoint, or a role, without the newer call.
                Err(_) => self.describe_events = false,
            }
        }
        let page = Call::Stack.page(aws, id, None, lookback).await?;
        Ok((page, Call::Stack))
    }

    pub(super) fn failures(&self) -> Vec<Happened> {
        let mut causes: Vec<Happened> = self
            .all
            .iter()
            .filter(|event| event.is_cause())
            .cloned()
            .collect();
        causes.sort_by_key(|event| event.at);
        causes
    }
}

/// Whether an event is the first of an operation of the stack.
fn is_begin(event: &Happened, id: &str) -> bool {
    let begins = [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "REVIEW_IN_PROGRESS",
    ];
    event.is_of_the_stack(id) && begins.contains(&event.status.as_str())
}

/// Whether the operation began within these events.
fn begins_within(newest_first: &[Happened], id: &str, since: Option<OffsetDateTime>) -> bool {
    newest_first.iter().any(|event| match since {
        Some(since) => event.at < since,
        None => is_begin(event, id),
    })
}

/// The events of the operation that is going on or has just ended, oldest first.
fn of_last_operation(
    newest_first: Vec<Happened>,
    id: &str,
    since: Option<OffsetDateTime>,
) -> Vec<Happened> {
    let mut events = Vec::new();
    for event in newest_first {
        if since.is_some_and(|since| event.at < since) {
            break;
        }
        let begin = is_begin(&event, id);
        events.push(event);
        if begin && since.is_none() {
            break;
        }
    }
    events.reverse();
    events
}

/// What the status of a resource says to a person; a rollback's steps back are no news of their own
/// kind.
fn state(status: &str) -> Option<ResourceState> {
    Some(match status {
        "CREATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS" => ResourceState::Creating,
        "CREATE_COMPLETE" | "IMPORT_COMPLETE" => ResourceState::Created,
        "UPDATE_IN_PROGRESS" => ResourceState::Updating,
        "UPDATE_COMPLETE" => ResourceState::Updated,
        "DELETE_IN_PROGRESS" => ResourceState::Deleting,
        "DELETE_COMPLETE" => ResourceState::Deleted,
        status if status.ends_with("_FAILED") => ResourceState::Failed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(second: i64, physical: &str, status: &str) -> Happened {
        Happened {
            id: format!("{second}"),
            logical_id: physical.to_owned(),
            physical_id: physical.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: status.to_owned(),
            reason: String::new(),
            at: OffsetDateTime::from_unix_timestamp(second).unwrap(),
        }
    }

    #[test]
    fn events_of_the_operation_before_are_left_out() {
        let newest_first = vec![
            event(9, "bucket", "UPDATE_IN_PROGRESS"),
            event(8, "arn", "UPDATE_IN_PROGRESS"),
            event(3, "arn", "CREATE_COMPLETE"),
            event(2, "bucket", "CREATE_COMPLETE"),
        ];
        let statuses = |since| -> Vec<i64> {
            of_last_operation(newest_first.clone(), "arn", since)
                .iter()
                .map(|event| event.at.unix_timestamp())
                .collect()
        };
        assert_eq!(statuses(None), [8, 9]);
        assert_eq!(
            statuses(Some(OffsetDateTime::from_unix_timestamp(3).unwrap())),
            [3, 8, 9]
        );
    }

    #[test]
    fn what_was_only_cancelled_is_no_cause() {
        let mut cancelled = event(1, "a", "CREATE_FAILED");
        cancelled.reason = "Resource creation cancelled".to_owned();
        let mut cause = event(2, "b", "CREATE_FAILED");
        cause.reason = "The bucket name is taken".to_owned();
        let mut events = Events::new(None);
        events.all = vec![cancelled, cause];
        let failures: Vec<_> = events
            .failures()
            .into_iter()
            .map(|event| event.logical_id)
            .collect();
        assert_eq!(failures, ["b"]);
    }
}
