//! Changing a stack: creating, updating and deleting it, from whatever state it is found in.
//!
//! Data is never risked on the plan's word alone: when a resource that holds data changes at all,
//! CloudFormation is asked first, by a change set, and what it would replace or remove beyond the
//! plan ends the deploy before anything happened.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{
    Capability, ChangeAction, ChangeSetStatus, ChangeSetType, Parameter, Replacement, StackStatus,
    Tag,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Aws,
    follow::{Ended, Happened},
    refused::Refused,
    stack::{Phase, STAGE_TAG, StackView, phase},
};
use crate::{
    Error, ErrorKind,
    build::hex,
    plan::{ResourceAction, StackPlan},
    progress::Progress,
    state::DeployedStack,
};

/// The longest template that a request takes; longer ones go through the asset bucket.
const INLINE_TEMPLATE: usize = 51_200;

/// A template where CloudFormation can read it.
pub(super) enum Template {
    /// In the request itself.
    Body(String),
    /// At an address in the asset bucket.
    Url(String),
}

impl Template {
    /// For a request: body and address, one of which is there.
    pub(super) fn parts(&self) -> (Option<String>, Option<String>) {
        match self {
            Template::Body(body) => (Some(body.clone()), None),
            Template::Url(url) => (None, Some(url.clone())),
        }
    }
}

/// A change of one stack, ready to be asked for.
struct Change<'a> {
    plan: &'a StackPlan,
    template: Template,
    parameters: Vec<Parameter>,
    token: String,
}

impl Aws {
    /// Makes the stack be as planned, and waits until it is.
    pub(super) async fn change_stack(
        &self,
        plan: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        let found = self.settled(&plan.name, progress).await?;
        let change = Change {
            plan,
            template: self.template_for_request(&plan.template).await?,
            parameters: parameters
                .iter()
                .map(|(name, value)| {
                    Parameter::builder()
                        .parameter_key(name)
                        .parameter_value(value)
                        .build()
                })
                .collect(),
            token: token(),
        };
        self.fence().await?;
        let view = match found {
            None => self.create(&change, progress).await?,
            Some(view) if may_be_direct(plan) => self.update(&change, view, progress).await?,
            Some(view) => self.update_by_change_set(&change, view, progress).await?,
        };
        Ok(DeployedStack {
            template: plan.template.clone(),
            parameters: parameters.clone(),
            outputs: view.outputs,
            complete: true,
        })
    }

    /// Deletes a stack and waits until it is gone; one that is not there is fine.
    pub(super) async fn remove_stack(&self, name: &str, progress: &Progress) -> Result<(), Error> {
        let mut found = self.find(name).await?;
        if let Some(view) = found.take_if(|view| phase(&view.status) == Phase::Busy) {
            let ended = self.follow(name, &view.id, None, progress).await?;
            found = Some(ended.view);
        }
        match found {
            None => Ok(()),
            Some(view) if phase(&view.status) == Phase::Gone => Ok(()),
            Some(view) => self.delete(&view, progress).await,
        }
    }

    /// The stack, with nothing going on: `None` when it must be created. What never was in use is
    /// removed first; what cannot be changed is refused.
    async fn settled(&self, name: &str, progress: &Progress) -> Result<Option<StackView>, Error> {
        let mut found = self.find(name).await?;
        if let Some(view) = found.take_if(|view| phase(&view.status) == Phase::Busy) {
            progress.warn(format!(
                "An operation goes on with the stack `{name}` ({}); it is waited for.",
                view.status
            ));
            found = Some(self.follow(name, &view.id, None, progress).await?.view);
        }
        let Some(view) = found else { return Ok(None) };
        match phase(&view.status) {
            Phase::Settled => Ok(Some(view)),
            Phase::Gone => Ok(None),
            Phase::NeverGood => {
                progress.warn(format!("The stack `{name}` was never completely created ({}); what is left of it is removed first.", view.status));
                self.fence().await?;
                self.delete(&view, progress).await?;
                Ok(None)
            }
            Phase::Stuck | Phase::DeleteFailed | Phase::Busy => {
                Err(self.cannot_be_changed(&view).await)
            }
        }
    }

    /// The error for a stack that no update can help.
    pub(super) async fn cannot_be_changed(&self, view: &StackView) -> Error {
        let reasons = self.failed_resources(view).await;
        refuse(self.stage.name(), view, reasons)
    }

