//! A plan applies to the stage that it was made from, and to nothing else.

use super::Deployment;
use crate::{
    Error, ErrorKind,
    migrations::Migration,
    plan::{self, DesiredStack, DesiredState, Plan, ResourceAction, StackAction},
    state::Deployed,
};

impl Deployment<'_> {
    /// Refuses a plan before anything is changed: one of another stage, one that the stage has moved
    /// away from, one that hides a risk, and one whose source the stage does not take.
    pub(super) async fn assert_fresh(&self, plan: &Plan) -> Result<(), Error> {
        let id = self.target.id();
        match &plan.made_from.stage {
            Some(made_for) if *made_for == id => (),
            Some(made_for) => {
                return Err(Error::usage(
                    format!(
                        "The plan is for the stage `{}` at {made_for}, and this is `{}` at {id}. Nothing was changed.",
                        made_for.stage, id.stage
                    ),
                    format!("`cargo xtask deploy --stage {}`", made_for.stage),
                ));
            }
            None => {
                return Err(Error::usage(
                    "A plan that was made offline cannot be applied. Nothing was changed.",
                    format!("`cargo xtask deploy --stage {}`", id.stage),
                ));
            }
        }
        if plan.is_empty() {
            return Ok(());
        }
        if let Some(source) = &plan.made_from.source {
            source.assert_may_go_to(self.stage)?;
        }
        let deployed = self.assert_unchanged(plan).await?;
        assert_names_its_risks(plan, &deployed)
    }

    /// Refuses a plan when the stage has changed since it was made; returns what is deployed.
    pub(super) async fn assert_unchanged(&self, plan: &Plan) -> Result<Deployed, Error> {
        let deployed = self.target.deployed().await?;
        let parts = plan.made_from.changed_parts(&deployed);
        if parts.is_empty() {
            return Ok(deployed);
        }
        let stage = &plan.stage;
        Err(Error::failed(
            format!(
                "The stage `{stage}` has changed since the plan was made: {}. Nothing was changed.",
                parts.join(", ")
            ),
            format!("Make a new plan: `cargo xtask plan --stage {stage}`"),
        ))
    }
}

/// Plans the same templates once more: whatever that finds at risk must be in the plan, which may
/// have been written by anybody. What only may be replaced is left to the target's own prediction.
fn assert_names_its_risks(plan: &Plan, deployed: &Deployed) -> Result<(), Error> {
    let kept = plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::Delete);
    let desired = DesiredState {
        stage: plan.stage.clone(),
        stacks: kept
            .map(|stack| DesiredStack {
                name: stack.name.clone(),
                template: stack.template.clone(),
                parameters: stack.parameters.clone(),
            })
            .collect(),
        assets: Vec::new(),
        migrations: recorded(deployed),
        site: Vec::new(),
    };
    let again = plan::make(desired, deployed)?;
    let touched = |name: &str| {
        let stack = plan.stacks.iter().find(|stack| stack.name == name);
        stack.is_some_and(|stack| stack.action != StackAction::None)
    };
    let certain = |name: &str, id: &str| {
        let stack = again.stacks.iter().find(|stack| stack.name == name);
        let change = stack.and_then(|stack| {
            stack
                .resources
                .iter()
                .find(|change| change.logical_id == id)
        });
        change.is_none_or(|change| change.action != ResourceAction::MayReplace)
    };
    let named = |risk: &plan::Risk| {
        plan.risks.iter().any(|known| {
            known.kind == risk.kind
                && known.stack == risk.stack
                && known.logical_id == risk.logical_id
        })
    };
    let hidden: Vec<String> = again
        .risks
        .iter()
        .filter(|risk| touched(&risk.stack) && certain(&risk.stack, &risk.logical_id))
        .filter(|risk| !named(risk))
        .map(|risk| format!("{}: {}", risk.place(), risk.detail))
        .collect();
    if hidden.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::ApprovalNeeded,
        "The plan contains a risk that it does not name, so it cannot have been approved. Nothing was changed.",
        format!("Make a new plan: `cargo xtask plan --stage {}`", plan.stage),
    )
    .because(hidden.join("\n")))
}

/// The applied migrations as files that did not change.
fn recorded(deployed: &Deployed) -> Vec<Migration> {
    let applied = deployed.migrations.iter();
    applied
        .map(|(version, sha256)| Migration {
            version: *version,
            description: String::new(),
            sha256: sha256.clone(),
        })
        .collect()
}
