//! An estimate as a value: lines, sums, and what is not in them.

use serde::Serialize;

use super::{Decimal, Load, Place, Status, Unit};

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
    /// Whether an allowance of the account may cover it, when there is one for its price.
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
