//! What a role may do that only plans: read what plans and drift detection read, and have CloudFormation
//! predict a change by a change set that nothing executes.
//!
//! It reads no value of a secret, no log and no file of the site. It writes the templates that are too
//! large for a request, under `templates/` in the asset bucket; a deploy writes its own before it uses
//! one.

use cfn::{Intrinsic, policy::Allow};

use super::{Arns, in_region, role_stacks};
use crate::Stage;

/// The inline policies of the role, by name.
pub(in crate::bootstrap) fn plan(stage: &Stage) -> Vec<(&'static str, Vec<Allow>)> {
    let arns = &Arns { stage: &stage.name };
    vec![
        ("stacks", stacks(arns)),
        ("code", code(arns, stage)),
        ("services", services(arns)),
        ("unnamed", unnamed(stage)),
    ]
}

fn stacks(arns: &Arns<'_>) -> Vec<Allow> {
    let stacks = arns.here(
        "cloudformation",
        &format!("stack/miyabi-{}-*/*", arns.stage),
    );
    vec![
        Allow::new(
            [
                "cloudformation:CreateChangeSet",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeEvents",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResourceDrifts",
                "cloudformation:DescribeStackResources",
                "cloudformation:DetectStackDrift",
                "cloudformation:DetectStackResourceDrift",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
                // A change set has the tags of its stack.
                "cloudformation:TagResource",
            ],
            [stacks],
        ),
        Allow::new(
            [
                "cloudformation:BatchDescribeTypeConfigurations",
                "cloudformation:DescribeStacks",
                "cloudformation:DescribeStackDriftDetectionStatus",
            ],
            ["*"],
        ),
    ]
}

fn code(arns: &Arns<'_>, stage: &Stage) -> Vec<Allow> {
    let bucket = |what: &str| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:s3:::miyabi-{}-{what}",
            arns.stage
        ))
    };
    vec![
        // Of a bucket itself, not of what is in it.
        Allow::new(
            [
                "s3:GetAccelerateConfiguration",
                "s3:GetAnalyticsConfiguration",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetIntelligentTieringConfiguration",
                "s3:GetInventoryConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetMetricsConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket",
                "s3:ListTagsForResource",
            ],
            [bucket("*")],
        ),
        // The record of the stage, its assets by their hashes, and templates.
        Allow::new(["s3:GetObject"], [bucket("assets-*/*")]),
        Allow::new(["s3:PutObject"], [bucket("assets-*/templates/*")]),
        Allow::new(
            ["lambda:Get*", "lambda:List*"],
            [arns.named("lambda", "function:")],
        ),
        Allow::new(
            ["codedeploy:Get*", "codedeploy:List*"],
            [
                arns.named("codedeploy", "application:"),
                arns.named("codedeploy", "deploymentgroup:"),
                arns.here("codedeploy", "deploymentconfig:*"),
            ],
        ),
        Allow::new(
            [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            role_stacks(stage).map(|stack| arns.roles_of(stack)),
        ),
    ]
}

fn services(arns: &Arns<'_>) -> Vec<Allow> {
    let of_account = |service: &str, what: &str| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{what}miyabi-{}-*",
            arns.stage
        ))
    };
    vec![
        Allow::new(
            ["rds:ListTagsForResource"],
            [
                arns.named("rds", "db:"),
                arns.named("rds", "subgrp:"),
                arns.named("rds", "pg:"),
            ],
        ),
        Allow::new(
            [
                "elasticache:DescribeServerlessCaches",
                "elasticache:ListTagsForResource",
            ],
            [arns.named("elasticache", "serverlesscache:")],
        ),
        // Never its value.
        Allow::new(
            ["secretsmanager:DescribeSecret"],
            [arns.named("secretsmanager", "secret:")],
        ),
        Allow::new(
            [
                "logs:DescribeIndexPolicies",
                "logs:GetDataProtectionPolicy",
                "logs:ListTagsForResource",
            ],
            [
                arns.named("logs", "log-group:/aws/lambda/"),
                arns.named("logs", "log-group:/aws/rds/instance/"),
                arns.named("logs", "log-group:/aws/vendedlogs/apigateway/"),
            ],
        ),
        Allow::new(
            ["sqs:GetQueueAttributes", "sqs:ListQueueTags"],
            [arns.named("sqs", "")],
        ),
        Allow::new(
            ["scheduler:GetSchedule", "scheduler:ListTagsForResource"],
            [arns.named("scheduler", "schedule/default/")],
        ),
        Allow::new(
            [
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetDashboard",
                "cloudwatch:ListTagsForResource",
            ],
            [
                arns.named("cloudwatch", "alarm:"),
                of_account("cloudwatch", "dashboard/"),
            ],
        ),
        Allow::new(["sns:Get*", "sns:List*"], [arns.named("sns", "")]),
        Allow::new(
            ["budgets:ListTagsForResource", "budgets:ViewBudget"],
            [of_account("budgets", "budget/")],
        ),
    ]
}

/// What has ids of AWS's own; none of it has data of the application, and no read of it changes anything.
fn unnamed(stage: &Stage) -> Vec<Allow> {
    let apis = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/*";
    let edge = |what: &str| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:{what}"
        ))
    };
    let mut regional = vec![
        "ec2:Describe*",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "rds:Describe*",
    ];
    if stage.ops.grafana {
        regional.extend(["grafana:Describe*", "grafana:ListTagsForResource"]);
    }
    let mut statements = vec![
        Allow::new(["apigateway:GET"], [Intrinsic::sub(apis)]),
        Allow::new(regional, ["*"]).when(in_region()),
        Allow::new(
            [
                "cloudfront:DescribeFunction",
                "cloudfront:GetDistribution",
                "cloudfront:GetDistributionConfig",
                "cloudfront:GetFunction",
                "cloudfront:GetOriginAccessControl",
                "cloudfront:GetResponseHeadersPolicy",
                "cloudfront:ListTagsForResource",
            ],
            [
                edge("distribution/*"),
                edge(&format!("function/miyabi-{}-*", stage.name)),
                edge("origin-access-control/*"),
                edge("response-headers-policy/*"),
            ],
        ),
    ];
    if stage.site.hosted_zone.is_some() || stage.api.hosted_zone.is_some() {
        statements.push(Allow::new(
            [
                "route53:GetHostedZone",
                "route53:ListHostedZones",
                "route53:ListResourceRecordSets",
            ],
            ["*"],
        ));
    }
    statements
}
