//! What a stage needs in its account before anything can be deployed: the bucket for what is
//! deployed, and, for deploys from GitHub, a role that only one repository can take on.

use cfn::{
    Handle, Intrinsic, Problem, RemovalPolicy, Stack, iam,
    policy::{Allow, document},
    s3,
};
use serde_json::json;

use crate::{Stage, bucket};

/// Where GitHub's workflows get their identity from.
const GITHUB: &str = "token.actions.githubusercontent.com";

/// The repository whose workflows may deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubRepository {
    /// `owner/name`
    pub name: String,
    /// Whether the account has GitHub's identity provider already: it can have only one.
    pub provider_exists: bool,
}

/// The stack of one stage, checked.
///
/// # Errors
///
/// Everything that is wrong with the template.
pub fn bootstrap(stage: &Stage, github: Option<&GithubRepository>) -> Result<Stack, Vec<Problem>> {
    let mut stack = Stack::new(
        "bootstrap",
        &format!("Miyabi {}: what a deploy needs.", stage.name),
    );
    let bucket = asset_bucket(&mut stack, stage);
    stack.output("assetBucket", bucket.reference());
    if let Some(github) = github {
        deploy_role(&mut stack, stage, github);
    }
    let problems = cfn::validate(&stack);
    if problems.is_empty() {
        Ok(stack)
    } else {
        Err(problems)
    }
}

/// Named, so that the deployer knows it before it asks. The lease in it is written again every few
/// seconds while a deploy runs: old versions go.
fn asset_bucket(stack: &mut Stack, stage: &Stage) -> Handle<s3::Bucket> {
    let name = format!(
        "miyabi-{}-assets-${{AWS::AccountId}}-${{AWS::Region}}",
        stage.name
    );
    let bucket = bucket::private(stack, "AssetBucket", Some(Intrinsic::sub(name)));
    stack.add(
        "AssetBucketPolicy",
        s3::BucketPolicy::new(
            bucket.reference(),
            json!({ "Version": "2012-10-17", "Statement": [bucket::tls_only(&bucket)] }),
        ),
    );
    bucket
}

/// The role that the workflows of one repository take on, from the GitHub environment that is called
/// as the stage.
fn deploy_role(stack: &mut Stack, stage: &Stage, github: &GithubRepository) {
    let provider = if github.provider_exists {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{GITHUB}"
        ))
    } else {
        let provider = stack.add(
            "GithubProvider",
            iam::OIDCProvider {
                url: Some(format!("https://{GITHUB}").into()),
                client_id_list: Some(["sts.amazonaws.com"].into_iter().collect()),
                ..Default::default()
            },
        );
        // Other stages of the account use it too.
        stack.on_removal(&provider, RemovalPolicy::Retain);
        provider.reference()
    };
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": cfn::Emit::emit(&provider) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                format!("{GITHUB}:aud"): "sts.amazonaws.com",
                format!("{GITHUB}:sub"): format!("repo:{}:environment:{}", github.name, stage.name),
            } },
        }],
    });
    let role = stack.add(
        "DeployRole",
        iam::Role {
            role_name: Some(format!("miyabi-{}-deploy", stage.name).into()),
            description: Some(
                format!("Deploys the stage {} from {}.", stage.name, github.name).into(),
            ),
            max_session_duration: Some(7200.into()),
            policies: Some(
                permissions(stage)
                    .into_iter()
                    .map(|(name, statements)| iam::RolePolicy::new(document(&statements), name))
                    .collect(),
            ),
            ..iam::Role::new(trust)
        },
    );
    stack.metadata(
        &role,
        json!({ "miyabi:github": github.name, "miyabi:provider-exists": github.provider_exists }),
    );
    stack.output("deployRole", role.arn());
}

