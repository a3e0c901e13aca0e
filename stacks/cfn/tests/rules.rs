//! Each rule of the table refuses a template that breaks it, and no other rule does.

#![allow(clippy::unwrap_used)]

#[path = "rules/sockets.rs"]
mod sockets;

use cfn::{RULES, Stack, s3, sqs, validate};
use serde_json::{Value as Json, json};

/// A template with one resource.
fn one(resource_type: &str, properties: Json) -> Json {
    json!({ "Resources": { "It": { "Type": resource_type, "Properties": properties } } })
}

fn two(resource_type: &str, properties: Json) -> Json {
    let resource = json!({ "Type": resource_type, "Properties": properties });
    json!({ "Resources": { "First": resource, "Second": resource } })
}

fn route(key: &str) -> Json {
    one(
        "AWS::ApiGatewayV2::Route",
        json!({ "ApiId": "a", "RouteKey": key }),
    )
}

fn role(policies: Json, trust: Json) -> Json {
    one(
        "AWS::IAM::Role",
        json!({ "Policies": policies, "AssumeRolePolicyDocument": trust }),
    )
}

fn policy(characters: usize) -> Json {
    json!({ "Statement": "x".repeat(characters - 16) })
}

fn environment(variables: Json) -> Json {
    one(
        "AWS::Lambda::Function",
        json!({ "Environment": { "Variables": variables } }),
    )
}

fn access_log(group: &str) -> Json {
    json!({ "Resources": {
        "Log": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": group } },
        "Stage": { "Type": "AWS::ApiGatewayV2::Stage", "Properties": {
            "ApiId": "a", "StageName": "$default",
            "AccessLogSettings": { "DestinationArn": { "Fn::GetAtt": ["Log", "Arn"] } },
        } },
    } })
}

fn many(count: usize, resource: impl Fn(usize) -> Json) -> Json {
    let resources = (0..count).map(|number| (format!("R{number}"), resource(number)));
    json!({ "Resources": Json::Object(resources.collect()) })
}

fn tags(tags: Json) -> Json {
    one("AWS::SQS::Queue", json!({ "Tags": tags }))
}

fn circle(depends_on: &str) -> Json {
    json!({ "Resources": {
        "A": { "Type": "AWS::SQS::Queue", "DependsOn": depends_on },
        "B": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": "${A.QueueName}-b" } } },
        "C": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": ["${X}", { "X": { "Ref": "B" } }] } } },
        "Free": { "Type": "AWS::SQS::Queue" },
    } })
}

