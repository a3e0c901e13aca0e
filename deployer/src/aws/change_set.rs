//! An update by a change set: CloudFormation says what it would do to data before it does it, and
//! what goes beyond the plan ends the deploy there.

use std::time::Duration;

use aws_sdk_cloudformation::{
    operation::describe_change_set::builders::DescribeChangeSetFluentBuilder,
    types::{
        Capability, Change as SetChange, ChangeAction, ChangeSetStatus, ChangeSetType,
        ExecutionStatus, Replacement, StackStatus,
    },
};

use super::{Aws, aws_error::AwsError, change::Change, outcome::not_begun, stack::StackView};
use crate::{
    Error, ErrorKind,
    plan::{ResourceAction, StackPlan, is_stateful},
    progress::Progress,
};

impl Aws {
    pub(super) async fn update_by_change_set(
        &self,
        change: &Change<'_>,
        view: StackView,
        progress: &Progress,
    ) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let set_name = format!("miyabi-{}", change.token);
        let set = self.make_change_set(change, &view, &set_name).await?;
        let outcome = self.previewed(change, &view, &set, progress).await;
        if !matches!(outcome, Ok(true)) {
            self.remove_change_set(&view, &set).await;
        }
        if !outcome? {
            return Ok(view);
        }
        let since = self.observer.now();
        if let Err(error) = self.execute(change, &view, &set).await {
            self.remove_change_set(&view, &set).await;
            return Err(error);
        }
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::UpdateComplete], "updated")
    }

    /// Has a change set executed. It is our own request whose answer was lost only when the set says
    /// so: one that is obsolete, or waits for somebody else's update, is refused in the same words.
    async fn execute(&self, change: &Change<'_>, view: &StackView, set: &str) -> Result<(), Error> {
        let name = &change.plan.name;
        self.fence().await?;
        let executed = self
            .clients
            .cloudformation
            .execute_change_set()
            .stack_name(&view.id)
            .change_set_name(set)
            .client_request_token(&change.token)
            .retain_except_on_create(true)
            .send()
            .await;
        let Err(error) = executed else { return Ok(()) };
        let refused = AwsError::new("cloudformation:ExecuteChangeSet", error);
        let said_already =
            refused.code == "InvalidChangeSetStatus" || refused.message.contains("IN_PROGRESS");
        if !said_already {
            return Err(refused.error(format!("The stack `{name}` cannot be updated.")));
        }
        if self.is_executed(view, set).await || self.is_ours(&view.id, &change.token).await {
            return Ok(());
        }
        Err(not_begun(name, refused))
    }

    /// Whether a change set was executed, well or not. Its name is ours alone, so it was by us.
    async fn is_executed(&self, view: &StackView, set: &str) -> bool {
        let answer = self.change_set(view, set).send().await;
        answer.is_ok_and(|answer| {
            matches!(
                answer.execution_status(),
                Some(
                    ExecutionStatus::ExecuteInProgress
                        | ExecutionStatus::ExecuteComplete
                        | ExecutionStatus::ExecuteFailed
                )
            )
        })
    }

    fn change_set(&self, view: &StackView, set: &str) -> DescribeChangeSetFluentBuilder {
        let cloudformation = &self.clients.cloudformation;
        let describe = cloudformation.describe_change_set();
        describe.stack_name(&view.id).change_set_name(set)
    }

    /// Makes a change set of that name, which nobody else may have; gives its ARN.
    pub(super) async fn make_change_set(
        &self,
        change: &Change<'_>,
        view: &StackView,
        set_name: &str,
    ) -> Result<String, Error> {
        let (body, url) = change.template.parts();
        let created = self
            .clients
            .cloudformation
            .create_change_set()
            .stack_name(&view.id)
            .change_set_name(set_name)
            .change_set_type(ChangeSetType::Update)
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(change.parameters.clone()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityNamedIam)
            .tags(self.stage_tag())
            .client_token(&change.token)
            .send()
            .await
            .map_err(|error| {
                AwsError::new("cloudformation:CreateChangeSet", error).error(format!(
                    "The change of the stack `{}` cannot be prepared.",
                    change.plan.name
                ))
            })?;
        Ok(created.id().unwrap_or(set_name).to_owned())
    }

    /// Removes a change set. One that is not executed would stay; that it stays is no reason to fail.
    pub(super) async fn remove_change_set(&self, view: &StackView, set: &str) {
        let _ = self
            .clients
            .cloudformation
            .delete_change_set()
            .stack_name(&view.id)
            .change_set_name(set)
            .send()
            .await;
    }

    /// Waits for a change set and gives what CloudFormation would do; `None`: nothing. An error when
    /// it refuses the change.
    pub(super) async fn preview_by_change_set(
        &self,
        name: &str,
        view: &StackView,
        set: &str,
    ) -> Result<Option<Vec<SetChange>>, Error> {
        let mut pause = Duration::from_millis(200);
        let mut changes = Vec::new();
        let mut next = None;
        loop {
            let answer = self
                .change_set(view, set)
                .set_next_token(next.clone())
                .send()
                .await
                .map_err(|error| {
                    AwsError::new("cloudformation:DescribeChangeSet", error).error(format!(
                        "The change of the stack `{name}` cannot be examined."
                    ))
                })?;
            match answer.status() {
                Some(ChangeSetStatus::CreateComplete) => {
                    changes.extend_from_slice(answer.changes());
                    next = answer.next_token().map(str::to_owned);
                    if next.is_none() {
                        return Ok(Some(changes));
                    }
                }
                Some(ChangeSetStatus::Failed) => {
                    let reason = answer.status_reason().unwrap_or_default();
                    if changes_nothing(reason) {
                        return Ok(None);
                    }
                    return Err(self.change_refused(name, view, set, reason).await);
                }
                _ => {
                    let what_for = format!("change set of {name}");
                    self.observer.pause(&what_for, pause).await;
                    pause = (pause * 3 / 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// Waits for a change set. False: it changes nothing. An error when CloudFormation would do more
    /// to data than the plan says.
    async fn previewed(
        &self,
        change: &Change<'_>,
        view: &StackView,
        set: &str,
        progress: &Progress,
    ) -> Result<bool, Error> {
        let name = &change.plan.name;
        let Some(changes) = self.preview_by_change_set(name, view, set).await? else {
            return Ok(false);
        };
        warn_of_conditions(change.plan, &changes, progress);
        let beyond = beyond_the_plan(change.plan, &changes);
        if beyond.is_empty() {
            return Ok(true);
        }
        Err(Error::new(
            ErrorKind::ApprovalNeeded,
            format!("CloudFormation would do more in `{name}` than the plan says. Nothing was changed in this stack."),
            format!("Look at the change before you continue: `cargo xtask plan --stage {}`", self.stage.name()),
        )
        .because(beyond.join("\n")))
    }

    async fn change_refused(&self, name: &str, view: &StackView, set: &str, reason: &str) -> Error {
        let details = self.validation_failures(view, set).await;
        Error::failed(
            format!("CloudFormation refuses the change of the stack `{name}` before it begins. Nothing was changed in this stack."),
            "Fix the resources above, then run the same command again.",
        )
        .because(if details.is_empty() { reason.to_owned() } else { format!("{reason}\n{details}") })
    }

    /// What AWS's early validation of that change set found, and of no earlier one.
    async fn validation_failures(&self, view: &StackView, set: &str) -> String {
        let mut pages = self
            .clients
            .cloudformation
            .describe_events()
            .stack_name(&view.id)
            .change_set_name(set)
            .into_paginator()
            .items()
            .send();
        let mut lines = Vec::new();
        // They are details of an error that is told without them, too.
        while let Some(Ok(event)) = pages.next().await {
            if let Some(reason) = event.validation_status_reason() {
                let id = event.logical_resource_id().unwrap_or("the template");
                lines.push(format!("{id}: {reason}"));
            }
        }
        lines.join("\n")
    }
}

/// What CloudFormation would replace or remove, and the plan does not.
fn beyond_the_plan(plan: &StackPlan, changes: &[SetChange]) -> Vec<String> {
    let mut beyond = Vec::new();
    for change in changes.iter().filter_map(|change| change.resource_change()) {
        let id = change.logical_resource_id().unwrap_or_default();
        let kind = change.resource_type().unwrap_or_default();
        let planned = plan
            .resources
            .iter()
            .find(|planned| planned.logical_id == id)
            .map(|planned| planned.action);
        let (what, is_planned) = match (change.action(), change.replacement()) {
            (Some(ChangeAction::Remove), _) => {
                let removes = planned == Some(ResourceAction::Remove);
                // A replacement removes the old one, in some endpoints as a change of its own.
                (
                    "removed",
                    removes || planned == Some(ResourceAction::Replace),
                )
            }
            (_, Some(Replacement::True)) => {
                let replaces = [ResourceAction::Replace, ResourceAction::MayReplace];
                let replaces = planned.is_some_and(|action| replaces.contains(&action));
                ("replaced", replaces)
            }
            _ => continue,
        };
        if !is_planned {
            let data = if is_stateful(kind) {
                ", which holds data,"
            } else {
                ""
            };
            beyond.push(format!("{id} ({kind}){data} would be {what}"));
        }
    }
    beyond
}

/// Tells of data that CloudFormation replaces only if something holds that it cannot tell before.
/// What is replaced then is kept or snapshotted: the templates' own rules demand it.
fn warn_of_conditions(plan: &StackPlan, changes: &[SetChange], progress: &Progress) {
    for change in changes.iter().filter_map(|change| change.resource_change()) {
        let kind = change.resource_type().unwrap_or_default();
        if change.replacement() == Some(&Replacement::Conditional) && is_stateful(kind) {
            progress.warn(format!(
                "CloudFormation may replace {} ({kind}) in `{}`, depending on values that it learns only while it works.",
                change.logical_resource_id().unwrap_or_default(),
                plan.name
            ));
        }
    }
}

/// Whether a change set failed because there is nothing to change.
fn changes_nothing(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}
