//! What became of an operation, in words: the first cause in full, what state the stack is in now,
//! and what to do.

use std::time::Duration;

use aws_sdk_cloudformation::types::StackStatus;

use super::{
    Aws,
    aws_error::AwsError,
    event_pages::Happened,
    follow::Ended,
    stack::{Phase, StackView},
};
use crate::{Error, ErrorKind};

/// How often, and how long apart, the events are looked through for one of ours.
const LOOKS_FOR_OURS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Aws {
    /// The error for a stack that no update can help.
    pub(super) async fn cannot_be_changed(&self, view: &StackView) -> Error {
        let reasons = self.failed_resources(view).await;
        refuse(self.stage.name(), view, reasons)
    }

    /// Whether a request of ours began an operation of that stack: an event carries its token.
    pub(super) async fn is_ours(&self, id: &str, token: &str) -> bool {
        for look in 0..LOOKS_FOR_OURS {
            if look > 0 {
                // The first event may come a moment after the answer.
                self.observer
                    .pause("the events of a stack", BETWEEN_LOOKS)
                    .await;
            }
            let answer = self
                .clients
                .cloudformation
                .describe_stack_events()
                .stack_name(id)
                .send()
                .await;
            let ours = answer.is_ok_and(|answer| {
                let mut events = answer.stack_events().iter();
                events.any(|event| event.client_request_token() == Some(token))
            });
            if ours {
                return true;
            }
        }
        false
    }

    /// One line for each resource of the stack that failed.
    pub(super) async fn failed_resources(&self, view: &StackView) -> String {
        // Not DescribeStackResources, which ends after 100
        // (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html>).
        let mut resources = self
            .clients
            .cloudformation
            .list_stack_resources()
            .stack_name(&view.id)
            .into_paginator()
            .items()
            .send();
        let mut lines = Vec::new();
        // They are details of an error that is reported without them, too.
        while let Some(Ok(resource)) = resources.next().await {
            let status = resource.resource_status();
            if status.is_some_and(|status| status.as_str().ends_with("_FAILED")) {
                lines.push(format!(
                    "{} ({}): {}",
                    resource.logical_resource_id().unwrap_or_default(),
                    resource.resource_type().unwrap_or_default(),
                    resource
                        .resource_status_reason()
                        .unwrap_or("no reason given"),
                ));
            }
        }
        lines.join("\n")
    }

    /// The view when the operation ended well, else the first cause in full.
    pub(super) fn well(
        &self,
        name: &str,
        ended: Ended,
        good: &[StackStatus],
        done: &str,
    ) -> Result<StackView, Error> {
        if good.contains(&ended.view.status) {
            return Ok(ended.view);
        }
        let stage = self.stage.name();
        let state = match ended.view.phase {
            Phase::Stable => "It was rolled back, and the previous version still runs.",
            Phase::NeverCreated => {
                "The next deploy deletes the resources that were created, and asks for the name of the stage first when a protected database is among them."
            }
            Phase::Gone => "Somebody deleted it in the meantime.",
            _ => "It could not be rolled back completely.",
        };
        let (kind, hint) = if ended.view.phase == Phase::Stuck {
            (
                ErrorKind::Stuck,
                format!("Fix the resources above, then: `cargo xtask rollback --stage {stage}`"),
            )
        } else {
            (
                ErrorKind::Failed,
                format!(
                    "Fix the resources above, then run the same command again: `cargo xtask deploy --stage {stage}`. Completed steps are kept."
                ),
            )
        };
        Err(Error::new(
            kind,
            format!(
                "The stack `{name}` was not {done}: {}. {state}",
                first(&ended)
            ),
            hint,
        )
        .because(causes(&ended)))
    }
}

/// The error for a stack that no update can help; `reasons` name what is in its way.
pub(super) fn refuse(stage: &str, view: &StackView, reasons: String) -> Error {
    let name = &view.name;
    let (kind, message, hint) = match view.phase {
        Phase::Stuck => (
            ErrorKind::Stuck,
            format!(
                "The stack `{name}` is stuck in the rollback of a failed update ({}). It is not deleted, and nothing else is changed.",
                view.status
            ),
            format!(
                "Fix the resource above, then resume the rollback: `cargo xtask rollback --stage {stage}`; to skip a resource that cannot be rolled back: `cargo xtask rollback --stage {stage} --skip {name}.RESOURCE`"
            ),
        ),
        Phase::DeleteFailed => (
            ErrorKind::Failed,
            format!(
                "The stack `{name}` is half deleted ({}). It is not created again: its remaining resources may hold data.",
                view.status
            ),
            format!(
                "Fix the resources above, then delete the rest: `cargo xtask destroy --stage {stage}`"
            ),
        ),
        _ => (
            ErrorKind::Busy,
            format!(
                "Somebody else changes the stack `{name}` right now ({}).",
                view.status
            ),
            format!(
                "Wait until that has ended, then run the same command again; see it with `cargo xtask status --stage {stage}`"
            ),
        ),
    };
    Error::new(kind, message, hint).because(if reasons.is_empty() {
        view.reason.clone()
    } else {
        reasons
    })
}

/// The error for a change that was not begun because somebody else was there first.
pub(super) fn not_begun(name: &str, refused: AwsError) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!(
            "Somebody else changes the stack `{name}`, or did since its change was prepared: ours was not begun."
        ),
        "Wait until that has ended, then run the same command again: it makes a new plan.",
    )
    .because(refused)
}

/// The first cause in a few words.
pub(super) fn first(ended: &Ended) -> String {
    match ended.failures.first() {
        Some(failure) => format!("{} ({}) failed", failure.logical_id, failure.resource_type),
        None => format!("it ended as {}", ended.view.status),
    }
}

/// Everything that failed, the first first, in full.
pub(super) fn causes(ended: &Ended) -> String {
    let line = |failure: &Happened| {
        format!(
            "{} ({}): {}",
            failure.logical_id, failure.resource_type, failure.reason
        )
    };
    let lines: Vec<String> = ended.failures.iter().map(line).collect();
    match lines.as_slice() {
        [] if ended.view.reason.is_empty() => "CloudFormation gives no reason.".to_owned(),
        [] => ended.view.reason.clone(),
        lines => lines.join("\n"),
    }
}