/// Rule, a template that AWS refuses, and one as near to it that AWS takes.
fn cases() -> Vec<(&'static str, Json, Json)> {
    let queue = |number: usize| json!({ "Type": "AWS::SQS::Queue", "Properties": { "QueueName": format!("q{number}") } });
    let route_of = |number: usize| json!({ "Type": "AWS::ApiGatewayV2::Route", "Properties": { "ApiId": { "Ref": "Api" }, "RouteKey": format!("GET /{number}") } });
    let with_api = |count: usize| {
        let mut template = many(count, route_of);
        template["Resources"]["Api"] = json!({ "Type": "AWS::ApiGatewayV2::Api", "Properties": { "Name": "a", "ProtocolType": "HTTP" } });
        template
    };
    let fine = json!({ "Statement": [] });
    vec![
        (
            "route-key",
            route("GET /swagger-ui/"),
            route("GET /swagger-ui/{proxy+}"),
        ),
        ("route-key", route("FETCH /x"), route("ANY /x")),
        (
            "route-key",
            route("GET /a/{rest+}/b"),
            route("GET /a/{rest}/b"),
        ),
        ("route-key", route("GET /a/x{id}"), route("GET /")),
        ("routes", with_api(301), with_api(300)),
        (
            "custom-name",
            one(
                "AWS::RDS::DBInstance",
                json!({ "DBInstanceIdentifier": "prod" }),
            ),
            one("AWS::RDS::DBInstance", json!({})),
        ),
        // Nothing but its name could replace a bucket, and a cache must have one.
        (
            "custom-name",
            one(
                "AWS::RDS::DBInstance",
                json!({ "DBInstanceIdentifier": { "Ref": "AWS::StackName" } }),
            ),
            one("AWS::S3::Bucket", json!({ "BucketName": "files" })),
        ),
        (
            "custom-name",
            one(
                "AWS::RDS::DBInstance",
                json!({ "DBInstanceIdentifier": "prod" }),
            ),
            one(
                "AWS::ElastiCache::ServerlessCache",
                json!({ "Engine": "valkey", "ServerlessCacheName": "x" }),
            ),
        ),
        (
            "same-name",
            two("AWS::Logs::LogGroup", json!({ "LogGroupName": "/x" })),
            two("AWS::Logs::LogGroup", json!({})),
        ),
        (
            "same-name",
            two(
                "AWS::ApiGatewayV2::Route",
                json!({ "ApiId": "a", "RouteKey": "GET /x" }),
            ),
            route("GET /x"),
        ),
        (
            "name",
            one(
                "AWS::Lambda::Function",
                json!({ "FunctionName": "f".repeat(65) }),
            ),
            one(
                "AWS::Lambda::Function",
                json!({ "FunctionName": "f".repeat(64) }),
            ),
        ),
        (
            "name",
            one("AWS::IAM::Role", json!({ "RoleName": "r".repeat(65) })),
            one("AWS::IAM::Role", json!({ "RoleName": "r".repeat(64) })),
        ),
        (
            "name",
            one(
                "AWS::Logs::LogGroup",
                json!({ "LogGroupName": "l".repeat(513) }),
            ),
            one(
                "AWS::Logs::LogGroup",
                json!({ "LogGroupName": "l".repeat(512) }),
            ),
        ),
        (
            "name",
            one("AWS::Logs::LogGroup", json!({ "LogGroupName": "/a b" })),
            one("AWS::Logs::LogGroup", json!({ "LogGroupName": "/a_b" })),
        ),
        (
            "name",
            one("AWS::Logs::LogGroup", json!({ "LogGroupName": "aws/x" })),
            one("AWS::Logs::LogGroup", json!({ "LogGroupName": "/aws/x" })),
        ),
        (
            "name",
            one("AWS::S3::Bucket", json!({ "BucketName": "Files" })),
            one("AWS::S3::Bucket", json!({ "BucketName": "files" })),
        ),
        (
            "name",
            one(
                "AWS::S3::Bucket",
                json!({ "BucketName": { "Fn::Sub": format!("{}-${{AWS::AccountId}}-${{AWS::Region}}", "b".repeat(36)) } }),
            ),
            one(
                "AWS::S3::Bucket",
                json!({ "BucketName": { "Fn::Sub": format!("{}-${{AWS::AccountId}}-${{AWS::Region}}", "b".repeat(35)) } }),
            ),
        ),
        (
            "name",
            one(
                "AWS::ElastiCache::ServerlessCache",
                json!({ "ServerlessCacheName": "c".repeat(41) }),
            ),
            one(
                "AWS::ElastiCache::ServerlessCache",
                json!({ "ServerlessCacheName": "c".repeat(40) }),
            ),
        ),
        (
            "name",
            one(
                "AWS::RDS::DBInstance",
                json!({ "MasterUsername": "1owner" }),
            ),
            one(
                "AWS::RDS::DBInstance",
                json!({ "MasterUsername": "owner1" }),
            ),
        ),
        (
            "name",
            one(
                "AWS::CloudWatch::Alarm",
                json!({ "AlarmName": "a".repeat(256) }),
            ),
            one(
                "AWS::CloudWatch::Alarm",
                json!({ "AlarmName": "a".repeat(255) }),
            ),
        ),
        (
            "name",
            one(
                "AWS::ApiGatewayV2::Stage",
                json!({ "ApiId": "a", "StageName": "v1.0" }),
            ),
            one(
                "AWS::ApiGatewayV2::Stage",
                json!({ "ApiId": "a", "StageName": "$default" }),
            ),
        ),
        (
            "name",
            one(
                "AWS::SecretsManager::Secret",
                json!({ "Name": "key-A1b2C3" }),
            ),
            one(
                "AWS::SecretsManager::Secret",
                json!({ "Name": "key-github" }),
            ),
        ),
        (
            "name",
            role(
                json!([{ "PolicyName": "a b", "PolicyDocument": {} }]),
                fine.clone(),
            ),
            role(
                json!([{ "PolicyName": "a-b", "PolicyDocument": {} }]),
                fine.clone(),
            ),
        ),
        (
            "name",
            one(
                "AWS::Lambda::Alias",
                json!({ "FunctionName": "f", "Name": "12" }),
            ),
            one(
                "AWS::Lambda::Alias",
                json!({ "FunctionName": "f", "Name": "v12" }),
            ),
        ),
        (
            "description",
            one(
                "AWS::Lambda::Function",
                json!({ "Description": "x".repeat(257) }),
            ),
            one(
                "AWS::Lambda::Function",
                json!({ "Description": "x".repeat(256) }),
            ),
        ),
        (
            "description",
            one(
                "AWS::EC2::SecurityGroup",
                json!({ "GroupDescription": "Only the owner's." }),
            ),
            one(
                "AWS::EC2::SecurityGroup",
                json!({ "GroupDescription": "The owner alone." }),
            ),
        ),
        (
            "description",
            one(
                "AWS::EC2::SecurityGroup",
                json!({ "SecurityGroupEgress": [{ "Description": "é" }] }),
            ),
            one(
                "AWS::EC2::SecurityGroup",
                json!({ "SecurityGroupEgress": [{ "Description": "e" }] }),
            ),
        ),
        (
            "inline-policies",
            role(
                json!([{ "PolicyDocument": policy(5_120) }, { "PolicyDocument": policy(5_121) }]),
                fine.clone(),
            ),
            role(
                json!([{ "PolicyDocument": policy(5_120) }, { "PolicyDocument": policy(5_120) }]),
                fine.clone(),
            ),
        ),
        (
            "managed-policy",
            one(
                "AWS::IAM::ManagedPolicy",
                json!({ "PolicyDocument": policy(6_145) }),
            ),
            one(
                "AWS::IAM::ManagedPolicy",
                json!({ "PolicyDocument": policy(6_144) }),
            ),
        ),
        (
            "trust-policy",
            role(json!([]), policy(2_049)),
            role(json!([]), policy(2_048)),
        ),
        (
            "environment",
            environment(json!({ "NAME": "x".repeat(4_093) })),
            environment(json!({ "NAME": "x".repeat(4_092) })),
        ),
        (
            "environment",
            environment(json!({ "AWS_REGION": "x" })),
            environment(json!({ "AWS_USE_DUALSTACK_ENDPOINT": "x" })),
        ),
        (
            "environment",
            environment(json!({ "A-B": "x" })),
            environment(json!({ "A_B": "x" })),
        ),
        (
            "edge-code",
            one(
                "AWS::CloudFront::Function",
                json!({ "Name": "f", "FunctionCode": "x".repeat(10_241) }),
            ),
            one(
                "AWS::CloudFront::Function",
                json!({ "Name": "f", "FunctionCode": "x".repeat(10_240) }),
            ),
        ),
        (
            "access-log",
            access_log("/aws/apigateway/x"),
            access_log("/aws/vendedlogs/apigateway/x"),
        ),
        (
            "tags",
            tags(json!([{ "Key": "aws:x", "Value": "" }])),
            tags(json!([{ "Key": "x:aws", "Value": "" }])),
        ),
        (
            "tags",
            tags(json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }])),
            tags(json!([{ "Key": "k", "Value": "1" }, { "Key": "K", "Value": "2" }])),
        ),
        (
            "tags",
            tags(json!([{ "Key": "k", "Value": "v".repeat(257) }])),
            tags(json!([{ "Key": "k", "Value": "v".repeat(256) }])),
        ),
        (
            "tags",
            one(
                "AWS::ApiGatewayV2::Api",
                json!({ "Name": "a", "ProtocolType": "HTTP", "Tags": { "aws:a": "x" } }),
            ),
            one(
                "AWS::ApiGatewayV2::Api",
                json!({ "Name": "a", "ProtocolType": "HTTP", "Tags": { "a": "x" } }),
            ),
        ),
        ("template", many(501, queue), many(500, queue)),
        ("template", json!({ "Resources": {} }), many(1, queue)),
        (
            "template",
            json!({ "Description": "x".repeat(1_025), "Resources": { "A": queue(1) } }),
            json!({ "Description": "x".repeat(1_024), "Resources": { "A": queue(1) } }),
        ),
        (
            "template",
            json!({ "Outputs": { "a-b": { "Value": "x" } }, "Resources": { "A": queue(1) } }),
            json!({ "Outputs": { "ab": { "Value": "x" } }, "Resources": { "A": queue(1) } }),
        ),
        (
            "template",
            json!({ "Resources": { "A-B": queue(1) } }),
            json!({ "Resources": { "AB": queue(1) } }),
        ),
        (
            "reference",
            one(
                "AWS::SQS::Queue",
                json!({ "QueueName": { "Ref": "Absent" } }),
            ),
            one(
                "AWS::SQS::Queue",
                json!({ "QueueName": { "Ref": "AWS::StackName" } }),
            ),
        ),
        (
            "reference",
            json!({ "Resources": { "A": queue(1) }, "Outputs": { "o": { "Value": { "Fn::GetAtt": "A.Url" } } } }),
            json!({ "Resources": { "A": queue(1) }, "Outputs": { "o": { "Value": { "Fn::GetAtt": "A.Arn" } } } }),
        ),
        (
            "reference",
            json!({ "Resources": { "A": { "Type": "AWS::SQS::Queue", "DependsOn": ["B"] } } }),
            json!({ "Resources": { "A": { "Type": "AWS::SQS::Queue", "DependsOn": [] } } }),
        ),
        ("circle", circle("C"), circle("Free")),
        ("circle", circle("A"), circle("Free")),
    ]
}

