//! The vendored price table, `deployer/prices/`: list prices of AWS, each with its source, date and
//! status. A price that is not in it is unknown, never 0.

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;
use crate::Error;

/// The regions with a file of their own.
const REGIONS: &[(&str, &str)] = &[
    (
        "ap-northeast-1",
        include_str!("../../prices/ap-northeast-1.json"),
    ),
    ("us-east-1", include_str!("../../prices/us-east-1.json")),
];
/// Prices that are the same in every region.
const GLOBAL: &str = include_str!("../../prices/global.json");
/// What each account has free of charge.
const FREE: &str = include_str!("../../prices/free.json");

/// How far a row can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Read from AWS's offer file.
    Published,
    /// Traced to a copy or quotation of AWS's price list.
    Sourced,
    /// Arithmetic on such a price.
    Derived,
    /// Believed, and compared with nothing.
    Unconfirmed,
}

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unit {
    /// An hour.
    #[serde(rename = "hours")]
    Hours,
    /// An hour of one vCPU.
    #[serde(rename = "vCPU-hours")]
    VcpuHours,
    /// A month.
    #[serde(rename = "months")]
    Months,
    /// One metric for a month.
    #[serde(rename = "metric-months")]
    MetricMonths,
    /// 2^30 bytes for a month.
    #[serde(rename = "GB-months")]
    GbMonths,
    /// 2^30 bytes for an hour.
    #[serde(rename = "GB-hours")]
    GbHours,
    /// 2^30 bytes of memory for a second.
    #[serde(rename = "GB-seconds")]
    GbSeconds,
    /// 2^30 bytes.
    #[serde(rename = "GB")]
    Gb,
    /// A request.
    #[serde(rename = "requests")]
    Requests,
    /// An invocation.
    #[serde(rename = "invocations")]
    Invocations,
    /// A message.
    #[serde(rename = "messages")]
    Messages,
    /// A minute of a connection.
    #[serde(rename = "minutes")]
    Minutes,
    /// An event.
    #[serde(rename = "events")]
    Events,
    /// A query.
    #[serde(rename = "queries")]
    Queries,
    /// A path.
    #[serde(rename = "paths")]
    Paths,
    /// A person in a month.
    #[serde(rename = "users")]
    Users,
    /// ElastiCache's processing units.
    #[serde(rename = "ECPUs")]
    Ecpus,
}

impl Unit {
    /// As in the price table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Hours => "hours",
            Unit::VcpuHours => "vCPU-hours",
            Unit::Months => "months",
            Unit::MetricMonths => "metric-months",
            Unit::GbMonths => "GB-months",
            Unit::GbHours => "GB-hours",
            Unit::GbSeconds => "GB-seconds",
            Unit::Gb => "GB",
            Unit::Requests => "requests",
            Unit::Invocations => "invocations",
            Unit::Messages => "messages",
            Unit::Minutes => "minutes",
            Unit::Events => "events",
            Unit::Queries => "queries",
            Unit::Paths => "paths",
            Unit::Users => "users",
            Unit::Ecpus => "ECPUs",
        }
    }
}

/// A price.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    /// AWS's code of the service: `AmazonRDS`.
    pub(super) service: String,
    /// Which of its prices: `gp3.single_az`.
    pub(super) key: String,
    /// What is counted.
    pub(super) unit: Unit,
    /// How many units the price is for.
    pub(super) per: u64,
    /// USD, when every unit costs the same.
    usd: Option<Decimal>,
    /// USD by quantity, when not.
    #[serde(default)]
    tiers: Vec<Tier>,
    /// AWS's number of the price, where the source names it.
    pub(super) sku: Option<String>,
    /// AWS's name on the bill, where the source names it.
    pub(super) usage_type: Option<String>,
    /// How far it can be believed.
    pub(super) status: Status,
    /// A key of `sources.json`.
    pub(super) source: String,
    /// When the source is from: a year, a month or a day.
    pub(super) date: String,
    /// What a reader should know.
    pub(super) note: Option<String>,
}

/// The price up to a quantity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    /// The quantity at which it ends, in units of the price; `None`: it does not.
    pub(super) up_to: Option<Decimal>,
    /// USD.
    pub(super) usd: Decimal,
}

impl Price {
    /// Its tiers; the last one may end, and what lies beyond is not known.
    pub(super) fn tiers(&self) -> Vec<Tier> {
        match self.usd {
            Some(usd) => vec![Tier { up_to: None, usd }],
            None => self.tiers.clone(),
        }
    }
}

/// What an account has free of charge in a month.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowance {
    /// The service.
    pub(super) service: String,
    /// The prices that share it.
    pub(super) keys: Vec<String>,
    /// What is counted.
    pub(super) unit: Unit,
    /// How much.
    pub(super) quantity: Decimal,
    /// How far it can be believed.
    pub(super) status: Status,
    /// A key of `sources.json`.
    pub(super) source: String,
    /// When the source is from.
    pub(super) date: String,
    /// What a reader should know.
    pub(super) note: Option<String>,
}

/// The prices of one region.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    region: String,
    prices: Vec<Price>,
    /// What is free of charge.
    pub(super) free: Vec<Allowance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceFile {
    region: String,
    currency: String,
    prices: Vec<Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeFile {
    allowances: Vec<Allowance>,
}

impl Prices {
    /// The prices of that region. One without a file has the global prices alone, so that everything
    /// regional is unknown.
    ///
    /// # Errors
    ///
    /// When a file of the table is not in its format.
    pub(super) fn of(region: &str) -> Result<Prices, Error> {
        let mut prices = read("global", GLOBAL)?.prices;
        if let Some((_, text)) = REGIONS.iter().find(|(name, _)| *name == region) {
            prices.extend(read(region, text)?.prices);
        }
        let free: FreeFile = parse("free.json", FREE)?;
        Ok(Prices {
            region: region.to_owned(),
            prices,
            free: free.allowances,
        })
    }

    /// The price, when the table has it.
    pub(super) fn find(&self, service: &str, key: &str) -> Option<&Price> {
        self.prices
            .iter()
            .find(|price| price.service == service && price.key == key)
    }

    /// Service and key of every price.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let prices = self.prices.iter();
        prices.map(|price| (price.service.as_str(), price.key.as_str()))
    }

    /// Why a price is missing, as a clause.
    pub(super) fn missing(&self, service: &str, key: &str) -> String {
        let region = &self.region;
        if REGIONS.iter().any(|(name, _)| name == region) {
            return format!("deployer/prices has no price `{key}` of {service} for {region}");
        }
        let known: Vec<&str> = REGIONS.iter().map(|(name, _)| *name).collect();
        format!(
            "deployer/prices has no prices for {region}, only for {}",
            known.join(" and ")
        )
    }
}

/// The file of a region, or of `global`.
fn read(region: &str, text: &str) -> Result<PriceFile, Error> {
    let name = format!("{region}.json");
    let file: PriceFile = parse(&name, text)?;
    if file.region != region || file.currency != "USD" {
        let found = format!("it is of {} in {}", file.region, file.currency);
        return Err(unreadable(&name).because(found));
    }
    Ok(file)
}

fn parse<'a, T: Deserialize<'a>>(name: &str, text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|cause| unreadable(name).because(cause))
}

fn unreadable(name: &str) -> Error {
    Error::failed(
        format!("The price table deployer/prices/{name} cannot be read."),
        "deployer/prices/README.md describes the format; `git diff deployer/prices` shows what changed.",
    )
}

#[cfg(test)]
#[path = "prices_tests.rs"]
mod tests;
