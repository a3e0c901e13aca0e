//! Whether a stack was ever created successfully, by its own events.
//!
//! The question decides whether a database may lose its deletion protection without `destroy`: only
//! in a stack that never served anybody. So the answer "never" needs a proof, the whole history from
//! its first event on; CloudFormation does not promise to keep events for ever, and a history whose
//! beginning is missing proves nothing.

use aws_sdk_cloudformation::types::{ResourceStatus, StackEvent};

use super::{Aws, aws_error::AwsError, stack::StackView};
use crate::Error;

impl Aws {
    /// Whether the events prove that no creation, update or import of the stack ever succeeded.
    pub(super) async fn was_never_created(&self, view: &StackView) -> Result<bool, Error> {
        let mut history = History::default();
        let mut token = None;
        loop {
            let page = self
                .clients
                .cloudformation
                .describe_stack_events()
                .stack_name(&view.id)
                .set_next_token(token)
                .send()
                .await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let refused = AwsError::new("cloudformation:DescribeStackEvents", error);
                    if refused.is_missing() {
                        return Ok(false);
                    }
                    return Err(refused.error(format!(
                        "Whether the stack `{}` was ever created successfully cannot be read.",
                        view.name
                    )));
                }
            };
            history.read(&view.id, page.stack_events());
            token = page.next_token().map(str::to_owned);
            if history.succeeded || token.is_none() {
                return Ok(history.proves_never_created());
            }
        }
    }
}

/// What the events of a stack itself, not of its resources, say.
#[derive(Debug, Default)]
struct History {
    /// Its first creation began: nothing is older.
    has_beginning: bool,
    /// Some operation on it succeeded.
    succeeded: bool,
}

impl History {
    fn read(&mut self, id: &str, events: &[StackEvent]) {
        let of_stack = events
            .iter()
            .filter(|event| event.physical_resource_id() == Some(id));
        for status in of_stack.filter_map(StackEvent::resource_status) {
            match status {
                ResourceStatus::CreateInProgress => self.has_beginning = true,
                ResourceStatus::CreateComplete
                | ResourceStatus::UpdateComplete
                | ResourceStatus::UpdateInProgress
                | ResourceStatus::UpdateRollbackComplete
                | ResourceStatus::ImportComplete => self.succeeded = true,
                _ => (),
            }
        }
    }

    fn proves_never_created(&self) -> bool {
        self.has_beginning && !self.succeeded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "arn:aws:cloudformation:us-east-1:111111111111:stack/miyabi-dev-data/1";

    fn never_created(statuses: &[(&str, &str)]) -> bool {
        let events: Vec<StackEvent> = statuses
            .iter()
            .map(|(resource, status)| {
                StackEvent::builder()
                    .event_id("1")
                    .stack_id(ID)
                    .stack_name("miyabi-dev-data")
                    .physical_resource_id(*resource)
                    .resource_status(ResourceStatus::from(*status))
                    .build()
            })
            .collect();
        let mut history = History::default();
        history.read(ID, &events);
        history.proves_never_created()
    }

    #[test]
    fn a_stack_was_never_created_when_its_whole_history_has_no_success() {
        assert!(never_created(&[
            (ID, "DELETE_FAILED"),
            (ID, "ROLLBACK_FAILED"),
            ("db-1", "CREATE_COMPLETE"),
            (ID, "CREATE_IN_PROGRESS"),
        ]));
    }

    #[test]
    fn a_success_or_a_history_without_its_beginning_proves_nothing() {
        for success in [
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
        ] {
            assert!(
                !never_created(&[
                    (ID, "DELETE_FAILED"),
                    (ID, success),
                    (ID, "CREATE_IN_PROGRESS")
                ]),
                "{success}"
            );
        }
        assert!(!never_created(&[
            (ID, "DELETE_FAILED"),
            (ID, "ROLLBACK_FAILED")
        ]));
        assert!(!never_created(&[]));
    }
}