/// What a deploy of the stage does, service by service, on nothing but what is called as the stage
/// wherever AWS lets a permission name it.
fn permissions(stage: &Stage) -> Vec<(&'static str, Vec<Allow>)> {
    let name = format!("miyabi-{}-*", stage.name);
    let arn = |service: &str, what: &str| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{what}"
        ))
    };
    let global = |text: String| Intrinsic::sub(format!("arn:${{AWS::Partition}}:{text}"));
    let here = json!({ "StringEquals": { "aws:RequestedRegion": { "Ref": "AWS::Region" } } });
    vec![
        (
            "stacks",
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
                        "cloudformation:ListStackResources",
                        "cloudformation:TagResource",
                        "cloudformation:UpdateStack",
                    ],
                    [arn("cloudformation", &format!("stack/{name}/*"))],
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
            ],
        ),
        (
            "code",
            vec![
                Allow::new(["s3:*"], [global(format!("s3:::{name}"))]),
                Allow::new(
                    ["lambda:*"],
                    [arn("lambda", &format!("function:{name}"))],
                ),
                Allow::new(
                    [
                        "iam:AttachRolePolicy",
                        "iam:CreateRole",
                        "iam:DeleteRole",
                        "iam:DeleteRolePolicy",
                        "iam:DetachRolePolicy",
                        "iam:GetRole",
                        "iam:GetRolePolicy",
                        "iam:ListAttachedRolePolicies",
                        "iam:ListRolePolicies",
                        "iam:PutRolePolicy",
                        "iam:TagRole",
                        "iam:UntagRole",
                        "iam:UpdateAssumeRolePolicy",
                        "iam:UpdateRole",
                        "iam:UpdateRoleDescription",
                    ],
                    // Only the roles that CloudFormation makes for the application's stacks; never
                    // this role itself.
                    ["network", "data", "api", "site"].map(|stack| {
                        global(format!(
                            "iam::${{AWS::AccountId}}:role/miyabi-{}-{stack}-*",
                            stage.name
                        ))
                    }),
                ),
                Allow::new(
                    ["iam:PassRole"],
                    ["data", "api"].map(|stack| {
                        global(format!(
                            "iam::${{AWS::AccountId}}:role/miyabi-{}-{stack}-*",
                            stage.name
                        ))
                    }),
                )
                .when(json!({ "StringEquals": { "iam:PassedToService": [
                    "lambda.amazonaws.com", "rds.amazonaws.com", "codedeploy.amazonaws.com",
                ] } })),
                Allow::new(["codedeploy:*"], [
                    arn("codedeploy", &format!("application:{name}")),
                    arn("codedeploy", &format!("deploymentgroup:{name}")),
                    arn("codedeploy", "deploymentconfig:*"),
                ]),
            ],
        ),
        (
            "services",
            vec![
                Allow::new(["secretsmanager:*"], [arn("secretsmanager", &format!("secret:{name}"))]),
                Allow::new(["secretsmanager:GetRandomPassword"], ["*"]),
                Allow::new(
                    ["logs:*"],
                    [
                        arn("logs", &format!("log-group:/aws/lambda/{name}")),
                        arn("logs", &format!("log-group:/aws/apigateway/{name}")),
                    ],
                ),
                Allow::new(
                    ["logs:DescribeLogGroups", "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"],
                    ["*"],
                )
                .when(here.clone()),
                Allow::new(
                    ["rds:*"],
                    [
                        arn("rds", &format!("db:{name}")),
                        arn("rds", &format!("subgrp:{name}")),
                        arn("rds", &format!("pg:{name}")),
                        arn("rds", &format!("snapshot:{name}")),
                        arn("rds", &format!("db-proxy:{name}")),
                        arn("rds", "target-group:*"),
                    ],
                ),
                Allow::new(["rds:Describe*"], ["*"]),
                Allow::new(["elasticache:*"], [arn("elasticache", &format!("serverlesscache:{name}"))]),
                Allow::new(["cloudwatch:*"], [arn("cloudwatch", &format!("alarm:{name}"))]),
                Allow::new(["iam:CreateServiceLinkedRole"], ["*"]).when(json!({ "StringEquals": {
                    "iam:AWSServiceName": ["rds.amazonaws.com", "elasticache.amazonaws.com", "ops.apigateway.amazonaws.com"],
                } })),
            ],
        ),
        (
            // None of these lets a permission name a thing before it exists.
            "unnamed",
            vec![
                Allow::new(
                    ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:TagResource"],
                    [Intrinsic::sub("arn:${AWS::Partition}:apigateway:${AWS::Region}::/*")],
                ),
                Allow::new(
                    [
                        "cloudfront:Create*",
                        "cloudfront:Delete*",
                        "cloudfront:Describe*",
                        "cloudfront:Get*",
                        "cloudfront:List*",
                        "cloudfront:Publish*",
                        "cloudfront:TagResource",
                        "cloudfront:UntagResource",
                        "cloudfront:Update*",
                    ],
                    ["*"],
                ),
                Allow::new(
                    [
                        "ec2:AllocateAddress",
                        "ec2:Associate*",
                        "ec2:Attach*",
                        "ec2:AuthorizeSecurityGroup*",
                        "ec2:Create*",
                        "ec2:DeleteEgressOnlyInternetGateway",
                        "ec2:DeleteInternetGateway",
                        "ec2:DeleteNatGateway",
                        "ec2:DeleteNetworkInterface",
                        "ec2:DeleteRoute",
                        "ec2:DeleteRouteTable",
                        "ec2:DeleteSecurityGroup",
                        "ec2:DeleteSubnet",
                        "ec2:DeleteTags",
                        "ec2:DeleteVpc",
                        "ec2:Describe*",
                        "ec2:Detach*",
                        "ec2:Disassociate*",
                        "ec2:Modify*",
                        "ec2:ReleaseAddress",
                        "ec2:RevokeSecurityGroup*",
                    ],
                    ["*"],
                )
                .when(here),
                Allow::new(
                    ["route53:ChangeResourceRecordSets", "route53:GetChange", "route53:GetHostedZone", "route53:ListResourceRecordSets"],
                    ["*"],
                ),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_repository_and_one_environment_may_take_the_role() {
        let stage = Stage::built_in("prod").unwrap();
        let github = GithubRepository {
            name: "owner/name".to_owned(),
            provider_exists: false,
        };
        let template = bootstrap(&stage, Some(&github)).unwrap().template();
        let trust = &template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"];
        let condition = &trust["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(
            condition["token.actions.githubusercontent.com:sub"],
            "repo:owner/name:environment:prod"
        );
        assert_eq!(trust["Statement"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn without_a_repository_there_is_only_the_bucket() {
        let stage = Stage::built_in("sandbox").unwrap();
        let template = bootstrap(&stage, None).unwrap().template();
        let ids: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
        assert_eq!(ids, ["AssetBucket", "AssetBucketPolicy"]);
    }

    #[test]
    fn the_role_cannot_change_itself() {
        let stage = Stage::built_in("dev").unwrap();
        let statements: Vec<String> = permissions(&stage)
            .into_iter()
            .map(|(_, statements)| document(&statements).to_string())
            .filter(|text| text.contains("iam:PutRolePolicy"))
            .collect();
        assert_eq!(statements.len(), 1);
        assert!(
            !statements[0].contains("role/miyabi-dev-*")
                && !statements[0].contains("role/miyabi-dev-deploy"),
            "{statements:?}"
        );
    }
}
