//! What AWS's handlers never do for this application, and on which resources they do the rest.
//!
//! Where an action asks for several resources, and which it does not let a permission name, is in
//! AWS's Service Authorization Reference.

use crate::policy::matches;

/// Type, action, and why the handler never calls it here.
pub(crate) const NEVER: &[(&str, &str, &str)] = &[
    (
        "AWS::ApiGatewayV2::*",
        "s3:*",
        "no API is read from a bucket, no truststore",
    ),
    (
        "AWS::ApiGatewayV2::Integration",
        "iam:PassRole",
        "API Gateway calls by the function's own permission",
    ),
    (
        "AWS::CloudFront::Distribution",
        "cloudfront:*ConnectionGroup",
        "no distribution has tenants",
    ),
    (
        "AWS::CloudFront::Distribution",
        "cloudfront:GetVpcOrigin",
        "no origin is in a VPC",
    ),
    (
        "AWS::CodeDeploy::DeploymentGroup",
        "codedeploy:RegisterOnPremisesInstance",
        "there are no instances",
    ),
    (
        "AWS::EC2::EIP",
        "ec2:AcceptAddressTransfer",
        "no address comes from elsewhere",
    ),
    (
        "AWS::EC2::NatGateway",
        "ec2:*AssignPrivateNatGatewayAddress",
        "it has one address",
    ),
    (
        "AWS::EC2::VPCCidrBlock",
        "ec2:AllocateIpamPoolCidr",
        "the block is Amazon's",
    ),
    (
        "AWS::Grafana::Workspace",
        "ec2:GetManagedPrefixListEntries",
        "the workspace is reached from everywhere, by who signs in",
    ),
    (
        "AWS::IAM::Role",
        "iam:DeleteRolePermissionsBoundary",
        "a boundary stays for as long as its role",
    ),
    (
        "AWS::Lambda::Function",
        "elasticfilesystem:*",
        "no file systems",
    ),
    ("AWS::Lambda::Function", "s3files:*", "no file systems"),
    (
        "AWS::Lambda::Function",
        "kms:*",
        "variables are encrypted with the key that Lambda has itself",
    ),
    (
        "AWS::Budgets::Budget",
        "billing:GetBillingViewData",
        "no billing view",
    ),
    (
        "AWS::Lambda::Function",
        "lambda:GetCodeSigningConfig",
        "code is not signed",
    ),
    (
        "AWS::Lambda::Function",
        "lambda:GetLayerVersion",
        "no layers",
    ),
    (
        "AWS::Lambda::Function",
        "lambda:PassCapacityProvider",
        "no instances of the account's own",
    ),
    (
        "AWS::Logs::LogGroup",
        "firehose:*",
        "nothing is delivered to Firehose",
    ),
    (
        "AWS::Logs::LogGroup",
        "s3:*",
        "nothing is delivered to a bucket",
    ),
    (
        "AWS::RDS::DBInstance",
        "iam:GetRole",
        "no role for monitoring or a domain",
    ),
    (
        "AWS::RDS::DBInstance",
        "iam:ListRoles",
        "no role for monitoring or a domain",
    ),
    (
        "AWS::RDS::DBInstance",
        "iam:PassRole",
        "no role for monitoring or a domain",
    ),
    ("AWS::S3::Bucket", "iam:PassRole", "no replication"),
    ("AWS::S3::Bucket", "s3tables:*", "no table of metadata"),
];

pub(crate) fn never(resource_type: &str, action: &str) -> bool {
    NEVER.iter().any(|(type_pattern, action_pattern, _)| {
        matches(type_pattern, resource_type) && matches(action_pattern, action)
    })
}

/// In the stack's region and account.
pub(crate) fn arn(service: &str, what: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{what}")
}

fn global(what: &str) -> String {
    format!("arn:${{AWS::Partition}}:{what}")
}

