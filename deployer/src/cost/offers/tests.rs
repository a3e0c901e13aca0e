//! Tests of [`super`], with files in the published format on loopback.

use std::{collections::BTreeMap, fs, sync::Arc};

use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::{
    cost::prices::Prices,
    local::http::{Server, bytes},
};

const VERSION: &str = "20261120101112";

/// A checkout with a price table of three rows.
fn checkout() -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let prices = folder.path().join("deployer/prices");
    fs::create_dir_all(&prices).unwrap();
    let row = |key: &str, unit: &str, per: u64, usd: &str, source: &str| {
        json!({"service": "AmazonRDS", "key": key, "unit": unit, "per": per, "usd": usd, "sku": null,
            "usage_type": null, "status": "sourced", "source": source, "date": "2026", "note": "old"})
    };
    let table = json!({"region": "ap-northeast-1", "currency": "USD", "prices": [
        row("postgres.db.t3.small.single_az", "hours", 1, "0.05", "a"),
        row("proxy", "vCPU-hours", 1, "0.018", "a"),
        row("cpu_credits.t3_t4g", "vCPU-hours", 1, "0.075", "b"),
    ]});
    let selectors = json!({"selectors": [
        {"offer": "AmazonRDS", "key": "postgres.{class}.single_az", "usage_type": "InstanceUsage:{class}",
            "attributes": {"databaseEngine": "PostgreSQL"}, "unit": "Hrs"},
        {"offer": "AmazonRDS", "key": "proxy", "usage_type": "RDS:ProxyUsage", "attributes": {}, "unit": "vCPU-Hours"},
    ], "unread": [{"service": "AmazonRDS", "key": "cpu_credits.t3_t4g", "why": "not confirmed"}]});
    let files = [
        ("ap-northeast-1.json", table),
        ("offers.json", selectors),
        (
            "sources.json",
            json!({"a": {"what": "a", "date": "2026"}, "b": {"what": "b", "date": "2026"}}),
        ),
        ("global.json", json!({"prices": []})),
        ("free.json", json!({"allowances": []})),
    ];
    for (name, value) in files {
        fs::write(prices.join(name), value.to_string()).unwrap();
    }
    let project = Project::new(folder.path());
    (folder, project)
}

fn product(sku: &str, usage_type: &str, engine: &str) -> (String, Value) {
    let attributes = json!({"servicecode": "AmazonRDS", "regionCode": "ap-northeast-1",
        "usagetype": usage_type, "databaseEngine": engine, "operation": "CreateDBInstance:0014"});
    (
        sku.to_owned(),
        json!({"sku": sku, "productFamily": "Database Instance", "attributes": attributes}),
    )
}

fn term(sku: &str, unit: &str, tiers: &[(&str, &str, &str)]) -> (String, Value) {
    let dimensions: BTreeMap<String, Value> = tiers
        .iter()
        .map(|(begin, end, usd)| {
            let rate = format!("{sku}.JRTCKXETXF.{begin}");
            let dimension = json!({"rateCode": rate, "description": "", "beginRange": begin,
                "endRange": end, "unit": unit, "pricePerUnit": {"USD": usd}, "appliesTo": []});
            (rate, dimension)
        })
        .collect();
    let term = json!({"offerTermCode": "JRTCKXETXF", "sku": sku, "effectiveDate": "2026-11-01T00:00:00Z",
        "priceDimensions": dimensions, "termAttributes": {}});
    (sku.to_owned(), json!({format!("{sku}.JRTCKXETXF"): term}))
}

fn products() -> Vec<(String, Value)> {
    vec![
        product(
            "AAAAAAAAAAAAAAAA",
            "APN1-InstanceUsage:db.t3.small",
            "PostgreSQL",
        ),
        product(
            "BBBBBBBBBBBBBBBB",
            "APN1-InstanceUsage:db.t3.small",
            "MySQL",
        ),
        product("CCCCCCCCCCCCCCCC", "APN1-RDS:ProxyUsage", "Any"),
        product(
            "DDDDDDDDDDDDDDDD",
            "APN1-InstanceUsage:db.t3.smaller",
            "PostgreSQL",
        ),
    ]
}

/// The file as AWS publishes it: the products first, then the terms, those for reservations too.
fn offer(products: Vec<(String, Value)>, terms: Vec<(String, Value)>) -> String {
    let text = json!({
        "formatVersion": "v1.0",
        "disclaimer": "This pricing list is for informational purposes only.",
        "offerCode": "AmazonRDS",
        "version": VERSION,
        "publicationDate": "2026-11-20T10:11:12Z",
        "products": products.into_iter().collect::<serde_json::Map<_, _>>(),
        "terms": {
            "Reserved": {"AAAAAAAAAAAAAAAA": {"x": {"other": true}}},
            "OnDemand": terms.into_iter().collect::<serde_json::Map<_, _>>(),
        },
        "attributesList": {},
    });
    text.to_string()
}

fn terms() -> Vec<(String, Value)> {
    vec![
        term("AAAAAAAAAAAAAAAA", "Hrs", &[("0", "Inf", "0.0560000000")]),
        term("BBBBBBBBBBBBBBBB", "Hrs", &[("0", "Inf", "9")]),
        term(
            "CCCCCCCCCCCCCCCC",
            "vCPU-Hours",
            &[
                ("1000", "Inf", "0.0100000000"),
                ("0", "1000", "0.0180000000"),
            ],
        ),
    ]
}

