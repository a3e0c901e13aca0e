//! Stacks as CloudFormation has them: what each is called, how it is, and what is in it. Reads only.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{Stack, StackStatus, TemplateStage};
use serde_json::{Value, json};

use super::{Aws, refused::Refused};
use crate::{Error, state::DeployedStack};

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
    /// CloudFormation's words about the status; empty when it has none.
    pub(super) reason: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) outputs: BTreeMap<String, String>,
}

/// What a status means for what can be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Deployed; can be updated.
    Settled,
    /// Its first creation failed or never began: nothing of it was ever in use.
    NeverGood,
    /// An operation goes on.
    Busy,
    /// Going back failed: only going on going back, with or without the resource in the way, helps.
    Stuck,
    /// A part of it could not be deleted.
    DeleteFailed,
    /// It is gone.
    Gone,
}

/// What the status means.
pub(super) fn phase(status: &StackStatus) -> Phase {
    match status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => Phase::Settled,
        // UPDATE_FAILED without a rollback cannot come of what this deployer asks for, but of what
        // somebody else did; it can be updated again.
        StackStatus::UpdateFailed => Phase::Settled,
        StackStatus::ReviewInProgress
        | StackStatus::RollbackComplete
        | StackStatus::RollbackFailed
        | StackStatus::CreateFailed => Phase::NeverGood,
        StackStatus::UpdateRollbackFailed | StackStatus::ImportRollbackFailed => Phase::Stuck,
        StackStatus::DeleteFailed => Phase::DeleteFailed,
        StackStatus::DeleteComplete => Phase::Gone,
        other if other.as_str().ends_with("_IN_PROGRESS") => Phase::Busy,
        _ => Phase::Settled,
    }
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
                    self.unreadable(Refused::new("cloudformation:DescribeStacks", error))
                })?;
            for stack in page.stacks() {
                if let Some(view) = self.of_this_stage(stack)
                    && phase(&view.status) != Phase::Gone
                    && view.name != BOOTSTRAP
                {
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
    ) -> Result<Option<StackView>, Refused> {
        let asked = id.map_or_else(|| self.stack_name(name), str::to_owned);
        let answer = self
            .clients
            .cloudformation
            .describe_stacks()
            .stack_name(asked)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.stacks().first().map(|stack| view(name, stack))),
            Err(error) => {
                let refused = Refused::new("cloudformation:DescribeStacks", error);
                if refused.code == "ValidationError" && refused.is_missing() {
                    Ok(None)
                } else {
                    Err(refused)
                }
            }
        }
    }

    /// The template that a stack was last updated with.
    pub(super) async fn template(&self, name: &str) -> Result<Value, Error> {
        let answer = self
            .clients
            .cloudformation
            .get_template()
            .stack_name(self.stack_name(name))
            .template_stage(TemplateStage::Original)
            .send()
            .await
            .map_err(|error| self.unreadable(Refused::new("cloudformation:GetTemplate", error)))?;
        let body = answer.template_body().unwrap_or("{}");
        // What somebody deployed by hand may be YAML: it differs from ours in any case.
        Ok(serde_json::from_str(body).unwrap_or_else(|_| json!({})))
    }

    /// As the plan compares it. What never was good counts as an empty template: each of its
    /// resources will be added.
    pub(super) async fn deployed_stack(&self, view: &StackView) -> Result<DeployedStack, Error> {
        let (template, complete) = match phase(&view.status) {
            Phase::NeverGood | Phase::Gone => (json!({}), false),
            Phase::Settled => (
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

    /// The stack when it has the stage's prefix and, unless it is only a stub, its tag.
    fn of_this_stage(&self, stack: &Stack) -> Option<StackView> {
        let name = stack.stack_name()?.strip_prefix(&self.stack_prefix())?;
        let tag = stack.tags().iter().find(|tag| tag.key() == Some(STAGE_TAG));
        // A stage `dev` must not take `miyabi-dev-2-api` of a stage `dev-2` for its own.
        let ours =
            tag.is_none_or(|tag| tag.value() == Some(self.stage.name())) && !name.contains('-');
        ours.then(|| view(name, stack))
    }

    fn unreadable(&self, refused: Refused) -> Error {
        refused.error(format!(
            "What is deployed of `{}` cannot be read.",
            self.stage.name()
        ))
    }
}

fn view(name: &str, stack: &Stack) -> StackView {
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
    StackView {
        name: name.to_owned(),
        id: stack.stack_id().unwrap_or_default().to_owned(),
        status: stack
            .stack_status()
            .cloned()
            .unwrap_or(StackStatus::CreateComplete),
        reason: stack.stack_status_reason().unwrap_or_default().to_owned(),
        parameters: parameters.collect(),
        outputs: outputs.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_cloudformation_has_a_meaning() {
        use Phase::*;
        let expected = [
            ("CREATE_COMPLETE", Settled),
            ("CREATE_FAILED", NeverGood),
            ("CREATE_IN_PROGRESS", Busy),
            ("DELETE_COMPLETE", Gone),
            ("DELETE_FAILED", DeleteFailed),
            ("DELETE_IN_PROGRESS", Busy),
            ("IMPORT_ROLLBACK_FAILED", Stuck),
            ("REVIEW_IN_PROGRESS", NeverGood),
            ("ROLLBACK_COMPLETE", NeverGood),
            ("ROLLBACK_FAILED", NeverGood),
            ("ROLLBACK_IN_PROGRESS", Busy),
            ("UPDATE_COMPLETE", Settled),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Busy),
            ("UPDATE_ROLLBACK_COMPLETE", Settled),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Busy),
            ("UPDATE_ROLLBACK_FAILED", Stuck),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Busy),
        ];
        for (status, meaning) in expected {
            assert_eq!(phase(&StackStatus::from(status)), meaning, "{status}");
        }
    }
}
