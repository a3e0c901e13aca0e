//! A plan for people, and its stable form for machines.

use std::collections::BTreeMap;

use deployer::plan::{
    Cause, Plan, ResourceAction, ResourceChange, Retention, SectionChange, StackAction, StackPlan,
};
use serde_json::{Value, json};

use crate::ui::{Paint, plural};

/// The plan as a person reads it. A stack that is created is told by its types, with `every`
/// resource by resource.
pub(crate) fn text(plan: &Plan, every: bool, paint: Paint) -> String {
    let mut text = String::new();
    for stack in plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::None)
    {
        text += &stack_text(stack, every, paint);
    }
    let unchanged: Vec<&str> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action == StackAction::None)
        .map(|stack| stack.name.as_str())
        .collect();
    if !unchanged.is_empty() {
        text += &format!("no change: {}\n", unchanged.join(", "));
    }
    for reset in &plan.alias_resets {
        text += &format!(
            "put as the template says: {} (it stands at {})\n",
            reset.function, reset.version
        );
    }
    text += &migrations(plan);
    if plan.site.put {
        text += "site: its files are put into the bucket\n";
    }
    if let Some(cost) = &plan.cost {
        text += &super::cost::change(cost);
    }
    for kind in plan.risk_kinds() {
        text += &format!(
            "{}\n",
            paint.with("33;1", &format!("look at this, {}:", kind.title()))
        );
        for risk in plan.risks.iter().filter(|risk| risk.kind == kind) {
            text += &format!("  {}: {}\n", risk.place(), risk.detail);
        }
    }
    if plan.is_empty() {
        text += "Nothing to do: what is deployed is what the checkout says.\n";
    }
    text
}

/// The plan as JSON, without the templates.
pub(crate) fn json(plan: &Plan) -> Value {
    let stacks: Vec<Value> = plan
        .stacks
        .iter()
        .map(|stack| {
            json!({
                "name": stack.name,
                "action": stack.action.as_str(),
                "after": stack.after,
                "parameter_changes": stack.parameter_changes,
                "section_changes": stack.section_changes,
                "incomplete": stack.incomplete,
                "resources": stack.resources,
            })
        })
        .collect();
    json!({
        "stage": plan.stage,
        "empty": plan.is_empty(),
        "stacks": stacks,
        "alias_resets": plan.alias_resets,
        "migrations": plan.migrations,
        "site": plan.site,
        "risks": plan.risks,
        "cost": plan.cost,
    })
}

fn stack_text(stack: &StackPlan, every: bool, paint: Paint) -> String {
    let head = format!("{} {}", stack.action.as_str(), stack.name);
    let mut text = format!(
        "{}  {}\n",
        paint.with("1", &head),
        plural(stack.resources.len(), "resource")
    );
    if stack.action == StackAction::Create && !every {
        return text + &by_type(stack);
    }
    for change in &stack.parameter_changes {
        let to = change.to.as_deref().unwrap_or("known when it is there");
        match &change.from {
            Some(from) => text += &format!("  parameter {}: {from} -> {to}\n", change.name),
            None if every => text += &format!("  parameter {}: {to}\n", change.name),
            None => (),
        }
    }
    for change in &stack.section_changes {
        text += &format!("  {}\n", section(change));
    }
    if stack.incomplete {
        text += "  its last update did not complete, so it is updated again\n";
    }
    stack
        .resources
        .iter()
        .for_each(|change| text += &resource(change, paint));
    text
}

/// A change outside the resources: `Outputs.siteUrl: (none) -> https://..`.
pub(super) fn section(change: &SectionChange) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
    format!(
        "{}: {} -> {}",
        change.name,
        or_none(&change.from),
        or_none(&change.to)
    )
}

fn by_type(stack: &StackPlan) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &stack.resources {
        *counts.entry(&change.resource_type).or_default() += 1;
    }
    counts
        .iter()
        .map(|(name, count)| format!("  + {count:>3} {name}\n"))
        .collect()
}

/// What is said of the data that a resource holds, and of what stays of it.
pub(super) fn kept(change: &ResourceChange) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if change.stateful && change.retention.is_some() {
        notes.push("holds data");
    }
    match change.retention {
        Some(Retention::Retained) => notes.push("the old one stays outside the stack"),
        Some(Retention::Snapshot) => notes.push("a snapshot stays"),
        _ => (),
    }
    notes
}

/// Notes as the end of a line; nothing where there are none.
pub(super) fn after_a_colon(notes: &[&str]) -> String {
    match notes {
        [] => String::new(),
        notes => format!(": {}", notes.join(", ")),
    }
}

fn resource(change: &ResourceChange, paint: Paint) -> String {
    let (sign, style) = match change.action {
        ResourceAction::Add => ("+", "32"),
        ResourceAction::Change => ("~", "33"),
        ResourceAction::MayReplace => ("~?", "33;1"),
        ResourceAction::Replace => ("-/+", "31;1"),
        ResourceAction::Remove => ("-", "31"),
    };
    let mut notes = Vec::new();
    match change.action {
        ResourceAction::MayReplace => notes.push("may be replaced"),
        ResourceAction::Replace => notes.push("is replaced"),
        _ => (),
    }
    notes.extend(kept(change));
    let notes = after_a_colon(&notes);
    let mut text = format!(
        "  {} {} ({}){notes}\n",
        paint.with(style, &format!("{sign:<3}")),
        change.logical_id,
        change.resource_type
    );
    change
        .causes
        .iter()
        .for_each(|cause| text += &cause_text(cause));
    text
}

fn cause_text(cause: &Cause) -> String {
    let property = cause.property.trim_start_matches("Properties.");
    let values = match (&cause.from, &cause.to, &cause.through) {
        (None, None, Some(through)) if through.contains('.') => {
            format!("through {through}, which changes")
        }
        (None, None, Some(through)) => format!("through {through}, which is replaced"),
        (Some(from), None, Some(through)) => {
            format!("{from} -> known when it is there, through {through}")
        }
        (from, to, through) => {
            let none = "(none)";
            let through = through.as_ref().map(|name| format!(", through {name}"));
            format!(
                "{} -> {}{}",
                from.as_deref().unwrap_or(none),
                to.as_deref().unwrap_or(none),
                through.unwrap_or_default()
            )
        }
    };
    let effect = match cause.effect {
        ResourceAction::Replace => " (replaces)",
        ResourceAction::MayReplace => " (may replace)",
        _ => "",
    };
    format!("        {property}: {values}{effect}\n")
}

fn migrations(plan: &Plan) -> String {
    let pending = &plan.migrations.pending;
    match (plan.migrations.run, plan.migrations.known) {
        (false, _) => String::new(),
        (true, false) => format!(
            "migrations: unknown until the database exists, at most {}\n",
            plural(pending.len(), "file")
        ),
        (true, true) => {
            let mut text = format!("migrations: {} pending\n", pending.len());
            for file in pending {
                text += &format!("  + {:04} {}\n", file.version, file.description);
            }
            text
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;
