//! API Gateway: requests of HTTP APIs, messages and connections of WebSocket APIs
//! (<https://aws.amazon.com/api-gateway/pricing/>).

use super::super::{
    bill::{Bill, Charge, Context, gigabytes},
    inventory::Resource,
    prices::Unit,
};

const SERVICE: &str = "AmazonApiGateway";

/// HTTP APIs count a request for each begun 512 KB.
const HTTP_METER: u64 = 512 * 1024;
/// WebSocket APIs count a message for each begun 32 KB.
const MESSAGE_METER: u64 = 32 * 1024;
/// The metrics that detailed metrics write for each route:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>.
const METRICS_PER_ROUTE: u64 = 6;

/// The traffic of an API.
pub(super) fn api<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    match resource.text("/ProtocolType") {
        Some("HTTP") => http(resource, context, bill),
        Some("WEBSOCKET") => web_socket(resource, context, bill),
        _ => bill.unknown(resource, "requests", "its protocol is not in the template"),
    }
}

fn http<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    // All APIs of the stage together get its requests.
    let requests = context.load.requests / context.inventory.apis("HTTP").max(1);
    let traffic = &context.load.assumed;
    let bytes = u64::from(traffic.request_bytes) + u64::from(traffic.response_bytes);
    let metered = requests.saturating_mul(bytes.div_ceil(HTTP_METER).max(1));
    bill.charge(
        resource,
        Charge {
            what: "requests".to_owned(),
            service: SERVICE,
            key: "http.requests".to_owned(),
            unit: Unit::Requests,
            quantity: metered.into(),
            free_tier: true,
        },
    );
    // Behind CloudFront, the transfer to it is free, and the one from it is counted there.
    if context.inventory.count("AWS::CloudFront::Distribution") == 0 {
        let bytes = requests.saturating_mul(traffic.response_bytes.into());
        transfer(resource, "responses to the internet", bytes, bill);
    }
}

fn web_socket<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let load = context.load;
    let bytes = u64::from(load.assumed.message_bytes);
    let messages = load
        .client_messages()
        .saturating_add(load.server_messages())
        .saturating_mul(bytes.div_ceil(MESSAGE_METER).max(1));
    let charge = |what: &str, key: &str, unit: Unit, quantity: u64| Charge {
        what: what.to_owned(),
        service: SERVICE,
        key: key.to_owned(),
        unit,
        quantity: quantity.into(),
        free_tier: true,
    };
    let sent = charge("messages", "websocket.messages", Unit::Messages, messages);
    bill.charge(resource, sent);
    let minutes = load.connection_minutes();
    let open = charge("connections", "websocket.minutes", Unit::Minutes, minutes);
    bill.charge(resource, open);
    let bytes = load.server_messages().saturating_mul(bytes);
    transfer(resource, "messages to the internet", bytes, bill);
}

fn transfer(resource: &Resource<'_>, what: &str, bytes: u64, bill: &mut Bill) {
    bill.charge(
        resource,
        Charge {
            what: what.to_owned(),
            service: "AWSDataTransfer",
            key: "internet_out".to_owned(),
            unit: Unit::Gb,
            quantity: gigabytes(bytes),
            free_tier: true,
        },
    );
}

/// Metrics of each route, which AWS charges for without documenting a price.
pub(super) fn stage<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    if !resource.is("/DefaultRouteSettings/DetailedMetricsEnabled") {
        return;
    }
    let inventory = context.inventory;
    let is_web_socket = inventory.is_web_socket(resource);
    // `GET /api/tasks` is a route of an HTTP API, `$connect` one of a WebSocket API.
    let is_own = |key: &str| key.contains(' ') != is_web_socket;
    let routes = inventory
        .of("AWS::ApiGatewayV2::Route")
        .filter(|route| route.text("/RouteKey").is_some_and(is_own))
        .count();
    let why = format!(
        "AWS charges extra for them and documents no price; as custom metrics they would be at most {METRICS_PER_ROUTE} for each of {routes} routes"
    );
    bill.unpriced(
        resource,
        "detailed metrics",
        "AmazonCloudWatch",
        "metric.custom",
        why,
    );
}
