//! The events of an operation: what happened to each resource, told as it comes. They are for people
//! and for the first cause of a failure; nothing else depends on them.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::{
    config::retry::RetryConfig,
    types::{OperationEvent, StackEvent, StackStatus},
};
use time::OffsetDateTime;

use super::{
    Aws,
    refused::Refused,
    stack::{Phase, phase},
};
use crate::progress::{Event, Progress, ResourceState};

/// What happened to a resource.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    id: String,
    pub(super) logical_id: String,
    physical_id: String,
    pub(super) resource_type: String,
    pub(super) status: String,
    pub(super) reason: String,
    at: OffsetDateTime,
}

impl Happened {
    /// A failure that caused others, not one that another one caused.
    fn is_cause(&self) -> bool {
        let reason = self.reason.to_lowercase();
        self.status.ends_with("_FAILED")
            && !reason.contains("cancelled")
            && !reason.contains("canceled")
    }

    fn is_of_the_stack(&self, view_id: &str) -> bool {
        self.physical_id == view_id
    }
}

/// What a look at the events brought.
pub(super) struct News {
    pub(super) count: usize,
    /// The stack itself reached an end.
    pub(super) stack_ended: bool,
}

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
        progress: &Progress,
    ) -> Option<News> {
        let newest_first = match self.read(aws, id).await {
            Ok(events) => events,
            Err(refused) => {
                if self.readable && !refused.is_passing() {
                    progress.warn(format!("The events of `{name}` cannot be read, so only its end will be told ({refused})."));
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
                news.stack_ended |= phase(&StackStatus::from(event.status.as_str())) != Phase::Busy;
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

    /// The newest events, newest first. Not tried again by itself: the next look comes soon.
    async fn read(&mut self, aws: &Aws, id: &str) -> Result<Vec<Happened>, Refused> {
        let once =
            || aws_sdk_cloudformation::config::Builder::new().retry_config(RetryConfig::disabled());
        if self.describe_events {
            let answer = aws
                .clients
                .cloudformation
                .describe_events()
                .stack_name(id)
                .customize()
                .config_override(once())
                .send()
                .await;
            match answer {
                Ok(answer) if !answer.operation_events().is_empty() => {
                    return Ok(answer
                        .operation_events()
                        .iter()
                        .map(operation_event)
                        .collect());
                }
                // An endpoint that knows the call and records nothing for it, or nothing happened.
                Ok(_) => (),
                Err(error) => {
                    let refused = Refused::new("cloudformation:DescribeEvents", error);
                    if refused.is_passing() || refused.is_expired() {
                        return Err(refused);
                    }
                    // An endpoint, or a role, without the newer call.
                    self.describe_events = false;
                }
            }
        }
        let answer = aws
            .clients
            .cloudformation
            .describe_stack_events()
            .stack_name(id)
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| Refused::new("cloudformation:DescribeStackEvents", error))?;
        Ok(answer.stack_events().iter().map(stack_event).collect())
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

/// The events of the operation that is going on or has just ended, oldest first.
fn of_last_operation(
    newest_first: Vec<Happened>,
    id: &str,
    since: Option<OffsetDateTime>,
) -> Vec<Happened> {
    let begins = [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "REVIEW_IN_PROGRESS",
    ];
    let mut events = Vec::new();
    for event in newest_first {
        if since.is_some_and(|since| event.at < since) {
            break;
        }
        let begin = event.is_of_the_stack(id) && begins.contains(&event.status.as_str());
        events.push(event);
        if begin && since.is_none() {
            break;
        }
    }
    events.reverse();
    events
}

fn operation_event(event: &OperationEvent) -> Happened {
    let validation = event
        .validation_status_reason()
        .map(|reason| match event.validation_path() {
            Some(path) => format!("{reason} ({path})"),
            None => reason.to_owned(),
        });
    let status = match (event.resource_status(), event.validation_status()) {
        (Some(status), _) => status.as_str().to_owned(),
        (None, Some(status)) if status.as_str() == "FAILED" => "VALIDATION_FAILED".to_owned(),
        _ => String::new(),
    };
    Happened {
        id: event.event_id().unwrap_or_default().to_owned(),
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: event.physical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status,
        reason: event
            .resource_status_reason()
            .map(str::to_owned)
            .or(validation)
            .unwrap_or_default(),
        at: moment(event.timestamp()),
    }
}

fn stack_event(event: &StackEvent) -> Happened {
    Happened {
        id: event.event_id().unwrap_or_default().to_owned(),
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: event.physical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: event
            .resource_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: event
            .resource_status_reason()
            .unwrap_or_default()
            .to_owned(),
        at: moment(event.timestamp()),
    }
}

fn moment(at: Option<&aws_smithy_types::DateTime>) -> OffsetDateTime {
    at.and_then(|at| OffsetDateTime::from_unix_timestamp_nanos(at.as_nanos()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
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
