//! A plan as a comment of a pull request: what to look at first, then each change with the property
//! that causes it. Everything that comes from templates stands in code spans, where nothing of it is
//! read as Markdown, and lists are used instead of tables, which a `|` would break.

mod code_span;

use std::collections::BTreeMap;

use deployer::{
    cost::CostChange,
    drift::Drift,
    plan::{Cause, Plan, ResourceAction, ResourceChange, RiskKind, StackAction, StackPlan},
};

use self::code_span::code;
use super::plan::{after_a_colon, kept};
use crate::ui::plural;

/// GitHub refuses comments of more than 65,536 characters; what follows the list needs some too.
const LONGEST_LIST: usize = 56_000;

/// The comment. `baseline`: a sentence about what it was compared with, for an offline plan.
/// `drift`: what was done by hand, when that was looked for.
pub(crate) fn text(plan: &Plan, drift: Option<&Drift>, baseline: Option<&str>) -> String {
    let baseline = baseline.map(|baseline| format!("\n{}\n", code(baseline)));
    let baseline = baseline.unwrap_or_default();
    // By the first line, a program finds its own comment again.
    let head = format!("<!-- miyabi plan {} -->\n", plan.stage);
    let by_hand = drift.map(by_hand).unwrap_or_default();
    if plan.is_empty() && by_hand.is_empty() {
        let stage = code(&plan.stage);
        return format!(
            "{head}**Plan for {stage}:** nothing to do, the deployed stage matches the checkout.\n{baseline}"
        );
    }
    let title = format!("### Plan for {}: {}\n", code(&plan.stage), counts(plan));
    let mut list: Vec<String> = Vec::new();
    for kind in plan.risk_kinds() {
        list.extend(risk(plan, kind));
    }
    list.extend(by_hand);
    for stack in &plan.stacks {
        list.extend(changes(stack));
    }
    format!(
        "{head}{title}{}{}{baseline}",
        cut(&list, &plan.stage),
        rest(plan)
    )
}

/// `1 replaced, 2 changed`: the worst first.
fn counts(plan: &Plan) -> String {
    let mut counts: BTreeMap<ResourceAction, usize> = BTreeMap::new();
    for change in plan.stacks.iter().flat_map(|stack| &stack.resources) {
        *counts.entry(change.action).or_default() += 1;
    }
    if counts.is_empty() {
        return "no resource changes".to_owned();
    }
    let counts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(action, count)| format!("{count} {}", done(*action)))
        .collect();
    counts.join(", ")
}

const fn done(action: ResourceAction) -> &'static str {
    match action {
        ResourceAction::Add => "added",
        ResourceAction::Change => "changed",
        ResourceAction::MayReplace => "perhaps replaced",
        ResourceAction::Replace => "replaced",
        ResourceAction::Remove => "removed",
    }
}

fn risk(plan: &Plan, kind: RiskKind) -> Vec<String> {
    let (sign, title) = match kind {
        RiskKind::DataLoss => ("CAUTION", "Data is replaced or removed"),
        RiskKind::Drift => ("CAUTION", "Changed by hand, overwritten"),
        RiskKind::DeletedOutOfBand => ("CAUTION", "Deleted by hand, created again"),
        RiskKind::PublicAccess => ("WARNING", "More public access"),
        RiskKind::Network => ("WARNING", "Wider security groups"),
        RiskKind::Permissions => ("WARNING", "Wider permissions"),
    };
    let mut lines = vec![
        String::new(),
        format!("> [!{sign}]"),
        format!("> **{title}**"),
    ];
    let risks = plan.risks.iter().filter(|risk| risk.kind == kind);
    lines.extend(risks.map(|risk| format!("> - {}: {}", code(&risk.place()), code(&risk.detail))));
    lines
}

/// What was done by hand, and what could not be told.
fn by_hand(drift: &Drift) -> Vec<String> {
    if drift.is_clean() {
        return Vec::new();
    }
    let mut lines = vec![
        String::new(),
        "> [!WARNING]".to_owned(),
        "> **Changed by hand**".to_owned(),
    ];
    let found = drift.lines().into_iter().chain(drift.unknown.clone());
    lines.extend(found.map(|line| format!("> - {}", code(&line))));
    lines
}

