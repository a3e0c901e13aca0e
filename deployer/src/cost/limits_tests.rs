//! Where the next limit of a resource lies as traffic grows.

use serde_json::json;

use super::{
    super::{Overrides, StackTemplate},
    *,
};

#[test]
fn a_class_has_the_memory_that_aws_gives_it() {
    let classes = [
        ("db.t3.micro", Some(1)),
        ("db.t4g.small", Some(2)),
        ("db.t3.large", Some(8)),
        ("db.m6g.large", Some(8)),
        ("db.m6g.2xlarge", Some(32)),
        ("db.r6g.xlarge", Some(32)),
        ("db.x2g.large", None),
        ("small", None),
    ];
    for (class, expected) in classes {
        assert_eq!(memory(class), expected, "{class}");
    }
}

#[test]
fn a_limit_is_reached_when_the_traffic_has_grown_to_it() {
    let quarter = Decimal::ratio(1, 4);
    assert_eq!(reached_at(100, 10, quarter), Some(4_000));
    assert_eq!(reached_at(100, 10, Decimal::ZERO), None);
}

/// A stage of each protocol, with the templates of live updates: the API in another stack.
#[test]
fn each_stage_of_an_api_is_compared_with_its_own_traffic() {
    let api = |protocol: &str| json!({"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": protocol}});
    let stage = |api: &str| {
        json!({"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
            "ApiId": {"Ref": api},
            "DefaultRouteSettings": {"ThrottlingRateLimit": 100.0},
        }})
    };
    let function = |name: &str| {
        json!({"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {"S3Key": format!("functions/{name}/ab.zip")},
        }})
    };
    let gateway = json!({"Resources": {
        "Http": api("HTTP"),
        "HttpStage": stage("Http"),
        "Socket": api("WEBSOCKET"),
    }});
    let http = json!({"Resources": {
        "Tasks": function("tasks"),
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "IntegrationUri": {"Ref": "Tasks"},
            "PayloadFormatVersion": "2.0",
        }},
    }});
    let realtime = json!({"Resources": {
        "WsConnect": function("ws-connect"),
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "IntegrationUri": {"Ref": "WsConnect"},
        }},
        "SocketStage": stage("GatewaySocketApiId"),
    }});
    let templates = [
        ("gateway", &gateway),
        ("api", &http),
        ("realtime", &realtime),
    ]
    .map(|(stack, template)| StackTemplate { stack, template });
    let traffic = stacks::Stage::built_in("prod").unwrap().cost.traffic;
    let load = Load::new(&traffic, Overrides::default());
    let found = limits(&Inventory::new(&templates), &load);
    let of = |place: &str| {
        let limit = found.iter().find(|limit| limit.set_by == place).unwrap();
        (limit.what.clone(), limit.needed.rounded_to(3).to_string())
    };
    // 65 % of a million requests, ten times the mean.
    let requests = "requests a second to one route".to_owned();
    assert_eq!(of("gateway/HttpStage"), (requests, "2.473".to_owned()));
    // 10 connections: 87,600 messages, and 7,300 times opened or closed.
    let messages = "messages a second to one route".to_owned();
    assert_eq!(of("realtime/SocketStage"), (messages, "0.361".to_owned()));
}
