//! Schedules of EventBridge.

use super::{Findings, Template};

pub(super) fn rates(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::Scheduler::Schedule") {
        let expression = properties["ScheduleExpression"]
            .as_str()
            .unwrap_or_default();
        let rate = expression
            .strip_prefix("rate(")
            .and_then(|rest| rest.strip_suffix(')'));
        if let Some(rate) = rate
            && !is_rate(rate)
        {
            findings.add(
                id,
                "Properties.ScheduleExpression",
                format!(
                    "Found `{expression}`: a rate is a whole number and its unit, `rate(1 minute)` or `rate(5 minutes)`."
                ),
            );
        }
    }
}

fn is_rate(rate: &str) -> bool {
    let Some((number, unit)) = rate.split_once(' ') else {
        return false;
    };
    let Ok(number) = number.parse::<u32>() else {
        return false;
    };
    match number {
        0 => false,
        1 => ["minute", "hour", "day"].contains(&unit),
        _ => ["minutes", "hours", "days"].contains(&unit),
    }
}
