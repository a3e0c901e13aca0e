//! Tests of [`super`] and of its rules, by hand-made templates and by those of every stage.

use serde_json::{Value, json};

use super::{inventory::Resource, *};

/// A stage of its own with these lines in its file.
pub(super) fn stage(text: &str) -> Stage {
    let mut files = stacks::stage::built_in();
    files.insert("qa".to_owned(), format!("extends: base\n{text}"));
    Stage::new(stacks::Stage::parse("qa", &files).unwrap())
}

/// What one stack with these resources costs.
pub(super) fn cost_of(stage: &Stage, resources: Value, overrides: Overrides) -> Estimate {
    let template = json!({ "Resources": resources });
    let templates = [StackTemplate {
        stack: "a",
        template: &template,
    }];
    estimate(stage, &templates, overrides).unwrap()
}

pub(super) fn requests(requests: u64) -> Overrides {
    Overrides {
        requests: Some(requests),
        ..Overrides::default()
    }
}

/// `what: quantity unit at price = monthly` of each line.
fn described(estimate: &Estimate) -> String {
    let lines = estimate.lines.iter().map(|line| {
        format!(
            "{}: {} {} at {}/{} = {}",
            line.what,
            line.quantity,
            line.unit.as_str(),
            line.price.usd,
            line.price.per,
            line.monthly
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn http_api() -> Value {
    json!({"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "HTTP"}})
}

/// A function behind an HTTP API, and its alias.
fn function(provisioned: Option<u64>) -> Value {
    let mut alias = json!({
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": {"Ref": "F"}, "Name": "live"},
    });
    if let Some(count) = provisioned {
        alias["Properties"]["ProvisionedConcurrencyConfig"] =
            json!({"ProvisionedConcurrentExecutions": count});
    }
    json!({
        "F": {"Type": "AWS::Lambda::Function", "Properties": {
            "Architectures": ["arm64"],
            "Code": {"S3Key": "functions/tasks/ab.zip"},
            "MemorySize": 512,
        }},
        "Live": alias,
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "IntegrationUri": {"Ref": "Live"},
            "PayloadFormatVersion": "2.0",
        }},
    })
}

#[test]
fn three_resources_cost_what_a_hand_computes() {
    let mut resources = function(None);
    resources["Api"] = http_api();
    resources["Db"] = json!({"Type": "AWS::RDS::DBInstance", "Properties": {
        "AllocatedStorage": "20",
        "DBInstanceClass": "db.t3.small",
        "Engine": "postgres",
        "MultiAZ": false,
        "StorageType": "gp3",
    }});
    // The distribution takes the responses to the internet.
    let traffic = "cost:\n  traffic:\n    duration-ms: 100\n    response-bytes: 0\n";
    let estimate = cost_of(&stage(traffic), resources, requests(10_000_000));
    // The database: 730 h x 0.036 = 26.28, and 20 GB x 0.115 = 2.30.
    // The API: 10 x 1.00 = 10.00.
    // The function answers 65 % of 10 million requests: 6.5 x 0.20 = 1.30,
    // and 6,500,000 x 0.1 s x 0.5 GB = 325,000 GB-s x 0.0000133334 = 4.333355.
    // 26.28 + 2.30 + 10.00 + 1.30 + 4.333355 = 44.213355.
    assert_eq!(estimate.total.to_string(), "44.213355");
    insta::assert_snapshot!(described(&estimate), @"
    invocations: 6500000 requests at 0.2/1000000 = 1.3
    duration: 325000 GB-seconds at 0.0000133334/1 = 4.333355
    requests: 10000000 requests at 1/1000000 = 10
    responses to the internet: 0 GB at 0.09/1 = 0
    db.t3.small: 730 hours at 0.036/1 = 26.28
    storage: 20 GB-months at 0.115/1 = 2.3
    ");
}

#[test]
fn quantities_are_converted_as_aws_meters_them() {
    let mut resources = function(None);
    resources["Api"] = http_api();
    // 512 KB are one request, one byte more is two; 2^30 bytes are a GB.
    let one = "cost:\n  traffic:\n    request-bytes: 524288\n    response-bytes: 0\n";
    let two = "cost:\n  traffic:\n    request-bytes: 262144\n    response-bytes: 262145\n";
    let metered = |text: &str| cost_of(&stage(text), resources.clone(), requests(4096)).lines;
    let of_api = |text: &str, what: &str| {
        let line = metered(text).into_iter().find(|line| line.what == what);
        line.unwrap().quantity.to_string()
    };
    assert_eq!(of_api(one, "requests"), "4096");
    assert_eq!(of_api(two, "requests"), "8192");
    // 4,096 x 262,145 bytes / 2^30 = 1 GB and 4 KB.
    assert_eq!(of_api(two, "responses to the internet"), "1.000003814697");
}

#[test]
fn a_tier_ends_where_the_table_says_and_what_is_beyond_the_last_is_unknown() {
    let api = json!({ "Api": http_api() });
    let traffic = "cost:\n  traffic:\n    response-bytes: 0\n";
    let virginia = cost_of(&stage(traffic), api.clone(), requests(400_000_000));
    // 300 million at 1.00 and 100 million at 0.90.
    assert_eq!(virginia.total, Decimal::from(390));
    let tokyo = stage(&format!("region: ap-northeast-1\n{traffic}"));
    let tokyo = cost_of(&tokyo, api.clone(), requests(400_000_000));
    // 300 million at 1.29; the table does not know more.
    assert_eq!(tokyo.total, Decimal::from(387));
    let missing: Vec<_> = tokyo.without_price().collect();
    assert_eq!(missing[0].quantity, Some(Decimal::from(100_000_000)));
    // Tiers count all APIs together: three with 200 million each reach into the second one.
    let two = json!({"A": http_api(), "B": http_api(), "C": http_api()});
    let two = cost_of(&stage(traffic), two, requests(600_000_000));
    assert_eq!(two.total, Decimal::from(570));
}

#[test]
fn the_free_tier_is_apart_and_ends_where_it_is_used_up() {
    let traffic = stage("cost:\n  traffic:\n    duration-ms: 100\n");
    // 65 % of 2 million: 1.3 million invocations, 65,000 GB-seconds.
    let estimate = cost_of(&traffic, function(None), requests(2_000_000));
    assert_eq!(estimate.total.to_string(), "1.126671");
    let free: Vec<String> = estimate
        .free_tier
        .iter()
        .map(|free| {
            format!(
                "{} {} of {}: {}",
                free.keys[0], free.used, free.allowance, free.saves
            )
        })
        .collect();
    assert_eq!(
        free,
        [
            "requests 1000000 of 1000000: 0.2",
            "arm64.duration 65000 of 400000: 0.866671"
        ]
    );
    // AWS gives nothing free to functions with environments that are kept started.
    let kept = cost_of(&traffic, function(Some(1)), requests(2_000_000));
    assert!(kept.free_tier.is_empty(), "{:?}", kept.free_tier);
    insta::assert_snapshot!(described(&kept), @"
    invocations: 1300000 requests at 0.2/1000000 = 0.26
    duration in environments that are kept started: 65000 GB-seconds at 0.0000077778/1 = 0.505557
    duration: 0 GB-seconds at 0.0000133334/1 = 0
    1 of `tasks` kept started: 1314000 GB-seconds at 0.0000033334/1 = 4.3800876
    ");
}

#[test]
fn a_price_that_the_table_lacks_is_unknown_and_not_in_the_total() {
    let database = json!({"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {
        "AllocatedStorage": "20",
        "DBInstanceClass": "db.x2g.large",
        "Engine": "postgres",
        "StorageType": "gp3",
    }}});
    let estimate = cost_of(&stage(""), database.clone(), Overrides::default());
    assert_eq!(estimate.total.to_string(), "2.3");
    let unknown = &estimate.unknown[0];
    assert_eq!(
        (unknown.kind, unknown.quantity),
        (UnknownKind::Price, Some(730.into()))
    );
    insta::assert_snapshot!(unknown.why, @"deployer/prices has no price `postgres.db.x2g.large.single_az` of AmazonRDS for us-east-1");

    let paris = stage("region: eu-west-3\ncost:\n  budget: 1\n");
    let estimate = cost_of(&paris, database, Overrides::default());
    assert_eq!((estimate.total, estimate.lines.len()), (Decimal::ZERO, 0));
    assert_eq!(estimate.without_price().count(), 2);
    // Nothing says that it is within the budget.
    assert_eq!(estimate.over_budget(), None);
    insta::assert_snapshot!(estimate.unknown[1].why, @"deployer/prices has no prices for eu-west-3, only for ap-northeast-1 and us-east-1");
}

#[test]
fn a_budget_is_compared_without_the_free_tier() {
    let limited = stage("cost:\n  budget: 3\n  traffic:\n    response-bytes: 0\n");
    let api = json!({ "Api": http_api() });
    let at = |millions: u64| {
        cost_of(&limited, api.clone(), requests(millions * 1_000_000)).over_budget()
    };
    assert_eq!(at(3), None);
    assert_eq!(at(4), Some(Decimal::from(1)));
}

#[test]
fn a_function_that_only_others_invoke_is_unknown_until_the_stage_says_how_often() {
    let mut resources = function(None);
    resources["F"]["Properties"]["Code"]["S3Key"] = json!("functions/elsewhere/ab.zip");
    let estimate = cost_of(&stage(""), resources, Overrides::default());
    assert_eq!(estimate.lines, []);
    insta::assert_snapshot!(estimate.unknown[0].why, @"`cost.traffic.functions` does not name `elsewhere`, so how often others invoke it is not known");
}

#[test]
fn live_updates_are_priced_by_messages_minutes_and_schedules() {
    let resources = json!({
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "WEBSOCKET"}},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {
            "Architectures": ["arm64"],
            "Code": {"S3Key": "functions/ws-connect/ab.zip"},
            "MemorySize": 256,
        }},
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "IntegrationUri": {"Fn::Sub": "arn:aws:apigateway:x:lambda:path/y/functions/${F}/invocations"},
        }},
        "Sweep": {"Type": "AWS::Scheduler::Schedule", "Properties": {
            "ScheduleExpression": "rate(1 minute)",
            "Target": {"Arn": {"Fn::GetAtt": ["F", "Arn"]}},
        }},
        "Dead": {"Type": "AWS::SQS::Queue"},
    });
    let overrides = Overrides {
        users: Some(1_000),
        requests: Some(0),
    };
    let estimate = cost_of(&stage(""), resources, overrides);
    insta::assert_snapshot!(described(&estimate), @"
    messages: 2336000 messages at 1/1000000 = 2.336
    connections: 4380000 minutes at 0.25/1000000 = 1.095
    messages to the internet: 0.696182250977 GB at 0.09/1 = 0.062656402588
    invocations: 992800 requests at 0.2/1000000 = 0.19856
    duration: 4964 GB-seconds at 0.0000133334/1 = 0.0661869976
    invocations: 43800 invocations at 1/1000000 = 0.0438
    ");
    assert_eq!(estimate.unknown[0].place.logical_id, "Dead");
}

#[test]
fn what_templates_write_as_text_is_read_as_a_number() {
    let properties = json!({"A": "20", "B": 20, "C": "true", "D": true, "E": {"Ref": "X"}});
    let resource = Resource {
        stack: "a",
        id: "b",
        kind: "c",
        properties: &properties,
    };
    assert_eq!(
        (resource.number("/A"), resource.number("/B")),
        (Some(20), Some(20))
    );
    assert!(resource.is("/C") && resource.is("/D") && !resource.is("/E"));
    assert_eq!((resource.number("/E"), resource.text("/E")), (None, None));
}