#[test]
fn each_rule_refuses_what_breaks_it_and_takes_what_is_next_to_it() {
    let problems = |id: &str, template: &Json| {
        let rule = RULES.iter().find(|rule| rule.id == id).unwrap();
        rule.problems("it", template)
    };
    for (id, broken, good) in cases().into_iter().chain(sockets::cases()) {
        let text = broken.to_string();
        let shown = &text[..text.len().min(200)];
        assert!(!problems(id, &broken).is_empty(), "{id} takes {shown}");
        let found = problems(id, &good);
        assert_eq!(found, [], "{id} refuses the good case of {shown}");
    }
}

#[test]
fn each_rule_has_a_case_and_a_source() {
    let cases: Vec<_> = cases().into_iter().chain(sockets::cases()).collect();
    for rule in RULES {
        assert!(
            cases.iter().any(|(id, ..)| *id == rule.id),
            "{} has no case",
            rule.id
        );
        assert!(
            !rule.source.is_empty() && rule.refuses.ends_with('.'),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_circle_is_told_with_its_way() {
    let rule = RULES.iter().find(|rule| rule.id == "circle").unwrap();
    let problems = rule.problems("it", &circle("C"));
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["it.A: These resources wait for each other: A -> C -> B -> A."]
    );
}

#[test]
fn a_handle_of_another_stack_is_reported_and_no_panic() {
    let mut data = Stack::new("data", "A bucket.");
    let bucket = data.add("Bucket", s3::Bucket::default());
    let mut api = Stack::new("api", "A queue.");
    let queue = api.add("Queue", sqs::Queue::default());
    api.depends_on(&queue, &bucket);
    api.depends_on(&bucket, &queue);
    api.on_removal(&bucket, cfn::RemovalPolicy::Retain);
    let found: Vec<String> = validate(&api).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(found.join("\n"));
}
