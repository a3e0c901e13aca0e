//! What counts as more than before, kind by kind.

use serde_json::{Value, json};

use super::*;
use crate::plan::rules::Vendored;

/// The risks of a change of one resource; `null` before: it is new in a deployed stack.
fn change(resource_type: &str, before: Value, after: Value) -> Vec<String> {
    let template = |properties: Value| match properties {
        Value::Null => json!({"Resources": {}}),
        properties => {
            json!({"Resources": {"R": {"Type": resource_type, "Properties": properties}}})
        }
    };
    let (old, new) = (template(before), template(after));
    let changes = crate::plan::diff::diff(&old, &new, &Default::default(), &Vendored);
    lines(risks("s", &old, &new, &changes))
}

fn new_stack(resource_type: &str, properties: Value) -> Vec<String> {
    let template = json!({"Resources": {"R": {"Type": resource_type, "Properties": properties}}});
    lines(risks_of_new("s", &template))
}

fn lines(risks: Vec<Risk>) -> Vec<String> {
    let line = |risk: Risk| format!("{:?}: {}", risk.kind, risk.detail);
    risks.into_iter().map(line).collect()
}

fn policy(statement: Value) -> Value {
    json!({"PolicyDocument": {"Version": "2012-10-17", "Statement": statement}})
}

#[test]
fn widened_permissions_are_listed_by_what_is_wider() {
    let role = |extra: Value| {
        let mut role = policy(json!([]));
        role["PolicyDocument"] = json!(null);
        role.as_object_mut().unwrap().remove("PolicyDocument");
        role.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        role
    };
    let allow = |action: Value, resource: &str| json!([{"Effect": "Allow", "Action": action, "Resource": resource}]);
    let found = [
        (
            "a removed boundary",
            change(
                "AWS::IAM::Role",
                role(json!({"PermissionsBoundary": "arn:b"})),
                role(json!({})),
            ),
        ),
        (
            "another boundary",
            change(
                "AWS::IAM::Role",
                role(json!({"PermissionsBoundary": "arn:b"})),
                role(json!({"PermissionsBoundary": "arn:c"})),
            ),
        ),
        (
            "a managed policy",
            change(
                "AWS::IAM::Role",
                role(json!({"ManagedPolicyArns": ["arn:a"]})),
                role(json!({"ManagedPolicyArns": ["arn:b", "arn:a"]})),
            ),
        ),
        (
            "an action",
            change(
                "AWS::IAM::Policy",
                policy(allow(json!("s3:GetObject"), "arn:a")),
                policy(allow(json!(["s3:GetObject", "s3:PutObject"]), "arn:a")),
            ),
        ),
        (
            "a resource",
            change(
                "AWS::IAM::Policy",
                policy(allow(json!("s3:GetObject"), "arn:a/*")),
                policy(allow(json!("s3:GetObject"), "*")),
            ),
        ),
        (
            "a condition that goes",
            change(
                "AWS::IAM::Policy",
                policy(
                    json!({"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {"Bool": {"x": "true"}}}),
                ),
                policy(allow(json!("a:B"), "*")),
            ),
        ),
        (
            "a role more",
            change(
                "AWS::IAM::Policy",
                {
                    let mut p = policy(allow(json!("a:B"), "*"));
                    p["Roles"] = json!(["a"]);
                    p
                },
                {
                    let mut p = policy(allow(json!("a:B"), "*"));
                    p["Roles"] = json!(["a", "b"]);
                    p
                },
            ),
        ),
        (
            "everything but",
            change(
                "AWS::IAM::Policy",
                policy(allow(json!("a:B"), "*")),
                policy(json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}])),
            ),
        ),
        (
            "a trusted account",
            change(
                "AWS::IAM::Role",
                json!({"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}}),
                json!({"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com", "AWS": "123456789012"}}]}}),
            ),
        ),
        (
            "a caller",
            change(
                "AWS::Lambda::Permission",
                json!({"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "SourceArn": "arn:api"}),
                json!({"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}),
            ),
        ),
        (
            "in a new stack",
            new_stack(
                "AWS::IAM::Role",
                json!({"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"], "Policies": [policy(allow(json!("*"), "*"))]}),
            ),
        ),
    ];
    insta::assert_snapshot!(described(&found));
}

#[test]
fn more_public_access_is_listed_by_what_opens() {
    let bucket = |block: Value| json!({"PublicAccessBlockConfiguration": block});
    let origin = |header: Value, control: &str| json!({"DistributionConfig": {"Origins": [{"Id": "api", "DomainName": "d", "OriginCustomHeaders": header, "OriginAccessControlId": control}]}});
    let cors = |origins: Value| json!({"CorsConfiguration": {"AllowOrigins": origins}});
    let header = json!([{"HeaderName": "x", "HeaderValue": "y"}]);
    let to_everybody =
        json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}]);
    let group = |cidr: &str| json!({"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": cidr}]});
    let function = |group: &str| json!({"VpcConfig": {"SecurityGroupIds": [group]}});
    let found = [
        (
            "a bucket's block",
            change(
                "AWS::S3::Bucket",
                bucket(json!({"BlockPublicAcls": true})),
                bucket(json!({"BlockPublicAcls": false})),
            ),
        ),
        (
            "a block that goes",
            change(
                "AWS::S3::Bucket",
                bucket(json!({"BlockPublicPolicy": "true"})),
                json!({}),
            ),
        ),
        (
            "an ACL",
            change(
                "AWS::S3::Bucket",
                json!({}),
                json!({"AccessControl": "PublicRead"}),
            ),
        ),
        (
            "a bucket policy",
            change(
                "AWS::S3::BucketPolicy",
                policy(json!([])),
                policy(to_everybody.clone()),
            ),
        ),
        (
            "a database",
            change(
                "AWS::RDS::DBInstance",
                json!({"PubliclyAccessible": false}),
                json!({"PubliclyAccessible": "true"}),
            ),
        ),
        (
            "a function URL",
            change(
                "AWS::Lambda::Url",
                json!({"AuthType": "AWS_IAM"}),
                json!({"AuthType": "NONE"}),
            ),
        ),
        (
            "a permission",
            change(
                "AWS::Lambda::Permission",
                Value::Null,
                json!({"FunctionName": "f", "Action": "a", "Principal": "*"}),
            ),
        ),
        (
            "a route's authorizer",
            change(
                "AWS::ApiGatewayV2::Route",
                json!({"RouteKey": "GET /a", "AuthorizationType": "JWT"}),
                json!({"RouteKey": "GET /a", "AuthorizationType": "NONE"}),
            ),
        ),
        (
            "a new route",
            change(
                "AWS::ApiGatewayV2::Route",
                Value::Null,
                json!({"RouteKey": "GET /b"}),
            ),
        ),
        (
            "a CORS origin",
            change(
                "AWS::ApiGatewayV2::Api",
                cors(json!(["https://a"])),
                cors(json!(["https://b", "https://a"])),
            ),
        ),
        (
            "an origin's header",
            change(
                "AWS::CloudFront::Distribution",
                origin(header.clone(), "oac"),
                origin(json!([]), "oac"),
            ),
        ),
        (
            "an origin's control",
            change(
                "AWS::CloudFront::Distribution",
                origin(header.clone(), "oac"),
                origin(header, ""),
            ),
        ),
        (
            "a route to the internet",
            change(
                "AWS::EC2::Route",
                json!({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": {"Ref": "E"}}),
                json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "G"}}),
            ),
        ),
        (
            "a wider rule",
            change(
                "AWS::EC2::SecurityGroup",
                group("10.0.0.0/16"),
                group("0.0.0.0/0"),
            ),
        ),
        (
            "a swapped group",
            change("AWS::Lambda::Function", function("sg-1"), function("sg-2")),
        ),
        (
            "new: a bucket policy",
            new_stack("AWS::S3::BucketPolicy", policy(to_everybody)),
        ),
        (
            "new: a rule",
            new_stack("AWS::EC2::SecurityGroup", group("::/0")),
        ),
        (
            "new: any origin",
            new_stack("AWS::ApiGatewayV2::Api", cors(json!(["*"]))),
        ),
        (
            "new: a route to the internet",
            new_stack(
                "AWS::EC2::Route",
                json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "G"}}),
            ),
        ),
    ];
    insta::assert_snapshot!(described(&found));
}

