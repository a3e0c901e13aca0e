//! How a stage is, on one screen.

use deployer::{
    health::{AlarmsHealth, SchemaHealth, StageHealth},
    smoke::AddressHealth,
    source::Source,
    target::{Health, ResourceStatus},
};

use super::table::table;
use crate::ui::{Paint, plain, plural};

/// The screen. `cost`: the line about it, where somebody charges for the stage; `resources`: with each
/// resource, not only those that are not well.
pub(crate) fn text(
    stage: &str,
    health: &StageHealth,
    cost: Option<String>,
    resources: bool,
    paint: Paint,
) -> String {
    if !health.is_deployed() {
        return format!(
            "The stage `{stage}` is not deployed. Deploy it: `cargo xtask deploy --stage {stage}`"
        );
    }
    let verdict = if health.is_failing() {
        paint.with("31;1", "not well")
    } else {
        paint.with("32;1", "well")
    };
    let mut text = format!("The stage `{stage}` is {verdict}.\n\n");
    let mut rows = summary(health, paint);
    rows.extend(cost.map(|cost| vec!["cost".to_owned(), cost]));
    text += &table(&rows);
    text.push('\n');
    let addresses = health.addresses.iter();
    text += &table(
        &addresses
            .map(|address| row_of(address, paint))
            .collect::<Vec<_>>(),
    );
    let shown: Vec<Vec<String>> = health
        .resources
        .iter()
        .filter(|resource| resources || resource.health != Health::Ok)
        .map(|resource| resource_row(resource, paint))
        .collect();
    if !shown.is_empty() {
        text.push('\n');
        text += &table(&shown);
    }
    text
}

fn summary(health: &StageHealth, paint: Paint) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    match &health.source {
        Some(source) => row("deployed", made_of(source)),
        None => row("deployed", "no deploy has ended well yet".to_owned()),
    }
    if let Some(failed) = &health.failed_deploy {
        let text = format!("at {}: {}", failed.at, plain(&failed.message));
        row(
            "last deploy",
            format!("{} {text}", paint.with("31;1", "failed")),
        );
    }
    if !health.versions.is_empty() {
        let versions = health.versions.iter();
        let versions: Vec<String> = versions
            .map(|(name, number)| format!("{name} {number}"))
            .collect();
        row("versions", versions.join(", "));
    }
    if let Some(schema) = &health.migrations {
        row("migrations", migrations(schema, paint));
    }
    row("alarms", alarms(&health.alarms, paint));
    row("resources", resources(health));
    rows
}

/// `2026-11-27T05:13:21Z, commit 0123456789ab, clean; rustc 1.95.0 ..; Cargo.lock 0123456789ab`
fn made_of(source: &Source) -> String {
    let short = |text: &Option<String>| match text {
        Some(text) => text.chars().take(12).collect(),
        None => "unknown".to_owned(),
    };
    let tree = match source.dirty {
        Some(false) => "clean",
        Some(true) => "with changes that no commit has",
        None => "without git",
    };
    format!(
        "{}, commit {}, {tree}; {}; Cargo.lock {}",
        source.at,
        short(&source.commit),
        source.rustc.as_deref().unwrap_or("rustc unknown"),
        short(&source.lockfile),
    )
}

fn migrations(schema: &SchemaHealth, paint: Paint) -> String {
    match schema {
        SchemaHealth::Known {
            applied,
            pending,
            not_deployed,
            schema_version,
        } => {
            let pending = match pending {
                0 => "none pending".to_owned(),
                some => paint.with("33;1", &format!("{some} pending")),
            };
            let newer = match not_deployed {
                0 => String::new(),
                some => format!("; {some} in this checkout not deployed"),
            };
            format!("{applied} applied, {pending}, schema {schema_version}{newer}")
        }
        SchemaHealth::Unknown { problem } => {
            format!("{} {}", paint.with("31;1", "unknown:"), plain(problem))
        }
    }
}

fn alarms(alarms: &AlarmsHealth, paint: Paint) -> String {
    match alarms {
        AlarmsHealth::Known { count: 0, .. } => "there are none".to_owned(),
        AlarmsHealth::Known {
            count,
            raised,
            without_data,
        } => {
            let raised = match raised.as_slice() {
                [] => "none raised".to_owned(),
                some => {
                    let names: Vec<_> = some.iter().map(|name| plain(name)).collect();
                    let raised = paint.with("31;1", &format!("{} raised", some.len()));
                    format!("{raised}: {}", names.join(", "))
                }
            };
            let silent = match without_data {
                0 => String::new(),
                some => format!("; {some} without enough data"),
            };
            format!("{count}, {raised}{silent}")
        }
        AlarmsHealth::Unknown { problem } => {
            format!("{} {}", paint.with("33;1", "unknown:"), plain(problem))
        }
    }
}

