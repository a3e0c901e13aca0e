//! What the resources of a stage use in a month, and what that costs by the price table.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    FreeTier, Line, LinePrice, Unknown, UnknownKind,
    decimal::Decimal,
    inventory::{Inventory, Resource},
    load::Load,
    prices::{Allowance, Price, Prices, Unit},
};

/// What a rule knows besides its resource.
pub(super) struct Context<'a> {
    /// All resources of the stage.
    pub(super) inventory: &'a Inventory<'a>,
    /// The traffic.
    pub(super) load: &'a Load,
}

/// A quantity that has a price.
#[derive(Debug, Clone)]
pub(super) struct Charge {
    /// For people: `storage`.
    pub(super) what: String,
    /// AWS's code of the service.
    pub(super) service: &'static str,
    /// Which of its prices.
    pub(super) key: String,
    /// What is counted; the price must be for the same.
    pub(super) unit: Unit,
    /// How much.
    pub(super) quantity: Decimal,
    /// Whether an allowance of the account may cover it, when there is one for its price.
    pub(super) free_tier: bool,
}

/// Where a line belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Short name of the stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `AWS::RDS::DBInstance`
    pub resource_type: String,
}

impl Place {
    fn of(resource: &Resource<'_>) -> Place {
        Place {
            stack: resource.stack.to_owned(),
            logical_id: resource.id.to_owned(),
            resource_type: resource.kind.to_owned(),
        }
    }
}

/// What is used, and what nobody knows.
#[derive(Debug, Default)]
pub(super) struct Bill {
    charges: Vec<(Place, Charge)>,
    unknown: Vec<(Place, UnknownQuantity)>,
}

#[derive(Debug)]
struct UnknownQuantity {
    what: String,
    why: String,
    price: Option<(&'static str, String)>,
}

impl Bill {
    /// Something is used.
    pub(super) fn charge(&mut self, resource: &Resource<'_>, charge: Charge) {
        self.charges.push((Place::of(resource), charge));
    }

    /// Something may be used, and nothing here can say how much.
    pub(super) fn unknown(
        &mut self,
        resource: &Resource<'_>,
        what: impl Into<String>,
        why: impl Into<String>,
    ) {
        let unknown = UnknownQuantity {
            what: what.into(),
            why: why.into(),
            price: None,
        };
        self.unknown.push((Place::of(resource), unknown));
    }

    /// As [`Bill::unknown`], with the price that a unit would have.
    pub(super) fn unpriced(
        &mut self,
        resource: &Resource<'_>,
        what: &str,
        service: &'static str,
        key: &str,
        why: impl Into<String>,
    ) {
        let unknown = UnknownQuantity {
            what: what.to_owned(),
            why: why.into(),
            price: Some((service, key.to_owned())),
        };
        self.unknown.push((Place::of(resource), unknown));
    }