#[test]
fn what_is_the_same_or_less_is_no_risk() {
    let allow = |action: Value, resource: Value| {
        policy(json!([{"Effect": "Allow", "Action": action, "Resource": resource}]))
    };
    let group = |ports: [u16; 2]| json!({"SecurityGroupIngress": ports.map(|port| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"})).to_vec()});
    let none = [
        change(
            "AWS::IAM::Policy",
            allow(json!("a:B"), json!("*")),
            allow(json!(["A:b"]), json!(["*"])),
        ),
        change(
            "AWS::IAM::Policy",
            allow(json!(["a:B", "c:D"]), json!("*")),
            allow(json!(["c:D", "a:B"]), json!("*")),
        ),
        change(
            "AWS::IAM::Policy",
            allow(json!("s3:*"), json!("*")),
            allow(json!("s3:GetObject"), json!("arn:b/*")),
        ),
        change(
            "AWS::IAM::Policy",
            allow(json!("a:B"), json!({"Fn::GetAtt": "Db.Arn"})),
            allow(json!("a:B"), json!({"Fn::GetAtt": ["Db", "Arn"]})),
        ),
        change("AWS::EC2::SecurityGroup", group([1, 2]), group([2, 1])),
        change(
            "AWS::Lambda::Function",
            json!({"VpcConfig": {"SecurityGroupIds": ["a", "b"]}}),
            json!({"VpcConfig": {"SecurityGroupIds": ["b", "a"]}}),
        ),
        change(
            "AWS::ApiGatewayV2::Route",
            json!({"RouteKey": "GET /a"}),
            json!({"RouteKey": "GET /a", "AuthorizationType": "NONE"}),
        ),
        change(
            "AWS::ApiGatewayV2::Route",
            json!({"RouteKey": "GET /a"}),
            json!({"RouteKey": "GET /a", "AuthorizationType": "JWT"}),
        ),
        change(
            "AWS::S3::Bucket",
            json!({}),
            json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}),
        ),
        new_stack("AWS::S3::Bucket", json!({})),
        new_stack("AWS::ApiGatewayV2::Route", json!({"RouteKey": "GET /a"})),
        new_stack(
            "AWS::IAM::Policy",
            allow(json!("s3:GetObject"), json!("arn:b/*")),
        ),
    ];
    for (number, found) in none.iter().enumerate() {
        assert!(found.is_empty(), "{number}: {found:?}");
    }
}

fn described(found: &[(&str, Vec<String>)]) -> String {
    found
        .iter()
        .map(|(name, lines)| {
            assert!(!lines.is_empty(), "{name}");
            format!("{name}\n  {}\n", lines.join("\n  "))
        })
        .collect()
}