/// The resources on which the handler of a type calls the action on the stage `dev`, as AWS names
/// them; `*` where no permission can name one.
pub(crate) fn asked(resource_type: &str, action: &str) -> Vec<String> {
    let (service, name) = action.split_once(':').unwrap();
    let one = |arn: String| vec![arn];
    let role = |name: &str| global(&format!("iam::${{AWS::AccountId}}:role/miyabi-dev-{name}"));
    match (service, resource_type) {
        ("iam", _) if name == "CreateServiceLinkedRole" => one("*".to_owned()),
        ("iam", _) => vec![
            role("migrate-MigrateRole-0A1B"),
            role("realtime-WsBroadcastScheduleRole-0A1B"),
            role("api-TasksRole-0A1B"),
            role("ops-GrafanaRole-0A1B"),
        ],
        ("sqs", _) => one(arn(service, "miyabi-dev-dead-letters")),
        ("scheduler", _) => one(arn(service, "schedule/default/miyabi-dev-ws-broadcast")),
        ("rds", _) => database(resource_type, name),
        ("secretsmanager", _) if name == "GetRandomPassword" => one("*".to_owned()),
        ("secretsmanager", "AWS::RDS::DBInstance") => one(arn(service, "secret:rds!db-01-ab")),
        ("secretsmanager", _) => one(arn(service, "secret:miyabi-dev-github-ab")),
        ("kms", _) => one(arn(service, "key/0123-4567")),
        ("elasticache", _) => one(arn(service, "serverlesscache:miyabi-dev-cache-0a1b2c")),
        ("lambda", _) => one(arn(service, "function:miyabi-dev-tasks:live")),
        ("s3", "AWS::Lambda::Function") => one(global(
            "s3:::miyabi-dev-assets-0123-us-east-1/functions/tasks/ab.zip",
        )),
        ("s3", _) => one(global("s3:::miyabi-dev-site-0a1b")),
        ("cloudwatch", "AWS::CloudWatch::Dashboard") => one(global(
            "cloudwatch::${AWS::AccountId}:dashboard/miyabi-dev-operations",
        )),
        ("grafana" | "organizations" | "sso", _) => one("*".to_owned()),
        ("sns", _) => one(arn(service, "miyabi-dev-alarms")),
        ("budgets", _) => one(global("budgets::${AWS::AccountId}:budget/miyabi-dev-month")),
        ("cloudwatch", _) => one(arn(service, "alarm:miyabi-dev-api-TasksCanaryAlarm-0A1B")),
        ("codedeploy", _) => code_deploy(name),
        ("logs", _) if name.contains("LogDeliver") || name.contains("ResourcePolic") => {
            one("*".to_owned())
        }
        ("logs", _) if name == "DescribeLogGroups" => one("*".to_owned()),
        ("logs", _) => vec![
            arn(service, "log-group:/aws/lambda/miyabi-dev-tasks:*"),
            arn(
                service,
                "log-group:/aws/vendedlogs/apigateway/miyabi-dev-api:*",
            ),
        ],
        ("apigateway", _) => one(format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/{}",
            if name.contains("Certificate") {
                "domainnames/a"
            } else {
                "apis/a"
            }
        )),
        ("cloudfront", _) => cloudfront(resource_type, name),
        ("route53", _)
            if name == "ChangeResourceRecordSets"
                || name == "ListResourceRecordSets"
                || name == "GetHostedZone" =>
        {
            one(global("route53:::hostedzone/Z0123456789"))
        }
        ("ec2" | "route53", _) => one("*".to_owned()),
        _ => Vec::new(),
    }
}

fn cloudfront(resource_type: &str, name: &str) -> Vec<String> {
    let what = match resource_type {
        _ if name.contains("Invalidation") => "distribution/E1",
        "AWS::CloudFront::Function" => "function/miyabi-dev-pages",
        "AWS::CloudFront::OriginAccessControl" => "origin-access-control/E1",
        "AWS::CloudFront::ResponseHeadersPolicy" => "response-headers-policy/a-b",
        _ => "distribution/E1",
    };
    vec![global(&format!("cloudfront::${{AWS::AccountId}}:{what}"))]
}

fn database(resource_type: &str, name: &str) -> Vec<String> {
    let instance = || arn("rds", "db:miyabi-dev-data-database-0a1b");
    if name.starts_with("Describe") {
        return vec!["*".to_owned()];
    }
    match resource_type {
        "AWS::RDS::DBSubnetGroup" => {
            vec![arn("rds", "subgrp:miyabi-dev-data-databasesubnets-0a1b")]
        }
        "AWS::RDS::DBParameterGroup" => vec![arn("rds", "pg:miyabi-dev-data-parameters-0a1b")],
        _ => {
            let mut all = vec![instance()];
            if name.contains("DBInstance") {
                all.push(arn("rds", "subgrp:miyabi-dev-data-databasesubnets-0a1b"));
                all.push(arn("rds", "pg:miyabi-dev-data-parameters-0a1b"));
                all.push(arn("rds", "og:default:postgres-15"));
            }
            if name.contains("Snapshot") {
                all.push(arn(
                    "rds",
                    "snapshot:miyabi-dev-data-snapshot-database-0a1b",
                ));
            }
            all
        }
    }
}

fn code_deploy(name: &str) -> Vec<String> {
    let service = "codedeploy";
    match name {
        "GetDeploymentConfig" => vec![arn(
            service,
            "deploymentconfig:CodeDeployDefault.LambdaAllAtOnce",
        )],
        name if name.contains("Application") => vec![arn(service, "application:miyabi-dev-api")],
        _ => vec![arn(service, "deploymentgroup:miyabi-dev-api/group")],
    }
}