    /// The lines by these prices, what the free tier takes off, and what stays unknown.
    pub(super) fn settle(self, prices: &Prices) -> (Vec<Line>, Vec<FreeTier>, Vec<Unknown>) {
        let mut lines = Vec::new();
        let mut unknown = Vec::new();
        // Tiers count what all resources use together.
        let mut used: BTreeMap<(&str, String), Decimal> = BTreeMap::new();
        for (place, charge) in self.charges {
            let price = prices.find(charge.service, &charge.key);
            let Some(price) = price.filter(|price| price.unit == charge.unit) else {
                let why = prices.missing(charge.service, &charge.key);
                unknown.push(no_price(place, charge, why));
                continue;
            };
            let before = used
                .entry((charge.service, charge.key.clone()))
                .or_default();
            let first = *before;
            *before = first + charge.quantity;
            let left = by_tiers(&place, &charge, price, first, &mut lines);
            if left > Decimal::ZERO {
                let why = format!(
                    "deployer/prices has no price of {} beyond the first {} {}",
                    charge.what,
                    (first + charge.quantity - left).whole(),
                    charge.unit.as_str()
                );
                let quantity = left;
                unknown.push(no_price(place, Charge { quantity, ..charge }, why));
            }
        }
        for (place, quantity) in self.unknown {
            let price = quantity
                .price
                .and_then(|(service, key)| prices.find(service, &key));
            unknown.push(Unknown {
                place,
                what: quantity.what,
                kind: UnknownKind::Quantity,
                why: quantity.why,
                quantity: None,
                unit: price.map(|price| price.unit),
                price: price.and_then(|price| {
                    let first = price.tiers().into_iter().next()?;
                    Some(LinePrice::new(price, first.usd))
                }),
            });
        }
        let free = prices
            .free
            .iter()
            .filter_map(|allowance| free_tier(allowance, &lines))
            .collect();
        (lines, free, unknown)
    }
}

/// Adds a line for each tier that the quantity reaches into; returns what lies beyond the last one.
fn by_tiers(
    place: &Place,
    charge: &Charge,
    price: &Price,
    first: Decimal,
    lines: &mut Vec<Line>,
) -> Decimal {
    let mut at = first;
    let mut left = charge.quantity;
    for tier in price.tiers() {
        let room = match tier.up_to {
            Some(end) if end <= at => continue,
            Some(end) => end - at,
            None => left,
        };
        let quantity = left.min(room);
        lines.push(Line {
            place: place.clone(),
            service: service_name(charge.service).to_owned(),
            what: charge.what.clone(),
            quantity,
            unit: charge.unit,
            monthly: quantity.times(tier.usd).divided(price.per),
            price: LinePrice::new(price, tier.usd),
            free_tier: charge.free_tier,
        });
        at = at + quantity;
        left = left - quantity;
        if left == Decimal::ZERO {
            break;
        }
    }
    left
}

fn no_price(place: Place, charge: Charge, why: String) -> Unknown {
    Unknown {
        place,
        what: charge.what,
        kind: UnknownKind::Price,
        why,
        quantity: Some(charge.quantity),
        unit: Some(charge.unit),
        price: None,
    }
}

/// What an allowance takes off these lines, in their order; `None` when that is nothing.
fn free_tier(allowance: &Allowance, lines: &[Line]) -> Option<FreeTier> {
    let mut left = allowance.quantity;
    let mut saves = Decimal::ZERO;
    let covered = lines.iter().filter(|line| {
        line.free_tier
            && line.price.service == allowance.service
            && allowance.keys.contains(&line.price.key)
    });
    for line in covered {
        let quantity = line.quantity.min(left);
        saves = saves + quantity.times(line.price.usd).divided(line.price.per);
        left = left - quantity;
    }
    (saves > Decimal::ZERO).then(|| FreeTier {
        service: service_name(&allowance.service).to_owned(),
        keys: allowance.keys.clone(),
        allowance: allowance.quantity,
        used: allowance.quantity - left,
        unit: allowance.unit,
        saves,
        status: allowance.status,
        source: allowance.source.clone(),
        date: allowance.date.clone(),
        note: allowance.note.clone(),
    })
}

impl LinePrice {
    fn new(price: &Price, usd: Decimal) -> LinePrice {
        LinePrice {
            usd,
            per: price.per,
            service: price.service.clone(),
            key: price.key.clone(),
            status: price.status,
            source: price.source.clone(),
            date: price.date.clone(),
            sku: price.sku.clone(),
            usage_type: price.usage_type.clone(),
            note: price.note.clone(),
        }
    }
}

/// 2^30 bytes are a GB on AWS's bill.
pub(super) fn gigabytes(bytes: u64) -> Decimal {
    Decimal::ratio(bytes, 1 << 30)
}

/// The service as people call it.
fn service_name(code: &str) -> &str {
    match code {
        "AmazonRDS" => "RDS",
        "AWSLambda" => "Lambda",
        "AmazonApiGateway" => "API Gateway",
        "AmazonCloudFront" => "CloudFront",
        "AmazonS3" => "S3",
        "AmazonCloudWatch" => "CloudWatch",
        "AWSSecretsManager" => "Secrets Manager",
        "AmazonElastiCache" => "ElastiCache",
        "AmazonGrafana" => "Grafana",
        "AmazonVPC" => "VPC",
        "AWSDataTransfer" => "Data transfer",
        "AWSQueueService" => "SQS",
        "AmazonSNS" => "SNS",
        "AWSEvents" => "EventBridge",
        "awskms" => "KMS",
        "AWSBudgets" => "Budgets",
        other => other,
    }
}
