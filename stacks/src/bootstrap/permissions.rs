//! What the deploy role may do: what CloudFormation does with its rights for the application's
//! stacks, and what the deployer asks besides.
//!
//! Nothing but what is called as the stage, wherever AWS lets a permission name it.
//! `tests/deploy_role/` compares this with what AWS's resource handlers call.

mod plan;
mod services;
mod tagged;

use cfn::{Emit, Intrinsic, policy::Allow};
use serde_json::{Value as Json, json};

pub(super) use plan::plan;
pub(super) use tagged::grafana;

use crate::{Stage, names::boundary_arn, rollout::CODE_DEPLOY_POLICY};

/// The stacks of the application that make roles.
fn role_stacks(stage: &Stage) -> impl Iterator<Item = &'static str> {
    let grafana = stage.ops.grafana.then_some("ops");
    ["migrate", "realtime", "api"].into_iter().chain(grafana)
}

/// The inline policies of the role of that stage, by name.
pub(super) fn permissions(stage: &Stage) -> Vec<(&'static str, Vec<Allow>)> {
    let arns = Arns { stage: &stage.name };
    [
        ("stacks", stacks(&arns)),
        ("code", code(&arns)),
        ("roles", roles(&arns, stage)),
        ("data", services::data(&arns)),
        ("services", services::services(&arns)),
        ("tagged", tagged::tagged(&arns)),
        ("zones", tagged::zones(stage)),
    ]
    .into_iter()
    .filter(|(_, statements)| !statements.is_empty())
    .collect()
}

/// ARNs of what a stage has.
pub(super) struct Arns<'a> {
    pub(super) stage: &'a str,
}

impl Arns<'_> {
    /// In the stack's own region and account: `("rds", "og:default:*")`.
    pub(super) fn here(&self, service: &str, what: &str) -> Intrinsic {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{what}"
        ))
    }

    /// Everything of a kind that is called as the stage: `("rds", "db:")`.
    pub(super) fn named(&self, service: &str, kind: &str) -> Intrinsic {
        self.here(service, &format!("{kind}miyabi-{}-*", self.stage))
    }

    /// The roles that CloudFormation makes for a stack.
    fn roles_of(&self, stack: &str) -> Intrinsic {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/miyabi-{}-{stack}-*",
            self.stage
        ))
    }
}

/// Only in the stack's own region, where no ARN says it.
fn in_region() -> Json {
    json!({ "StringEquals": { "aws:RequestedRegion": { "Ref": "AWS::Region" } } })
}

fn stacks(arns: &Arns) -> Vec<Allow> {
    vec![
        Allow::new(
            [
                "cloudformation:CancelUpdateStack",
                "cloudformation:ContinueUpdateRollback",
                "cloudformation:CreateChangeSet",
                "cloudformation:CreateStack",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeEvents",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResourceDrifts",
                "cloudformation:DescribeStackResources",
                "cloudformation:DetectStackDrift",
                "cloudformation:DetectStackResourceDrift",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
                "cloudformation:TagResource",
                "cloudformation:UpdateStack",
                "cloudformation:UpdateTerminationProtection",
            ],
            [arns.here(
                "cloudformation",
                &format!("stack/miyabi-{}-*/*", arns.stage),
            )],
        ),
        // Finding the stage's stacks in one call; a permission cannot name a prefix there. The
        // types' configurations are read for drift.
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

fn code(arns: &Arns) -> Vec<Allow> {
    vec![
        Allow::new(
            ["s3:*"],
            [Intrinsic::sub(format!(
                "arn:${{AWS::Partition}}:s3:::miyabi-{}-*",
                arns.stage
            ))],
        ),
        Allow::new(["lambda:*"], [arns.named("lambda", "function:")]),
        // For the pre-flight. Neither can name a resource of the stage, and the certificate of the
        // site is in us-east-1 whatever the stage's region is.
        Allow::new(
            ["acm:DescribeCertificate", "lambda:GetAccountSettings"],
            ["*"],
        ),
        Allow::new(
            ["codedeploy:*"],
            [
                arns.named("codedeploy", "application:"),
                arns.named("codedeploy", "deploymentgroup:"),
                arns.here("codedeploy", "deploymentconfig:*"),
            ],
        ),
    ]
}

/// Only the roles that CloudFormation makes for the application's stacks, never the deploy role
/// itself; and whatever gives a role rights asks that the stage's boundary holds the role, which
/// cannot be taken off. Otherwise whoever deploys could do anything in the account.
fn roles(arns: &Arns, stage: &Stage) -> Vec<Allow> {
    let roles = || role_stacks(stage).map(|stack| arns.roles_of(stack));
    let mut users = vec![
        "lambda.amazonaws.com",
        "codedeploy.amazonaws.com",
        "scheduler.amazonaws.com",
    ];
    users.extend(stage.ops.grafana.then_some("grafana.amazonaws.com"));
    let bounded = || json!({ "iam:PermissionsBoundary": boundary_arn(arns.stage).emit() });
    let attached = || json!({ "iam:PolicyARN": Intrinsic::sub(CODE_DEPLOY_POLICY).emit() });
    vec![
        Allow::new(
            [
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            roles(),
        )
        .when(json!({ "StringEquals": bounded() })),
        Allow::new(["iam:AttachRolePolicy"], roles())
            .when(json!({ "StringEquals": bounded(), "ArnEquals": attached() })),
        Allow::new(["iam:DetachRolePolicy"], roles()).when(json!({ "ArnEquals": attached() })),
        Allow::new(
            [
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles(),
        ),
        Allow::new(["iam:PassRole"], roles())
            .when(json!({ "StringEquals": { "iam:PassedToService": users } })),
        Allow::new(["iam:CreateServiceLinkedRole"], ["*"]).when(json!({ "StringEquals": {
            "iam:AWSServiceName": [
                "rds.amazonaws.com",
                "elasticache.amazonaws.com",
                "ops.apigateway.amazonaws.com",
            ],
        } })),
    ]
}
