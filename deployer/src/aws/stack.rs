//! Stacks as CloudFormation has them: what each is called, how it is, and what is in it. Reads only.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{Stack, StackStatus, TemplateStage};
use serde_json::{Value, json};

use super::{Aws, aws_error::AwsError};
use crate::{Error, state::DeployedStack, template};

/// Short name of the stack that the others need: the asset bucket, and the role of workflows.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// The tag by which a stack of a stage is known, whatever its name begins with.
pub(super) const STAGE_TAG: &str = "miyabi:stage";

/// A stack of the stage.
#[derive(Debug, Clone)]
pub(super) struct StackView {
    /// Short name: `api`.
    pub(super) name: String,
    /// Its ARN, which still finds it after it was deleted.
    pub(super) id: String,
    pub(super) status: StackStatus,
    /// What that means.
    pub(super) phase: Phase,
    /// Whether CloudFormation refuses to delete it (termination protection).
    pub(super) is_protected: bool,
    /// CloudFormation's words about the status; empty when it has none.
    pub(super) reason: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) outputs: BTreeMap<String, String>,
}

/// What a status means for what can be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Deployed; can be updated.
    Stable,
    /// Its first creation failed or never began: nothing of it was ever in use.
    NeverCreated,
    /// An operation is in progress.
    Busy,
    /// Its rollback failed. Only ContinueUpdateRollback, optionally skipping the blocking resource,
    /// recovers it.
    Stuck,
    /// A part of it could not be deleted.
    DeleteFailed,
    /// It is deleted.
    Gone,
}

/// What the status means; `None` for one that this deployer does not know, which is an error
/// wherever a stack is read: nobody can say what may be done to such a stack.
///
/// The statuses are those of
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html>.
pub(super) fn phase(status: &StackStatus) -> Option<Phase> {
    Some(match status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete
        // UPDATE_FAILED without a rollback never results from what this deployer asks for, but from
        // what somebody else did; it can be updated again.
        | StackStatus::UpdateFailed => Phase::Stable,
        StackStatus::ReviewInProgress
        | StackStatus::RollbackComplete
        | StackStatus::RollbackFailed
        | StackStatus::CreateFailed => Phase::NeverCreated,
        StackStatus::UpdateRollbackFailed | StackStatus::ImportRollbackFailed => Phase::Stuck,
        StackStatus::DeleteFailed => Phase::DeleteFailed,
        StackStatus::DeleteComplete => Phase::Gone,
        StackStatus::CreateInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress => Phase::Busy,
        _ => return None,
    })
}

impl Aws {
    /// CloudFormation's name of a stack: `miyabi-dev-api`.
    pub(super) fn stack_name(&self, short: &str) -> String {
        format!("{}{short}", self.stack_prefix())
    }

    fn stack_prefix(&self) -> String {
        format!("miyabi-{}-", self.stage.name())
    }

