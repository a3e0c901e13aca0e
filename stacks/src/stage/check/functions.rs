//! What a stage says of its functions: their logs, memory, time and concurrency.

use miyabi_catalog::FUNCTIONS;

use super::{Wrong, between};
use crate::stage::{Stage, StageError, error::nearest};

/// Days that CloudWatch Logs can keep logs.
const RETENTION: &[u16] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

pub(super) fn check(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    retention(stage, wrong)?;
    names(stage, wrong)?;
    for function in FUNCTIONS {
        let name = function.name;
        let size = stage.functions.size(name);
        between(
            wrong,
            &keys(stage, name, "memory"),
            size.memory,
            128,
            10_240,
        )?;
        between(wrong, &keys(stage, name, "timeout"), size.timeout, 1, 900)?;
    }
    concurrency(stage, wrong)
}

fn retention(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let days = stage.functions.log_retention_days;
    if RETENTION.contains(&days) {
        return Ok(());
    }
    let allowed: Vec<String> = RETENTION.iter().map(u16::to_string).collect();
    wrong(
        &["functions", "log-retention-days"],
        &days.to_string(),
        &format!("one of {}", allowed.join(", ")),
    )
}

fn names(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    for name in stage.functions.overrides.keys() {
        if !known.contains(&name.as_str()) {
            let near = nearest(name, &known)
                .map(|near| format!(" (did you mean `{near}`?)"))
                .unwrap_or_default();
            return wrong(
                &["functions", "overrides", name],
                &format!("`{name}`"),
                &format!("a function: {}{near}", known.join(", ")),
            );
        }
    }
    Ok(())
}

/// The path of a value that counts for a function: its own, or the default of all.
fn keys<'a>(stage: &Stage, function: &'a str, key: &'a str) -> Vec<&'a str> {
    let own = stage.functions.overrides.get(function);
    let is_own = own.is_some_and(|own| match key {
        "memory" => own.memory.is_some(),
        "timeout" => own.timeout.is_some(),
        "reserved-concurrency" => own.reserved_concurrency.is_some(),
        "provisioned-concurrency" => own.provisioned_concurrency.is_some(),
        _ => false,
    });
    match is_own {
        true => vec!["functions", "overrides", function, key],
        false => vec!["functions", "defaults", key],
    }
}

/// What Lambda refuses: a reservation of 0 (nothing ever runs), and more environments kept started
/// than may run
/// (<https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html>).
fn concurrency(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    for function in FUNCTIONS {
        let size = stage.functions.size(function.name);
        let Some(reserved) = size.reserved_concurrency else {
            continue;
        };
        if reserved == 0 {
            return wrong(
                &keys(stage, function.name, "reserved-concurrency"),
                "0",
                "1 or more, or null: with 0 the function never runs",
            );
        }
        if size.provisioned_concurrency > reserved {
            return wrong(
                &keys(stage, function.name, "provisioned-concurrency"),
                &size.provisioned_concurrency.to_string(),
                &format!(
                    "at most {reserved}, the reserved concurrency of `{}`",
                    function.name
                ),
            );
        }
    }
    Ok(())
}
