//! A stack that was never created successfully and holds a protected database: CloudFormation can
//! neither roll it back nor delete it, since RDS refuses to delete the instance.
//!
//! The plan says that the instance is removed, as any other loss of data, so nothing happens before
//! the name of the stage was typed. A stack that ever succeeded is not touched here: its instance may
//! hold what people wrote.

use super::{
    Aws,
    databases::{INSTANCE, ProtectedDatabase},
    stack::{Phase, StackView},
};
use crate::{
    Error, ErrorKind,
    plan::{
        Plan, ResourceAction, ResourceChange, Retention, Risk, RiskKind, StackAction, StackPlan,
    },
    progress::Progress,
};

impl Aws {
    /// Adds to the plan what applying it removes of failed creations, as risks of their own.
    pub(super) async fn plan_clean_ups(&self, plan: &mut Plan) -> Result<(), Error> {
        let acts = |stack: &StackPlan| stack.action == StackAction::Update;
        if !plan.stacks.iter().any(acts) {
            return Ok(());
        }
        let views = self.stacks().await?;
        for stack in plan.stacks.iter_mut().filter(|stack| acts(stack)) {
            let view = views.get(&stack.name);
            let Some(view) = view.filter(|view| view.phase == Phase::NeverCreated) else {
                continue;
            };
            for database in self.protected_databases(view).await? {
                plan.risks.insert(0, risk(stack, view, &database));
                let removal = removal(stack, database);
                stack.resources.push(removal);
            }
        }
        Ok(())
    }

    /// Removes what a failed creation left, so that the stack can be created again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ApprovalNeeded`] when a protected database is in it and the plan does not remove
    /// it; nothing was changed then.
    pub(super) async fn clean_up(
        &self,
        plan: &StackPlan,
        view: &StackView,
        progress: &Progress,
    ) -> Result<(), Error> {
        let protected = self.protected_databases(view).await?;
        if let Some(database) = protected
            .iter()
            .find(|database| !is_removed(plan, database))
        {
            return Err(self.not_approved(view, database));
        }
        progress.warn(format!(
            "The stack `{}` was never created successfully ({}); its remains are deleted first.",
            view.name, view.status
        ));
        for database in &protected {
            self.unprotect_database(&database.instance).await?;
        }
        self.fence().await?;
        self.delete(view, progress).await
    }

    fn not_approved(&self, view: &StackView, database: &ProtectedDatabase) -> Error {
        let stage = self.stage.name();
        Error::new(
            ErrorKind::ApprovalNeeded,
            format!(
                "The stack `{}` was never created successfully ({}) and holds the protected database `{}`, which the plan does not remove. Nothing was changed.",
                view.name, view.status, database.instance
            ),
            format!(
                "`cargo xtask deploy --stage {stage}` plans its removal and asks for the name of the stage; without a terminal: `cargo xtask deploy --stage {stage} --yes --confirm {stage}`"
            ),
        )
    }
}

fn is_removed(plan: &StackPlan, database: &ProtectedDatabase) -> bool {
    let is_it = |change: &&ResourceChange| change.logical_id == database.logical_id;
    plan.resources
        .iter()
        .filter(is_it)
        .any(|change| change.action == ResourceAction::Remove)
}

fn removal(stack: &StackPlan, database: ProtectedDatabase) -> ResourceChange {
    let resource = &stack.template["Resources"][&database.logical_id];
    let retention = match resource["DeletionPolicy"].as_str() {
        Some("Snapshot") => Retention::Snapshot,
        _ => Retention::Nothing,
    };
    ResourceChange {
        logical_id: database.logical_id,
        resource_type: INSTANCE.to_owned(),
        action: ResourceAction::Remove,
        causes: Vec::new(),
        stateful: true,
        retention: Some(retention),
    }
}

fn risk(stack: &StackPlan, view: &StackView, database: &ProtectedDatabase) -> Risk {
    Risk {
        kind: RiskKind::DataLoss,
        stack: stack.name.clone(),
        logical_id: database.logical_id.clone(),
        detail: format!(
            "the stack was never created successfully ({}): its deletion protection is turned off, and the instance `{}` is deleted before the stack is created again",
            view.status, database.instance
        ),
    }
}
