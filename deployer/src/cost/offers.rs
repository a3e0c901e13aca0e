//! `prices refresh`: the price table from AWS's bulk offer files
//! (<https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html>).
//!
//! What always holds: a key of the table takes a price only when exactly one SKU of the offer fits it, and
//! when any key fits none or several, or an offer cannot be read, no file is changed.

mod offer;
mod selectors;
mod table;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;

pub use offer::OfferVersion;

use crate::{Error, progress::Progress, project::Project};
use offer::{Offer, PriceOfSku};
use selectors::{Selectors, without_region};
use table::Table;

/// Where AWS publishes the offers.
pub const OFFERS_URL: &str = "https://pricing.us-east-1.amazonaws.com";

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refreshed {
    /// The offers that were read.
    pub offers: Vec<OfferVersion>,
    /// The prices that differ from those of the table before.
    pub changes: Vec<PriceChange>,
    /// How many prices were compared.
    pub compared: usize,
    /// The prices without a selector, which stay.
    pub unread: Vec<UnreadPrice>,
}

/// A price that is not read from an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadPrice {
    /// The region.
    pub region: String,
    /// AWS's code of the service.
    pub service: String,
    /// Which of its prices.
    pub key: String,
    /// The reason, a clause.
    pub why: String,
}

/// A price that is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceChange {
    /// The region.
    pub region: String,
    /// AWS's code of the service.
    pub service: String,
    /// Which of its prices.
    pub key: String,
    /// USD, or the tiers.
    pub before: String,
    /// USD, or the tiers.
    pub after: String,
}

/// Reads the offers below `from` and writes the table of the project.
///
/// # Errors
///
/// When an offer cannot be read, or a key fits no SKU or several: every one of them, and nothing was
/// changed.
pub async fn refresh(
    project: &Project,
    from: &str,
    progress: &Progress,
) -> Result<Refreshed, Error> {
    let folder = project.root().join("deployer/prices");
    let selectors = Selectors::read(&folder)?;
    let mut table = Table::read(&folder)?;
    let mut refreshed = Refreshed {
        offers: Vec::new(),
        changes: Vec::new(),
        compared: 0,
        unread: Vec::new(),
    };
    let mut problems = Vec::new();
    for region in table.regions() {
        let rows = table.keys(&region);
        let mut wanted: BTreeMap<&str, Vec<Wanted>> = BTreeMap::new();
        for (service, key) in rows {
            match selectors.of(&service, &key) {
                Some((selector, usage_type)) => {
                    wanted.entry(&selector.offer).or_default().push(Wanted {
                        key,
                        usage_type,
                        attributes: &selector.attributes,
                        unit: &selector.unit,
                    });
                }
                None => match selectors.why_unread(&service, &key) {
                    Some(why) => refreshed.unread.push(UnreadPrice {
                        region: region.clone(),
                        why: why.to_owned(),
                        service,
                        key,
                    }),
                    None => problems.push(format!(
                        "{region}: {service} {key}: it has neither a selector nor a reason for none"
                    )),
                },
            }
        }
        for (name, wanted) in wanted {
            let offer = read_offer(from, name, &region, &wanted, progress).await?;
            for wanted in &wanted {
                match wanted.price(&offer) {
                    Ok(price) => {
                        refreshed.compared += 1;
                        let change =
                            table.set(&region, name, &wanted.key, &price, &offer.version)?;
                        refreshed.changes.extend(change);
                    }
                    Err(problem) => {
                        problems.push(format!("{region}: {name} {}: {problem}", wanted.key));
                    }
                }
            }
            refreshed.offers.push(offer.version);
        }
    }
    if !problems.is_empty() {
        return Err(Error::failed(
            format!(
                "{} of the prices fit not exactly one SKU. No file was changed.",
                problems.len()
            ),
            "Correct the selector of each in deployer/prices/offers.json; the attributes are those of `products` in the offer.",
        )
        .because(problems.join("\n")));
    }
    table.write(&folder)?;
    Ok(refreshed)
}

/// A price that the table has, and how its SKU is known.
#[derive(Debug)]
struct Wanted<'a> {
    key: String,
    usage_type: String,
    attributes: &'a BTreeMap<String, String>,
    unit: &'a str,
}

impl Wanted<'_> {
    fn fits(&self, attributes: &BTreeMap<String, String>) -> bool {
        let usage_type = attributes.get("usagetype");
        usage_type.is_some_and(|found| without_region(found) == self.usage_type)
            && self
                .attributes
                .iter()
                .all(|(name, value)| attributes.get(name) == Some(value))
    }

    /// The one price that fits, or why there is none.
    fn price(&self, offer: &Offer) -> Result<PriceOfSku, String> {
        let mut fitting = offer
            .products
            .iter()
            .filter(|(_, product)| self.fits(&product.attributes));
        let what = || format!("the usage type `{}`", self.usage_type);
        let Some((sku, product)) = fitting.next() else {
            return Err(format!("no SKU has {}", what()));
        };
        let others: Vec<&str> = fitting.map(|(sku, _)| sku.as_str()).collect();
        if !others.is_empty() {
            return Err(format!(
                "{} SKUs have {}: {sku}, {}",
                others.len() + 1,
                what(),
                others.join(", ")
            ));
        }
        offer.price(sku, product, self.unit)
    }
}

async fn read_offer(
    from: &str,
    name: &str,
    region: &str,
    wanted: &[Wanted<'_>],
    progress: &Progress,
) -> Result<Offer, Error> {
    let step = progress.step("prices", format!("Reading the offer {name} of {region}"));
    let url = format!("{from}/offers/v1.0/aws/{name}/current/{region}/index.json");
    let fits =
        |attributes: &BTreeMap<String, String>| wanted.iter().any(|wanted| wanted.fits(attributes));
    let offer = offer::fetch(&url, name, region, &fits).await?;
    step.done(format!("version {}", offer.version.version));
    Ok(offer)
}

/// A file of the table that cannot be read or written.
fn unusable(file: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::failed(
        format!("The price table {} cannot be used. No file was changed.", file.display()),
        "deployer/prices/README.md describes the format; `git diff deployer/prices` shows what changed.",
    )
    .because(cause)
}

#[cfg(test)]
mod tests;
