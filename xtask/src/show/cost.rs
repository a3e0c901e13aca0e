//! The cost of a stage for people, and its stable form for machines.

mod actual;
mod scale;

use std::collections::BTreeSet;

use deployer::cost::{CostChange, Decimal, Estimate, Line, Status, Unit, UnknownKind};
use serde_json::{Map, Value, json};

use super::table::aligned;
pub(crate) use actual::{actual, actual_json};
pub(crate) use scale::{comparison, scales};

/// The estimate as a person reads it.
pub(crate) fn text(estimate: &Estimate) -> String {
    if estimate.is_local {
        return free_of_charge(&estimate.stage);
    }
    let mut text = heading(estimate);
    text += &lines(estimate);
    let mut rows: Vec<Vec<String>> = estimate
        .services
        .iter()
        .map(|total| vec![total.service.clone(), total.monthly.cents()])
        .collect();
    rows.push(vec![
        "total, USD a month".to_owned(),
        estimate.total.cents(),
    ]);
    text += &format!("\n{}", aligned(&rows, &[1]));
    text += &budget(estimate);
    text += &free_tier(estimate);
    text += &unknown(estimate);
    text
}

/// A line: the total and the budget, and where the charges are; or why nobody charges for the stage.
pub(crate) fn summary(estimate: &Estimate) -> String {
    if estimate.is_local {
        return "0.00 USD, it runs on this machine; on AWS: `cargo xtask cost --stage prod`"
            .to_owned();
    }
    if estimate.is_for_emulators {
        return format!(
            "0.00 USD at an emulator; its templates at AWS: {} USD a month estimated",
            estimate.total.cents()
        );
    }
    let budget = estimate
        .budget
        .map(|budget| format!(" of a budget of {}", budget.cents()));
    format!(
        "{} USD a month estimated{}; charged so far: `cargo xtask cost --stage {} --actual`",
        estimate.total.cents(),
        budget.unwrap_or_default(),
        estimate.stage
    )
}

pub(crate) fn free_of_charge(stage: &str) -> String {
    format!("The stage `{stage}` runs on this machine: it costs nothing at AWS.\n")
}

fn heading(estimate: &Estimate) -> String {
    let emulated = match estimate.is_for_emulators {
        true => " An emulator charges nothing; this is what its templates would cost at AWS.",
        false => "",
    };
    format!(
        "Estimate for `{}` in {}: {} users, {} requests a month.{emulated}\n\n",
        estimate.stage,
        estimate.region,
        grouped(estimate.load.users.into()),
        grouped(estimate.load.requests.into()),
    )
}

