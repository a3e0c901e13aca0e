//! The site: CloudFront (<https://aws.amazon.com/cloudfront/pricing/>, pay as you go) and S3
//! (<https://aws.amazon.com/s3/pricing/>).

use serde_json::Value;

use super::super::{
    bill::{Bill, Charge, Context, gigabytes},
    inventory::Resource,
    prices::Unit,
};

const CLOUDFRONT: &str = "AmazonCloudFront";
const S3: &str = "AmazonS3";

/// Requests, transfer, and the functions at the edge.
pub(super) fn distribution<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let load = context.load;
    let traffic = &load.assumed;
    // Every API of the stage is behind the distribution.
    let api_requests = match context.inventory.apis("HTTP") {
        0 => 0,
        _ => load.requests,
    };
    let charge = |what: &str, key: &str, unit: Unit, quantity| Charge {
        what: what.to_owned(),
        service: CLOUDFRONT,
        key: key.to_owned(),
        unit,
        quantity,
        free_tier: true,
    };
    let requests = api_requests.saturating_add(load.page_files());
    bill.charge(
        resource,
        charge(
            "requests",
            "https_requests",
            Unit::Requests,
            requests.into(),
        ),
    );
    let out = api_requests
        .saturating_mul(traffic.response_bytes.into())
        .saturating_add(load.page_loads().saturating_mul(traffic.page_bytes.into()));
    bill.charge(
        resource,
        charge(
            "responses to the internet",
            "transfer_out",
            Unit::Gb,
            gigabytes(out),
        ),
    );
    let to_origin = api_requests.saturating_mul(traffic.request_bytes.into());
    bill.charge(
        resource,
        charge(
            "requests to the API",
            "to_origin",
            Unit::Gb,
            gigabytes(to_origin),
        ),
    );
    let default = resource.at("/DistributionConfig/DefaultCacheBehavior");
    let others = resource.at("/DistributionConfig/CacheBehaviors");
    let others = others.and_then(Value::as_array);
    let of_pages = default.map(associations).unwrap_or_default();
    let of_api = others.into_iter().flatten().map(associations).max();
    let invocations = load
        .page_files()
        .saturating_mul(of_pages)
        .saturating_add(api_requests.saturating_mul(of_api.unwrap_or_default()));
    bill.charge(
        resource,
        charge(
            "functions at the edge",
            "functions",
            Unit::Invocations,
            invocations.into(),
        ),
    );
}

/// How many functions run at a request of this behaviour.
fn associations(behaviour: &Value) -> u64 {
    let all = behaviour
        .get("FunctionAssociations")
        .and_then(Value::as_array);
    all.map_or(0, |all| all.len() as u64)
}

/// What a bucket holds, and what the edge fetches from it.
pub(super) fn bucket<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let traffic = &context.load.assumed;
    bill.charge(
        resource,
        Charge {
            what: "storage".to_owned(),
            service: S3,
            key: "standard.storage".to_owned(),
            unit: Unit::GbMonths,
            quantity: u64::from(traffic.bucket_gb).into(),
            free_tier: true,
        },
    );
    if context.inventory.is_origin(resource) {
        let files = context.load.page_files();
        let missed = files.saturating_mul(traffic.cache_miss_percent.into()) / 100;
        bill.charge(
            resource,
            Charge {
                what: "files fetched by the edge".to_owned(),
                service: S3,
                key: "get".to_owned(),
                unit: Unit::Requests,
                quantity: missed.into(),
                free_tier: true,
            },
        );
    }
    bill.unknown(
        resource,
        "uploads",
        "it depends on how often and how much is deployed; 1,000 files cost half a cent",
    );
}