    /// All stacks of the stage that are there, by short name: one call for every hundred stacks of
    /// the account. The stack of `bootstrap` is none of them.
    pub(super) async fn stacks(&self) -> Result<BTreeMap<String, StackView>, Error> {
        let mut found = BTreeMap::new();
        let mut token = None;
        loop {
            let page = self
                .clients
                .cloudformation
                .describe_stacks()
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| {
                    self.unreadable(AwsError::new("cloudformation:DescribeStacks", error))
                })?;
            for stack in page.stacks() {
                let Some(name) = self.of_this_stage(stack) else {
                    continue;
                };
                let mut view = view(name, stack).map_err(|refused| self.unreadable(refused))?;
                if view.phase == Phase::DeleteFailed && self.was_never_created(&view).await? {
                    view.phase = Phase::NeverCreated;
                }
                if view.phase != Phase::Gone && view.name != BOOTSTRAP {
                    found.insert(view.name.clone(), view);
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// One stack, by its short name or ARN.
    pub(super) async fn stack(
        &self,
        name: &str,
        id: Option<&str>,
    ) -> Result<Option<StackView>, AwsError> {
        let asked = id.map_or_else(|| self.stack_name(name), str::to_owned);
        let answer = self
            .clients
            .cloudformation
            .describe_stacks()
            .stack_name(asked)
            .send()
            .await;
        match answer {
            Ok(answer) => answer
                .stacks()
                .first()
                .map(|stack| view(name, stack))
                .transpose(),
            Err(error) => {
                let refused = AwsError::new("cloudformation:DescribeStacks", error);
                if refused.code == "ValidationError" && refused.is_missing() {
                    Ok(None)
                } else {
                    Err(refused)
                }
            }
        }
    }

    /// The template that a stack was last updated with, in the long form, whoever wrote it. One with
    /// a transform is read as CloudFormation processed it, which has the real resources.
    pub(super) async fn template(&self, name: &str) -> Result<Value, Error> {
        let original = self.template_at(name, TemplateStage::Original).await?;
        match original.get("Transform").cloned() {
            None => Ok(original),
            Some(transform) => {
                let mut processed = self.template_at(name, TemplateStage::Processed).await?;
                processed["Transform"] = transform;
                Ok(processed)
            }
        }
    }

    async fn template_at(&self, name: &str, stage: TemplateStage) -> Result<Value, Error> {
        let stack = self.stack_name(name);
        let response = self
            .clients
            .cloudformation
            .get_template()
            .stack_name(&stack)
            .template_stage(stage)
            .send()
            .await
            .map_err(|error| self.unreadable(AwsError::new("cloudformation:GetTemplate", error)))?;
        let body = response.template_body().unwrap_or_default();
        template::read(body.as_bytes()).map_err(|error| {
            Error::failed(
                format!("The deployed template of the stack `{name}` cannot be read. Nothing was changed."),
                format!("See it with `aws cloudformation get-template --stack-name {stack}`; a template that CloudFormation accepts and this version cannot read is a fault of Miyabi's: please report it."),
            )
            .because(error)
        })
    }

    /// As the plan compares it. What never was good counts as an empty template: each of its
    /// resources will be added.
    pub(super) async fn deployed_stack(&self, view: &StackView) -> Result<DeployedStack, Error> {
        let (template, complete) = match view.phase {
            Phase::NeverCreated | Phase::Gone => (json!({}), false),
            Phase::Stable => (
                self.template(&view.name).await?,
                view.status != StackStatus::UpdateFailed,
            ),
            Phase::Busy | Phase::Stuck | Phase::DeleteFailed => {
                (self.template(&view.name).await?, false)
            }
        };
        Ok(DeployedStack {
            template,
            parameters: view.parameters.clone(),
            outputs: view.outputs.clone(),
            complete,
        })
    }

    /// Its short name when it has the stage's prefix and, unless it is only a stub, its tag.
    fn of_this_stage<'a>(&self, stack: &'a Stack) -> Option<&'a str> {
        let name = stack.stack_name()?.strip_prefix(&self.stack_prefix())?;
        let tag = stack.tags().iter().find(|tag| tag.key() == Some(STAGE_TAG));
        // A stage `dev` must not take `miyabi-dev-2-api` of a stage `dev-2` for its own.
        let ours =
            tag.is_none_or(|tag| tag.value() == Some(self.stage.name())) && !name.contains('-');
        ours.then_some(name)
    }

    fn unreadable(&self, refused: AwsError) -> Error {
        refused.error(format!(
            "The deployed template of `{}` cannot be read.",
            self.stage.name()
        ))
    }
}

fn view(name: &str, stack: &Stack) -> Result<StackView, AwsError> {
    let status = stack.stack_status();
    let Some((status, phase)) = status.and_then(|status| Some((status, phase(status)?))) else {
        return Err(AwsError::unknown_status(
            stack.stack_name().unwrap_or(name),
            status.map_or("none", StackStatus::as_str),
        ));
    };
    let parameters = stack.parameters().iter().filter_map(|parameter| {
        Some((
            parameter.parameter_key()?.to_owned(),
            parameter.parameter_value()?.to_owned(),
        ))
    });
    let outputs = stack.outputs().iter().filter_map(|output| {
        Some((
            output.output_key()?.to_owned(),
            output.output_value()?.to_owned(),
        ))
    });
    Ok(StackView {
        name: name.to_owned(),
        id: stack.stack_id().unwrap_or_default().to_owned(),
        status: status.clone(),
        phase,
        is_protected: stack.enable_termination_protection().unwrap_or_default(),
        reason: stack.stack_status_reason().unwrap_or_default().to_owned(),
        parameters: parameters.collect(),
        outputs: outputs.collect(),
    })
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