async fn refreshed(project: &Project, body: String) -> Result<Refreshed, Error> {
    let body = Arc::new(body);
    let server = Server::start(0, move |request: http::Request<hyper::body::Incoming>| {
        let body = body.clone();
        async move {
            let path = "/offers/v1.0/aws/AmazonRDS/current/ap-northeast-1/index.json";
            match request.uri().path() == path {
                true => bytes(StatusCode::OK, "application/json", (*body).clone()),
                false => bytes(StatusCode::NOT_FOUND, "text/plain", "no"),
            }
        }
    })
    .await
    .unwrap();
    let from = format!("http://127.0.0.1:{}", server.port());
    refresh(project, &from, &Progress::silent()).await
}

fn files(project: &Project) -> BTreeMap<String, String> {
    let folder = project.root().join("deployer/prices");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.display().to_string(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_price_has_its_sku_and_its_source_the_version_and_the_checksum() {
    let (_folder, project) = checkout();
    let result = refreshed(&project, offer(products(), terms()))
        .await
        .unwrap();
    assert_eq!((result.compared, result.unread.len()), (2, 1));
    assert_eq!(result.changes.len(), 2, "{result:?}");
    assert_eq!(result.changes[0].before, "0.05");
    assert_eq!(result.changes[0].after, "0.056");
    let folder = project.root().join("deployer/prices");
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let prices = read("ap-northeast-1.json")["prices"].clone();
    assert_eq!(
        prices[0],
        json!({"service": "AmazonRDS", "key": "postgres.db.t3.small.single_az", "unit": "hours", "per": 1,
            "usd": "0.056", "sku": "AAAAAAAAAAAAAAAA", "usage_type": "APN1-InstanceUsage:db.t3.small",
            "status": "published", "source": "offer-AmazonRDS-ap-northeast-1", "date": "2026-11-20"})
    );
    assert_eq!(
        prices[1]["tiers"],
        json!([{"up_to": "1000", "usd": "0.018"}, {"usd": "0.01"}])
    );
    assert_eq!(prices[2]["note"], "old", "without a selector it stays");
    let sources = read("sources.json");
    let source = &sources["offer-AmazonRDS-ap-northeast-1"];
    assert_eq!(source["version"], VERSION);
    assert_eq!(source["sha256"].as_str().unwrap().len(), 64);
    // `a` has no row any more.
    assert!(
        sources["a"].is_null() && sources["b"].is_object(),
        "{sources}"
    );
    // Once more, nothing changes.
    let before = files(&project);
    let again = refreshed(&project, offer(products(), terms()))
        .await
        .unwrap();
    assert_eq!((again.changes, files(&project)), (Vec::new(), before));
}

#[tokio::test]
async fn no_sku_two_skus_another_unit_or_a_gap_change_nothing() {
    let (_folder, project) = checkout();
    let before = files(&project);
    let mut twice = products();
    twice.push(product(
        "EEEEEEEEEEEEEEEE",
        "APN1-RDS:ProxyUsage",
        "PostgreSQL",
    ));
    let mut unit = terms();
    unit[0] = term("AAAAAAAAAAAAAAAA", "Days", &[("0", "Inf", "1")]);
    let mut gap = terms();
    gap[2] = term(
        "CCCCCCCCCCCCCCCC",
        "vCPU-Hours",
        &[("0", "10", "1"), ("20", "Inf", "2")],
    );
    let mut currency = terms();
    currency[0] = term("AAAAAAAAAAAAAAAA", "Hrs", &[("0", "Inf", "free")]);
    for (products, terms, reason) in [
        (
            products()[..2].to_vec(),
            terms(),
            "no SKU has the usage type `RDS:ProxyUsage`",
        ),
        (
            twice,
            terms(),
            "2 SKUs have the usage type `RDS:ProxyUsage`: CCCCCCCCCCCCCCCC, EEEEEEEEEEEEEEEE",
        ),
        (
            products(),
            terms()[1..].to_vec(),
            "has not exactly one price on demand",
        ),
        (products(), unit, "counts `Days`, expected `Hrs`"),
        (products(), gap, "have a gap"),
        (products(), currency, "no price in USD"),
    ] {
        let error = refreshed(&project, offer(products, terms))
            .await
            .unwrap_err();
        assert!(error.causes().join("\n").contains(reason), "{error:?}");
        assert!(error.message().contains("No file was changed"), "{error:?}");
        assert_eq!(files(&project), before);
    }
    for body in ["{".to_owned(), json!({"offerCode": "AmazonS3"}).to_string()] {
        assert!(refreshed(&project, body).await.is_err());
        assert_eq!(files(&project), before);
    }
}

#[test]
fn a_usage_type_loses_its_region_and_nothing_else() {
    for (usage_type, expected) in [
        ("APN1-RDS:GP3-Storage", "RDS:GP3-Storage"),
        ("USE1-RDS:ProxyUsage", "RDS:ProxyUsage"),
        ("RDS:Multi-AZ-GP3-Storage", "RDS:Multi-AZ-GP3-Storage"),
        ("Lambda-GB-Second-ARM", "Lambda-GB-Second-ARM"),
        ("EU-Request", "EU-Request"),
    ] {
        assert_eq!(without_region(usage_type), expected);
    }
}

/// A price that is added gets a selector, or a reason for none.
#[test]
fn every_price_of_the_table_has_a_selector_or_a_reason_for_none() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prices");
    let selectors = Selectors::read(&folder).unwrap();
    for region in ["us-east-1", "ap-northeast-1"] {
        for (service, key) in Prices::of(region).unwrap().keys() {
            let selected = selectors.of(service, key).is_some();
            let unread = selectors.why_unread(service, key).is_some();
            assert!(selected != unread, "{region}: {service} {key}");
        }
    }
}
