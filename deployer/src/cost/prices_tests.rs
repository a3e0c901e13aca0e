//! Tests of [`super`]: every row of the table is complete.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const SOURCES: &str = include_str!("../../prices/sources.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    what: String,
    date: String,
    /// Of an offer file, with the next.
    version: Option<String>,
    sha256: Option<String>,
}

fn sources() -> BTreeMap<String, Source> {
    serde_json::from_str(SOURCES).unwrap()
}

/// A year, a month or a day.
fn is_date(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    matches!(lengths[..], [4] | [4, 2] | [4, 2, 2])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[test]
fn every_price_is_complete_and_there_once() {
    let sources = sources();
    let mut used = BTreeSet::new();
    let mut count = 0;
    for (name, text) in REGIONS.iter().chain([&("global", GLOBAL)]) {
        let file = read(name, text).unwrap();
        let mut seen = BTreeSet::new();
        for price in &file.prices {
            let at = format!("{name}: {} {}", price.service, price.key);
            assert!(
                seen.insert((price.service.clone(), price.key.clone())),
                "{at}: twice"
            );
            assert!(price.per > 0, "{at}");
            assert!(
                price.usd.is_some() == price.tiers.is_empty(),
                "{at}: usd or tiers"
            );
            let ends: Vec<_> = price.tiers().iter().filter_map(|tier| tier.up_to).collect();
            assert!(ends.is_sorted(), "{at}");
            assert!(
                ends.len() + 1 >= price.tiers().len(),
                "{at}: a tier without an end"
            );
            assert!(
                sources.contains_key(&price.source),
                "{at}: {}",
                price.source
            );
            assert!(is_date(&price.date), "{at}: {}", price.date);
            assert_eq!(sources[&price.source].date, price.date, "{at}");
            let source = &sources[&price.source];
            let is_published = source.version.is_some() && source.sha256.is_some();
            assert_eq!(is_published, price.status == Status::Published, "{at}");
            let is_recalled = price.source == "recall";
            assert!(!is_recalled || price.status == Status::Unconfirmed, "{at}");
            assert!(price.sku.as_ref().is_none_or(|sku| sku.len() == 16), "{at}");
            assert!(
                price
                    .usage_type
                    .as_ref()
                    .is_none_or(|name| !name.is_empty()),
                "{at}"
            );
            used.insert(price.source.clone());
            count += 1;
        }
    }
    let free: FreeFile = parse("free.json", FREE).unwrap();
    for allowance in &free.allowances {
        let at = format!("free.json: {} {:?}", allowance.service, allowance.keys);
        assert!(
            sources.contains_key(&allowance.source) && is_date(&allowance.date),
            "{at}"
        );
        used.insert(allowance.source.clone());
    }
    assert!(count >= 126, "{count} prices");
    let known: BTreeSet<String> = sources.keys().cloned().collect();
    assert_eq!(used, known, "sources without a row");
    assert!(sources.values().all(|source| !source.what.is_empty()));
}

#[test]
fn what_is_free_is_counted_as_its_price_is() {
    for region in ["us-east-1", "ap-northeast-1"] {
        let prices = Prices::of(region).unwrap();
        for allowance in &prices.free {
            for key in &allowance.keys {
                let Some(price) = prices.find(&allowance.service, key) else {
                    // No price, so nothing that could be free of it.
                    assert_eq!(region, "ap-northeast-1", "{key}");
                    continue;
                };
                assert_eq!(price.unit, allowance.unit, "{key}");
            }
        }
    }
}

#[test]
fn a_price_that_is_not_there_is_missing_and_never_nothing() {
    let prices = Prices::of("us-east-1").unwrap();
    assert!(
        prices
            .find("AmazonRDS", "postgres.db.x99.large.single_az")
            .is_none()
    );
    let elsewhere = Prices::of("eu-west-1").unwrap();
    assert!(elsewhere.find("AmazonRDS", "gp3.single_az").is_none());
    insta::assert_snapshot!(
        [prices.missing("AmazonRDS", "x"), elsewhere.missing("AmazonRDS", "x")].join("\n"),
        @"
    deployer/prices has no price `x` of AmazonRDS for us-east-1
    deployer/prices has no prices for eu-west-1, only for ap-northeast-1 and us-east-1
    "
    );
}

#[test]
fn every_unit_is_written_as_the_table_has_it() {
    let prices = Prices::of("us-east-1").unwrap();
    for price in &prices.prices {
        let written = serde_json::to_value(price.unit).unwrap();
        assert_eq!(written, price.unit.as_str());
    }
}
