//! What a role of the stage may ever do, whatever its own policies say: no more than the roles of the
//! stacks are given, taken together. The policy gives nothing by itself.

use cfn::{
    Intrinsic, Stack, iam,
    policy::{Allow, document},
};

use serde_json::json;

use super::permissions::Arns;
use crate::{Stage, names::physical};

pub(super) fn add(stack: &mut Stack, stage: &Stage) {
    stack.add(
        "Boundary",
        iam::ManagedPolicy {
            // By this name the stage's templates know it.
            managed_policy_name: Some(physical(stage, "boundary").into()),
            description: Some("What the roles of the stage may do at most.".into()),
            ..iam::ManagedPolicy::new(document(&statements(stage)))
        },
    );
}

fn statements(stage: &Stage) -> Vec<Allow> {
    let arns = &Arns { stage: &stage.name };
    let function = || arns.named("lambda", "function:");
    let mut statements = vec![
        Allow::new(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arns.named("logs", "log-group:/aws/lambda/")],
        ),
        Allow::new(
            ["secretsmanager:GetSecretValue"],
            [
                arns.named("secretsmanager", "secret:"),
                // The name of the owner's secret is RDS's.
                arns.here("secretsmanager", "secret:rds!db-*"),
            ],
        ),
        Allow::new(
            ["rds-db:connect"],
            [arns.here("rds-db", "dbuser:*/miyabi_*")],
        ),
        Allow::new(["lambda:InvokeFunction"], [function()]),
        // Ids of APIs are AWS's own: each role names that of its stage.
        Allow::new(
            ["execute-api:ManageConnections"],
            [arns.here("execute-api", "*/*/*/@connections/*")],
        ),
        Allow::new(["sqs:SendMessage"], [arns.named("sqs", "")]),
        // Variables and secrets are encrypted with AWS's own keys, whose policies let every role of
        // the account use them through the service, but none past its boundary.
        Allow::new(["kms:Decrypt"], [arns.here("kms", "key/*")]).when(json!({
            "ForAnyValue:StringEquals": { "kms:ResourceAliases": [
                "alias/aws/lambda", "alias/aws/secretsmanager",
            ] },
        })),
        Allow::new(
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            ["*"],
        ),
        // CodeDeploy, as AWSCodeDeployRoleForLambdaLimited, which is its policy, and on nothing but
        // the stage's functions.
        Allow::new(
            [
                "lambda:GetAlias",
                "lambda:GetProvisionedConcurrencyConfig",
                "lambda:UpdateAlias",
            ],
            [function()],
        ),
        Allow::new(["cloudwatch:DescribeAlarms"], ["*"]),
        Allow::new(
            ["s3:GetObject", "s3:GetObjectVersion"],
            [Intrinsic::sub("arn:${AWS::Partition}:s3:::*/CodeDeploy/*")],
        ),
    ];
    if stage.ops.grafana {
        statements.push(Allow::new(
            [
                "cloudwatch:DescribeAlarmHistory",
                "cloudwatch:DescribeAlarmsForMetric",
                "cloudwatch:GetMetricData",
                "cloudwatch:ListMetrics",
            ],
            ["*"],
        ));
    }
    statements
}
