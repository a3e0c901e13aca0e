//! Which SKU each price of the table is: `deployer/prices/offers.json`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::unusable;
use crate::Error;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selectors {
    selectors: Vec<Selector>,
    unread: Vec<Unread>,
}

/// How the SKU of a price is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selector {
    /// AWS's code of the offer, which is that of the service.
    pub(super) offer: String,
    /// `proxy`, or `postgres.{class}.single_az` for each class.
    key: String,
    /// Its name on the bill, without the region before it.
    usage_type: String,
    /// What else a product must have.
    pub(super) attributes: BTreeMap<String, String>,
    /// What the offer must count.
    pub(super) unit: String,
}

/// A price that is not read from an offer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unread {
    service: String,
    /// `None`: all that have no selector.
    key: Option<String>,
    /// The reason, a clause.
    why: String,
}

/// What stands for the class of a database in a key and a usage type.
const CLASS: &str = "{class}";

impl Selectors {
    pub(super) fn read(folder: &Path) -> Result<Selectors, Error> {
        let file = folder.join("offers.json");
        let text = fs::read_to_string(&file).map_err(|cause| unusable(&file, cause))?;
        serde_json::from_str(&text).map_err(|cause| unusable(&file, cause))
    }

    /// The selector of a price, with its usage type; `None`: there is none.
    pub(super) fn of(&self, service: &str, key: &str) -> Option<(&Selector, String)> {
        let mut selectors = self.selectors.iter();
        selectors.find_map(|selector| {
            let usage_type = selector.usage_type_of(key)?;
            (selector.offer == service).then_some((selector, usage_type))
        })
    }

    /// Why a price is not read from an offer; `None`: no reason is named.
    pub(super) fn why_unread(&self, service: &str, key: &str) -> Option<&str> {
        let is_it = |unread: &&Unread| {
            unread.service == service && unread.key.as_ref().is_none_or(|unread| unread == key)
        };
        let unread = self.unread.iter().find(is_it)?;
        Some(unread.why.as_str()).filter(|why| !why.is_empty())
    }
}

impl Selector {
    fn usage_type_of(&self, key: &str) -> Option<String> {
        let Some((before, after)) = self.key.split_once(CLASS) else {
            return (self.key == key).then(|| self.usage_type.clone());
        };
        let class = key.strip_prefix(before)?.strip_suffix(after)?;
        Some(self.usage_type.replace(CLASS, class))
    }
}

/// A usage type without its region: `APN1-RDS:GP3-Storage` and, in some offers of us-east-1,
/// `USE1-RDS:ProxyUsage`
/// (<https://docs.aws.amazon.com/cur/latest/userguide/cur-data-transfers-charges.html>, region codes).
pub(super) fn without_region(usage_type: &str) -> &str {
    let Some((region, rest)) = usage_type.split_once('-') else {
        return usage_type;
    };
    let mut letters = region.chars().rev();
    let is_region = letters.next().is_some_and(|last| last.is_ascii_digit())
        && (3..=4).contains(&region.len())
        && letters.all(|letter| letter.is_ascii_uppercase());
    if is_region { rest } else { usage_type }
}
