//! What CloudFormation itself says about a plan: a change set for each stack that is updated, all made
//! at the same time and removed again, nothing of them executed.
//!
//! Their names are unique, so two who plan at once are not in each other's way. That a stack cannot be
//! previewed is told, and the plan by templates stands.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use aws_sdk_cloudformation::types::{
    Change as SetChange, ChangeAction, Parameter as StackParameter, PolicyAction, Replacement,
    RequiresRecreation, ResourceAttribute, ResourceChange as SetResource,
};
use futures_util::future::join_all;

use super::{
    Aws,
    change::{Change, token},
    stack::{Phase, StackView},
};
use crate::{
    Error,
    plan::{Parameter, Plan, PredictedChange, ResourceAction, Retention, StackAction, StackPlan},
    progress::Progress,
    state::Deployed,
    target::Preview,
};

#[async_trait(?Send)]
impl Preview for Aws {
    async fn preview_changes(
        &self,
        mut plan: Plan,
        which: for<'p> fn(&'p StackPlan) -> bool,
        progress: &Progress,
    ) -> Result<(Plan, Vec<String>), Error> {
        self.plan_clean_ups(&mut plan).await?;
        let updated = |stack: &&StackPlan| stack.action == StackAction::Update && which(stack);
        if !plan.stacks.iter().any(|stack| updated(&stack)) {
            return Ok((plan, Vec::new()));
        }
        let deployed = self.known().await?.deployed;
        let there = self.stacks().await?;
        let step = progress.step("preview", "Asking CloudFormation about the changes");
        let ready = plan.stacks.iter().filter(updated).filter_map(|stack| {
            let view = there.get(&stack.name)?;
            // What is not settled is dealt with by the deploy; its change set would be refused.
            (view.phase == Phase::Stable).then_some((stack, view))
        });
        let asked = ready.map(|(stack, view)| async {
            self.remove_left_over(view).await;
            let answer = self.ask(stack, view, &deployed).await;
            (stack.name.clone(), answer)
        });
        let answers = join_all(asked).await;
        let mut previewed = Vec::new();
        for (name, answer) in answers {
            match answer {
                Ok(Some(answer)) => {
                    plan.refine(&name, &answer.said, answer.certain);
                    previewed.push(name);
                }
                Ok(None) => progress.warn(format!(
                    "The change of `{name}` cannot be previewed before the stacks that it takes values from exist."
                )),
                Err(Asking::AwsError(error)) => return Err(error),
                Err(Asking::Unable(error)) => progress.warn(format!(
                    "{} The plan of `{name}` is by its templates alone: {}",
                    error.message(),
                    error.causes().join("; ")
                )),
            }
        }
        step.done(previewed.join(", "));
        Ok((plan, previewed))
    }
}

/// What the name of a change set of a plan begins with. What follows begins with the time, in
/// nanoseconds since 1970 and in hex.
const PLAN_PREFIX: &str = "miyabi-plan-";

/// From when on a change set of a plan is left over: no preview takes as long.
const LEFT_OVER: Duration = Duration::from_secs(15 * 60);

/// Whether a change set of that name was left behind by a plan that was interrupted.
fn is_left_over(name: &str, now: SystemTime) -> bool {
    let made = name
        .strip_prefix(PLAN_PREFIX)
        .and_then(|token| token.split('-').next())
        .and_then(|nanos| u64::from_str_radix(nanos, 16).ok())
        .map(|nanos| UNIX_EPOCH + Duration::from_nanos(nanos));
    made.is_some_and(|made| now.duration_since(made).is_ok_and(|age| age > LEFT_OVER))
}

impl Aws {
    /// Deletes the change sets of plans that were interrupted. One that stays is no reason to fail.
    async fn remove_left_over(&self, view: &StackView) {
        let now = SystemTime::now();
        let mut pages = self
            .clients
            .cloudformation
            .list_change_sets()
            .stack_name(&view.id)
            .into_paginator()
            .items()
            .send();
        while let Some(Ok(set)) = pages.next().await {
            let name = set.change_set_name().unwrap_or_default();
            if is_left_over(name, now) {
                self.remove_change_set(view, name).await;
            }
        }
    }

