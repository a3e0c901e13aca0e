//! Making a plan: what was synthesized against what is deployed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    MadeFrom, MigrationPlan, Parameter, Plan, ResourceAction, SitePlan, StackAction, StackPlan,
    alias_reset::alias_resets,
    deleted_out_of_band::deleted_out_of_band,
    desired::{DesiredStack, DesiredState},
    diff::{diff, holds_function},
    impossible,
    order::{deletion_order, in_order, sources},
    parameter_changes::parameter_changes,
    risk::{risks, risks_of_new},
    rules::Schemas,
    sections::section_changes,
    site,
};
use crate::{
    Error,
    migrations::{self, Migration},
    state::{Deployed, DeployedStack},
};

/// Compares what is wished with what is deployed. Pure: the same input gives the same plan.
pub(crate) fn make(
    desired: DesiredState,
    deployed: &Deployed,
    schemas: &dyn Schemas,
) -> Result<Plan, Error> {
    migrations::assert_applicable(&desired.migrations, &deployed.migrations)?;
    let mut stacks: Vec<StackPlan> = Vec::new();
    let mut all_risks = Vec::new();
    for wanted in in_order(desired.stacks)? {
        let before = deployed.stacks.get(&wanted.name);
        let stack = compare(wanted, before, deployed, &stacks, schemas);
        all_risks.extend(match before {
            Some(before) => risks(
                &stack.name,
                &before.template,
                &stack.template,
                &stack.resources,
            ),
            None => risks_of_new(&stack.name, &stack.template),
        });
        stacks.push(stack);
    }
    impossible::refuse(&stacks, schemas)?;
    let kept: BTreeSet<String> = stacks.iter().map(|stack| stack.name.clone()).collect();
    let gone = deployed
        .stacks
        .keys()
        .filter(|name| !kept.contains(*name))
        .cloned()
        .collect();
    let removals = removals(deployed, &gone, schemas);
    for stack in &removals {
        all_risks.extend(risks(
            &stack.name,
            &stack.template,
            &Value::Null,
            &stack.resources,
        ));
    }
    all_risks.extend(deleted_out_of_band(&stacks, deployed));
    all_risks.sort_by_key(|risk| risk.kind);
    let alias_resets = alias_resets(&deployed.rollout.alias_overrides, &stacks);
    let migrations = plan_migrations(desired.migrations, deployed, &stacks);
    let site = site::plan(&desired.site, &desired.stage, deployed, &stacks);
    stacks.extend(removals);
    Ok(Plan {
        stage: desired.stage,
        made_from: MadeFrom::deployed(deployed),
        stacks,
        assets: desired.assets,
        alias_resets,
        migrations,
        site,
        risks: all_risks,
        cost: None,
    })
}

/// A plan that deletes everything that is deployed.
pub(crate) fn make_removal(stage: &str, deployed: &Deployed, schemas: &dyn Schemas) -> Plan {
    let all = deployed.stacks.keys().cloned().collect();
    let stacks = removals(deployed, &all, schemas);
    let mut all_risks: Vec<_> = stacks
        .iter()
        .flat_map(|stack| risks(&stack.name, &stack.template, &Value::Null, &stack.resources))
        .collect();
    all_risks.sort_by_key(|risk| risk.kind);
    Plan {
        stage: stage.to_owned(),
        made_from: MadeFrom::deployed(deployed),
        stacks,
        assets: Vec::new(),
        alias_resets: Vec::new(),
        migrations: MigrationPlan::default(),
        site: SitePlan::default(),
        risks: all_risks,
        cost: None,
    }
}

fn compare(
    wanted: DesiredStack,
    before: Option<&DeployedStack>,
    deployed: &Deployed,
    planned: &[StackPlan],
    schemas: &dyn Schemas,
) -> StackPlan {
    let after = sources(&wanted);
    let parameters = parameter_changes(&wanted, before, deployed, planned);
    let nothing = json!({});
    let resources = diff(
        before.map_or(&nothing, |before| &before.template),
        &wanted.template,
        &parameters,
        schemas,
    );
    let section_changes = match before {
        // Everything of a new stack is new.
        None => Vec::new(),
        Some(before) => section_changes(&before.template, &wanted.template),
    };
    let changes = !resources.is_empty() || !section_changes.is_empty() || !parameters.is_empty();
    let incomplete = before.is_some_and(|before| !before.complete);
    let action = match before {
        None => StackAction::Create,
        Some(_) if changes || incomplete => StackAction::Update,
        Some(_) => StackAction::None,
    };
    StackPlan {
        name: wanted.name,
        action,
        after,
        template: wanted.template,
        parameters: wanted.parameters,
        parameter_changes: parameters.into_values().collect(),
        section_changes,
        incomplete,
        resources,
    }
}

/// Stacks to delete, in an order in which they can be.
fn removals(
    deployed: &Deployed,
    which: &BTreeSet<String>,
    schemas: &dyn Schemas,
) -> Vec<StackPlan> {
    deletion_order(deployed, which)
        .into_iter()
        .map(|removal| {
            let before = &deployed.stacks[&removal.name];
            let mut resources = diff(&before.template, &json!({}), &BTreeMap::new(), schemas);
            resources.reverse();
            StackPlan {
                name: removal.name,
                action: StackAction::Delete,
                after: removal.after,
                template: before.template.clone(),
                parameters: before
                    .parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), Parameter::Value(value.clone())))
                    .collect(),
                parameter_changes: Vec::new(),
                section_changes: Vec::new(),
                incomplete: false,
                resources,
            }
        })
        .collect()
}

/// What happens to the schema. `migrate` runs when something is pending, and whenever the database
/// behind it, in whichever stack that is, may be another one.
fn plan_migrations(
    files: Vec<Migration>,
    deployed: &Deployed,
    stacks: &[StackPlan],
) -> MigrationPlan {
    let holder = stacks
        .iter()
        .find(|stack| holds_function(&stack.template, "migrate"));
    let Some(holder) = holder else {
        return MigrationPlan::default();
    };
    let mut changes = stacks.iter().flat_map(|stack| &stack.resources);
    let same_database = holder.action != StackAction::Create
        && !changes.any(|change| {
            change.resource_type.starts_with("AWS::RDS::DB")
                && matches!(
                    change.action,
                    ResourceAction::Add | ResourceAction::Replace | ResourceAction::MayReplace
                )
        });
    let known = same_database && deployed.stacks.contains_key(&holder.name);
    let pending: Vec<_> = files
        .into_iter()
        .filter(|file| !known || !deployed.migrations.contains_key(&file.version))
        .collect();
    MigrationPlan {
        run: !known || !pending.is_empty(),
        known,
        after: holder.name.clone(),
        pending,
    }
}

#[cfg(test)]
#[path = "make_tests.rs"]
mod tests;
