//! Estimates next to each other: two stages, and the three scales of the document.

use std::collections::BTreeSet;

use deployer::{
    cost::{Decimal, Estimate, Scale},
    stage::Stage,
};

use super::{free_of_charge, grouped};
use crate::show::table::aligned;

/// Two stages, service by service.
pub(crate) fn comparison(estimates: &[Estimate]) -> String {
    let [first, second] = estimates else {
        return String::new();
    };
    let services: BTreeSet<&str> = estimates
        .iter()
        .flat_map(|estimate| &estimate.services)
        .map(|total| total.service.as_str())
        .collect();
    let of = |estimate: &Estimate, service: &str| {
        let mut services = estimate.services.iter();
        services
            .find(|total| total.service == service)
            .map_or(Decimal::ZERO, |total| total.monthly)
    };
    let row = |name: &str, one: Decimal, other: Decimal| {
        vec![
            name.to_owned(),
            one.cents(),
            other.cents(),
            (other - one).signed_cents(),
        ]
    };
    let head = ["USD a month", &first.stage, &second.stage, "difference"];
    let requests = |estimate: &Estimate| grouped(estimate.load.requests.into());
    let mut rows = vec![
        head.map(str::to_owned).to_vec(),
        vec![
            "requests a month".to_owned(),
            requests(first),
            requests(second),
        ],
    ];
    for service in services {
        rows.push(row(service, of(first, service), of(second, service)));
    }
    rows.push(row("total", first.total, second.total));
    let mut text = aligned(&rows, &[1, 2, 3]);
    for estimate in estimates {
        if estimate.is_local {
            text += &free_of_charge(&estimate.stage);
        }
        let unknown = estimate.unknown.len();
        if unknown > 0 {
            text += &format!(
                "`{}`: {unknown} unknown quantities are not in the total: `cargo xtask cost --stage {}`\n",
                estimate.stage, estimate.stage
            );
        }
    }
    text
}

/// The stage at the scales of the document.
pub(crate) fn scales(stage: &Stage, scales: &[Scale]) -> String {
    if scales.is_empty() {
        return free_of_charge(stage.name());
    }
    let mut text = format!(
        "The templates of `{}` in {}, as they are, next to the technology stack document (USD a month):\n",
        stage.name(),
        stage.settings().region
    );
    for scale in scales {
        text += &format!(
            "\n{} users, {} requests a month\n",
            grouped(scale.users.into()),
            grouped(scale.requests.into())
        );
        let mut rows = vec![
            ["", "document", "estimate", "why"]
                .map(str::to_owned)
                .to_vec(),
        ];
        rows.extend(scale.parts.iter().map(|part| {
            vec![
                format!("  {}", part.part.as_str()),
                part.document.map_or("-".to_owned(), Decimal::cents),
                part.estimate.cents(),
                part.why.clone(),
            ]
        }));
        rows.push(vec![
            "  total".to_owned(),
            scale.document.cents(),
            scale.estimate.cents(),
        ]);
        text += &aligned(&rows, &[1, 2]);
        text += &limits(scale);
    }
    text
}

/// Of each kind of limit the one that is reached first, the nearest at the front.
fn limits(scale: &Scale) -> String {
    let mut seen = BTreeSet::new();
    let head = ["  next limits", "", "busiest second", "limit", "reached at"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for limit in &scale.limits {
        if let Some(users) = limit.reached_at_users
            && seen.insert(limit.kind)
        {
            rows.push(vec![
                format!("  {}", limit.what),
                limit.set_by.clone(),
                grouped(limit.needed),
                grouped(limit.limit.into()),
                format!("{} users", grouped(users.into())),
            ]);
        }
    }
    aligned(&rows, &[2, 3, 4])
}