    /// What CloudFormation would do to one stack; `None`: a parameter has no value yet.
    async fn ask(
        &self,
        stack: &StackPlan,
        view: &StackView,
        deployed: &Deployed,
    ) -> Result<Option<Answer>, Asking> {
        let Some(values) = values(stack, deployed) else {
            return Ok(None);
        };
        let parameters = values.iter().map(|(name, value)| {
            let parameter = StackParameter::builder();
            parameter.parameter_key(name).parameter_value(value).build()
        });
        let token = token();
        let change = Change {
            plan: stack,
            template: self
                .template_for_request(&stack.template)
                .await
                .map_err(Asking::Unable)?,
            parameters: parameters.collect(),
            token: token.clone(),
        };
        let set = self
            .make_change_set(&change, view, &format!("{PLAN_PREFIX}{token}"))
            .await
            .map_err(Asking::Unable)?;
        let said = self.preview_by_change_set(&stack.name, view, &set).await;
        self.remove_change_set(view, &set).await;
        let changes = said.map_err(Asking::AwsError)?.unwrap_or_default();
        let unknown = stack
            .parameter_changes
            .iter()
            .any(|change| change.to.is_none());
        Ok(Some(Answer {
            said: changes.iter().filter_map(predicted_change).collect(),
            certain: !unknown,
        }))
    }
}

/// What CloudFormation would do.
struct Answer {
    said: Vec<PredictedChange>,
    /// False: some parameters will have other values than it was asked with.
    certain: bool,
}

/// Why there is no answer.
enum Asking {
    /// CloudFormation refuses the change itself.
    AwsError(Error),
    /// It could not be asked.
    Unable(Error),
}

/// The values of a stack's parameters as far as they are known now: an output that may change has
/// the value that is deployed. `None`: one has none.
fn values(stack: &StackPlan, deployed: &Deployed) -> Option<BTreeMap<String, String>> {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Value(value) => Some(value.clone()),
        Parameter::Output { stack, output } => {
            deployed.stacks.get(stack)?.outputs.get(output).cloned()
        }
    };
    stack
        .parameters
        .iter()
        .map(|(name, parameter)| Some((name.clone(), value(parameter)?)))
        .collect()
}

fn predicted_change(change: &SetChange) -> Option<PredictedChange> {
    let change = change.resource_change()?;
    let action = match (change.action()?, change.replacement()) {
        (ChangeAction::Add, _) => ResourceAction::Add,
        (ChangeAction::Remove, _) => ResourceAction::Remove,
        (ChangeAction::Modify, Some(Replacement::True)) => ResourceAction::Replace,
        (ChangeAction::Modify, Some(Replacement::Conditional)) => ResourceAction::MayReplace,
        (ChangeAction::Modify, _) => ResourceAction::Change,
        _ => return None,
    };
    Some(PredictedChange {
        logical_id: change.logical_resource_id()?.to_owned(),
        resource_type: change.resource_type()?.to_owned(),
        action,
        replacing: replacing(change),
        retention: change.policy_action().map(retention),
    })
}

/// What happens to the existing resource, by the policy that CloudFormation will apply.
fn retention(policy: &PolicyAction) -> Retention {
    match policy {
        PolicyAction::Retain | PolicyAction::ReplaceAndRetain => Retention::Retained,
        PolicyAction::Snapshot | PolicyAction::ReplaceAndSnapshot => Retention::Snapshot,
        _ => Retention::Nothing,
    }
}

/// The properties whose change replaces the resource.
fn replacing(change: &SetResource) -> Vec<String> {
    let targets = change.details().iter().filter_map(|detail| detail.target());
    let mut properties: Vec<String> = targets
        .filter(|target| target.requires_recreation() == Some(&RequiresRecreation::Always))
        .filter(|target| target.attribute() == Some(&ResourceAttribute::Properties))
        .filter_map(|target| Some(format!("Properties.{}", target.name()?)))
        .collect();
    properties.sort_unstable();
    properties.dedup();
    properties
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::change::token;

    #[test]
    fn a_change_set_of_an_interrupted_plan_is_known_by_its_name() {
        let now = SystemTime::now();
        let name = format!("{PLAN_PREFIX}{}", token());
        let later = now + LEFT_OVER + Duration::from_secs(60);
        assert!(!is_left_over(&name, now) && is_left_over(&name, later));
        for other in [
            "miyabi-1-2-3",
            "miyabi-plan-",
            "by-hand",
            "miyabi-plan-by-hand",
        ] {
            assert!(!is_left_over(other, later), "{other}");
        }
    }
}
