//! What a stage has cost so far, next to its estimate.

use deployer::cost::{ActualCost, Decimal, Estimate, ServiceComparison};
use serde_json::{Value, json};

use crate::show::table::aligned;

/// Both figures of each service, and the whole month.
pub(crate) fn actual(
    actual: &ActualCost,
    services: &[ServiceComparison],
    estimate: &Estimate,
) -> String {
    let stage = &estimate.stage;
    let mut text = format!(
        "Charged for `{stage}` from {} to {}, by the tag `{}`; the last day is not complete.\n\n",
        actual.from, actual.to, actual.tag
    );
    let cents = |usd: Option<Decimal>| usd.map_or_else(|| "-".to_owned(), Decimal::cents);
    let header = ["service", "charged", "estimate of a month"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for service in services {
        rows.push(vec![
            service.service.clone(),
            cents(service.spent),
            cents(service.estimated),
        ]);
    }
    rows.push(vec![
        "total, USD".to_owned(),
        actual.total.cents(),
        estimate.total.cents(),
    ]);
    text += &aligned(&rows, &[1, 2]);
    text += &match actual.forecast {
        Some(forecast) => format!("\nforecast of AWS for the month: {}\n", forecast.cents()),
        None => "\nforecast of AWS for the month: unknown, it has too little data\n".to_owned(),
    };
    text += &match estimate.budget {
        Some(budget) => format!("budget: {}\n", budget.cents()),
        None => "budget: none\n".to_owned(),
    };
    for other in &actual.others {
        text += &match other.stage.as_str() {
            "" => format!(
                "not of any stage, in the same account: {}\n",
                other.spent.cents()
            ),
            stage => format!("of the stage `{stage}`: {}\n", other.spent.cents()),
        };
    }
    text
}

/// The same as JSON; decimals are text.
pub(crate) fn actual_json(
    actual: &ActualCost,
    services: &[ServiceComparison],
    estimate: &Estimate,
) -> Value {
    json!({
        "stage": estimate.stage,
        "currency": "USD",
        "tag": actual.tag,
        "from": actual.from,
        "to": actual.to,
        "services": services,
        "charged": actual.total,
        "forecast": actual.forecast,
        "estimated": estimate.total,
        "budget": estimate.budget,
        "others": actual.others,
    })
}
