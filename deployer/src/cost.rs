//! What a stage costs: an estimate from its synthesized templates, the traffic that its stage file
//! assumes, and the vendored price table. It asks nobody, and needs no account.
//!
//! It is not a bill: prices are list prices before tax, and the traffic is assumed. What has no
//! price in the table, or no quantity that anything here can say, is named as unknown and never
//! counted as 0. The free tier is the account's, not the stage's, so it is shown apart and the
//! budget is compared without it.

mod bill;
mod change;
mod decimal;
mod inventory;
mod limits;
mod load;
mod prices;
mod rules;
mod scale;

use std::collections::BTreeMap;

use serde::Serialize;

pub use bill::Place;
pub use change::{CostChange, NewUnknown, ResourceCost, of_plan};
pub use decimal::Decimal;
pub use inventory::StackTemplate;
pub use limits::{Limit, LimitKind};
pub use load::{Load, Overrides, parse_count};
pub use prices::{Status, Unit};
pub use scale::{Difference, Part, Scale, scale};

use crate::{Error, project::Project, stage::Stage, synth, synth::SynthesizedTemplate};
use bill::{Bill, Context};
use inventory::Inventory;
use prices::Prices;
use rules::Rule;

/// What a stage costs in a month, USD.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The stage.
    pub stage: String,
    /// Its region.
    pub region: String,
    /// Whether it runs on this machine, where AWS charges nothing.
    pub is_local: bool,
    /// Whether it is for an emulator, whose templates are priced as if they were deployed on AWS.
    pub is_for_emulators: bool,
    /// The traffic.
    pub load: Load,
    /// What is used and has a price, in the order of the templates.
    pub lines: Vec<Line>,
    /// The sum of each service, the largest first.
    pub services: Vec<ServiceTotal>,
    /// What an account has free of charge, as far as this stage alone would use it.
    pub free_tier: Vec<FreeTier>,
    /// The resource types that cost nothing, with the reason.
    pub free_of_charge: Vec<FreeType>,
    /// What is not in the total.
    pub unknown: Vec<Unknown>,
    /// The sum of all lines, without the free tier.
    pub total: Decimal,
    /// The stage's budget.
    pub budget: Option<Decimal>,
}

/// A quantity with its price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The resource.
    #[serde(flatten)]
    pub place: Place,
    /// `RDS`
    pub service: String,
    /// `storage`
    pub what: String,
    /// How much.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
    /// The price.
    pub price: LinePrice,
    /// Quantity times price.
    pub monthly: Decimal,
    /// Whether the account's free tier covers it.
    pub free_tier: bool,
}

/// A price with where it is from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinePrice {
    /// USD.
    pub usd: Decimal,
    /// For how many units.
    pub per: u64,
    /// AWS's code of the service.
    pub service: String,
    /// Which of its prices.
    pub key: String,
    /// How far it can be believed.
    pub status: Status,
    /// A key of `deployer/prices/sources.json`.
    pub source: String,
    /// When that source is from.
    pub date: String,
    /// AWS's number of the price, where the source names it.
    pub sku: Option<String>,
    /// AWS's name on the bill, where the source names it.
    pub usage_type: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
}

/// The sum of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceTotal {
    /// `RDS`
    pub service: String,
    /// USD.
    pub monthly: Decimal,
}

/// What an account has free of charge every month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FreeTier {
    /// `Lambda`
    pub service: String,
    /// The prices that share it.
    pub keys: Vec<String>,
    /// How much an account has.
    pub allowance: Decimal,
    /// How much of it this stage would use.
    pub used: Decimal,
    /// Of what.
    pub unit: Unit,
    /// USD.
    pub saves: Decimal,
    /// How far it can be believed.
    pub status: Status,
    /// A key of `deployer/prices/sources.json`.
    pub source: String,
    /// When that source is from.
    pub date: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// A resource type that costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FreeType {
    /// `AWS::IAM::Role`
    pub resource_type: String,
    /// How many there are.
    pub count: u64,
    /// Why.
    pub why: String,
}

/// What is not in the total.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unknown {
    /// The resource.
    #[serde(flatten)]
    pub place: Place,
    /// `backups`
    pub what: String,
    /// What is missing.
    pub kind: UnknownKind,
    /// Why it is not known.
    pub why: String,
    /// How much, when only the price is missing.
    pub quantity: Option<Decimal>,
    /// Of what.
    pub unit: Option<Unit>,
    /// The price, when only the quantity is missing.
    pub price: Option<LinePrice>,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownKind {
    /// It is used, and the table has no price.
    Price,
    /// It may be used, and nothing says how much.
    Quantity,
}