/// A table of what costs something; what this traffic does not use is counted below it.
fn lines(estimate: &Estimate) -> String {
    let header = ["resource", "", "quantity", "", "price", "", "USD"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let costs = |line: &&Line| line.monthly > Decimal::ZERO;
    for line in estimate.lines.iter().filter(costs) {
        let doubt = match line.price.status {
            Status::Unconfirmed => "?",
            _ => "",
        };
        rows.push(vec![
            format!("{}/{}", line.place.stack, line.place.logical_id),
            line.what.clone(),
            grouped(line.quantity),
            line.unit.as_str().to_owned(),
            format!("{}{doubt}", line.price.usd),
            per(line.price.per, line.unit),
            line.monthly.cents(),
        ]);
    }
    let mut text = aligned(&rows, &[2, 4, 6]);
    let unused = estimate.lines.len() + 1 - rows.len();
    let free: u64 = estimate.free_of_charge.iter().map(|kind| kind.count).sum();
    text += &format!(
        "\nNot shown: {unused} lines of 0.00 at this traffic, {free} resources of {} types that are free of charge.\n",
        estimate.free_of_charge.len()
    );
    if estimate
        .lines
        .iter()
        .any(|line| costs(&line) && line.price.status == Status::Unconfirmed)
    {
        text += "A price with `?` is not confirmed: deployer/prices/README.md.\n";
    }
    text
}

/// `per million requests`.
fn per(count: u64, unit: Unit) -> String {
    let unit = unit.as_str();
    match count {
        1 => format!("per {}", unit.strip_suffix('s').unwrap_or(unit)),
        1_000_000 => format!("per million {unit}"),
        count => format!("per {} {unit}", grouped(count.into())),
    }
}

/// At most three digits after the point, thousands apart.
fn grouped(number: Decimal) -> String {
    let rounded = number.rounded_to(3);
    if rounded == Decimal::ZERO && number > Decimal::ZERO {
        // Something is not nothing.
        return "<0.001".to_owned();
    }
    let exact = rounded.to_string();
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match fraction {
        "" => text,
        fraction => format!("{text}.{fraction}"),
    }
}

fn budget(estimate: &Estimate) -> String {
    let Some(budget) = estimate.budget else {
        return "budget: none\n".to_owned();
    };
    match estimate.over_budget() {
        Some(over) => format!("budget: {}, exceeded by {}\n", budget.cents(), over.cents()),
        None => format!(
            "budget: {}, {} left\n",
            budget.cents(),
            (budget - estimate.total).cents()
        ),
    }
}

fn free_tier(estimate: &Estimate) -> String {
    if estimate.free_tier.is_empty() {
        return String::new();
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for free in &estimate.free_tier {
        let doubt = match free.status {
            Status::Unconfirmed => "?",
            _ => "",
        };
        rows.push(vec![
            format!("  {} {}", free.service, free.keys.join(", ")),
            grouped(free.used),
            format!(
                "of {}{doubt} {}",
                grouped(free.allowance),
                free.unit.as_str()
            ),
            format!("-{}", free.saves.cents()),
        ]);
    }
    let left = (estimate.total - estimate.saved()).cents();
    format!(
        "\nFree tier of the account, when no other stage uses it (not counted above):\n{}  With it: {left} USD.\n",
        aligned(&rows, &[1, 3])
    )
}

fn unknown(estimate: &Estimate) -> String {
    if estimate.unknown.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for unknown in &estimate.unknown {
        let place = format!("{}/{}", unknown.place.stack, unknown.place.logical_id);
        let price = unknown
            .price
            .as_ref()
            .zip(unknown.unit)
            .map(|(price, unit)| format!(" ({} USD {})", price.usd, per(price.per, unit)));
        let quantity = match unknown.kind {
            UnknownKind::Price => unknown
                .quantity
                .zip(unknown.unit)
                .map(|(quantity, unit)| format!(", {} {}", grouped(quantity), unit.as_str())),
            UnknownKind::Quantity => None,
        };
        let line = format!(
            "  {place}: {}{}{}: {}\n",
            unknown.what,
            quantity.unwrap_or_default(),
            price.unwrap_or_default(),
            unknown.why
        );
        if seen.insert(line.clone()) {
            lines.push(line);
        }
    }
    format!("\nUnknown, and not in the total:\n{}", lines.concat())
}

/// The estimate as JSON; decimals are text.
pub(crate) fn json(estimate: &Estimate) -> Value {
    let assumed = serde_json::to_value(&estimate.load.assumed).unwrap_or_default();
    let mut traffic = Map::new();
    traffic.insert("users".to_owned(), json!(estimate.load.users));
    traffic.insert("requests".to_owned(), json!(estimate.load.requests));
    for (key, value) in assumed.as_object().into_iter().flatten() {
        // The two that the command line may have replaced.
        if !matches!(key.as_str(), "users" | "requests-per-user") {
            traffic.insert(key.replace('-', "_"), value.clone());
        }
    }
    json!({
        "stage": estimate.stage,
        "region": estimate.region,
        "currency": "USD",
        "on_aws": !estimate.is_local && !estimate.is_for_emulators,
        "traffic": traffic,
        "total": estimate.total,
        "budget": estimate.budget,
        "over_budget": estimate.over_budget(),
        "with_free_tier": estimate.total - estimate.saved(),
        "services": estimate.services,
        "lines": estimate.lines,
        "free_tier": estimate.free_tier,
        "free_of_charge": estimate.free_of_charge,
        "unknown": estimate.unknown,
    })
}

/// What a plan changes, resource by resource.
pub(crate) fn change(change: &CostChange) -> String {
    let mut text = format!(
        "cost: {} -> {} USD a month ({})\n",
        change.before.cents(),
        change.after.cents(),
        (change.after - change.before).signed_cents()
    );
    let rows: Vec<Vec<String>> = change
        .resources
        .iter()
        .map(|resource| {
            vec![
                format!("  {}/{}", resource.stack, resource.logical_id),
                resource.before.cents(),
                format!("-> {}", resource.after.cents()),
            ]
        })
        .collect();
    text += &aligned(&rows, &[1]);
    for unknown in &change.unknown {
        text += &format!(
            "  {}/{}: {} is not known: {}\n",
            unknown.stack, unknown.logical_id, unknown.what, unknown.why
        );
    }
    text
}

#[cfg(test)]
#[path = "cost/tests.rs"]
mod tests;