    /// One line for each resource of the stack that failed.
    pub(super) async fn failed_resources(&self, view: &StackView) -> String {
        let answer = self
            .clients
            .cloudformation
            .describe_stack_resources()
            .stack_name(&view.id)
            .send()
            .await;
        let Ok(answer) = answer else {
            return String::new();
        };
        let failed = answer.stack_resources().iter().filter(|resource| {
            resource
                .resource_status()
                .is_some_and(|status| status.as_str().ends_with("_FAILED"))
        });
        let lines: Vec<String> = failed
            .map(|resource| {
                format!(
                    "{} ({}): {}",
                    resource.logical_resource_id().unwrap_or_default(),
                    resource.resource_type().unwrap_or_default(),
                    resource
                        .resource_status_reason()
                        .unwrap_or("no reason given"),
                )
            })
            .collect();
        lines.join("\n")
    }

    async fn find(&self, name: &str) -> Result<Option<StackView>, Error> {
        let found = self.stack(name, None).await;
        found.map_err(|refused| refused.error(format!("The stack `{name}` cannot be looked at.")))
    }

    async fn create(&self, change: &Change<'_>, progress: &Progress) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let (body, url) = change.template.parts();
        let since = self.seen.now();
        let answer = self
            .clients
            .cloudformation
            .create_stack()
            .stack_name(self.stack_name(name))
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(change.parameters.clone()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityNamedIam)
            .tags(self.stage_tag())
            // Without it, what the template retains would stay after a failed creation and be in
            // the way of the next one.
            .retain_except_on_create(true)
            .client_request_token(&change.token)
            .send()
            .await;
        let id = match answer {
            Ok(answer) => answer.stack_id().map(str::to_owned),
            Err(error) => {
                let refused = Refused::new("cloudformation:CreateStack", error);
                // The stage is ours and the stack was not there a moment ago: it is our own request,
                // whose answer was lost.
                if refused.code != "AlreadyExistsException" {
                    return Err(refused.error(format!("The stack `{name}` cannot be created.")));
                }
                None
            }
        };
        let id = match id {
            Some(id) => id,
            None => self
                .find(name)
                .await?
                .map(|view| view.id)
                .unwrap_or_default(),
        };
        let ended = self.follow(name, &id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::CreateComplete], "created")
    }

    async fn update(
        &self,
        change: &Change<'_>,
        view: StackView,
        progress: &Progress,
    ) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let (body, url) = change.template.parts();
        let since = self.seen.now();
        let answer = self
            .clients
            .cloudformation
            .update_stack()
            .stack_name(&view.id)
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(change.parameters.clone()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityNamedIam)
            .tags(self.stage_tag())
            .retain_except_on_create(true)
            .client_request_token(&change.token)
            .send()
            .await;
        if let Err(error) = answer {
            let refused = Refused::new("cloudformation:UpdateStack", error);
            if refused.message.contains("No updates are to be performed") {
                return Ok(view);
            }
            // An update of ours whose answer was lost is the only one that can go on here.
            if !refused.message.contains("IN_PROGRESS") {
                return Err(refused.error(format!("The stack `{name}` cannot be updated.")));
            }
        }
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::UpdateComplete], "updated")
    }

    async fn update_by_change_set(
        &self,
        change: &Change<'_>,
        view: StackView,
        progress: &Progress,
    ) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let set_name = format!("miyabi-{}", change.token);
        let (body, url) = change.template.parts();
        let created = self
            .clients
            .cloudformation
            .create_change_set()
            .stack_name(&view.id)
            .change_set_name(&set_name)
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
                Refused::new("cloudformation:CreateChangeSet", error).error(format!(
                    "The change of the stack `{name}` cannot be prepared."
                ))
            })?;
        let set = created.id().unwrap_or(&set_name).to_owned();
        let outcome = self.examined(change, &view, &set, progress).await;
        if !matches!(outcome, Ok(true)) {
            // A set that is not executed would stay; that it stays is no reason to fail.
            let _ = self
                .clients
                .cloudformation
                .delete_change_set()
                .stack_name(&view.id)
                .change_set_name(&set)
                .send()
                .await;
        }
        if !outcome? {
            return Ok(view);
        }
        self.fence().await?;
        let since = self.seen.now();
        let executed = self
            .clients
            .cloudformation
            .execute_change_set()
            .stack_name(&view.id)
            .change_set_name(&set)
            .client_request_token(&change.token)
            .retain_except_on_create(true)
            .send()
            .await;
        if let Err(error) = executed {
            let refused = Refused::new("cloudformation:ExecuteChangeSet", error);
            // Executed already: the answer to our own request was lost.
            let lost =
                refused.code == "InvalidChangeSetStatus" || refused.message.contains("IN_PROGRESS");
            if !lost {
                return Err(refused.error(format!("The stack `{name}` cannot be updated.")));
            }
        }
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::UpdateComplete], "updated")
    }

    /// Waits for a change set. False: it changes nothing. An error when CloudFormation would do more
    /// to data than the plan says.
    async fn examined(
        &self,
        change: &Change<'_>,
        view: &StackView,
        set: &str,
        progress: &Progress,
    ) -> Result<bool, Error> {
        let name = &change.plan.name;
        let refused = |refused: Refused| {
            refused.error(format!(
                "The change of the stack `{name}` cannot be examined."
            ))
        };
        let mut pause = std::time::Duration::from_millis(200);
        let mut beyond = Vec::new();
        let mut next = None;
        loop {
            let answer = self
                .clients
                .cloudformation
                .describe_change_set()
                .stack_name(&view.id)
                .change_set_name(set)
                .set_next_token(next.clone())
                .send()
                .await
                .map_err(|error| {
                    refused(Refused::new("cloudformation:DescribeChangeSet", error))
                })?;
            match answer.status() {
                Some(ChangeSetStatus::CreateComplete) => {
                    beyond.extend(beyond_the_plan(change.plan, answer.changes()));
                    warn_of_conditions(change.plan, answer.changes(), progress);
                    next = answer.next_token().map(str::to_owned);
                    if next.is_none() {
                        break;
                    }
                }
                Some(ChangeSetStatus::Failed) => {
                    let reason = answer.status_reason().unwrap_or_default();
                    if changes_nothing(reason) {
                        return Ok(false);
                    }
                    return Err(self.change_refused(name, view, reason).await);
                }
                _ => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(std::time::Duration::from_secs(2));
                }
            }
        }
        if beyond.is_empty() {
            return Ok(true);
        }
        Err(Error::new(
            ErrorKind::ApprovalNeeded,
            format!("CloudFormation would do more to data in `{name}` than the plan says. Nothing was changed in this stack."),
            format!("Look at the change before you go on: `cargo xtask plan --stage {}`", self.stage.name()),
        )
        .because(beyond.join("\n")))
    }

    async fn change_refused(&self, name: &str, view: &StackView, reason: &str) -> Error {
        let details = self.validation_failures(view).await;
        Error::failed(
            format!("CloudFormation refuses the change of the stack `{name}` before it begins. Nothing was changed in this stack."),
            "Mend what is named, then run the same command again.",
        )
        .because(if details.is_empty() { reason.to_owned() } else { format!("{reason}\n{details}") })
    }

    /// What AWS's early validation of the newest change set found.
    async fn validation_failures(&self, view: &StackView) -> String {
        let answer = self
            .clients
            .cloudformation
            .describe_events()
            .stack_name(&view.id)
            .send()
            .await;
        let Ok(answer) = answer else {
            return String::new();
        };
        let lines: Vec<String> = answer
            .operation_events()
            .iter()
            .filter_map(|event| {
                let reason = event.validation_status_reason()?;
                Some(format!(
                    "{}: {reason}",
                    event.logical_resource_id().unwrap_or("the template")
                ))
            })
            .collect();
        lines.join("\n")
    }

    async fn delete(&self, view: &StackView, progress: &Progress) -> Result<(), Error> {
        let name = &view.name;
        let since = self.seen.now();
        self.clients
            .cloudformation
            .delete_stack()
            .stack_name(&view.id)
            .client_request_token(token())
            .send()
            .await
            .map_err(|error| {
                Refused::new("cloudformation:DeleteStack", error)
                    .error(format!("The stack `{name}` cannot be deleted."))
            })?;
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        if phase(&ended.view.status) == Phase::Gone {
            return Ok(());
        }
        Err(Error::failed(
            format!("The stack `{name}` was not deleted completely: {}.", first(&ended)),
            format!("Mend that, then run the same command again; it deletes what is left: `cargo xtask destroy --stage {}`", self.stage.name()),
        )
        .because(causes(&ended)))
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
        let state = match phase(&ended.view.status) {
            Phase::Settled => "It went back to what it was, and that still runs.",
            Phase::NeverGood => "What was begun is removed by the next deploy.",
            Phase::Gone => "Somebody deleted it meanwhile.",
            _ => "It could not go back completely.",
        };
        let (kind, hint) = if phase(&ended.view.status) == Phase::Stuck {
            (
                ErrorKind::Stuck,
                format!("Mend what is named below, then: `cargo xtask rollback --stage {stage}`"),
            )
        } else {
            (
                ErrorKind::Failed,
                format!(
                    "Mend what is named below, then run the same command again: `cargo xtask deploy --stage {stage}`. What was done before stays."
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

    pub(super) fn stage_tag(&self) -> Tag {
        Tag::builder()
            .key(STAGE_TAG)
            .value(self.stage.name())
            .build()
    }

    /// The template where a request can take it.
    pub(super) async fn template_for_request(&self, template: &Value) -> Result<Template, Error> {
        let body = template.to_string();
        if body.len() <= INLINE_TEMPLATE {
            return Ok(Template::Body(body));
        }
        let key = format!("templates/{}.json", hex(&Sha256::digest(body.as_bytes())));
        self.bucket.put(&key, body.into_bytes()).await?;
        Ok(Template::Url(self.bucket.url_of(&key)))
    }
}

/// The error for a stack that no update can help; `reasons` name what is in its way.
pub(super) fn refuse(stage: &str, view: &StackView, reasons: String) -> Error {
    let name = &view.name;
    let (kind, message, hint) = match phase(&view.status) {
        Phase::Stuck => (
            ErrorKind::Stuck,
            format!(
                "The stack `{name}` is stuck half way back from an update that failed ({}). It is not deleted, and nothing else is changed.",
                view.status
            ),
            format!(
                "Mend what is named, then go on going back: `cargo xtask rollback --stage {stage}`; without a resource that cannot go back: `cargo xtask rollback --stage {stage} --skip {name}.RESOURCE`"
            ),
        ),
        Phase::DeleteFailed => (
            ErrorKind::Failed,
            format!(
                "The stack `{name}` is half deleted ({}). It is not created anew: what is left may hold data.",
                view.status
            ),
            format!(
                "Mend what is named and delete the rest: `cargo xtask destroy --stage {stage}`"
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

/// Whether an update may go without a change set: nothing that holds data changes, and nothing is
/// replaced on a condition that only CloudFormation can see.
fn may_be_direct(plan: &StackPlan) -> bool {
    plan.resources.iter().all(|change| match change.action {
        ResourceAction::Add => true,
        ResourceAction::MayReplace => false,
        ResourceAction::Change | ResourceAction::Replace | ResourceAction::Remove => {
            !change.stateful
        }
    })
}

/// What CloudFormation would do to resources that hold data and the plan does not say.
fn beyond_the_plan(
    plan: &StackPlan,
    changes: &[aws_sdk_cloudformation::types::Change],
) -> Vec<String> {
    let mut beyond = Vec::new();
    for change in changes.iter().filter_map(|change| change.resource_change()) {
        let id = change.logical_resource_id().unwrap_or_default();
        let kind = change.resource_type().unwrap_or_default();
        if !crate::plan::is_stateful(kind) {
            continue;
        }
        let what = match (change.action(), change.replacement()) {
            (Some(ChangeAction::Remove), _) => "removed",
            (_, Some(Replacement::True)) => "replaced",
            _ => continue,
        };
        let planned = plan
            .resources
            .iter()
            .find(|planned| planned.logical_id == id)
            .map(|planned| planned.action);
        let said = matches!(
            planned,
            Some(ResourceAction::Remove | ResourceAction::Replace | ResourceAction::MayReplace)
        );
        if !said {
            beyond.push(format!("{id} ({kind}) would be {what}"));
        }
    }
    beyond
}

/// Tells of data that CloudFormation replaces only if something holds that it cannot tell before.
/// What is replaced then is kept or snapshotted: the templates' own rules demand it.
fn warn_of_conditions(
    plan: &StackPlan,
    changes: &[aws_sdk_cloudformation::types::Change],
    progress: &Progress,
) {
    for change in changes.iter().filter_map(|change| change.resource_change()) {
        let kind = change.resource_type().unwrap_or_default();
        if change.replacement() == Some(&Replacement::Conditional) && crate::plan::is_stateful(kind)
        {
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

/// The first cause in a few words.
fn first(ended: &Ended) -> String {
    match ended.failures.first() {
        Some(failure) => format!("{} ({}) failed", failure.logical_id, failure.resource_type),
        None => format!("it ended as {}", ended.view.status),
    }
}

/// Everything that failed, the first first, in full.
fn causes(ended: &Ended) -> String {
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

/// A name for a request that no other has: the same request sent twice is then known as one.
pub(super) fn token() -> String {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("{nanos:x}-{:x}-{:x}", std::process::id(), next())
}

fn next() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