fn changes(stack: &StackPlan) -> Vec<String> {
    let verb = match stack.action {
        StackAction::None => return Vec::new(),
        StackAction::Create => "is created",
        StackAction::Update => "is updated",
        StackAction::Delete => "is deleted",
    };
    let resources = plural(stack.resources.len(), "resource");
    let mut lines = vec![
        String::new(),
        format!("**{}** {verb}, {resources}", code(&stack.name)),
        String::new(),
    ];
    if stack.action == StackAction::Create {
        let mut types: BTreeMap<&str, usize> = BTreeMap::new();
        for change in &stack.resources {
            *types.entry(&change.resource_type).or_default() += 1;
        }
        lines.extend(
            types
                .iter()
                .map(|(name, count)| format!("- {count} {}", code(name))),
        );
        return lines;
    }
    for change in &stack.section_changes {
        lines.push(format!("- changed {}", code(&super::plan::section(change))));
    }
    if stack.incomplete {
        lines.push("- its last update did not complete, so it is updated again".to_owned());
    }
    for change in &stack.resources {
        lines.push(resource(change));
        lines.extend(change.causes.iter().map(cause));
    }
    lines
}

fn resource(change: &ResourceChange) -> String {
    let notes = after_a_colon(&kept(change));
    format!(
        "- **{}** {} ({}){notes}",
        done(change.action),
        code(&change.logical_id),
        code(&change.resource_type)
    )
}

fn cause(cause: &Cause) -> String {
    let property = code(cause.property.trim_start_matches("Properties."));
    let value = |value: &Option<String>| value.as_deref().map_or("(none)".to_owned(), code);
    let through = cause.through.as_deref().map(code);
    let what = match (&cause.from, &cause.to, &through) {
        (None, None, Some(through)) => format!("through {through}, which is replaced"),
        (Some(_), None, Some(through)) => {
            format!(
                "{} → known when it is there, through {through}",
                value(&cause.from)
            )
        }
        (from, to, through) => {
            let through = through.as_ref().map(|name| format!(", through {name}"));
            let through = through.unwrap_or_default();
            format!("{} → {}{through}", value(from), value(to))
        }
    };
    let effect = match cause.effect {
        ResourceAction::Replace => " (replaces)",
        ResourceAction::MayReplace => " (may replace)",
        _ => "",
    };
    format!("  - {property}: {what}{effect}")
}

/// The lines, or as many as a comment takes.
fn cut(lines: &[String], stage: &str) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        if text.len() + line.len() > LONGEST_LIST {
            let left = plural(lines.len() - index, "more line");
            text += &format!("\n{left}: `cargo xtask plan --stage {stage}` shows all.\n");
            break;
        }
        text += line;
        text.push('\n');
    }
    text
}

/// The migrations, the site, and what stays as it is.
fn rest(plan: &Plan) -> String {
    let mut lines = Vec::new();
    let pending = &plan.migrations.pending;
    if plan.migrations.run && !plan.migrations.known {
        lines.push("- migrations: unknown until the database exists".to_owned());
    } else if plan.migrations.run {
        let files: Vec<String> = pending
            .iter()
            .map(|file| code(&format!("{:04} {}", file.version, file.description)))
            .collect();
        lines.push(format!("- migrations: {}", files.join(", ")));
    }
    lines.extend(plan.alias_resets.iter().map(|reset| {
        format!(
            "- put as the template says: {} (it stands at {})",
            code(&reset.function),
            code(&reset.version)
        )
    }));
    if let Some(cost) = &plan.cost {
        lines.push(cost_line(cost));
    }
    if plan.site.put {
        lines.push("- the files of the site are put into the bucket".to_owned());
    }
    let unchanged: Vec<String> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action == StackAction::None)
        .map(|stack| code(&stack.name))
        .collect();
    if !unchanged.is_empty() {
        lines.push(format!("- no change: {}", unchanged.join(", ")));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}\n", lines.join("\n"))
}

/// The sums, and the resources that make the difference, in one line.
fn cost_line(cost: &CostChange) -> String {
    let resources: Vec<String> = cost
        .resources
        .iter()
        .map(|resource| {
            let change = resource.after - resource.before;
            format!(
                "{} {}",
                code(&format!("{}/{}", resource.stack, resource.logical_id)),
                change.signed_cents()
            )
        })
        .collect();
    let unknown = match cost.unknown.len() {
        0 => String::new(),
        count => format!("; {} that cannot be known", plural(count, "new cost")),
    };
    let resources = match resources.is_empty() {
        true => String::new(),
        false => format!(": {}", resources.join(", ")),
    };
    format!(
        "- cost: {} → {} USD a month ({}){resources}{unknown}",
        cost.before.cents(),
        cost.after.cents(),
        (cost.after - cost.before).signed_cents()
    )
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
