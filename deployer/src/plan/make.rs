//! Making a plan: what was synthesized against what is deployed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    MigrationPlan, Parameter, ParameterChange, Plan, ResourceAction, SitePlan, StackAction,
    StackPlan,
    diff::{Moved, diff, holds_function},
    gone::vanished,
    order::{deletion_order, in_order, sources},
    references::references,
    risk::risks,
    rules::Schemas,
    switch::switches,
};
use crate::{
    Error,
    asset::Asset,
    migrations::{self, Migration},
    state::{Deployed, DeployedStack},
};

/// A stack as the stage wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Short name.
    pub name: String,
    /// The template, as JSON.
    pub template: Value,
    /// Where the value of each of its parameters comes from.
    pub parameters: BTreeMap<String, Parameter>,
}

/// Everything that a plan is made of besides what is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The stage.
    pub stage: String,
    /// All stacks, in any order.
    pub stacks: Vec<Wanted>,
    /// Every asset that the templates refer to.
    pub assets: Vec<Asset>,
    /// The migration files.
    pub migrations: Vec<Migration>,
    /// SHA-256 over the files of the site.
    pub site_sha256: String,
}

/// Compares what is wished with what is deployed. Pure: the same input gives the same plan.
pub(crate) fn make(wish: Wish, deployed: &Deployed, schemas: &dyn Schemas) -> Result<Plan, Error> {
    migrations::assert_unedited(&wish.migrations, &deployed.migrations)?;
    let mut stacks: Vec<StackPlan> = Vec::new();
    let mut all_risks = Vec::new();
    for wanted in in_order(wish.stacks)? {
        let before = deployed.stacks.get(&wanted.name);
        let stack = compare(wanted, before, deployed, &stacks, schemas);
        if let Some(before) = before {
            all_risks.extend(risks(
                &stack.name,
                &before.template,
                &stack.template,
                &stack.resources,
            ));
        }
        stacks.push(stack);
    }
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
    all_risks.extend(vanished(&stacks, deployed));
    all_risks.sort_by_key(|risk| risk.kind);
    let switch = switches(&deployed.rollout.aside, &stacks);
    let migrations = plan_migrations(wish.migrations, deployed, &stacks);
    let site_is_there = deployed.site.as_deref() == Some(&wish.site_sha256);
    let has_site = stacks
        .iter()
        .any(|stack| stack.template["Outputs"].get("siteBucket").is_some());
    let changes = stacks.iter().any(|stack| stack.action != StackAction::None);
    let put = has_site && (!site_is_there || changes);
    let site = SitePlan {
        put,
        sha256: wish.site_sha256,
    };
    stacks.extend(removals);
    Ok(Plan {
        stage: wish.stage,
        stacks,
        assets: wish.assets,
        switch,
        migrations,
        site,
        risks: all_risks,
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
        stacks,
        assets: Vec::new(),
        switch: Vec::new(),
        migrations: MigrationPlan::default(),
        site: SitePlan::default(),
        risks: all_risks,
    }
}

fn compare(
    wanted: Wanted,
    before: Option<&DeployedStack>,
    deployed: &Deployed,
    planned: &[StackPlan],
    schemas: &dyn Schemas,
) -> StackPlan {
    let after = sources(&wanted);
    let moved = moved(&wanted, before, deployed, planned);
    let nothing = json!({});
    let resources = diff(
        before.map_or(&nothing, |before| &before.template),
        &wanted.template,
        &moved,
        schemas,
    );
    let action = match before {
        None => StackAction::Create,
        Some(before)
            if before.complete && before.template == wanted.template && moved.is_empty() =>
        {
            StackAction::None
        }
        Some(_) => StackAction::Update,
    };
    let parameter_changes = moved
        .into_iter()
        .map(|(name, moved)| ParameterChange {
            name,
            from: moved.from,
            to: moved.to,
        })
        .collect();
    StackPlan {
        name: wanted.name,
        action,
        after,
        template: wanted.template,
        parameters: wanted.parameters,
        parameter_changes,
        resources,
    }
}

/// The parameters whose value differs, or may differ, from the deployed one.
fn moved(
    wanted: &Wanted,
    before: Option<&DeployedStack>,
    deployed: &Deployed,
    planned: &[StackPlan],
) -> BTreeMap<String, Moved> {
    let mut moved = BTreeMap::new();
    for (name, parameter) in &wanted.parameters {
        let from = before
            .and_then(|before| before.parameters.get(name))
            .cloned();
        let (to, certain) = match parameter {
            Parameter::Value(value) => (Some(value.clone()), true),
            Parameter::Output { stack, output } => future_output(stack, output, deployed, planned),
        };
        if to.is_none() || to != from {
            moved.insert(name.clone(), Moved { from, to, certain });
        }
    }
    moved
}

/// The value that an output will have, when that can be told now, and whether it is certain that it
/// differs when it cannot.
fn future_output(
    stack: &str,
    output: &str,
    deployed: &Deployed,
    planned: &[StackPlan],
) -> (Option<String>, bool) {
    let Some(before) = deployed.stacks.get(stack) else {
        return (None, true);
    };
    let Some(plan) = planned.iter().find(|plan| plan.name == stack) else {
        return (None, true);
    };
    let known = before.outputs.get(output).cloned();
    if plan.action == StackAction::None {
        return (known, true);
    }
    let expression = |template: &Value| {
        template
            .pointer(&format!("/Outputs/{output}/Value"))
            .cloned()
    };
    let (old, new) = (expression(&before.template), expression(&plan.template));
    let Some(new) = new else { return (None, true) };
    if known.is_none() || old.as_ref() != Some(&new) {
        return (None, true);
    }
    let mut certain = true;
    for reference in references(&new) {
        if plan
            .parameter_changes
            .iter()
            .any(|change| change.name == reference.name)
        {
            return (None, false);
        }
        let change = plan
            .resources
            .iter()
            .find(|change| change.logical_id == reference.name);
        match change.map(|change| change.action) {
            None | Some(ResourceAction::Remove) => (),
            Some(ResourceAction::Add | ResourceAction::Replace) => return (None, true),
            Some(ResourceAction::MayReplace) => certain = false,
            // A name or an ARN stays what it is; another attribute may be computed anew.
            Some(ResourceAction::Change) => {
                certain &= reference.attribute.is_none_or(|attribute| {
                    attribute.ends_with("Arn") || attribute.ends_with("Id")
                });
            }
        }
    }
    // An update that was cut leaves outputs that nobody can vouch for.
    if certain && before.complete {
        (known, true)
    } else {
        (None, false)
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
                resources,
            }
        })
        .collect()
}

/// What happens to the schema. `migrate` runs when something is pending, and whenever the database
/// behind it may be another one.
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
    let same_database = holder.action != StackAction::Create
        && !holder.resources.iter().any(|change| {
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
