//! What a deploy does with the services that the application runs on.

use cfn::{Intrinsic, policy::Allow};
use serde_json::json;

use super::{Arns, in_region};

pub(super) fn data(arns: &Arns) -> Vec<Allow> {
    let via = |service: &str| json!({ "Fn::Sub": format!("{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") });
    vec![
        Allow::new(
            ["rds:*"],
            [
                arns.named("rds", "db:"),
                arns.named("rds", "subgrp:"),
                arns.named("rds", "pg:"),
                arns.named("rds", "snapshot:"),
                // CreateDBInstance asks for the option group too, and that is AWS's own:
                // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html
                arns.here("rds", "og:default:*"),
            ],
        ),
        Allow::new(["rds:Describe*"], ["*"]),
        Allow::new(
            ["elasticache:*"],
            [arns.named("elasticache", "serverlesscache:")],
        ),
        Allow::new(
            ["secretsmanager:*"],
            [arns.named("secretsmanager", "secret:")],
        ),
        Allow::new(["secretsmanager:GetRandomPassword"], ["*"]),
        // RDS makes the owner's secret with the rights of who makes the instance, and rotates and
        // deletes it with its own: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
        // To read it is not among them.
        Allow::new(
            ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
            [arns.here("secretsmanager", "secret:rds!db-*")],
        ),
        // The keys are AWS's own (aws/rds, aws/secretsmanager), whose policies let the account use
        // them through these services; the services look at the key with the caller's rights first.
        Allow::new(["kms:DescribeKey"], [arns.here("kms", "key/*")]),
        Allow::new(["kms:CreateGrant"], [arns.here("kms", "key/*")]).when(json!({
            "Bool": { "kms:GrantIsForAWSResource": "true" },
            "StringEquals": { "kms:ViaService": [
                via("rds"), via("secretsmanager"), via("elasticache"), via("lambda"),
            ] },
        })),
    ]
}

pub(super) fn services(arns: &Arns) -> Vec<Allow> {
    vec![
        Allow::new(
            ["logs:*"],
            [
                arns.named("logs", "log-group:/aws/lambda/"),
                // RDS makes these itself; `destroy` deletes them.
                arns.named("logs", "log-group:/aws/rds/instance/"),
                arns.named("logs", "log-group:/aws/vendedlogs/apigateway/"),
            ],
        ),
        Allow::new(
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DeleteResourcePolicy",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            ["*"],
        )
        .when(in_region()),
        Allow::new(["sqs:*"], [arns.named("sqs", "")]),
        Allow::new(
            ["scheduler:*"],
            [arns.named("scheduler", "schedule/default/")],
        ),
        Allow::new(
            ["cloudwatch:*"],
            [
                arns.named("cloudwatch", "alarm:"),
                // Dashboards are of the account, not of a region.
                Intrinsic::sub(format!(
                    "arn:${{AWS::Partition}}:cloudwatch::${{AWS::AccountId}}:dashboard/miyabi-{}-*",
                    arns.stage
                )),
            ],
        ),
        Allow::new(["sns:*"], [arns.named("sns", "")]),
        // Budgets are of the account, not of a region.
        Allow::new(
            [
                "budgets:ListTagsForResource",
                "budgets:ModifyBudget",
                "budgets:TagResource",
                "budgets:UntagResource",
                "budgets:ViewBudget",
            ],
            [Intrinsic::sub(format!(
                "arn:${{AWS::Partition}}:budgets::${{AWS::AccountId}}:budget/miyabi-{}-*",
                arns.stage
            ))],
        ),
    ]
}