fn resources(health: &StageHealth) -> String {
    let count = plural(health.resources.len(), "resource");
    let ill = health.count(Health::Failing) + health.count(Health::Missing);
    match (ill, health.count(Health::Unknown)) {
        (0, 0) => format!("{count}, all ok"),
        (0, unknown) => format!("{count}, {unknown} could not be examined, the others are ok"),
        (ill, _) => format!("{count}, {ill} not well"),
    }
}

fn row_of(address: &AddressHealth, paint: Paint) -> Vec<String> {
    let answer = match &address.problem {
        None => {
            let statuses: Vec<String> = address.expected.iter().map(u16::to_string).collect();
            paint.with("32", &statuses.join(" or "))
        }
        Some(problem) => format!("{} {}", paint.with("31;1", "failing"), plain(problem)),
    };
    let took = format!("{} ms", address.milliseconds);
    vec![plain(&address.request).into_owned(), took, answer]
}

fn resource_row(resource: &ResourceStatus, paint: Paint) -> Vec<String> {
    let health = match resource.health {
        Health::Ok => paint.with("32", "ok     "),
        Health::Failing => paint.with("31;1", "failing"),
        Health::Missing => paint.with("31;1", "missing"),
        Health::Unknown => paint.with("33", "unknown"),
    };
    vec![
        health,
        resource.stack.clone(),
        resource.logical_id.clone(),
        resource.resource_type.clone(),
        plain(&resource.detail).into_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use deployer::source::FailedDeploy;

    use super::*;

    fn health() -> StageHealth {
        let resource = |id: &str, health, detail: &str| ResourceStatus {
            stack: "data".to_owned(),
            logical_id: id.to_owned(),
            resource_type: "AWS::RDS::DBInstance".to_owned(),
            physical_id: id.to_owned(),
            health,
            detail: detail.to_owned(),
        };
        StageHealth {
            addresses: vec![
                AddressHealth {
                    request: "GET http://127.0.0.1:8787/".to_owned(),
                    expected: &[200],
                    milliseconds: 3,
                    problem: None,
                },
                AddressHealth {
                    request: "GET http://127.0.0.1:8787/api/health".to_owned(),
                    expected: &[200],
                    milliseconds: 12,
                    problem: Some("Smoke test failed: it returned 503.".to_owned()),
                },
            ],
            versions: [("auth", "3"), ("tasks", "12")]
                .map(|(name, number)| (name.to_owned(), number.to_owned()))
                .into(),
            migrations: Some(SchemaHealth::Known {
                applied: 18,
                pending: 1,
                not_deployed: 2,
                schema_version: 18,
            }),
            source: Some(Source {
                commit: Some("0123456789abcdef".to_owned()),
                dirty: Some(true),
                lockfile: Some("fedcba9876543210".to_owned()),
                rustc: Some("rustc 1.95.0".to_owned()),
                at: "2026-11-27T05:13:21Z".to_owned(),
            }),
            failed_deploy: Some(FailedDeploy {
                at: "2026-11-27T06:00:00Z".to_owned(),
                message: "The stack `api` failed.".to_owned(),
                commit: None,
            }),
            alarms: AlarmsHealth::Known {
                count: 40,
                raised: vec!["tasks-errors".to_owned()],
                without_data: 2,
            },
            resources: vec![
                resource("Database", Health::Failing, "does not answer"),
                resource("Other", Health::Ok, "well"),
            ],
        }
    }

    #[test]
    fn one_screen_says_what_is_not_well_first() {
        insta::assert_snapshot!(text("local", &health(), None, false, Paint::new(false)));
        let cost = Some("120.96 USD a month estimated".to_owned());
        let shown = text("prod", &health(), cost, false, Paint::new(false));
        assert!(shown.contains("\ncost       "), "{shown}");
    }

    #[test]
    fn all_resources_are_shown_when_asked_for_and_a_stage_that_is_not_deployed_names_the_command() {
        let shown = text("local", &health(), None, true, Paint::new(false));
        assert!(
            shown.contains("Other") && shown.contains("Database"),
            "{shown}"
        );
        let nothing = StageHealth {
            addresses: Vec::new(),
            versions: [].into(),
            migrations: None,
            source: None,
            failed_deploy: None,
            alarms: AlarmsHealth::Known {
                count: 0,
                raised: Vec::new(),
                without_data: 0,
            },
            resources: Vec::new(),
        };
        assert!(!nothing.is_failing());
        let shown = text("local", &nothing, None, false, Paint::new(false));
        assert!(
            shown.contains("`cargo xtask deploy --stage local`"),
            "{shown}"
        );
    }
}
