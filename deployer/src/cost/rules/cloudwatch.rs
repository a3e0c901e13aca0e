//! CloudWatch: alarms, dashboards, the metrics that functions write, logs
//! (<https://aws.amazon.com/cloudwatch/pricing/>).

use serde_json::Value;

use super::super::{
    bill::{Bill, Charge, Context, gigabytes},
    decimal::Decimal,
    inventory::Resource,
    prices::Unit,
};

const SERVICE: &str = "AmazonCloudWatch";

/// An alarm with a shorter period has high resolution, which costs more.
const STANDARD_PERIOD: u64 = 60;
/// Days of a month of 730 hours, times 24.
const HOURS_PER_MONTH: u64 = 730;

/// An alarm, for each metric that it reads.
pub(super) fn alarm<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    metrics_once(resource, context, bill);
    let is_short = resource
        .number("/Period")
        .is_some_and(|period| period < STANDARD_PERIOD);
    if is_short {
        let why = "the price table has only alarms with a period of a minute or longer";
        bill.unknown(resource, "alarm", why);
        return;
    }
    let queries = resource.at("/Metrics").and_then(Value::as_array);
    let metrics = queries.map_or(1, |queries| {
        let reads = |query: &&Value| query.get("MetricStat").is_some();
        queries.iter().filter(reads).count().max(1) as u64
    });
    bill.charge(
        resource,
        one("alarm", "alarm.standard", Unit::Months, metrics),
    );
}

/// A dashboard.
pub(super) fn dashboard<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    bill.charge(resource, one("dashboard", "dashboard", Unit::Months, 1));
    metrics_once(resource, context, bill);
}

/// A workspace is billed by the people who sign in to it in a month
/// (<https://aws.amazon.com/grafana/pricing/>).
pub(super) fn grafana<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.unpriced(
        resource,
        "people who sign in",
        "AmazonGrafana",
        "editor",
        "nothing says how many do",
    );
}

/// It is free; its metrics are not.
pub(super) fn metric_filter<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    metrics_once(resource, context, bill);
}

/// The custom metrics of the stage, which no resource stands for: at the first dashboard that shows
/// them, else at the first alarm or filter.
fn metrics_once<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let kinds = [
        "AWS::CloudWatch::Dashboard",
        "AWS::CloudWatch::Alarm",
        "AWS::Logs::MetricFilter",
    ];
    let first = kinds
        .iter()
        .find_map(|kind| context.inventory.of(kind).next());
    let is_first =
        first.is_some_and(|first| (first.stack, first.id) == (resource.stack, resource.id));
    let count = context.inventory.custom_metrics().len() as u64;
    if is_first && count > 0 {
        let what = "metrics that the functions write";
        let metrics = one(what, "metric.custom", Unit::MetricMonths, count);
        bill.charge(resource, metrics);
    }
}

fn one(what: &str, key: &str, unit: Unit, quantity: u64) -> Charge {
    Charge {
        what: what.to_owned(),
        service: SERVICE,
        key: key.to_owned(),
        unit,
        quantity: quantity.into(),
        free_tier: true,
    }
}

/// What is written, and what is kept of it until it expires.
pub(super) fn log_group<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let lines = if context.inventory.is_access_log(resource) {
        Ok(context.load.requests)
    } else {
        match context.inventory.logs_to(resource) {
            Some(function) => context.load.invocations(function),
            None => Err("nothing in the template says who writes to it".to_owned()),
        }
    };
    let lines = match lines {
        Ok(lines) => lines,
        Err(why) => {
            bill.unknown(resource, "log lines", why);
            return;
        }
    };
    let written = gigabytes(lines.saturating_mul(context.load.assumed.log_bytes.into()));
    let charge = |what: &str, key: &str, unit: Unit, quantity: Decimal| Charge {
        what: what.to_owned(),
        service: SERVICE,
        key: key.to_owned(),
        unit,
        quantity,
        free_tier: true,
    };
    let ingested = charge(
        "log lines written",
        "logs.ingest.standard",
        Unit::Gb,
        written,
    );
    bill.charge(resource, ingested);
    match resource.number("/RetentionInDays") {
        // As written: CloudWatch keeps logs compressed, so that this is the most that it can be.
        Some(days) => {
            let kept = written.times(Decimal::ratio(days * 24, HOURS_PER_MONTH));
            let kept = charge("log lines kept", "logs.storage", Unit::GbMonths, kept);
            bill.charge(resource, kept);
        }
        None => bill.unknown(
            resource,
            "log lines kept",
            "they never expire, so they only grow",
        ),
    }
}