impl Estimate {
    /// By how much the total exceeds the budget; `None`: it does not, or there is no budget.
    pub fn over_budget(&self) -> Option<Decimal> {
        let budget = self.budget?;
        (self.total > budget).then(|| self.total - budget)
    }

    /// What the account's free tier takes off when no other stage uses it.
    pub fn saved(&self) -> Decimal {
        self.free_tier.iter().map(|free| free.saves).sum()
    }

    /// What is used without a price: the total is too low by that.
    pub fn without_price(&self) -> impl Iterator<Item = &Unknown> {
        self.unknown
            .iter()
            .filter(|unknown| unknown.kind == UnknownKind::Price)
    }
}

/// The templates of a stage on AWS: its stacks and the bootstrap stack; none for `local`.
///
/// # Errors
///
/// When a template is wrong.
pub fn templates(project: &Project, stage: &Stage) -> Result<Vec<SynthesizedTemplate>, Error> {
    if stage.is_local() {
        return Ok(Vec::new());
    }
    let mut templates = synth::templates(project, stage, &[])?;
    let bootstrap = stacks::bootstrap::bootstrap(stage.settings(), None).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::failed(
            "The template of the bootstrap stack is wrong.",
            "Correct it in stacks/src/bootstrap.rs.",
        )
        .because(list.join("\n"))
    })?;
    templates.push(SynthesizedTemplate {
        stack: bootstrap.name().to_owned(),
        json: bootstrap.template(),
    });
    Ok(templates)
}

/// What these templates cost at the stage's traffic. Pure.
///
/// # Errors
///
/// When the price table cannot be read.
pub fn estimate(
    stage: &Stage,
    templates: &[StackTemplate<'_>],
    overrides: Overrides,
) -> Result<Estimate, Error> {
    let settings = stage.settings();
    let load = Load::new(&settings.cost.traffic, overrides);
    let inventory = Inventory::new(templates);
    let context = Context {
        inventory: &inventory,
        load: &load,
    };
    let mut bill = Bill::default();
    let mut free: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for resource in inventory.iter() {
        match rules::rule(resource.kind) {
            Some(Rule::Priced(rule)) => rule(resource, &context, &mut bill),
            Some(Rule::Free(why)) => free.entry(resource.kind).or_insert((0, why)).0 += 1,
            Some(Rule::Unknown(why)) => bill.unknown(resource, "all of it", why),
            None => bill.unknown(resource, "all of it", "there is no price rule for its type"),
        }
    }
    let (lines, free_tier, unknown) = bill.settle(&Prices::of(&settings.region)?);
    Ok(Estimate {
        stage: stage.name().to_owned(),
        region: settings.region.clone(),
        is_local: stage.is_local(),
        is_for_emulators: settings.is_for_emulators(),
        services: by_service(&lines),
        total: lines.iter().map(|line| line.monthly).sum(),
        lines,
        free_tier,
        free_of_charge: free
            .into_iter()
            .map(|(resource_type, (count, why))| FreeType {
                resource_type: resource_type.to_owned(),
                count,
                why: why.to_owned(),
            })
            .collect(),
        unknown,
        budget: settings.cost.budget.map(|usd| u64::from(usd).into()),
        load,
    })
}

fn by_service(lines: &[Line]) -> Vec<ServiceTotal> {
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(&line.service).or_default();
        *sum = *sum + line.monthly;
    }
    let mut services: Vec<ServiceTotal> = sums
        .into_iter()
        .map(|(service, monthly)| ServiceTotal {
            service: service.to_owned(),
            monthly,
        })
        .collect();
    services.sort_by(|one, other| other.monthly.cmp(&one.monthly));
    services
}

/// The templates as [`estimate`] takes them.
pub fn borrowed(templates: &[SynthesizedTemplate]) -> Vec<StackTemplate<'_>> {
    templates
        .iter()
        .map(|template| StackTemplate {
            stack: &template.stack,
            template: &template.json,
        })
        .collect()
}

#[cfg(test)]
#[path = "cost/tests.rs"]
mod tests;
