//! What has no name that a permission could ask for: ids are AWS's own. CloudFormation puts the tag
//! `miyabi:stage` of the stack on every resource that takes tags, and by that a stage's role is kept
//! from the resources of every other stage.
//!
//! The conditions have `IfExists`: a resource without the tag (one that is just being made, or a part
//! of one, such as a route of an API) belongs to no other stage. They hold as long as a tag cannot be
//! replaced: an action that tags must give the own stage, and is refused where another one's tag is.

use cfn::{Intrinsic, policy::Allow};
use serde_json::{Value as Json, json};

use super::{Arns, in_region};
use crate::Stage;

/// The tag that the deployer gives every stack.
const TAG: &str = "miyabi:stage";

/// Neither the resource nor the request is another stage's.
fn of_the_stage(arns: &Arns<'_>) -> Json {
    let mut condition = in_region();
    condition["StringEqualsIfExists"] = own(arns);
    condition
}

fn own(arns: &Arns<'_>) -> Json {
    json!({
        format!("aws:ResourceTag/{TAG}"): arns.stage,
        format!("aws:RequestTag/{TAG}"): arns.stage,
    })
}

pub(super) fn tagged(arns: &Arns<'_>) -> Vec<Allow> {
    vec![api(arns), distributions(arns), edge(arns), network(arns)]
}

fn api(arns: &Arns<'_>) -> Allow {
    let all = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/*";
    Allow::new(
        [
            "apigateway:AddCertificateToDomain",
            "apigateway:DELETE",
            "apigateway:GET",
            "apigateway:PATCH",
            "apigateway:POST",
            "apigateway:PUT",
            "apigateway:RemoveCertificateFromDomain",
            "apigateway:TagResource",
            "apigateway:UntagResource",
        ],
        [Intrinsic::sub(all)],
    )
    .when(of_the_stage(arns))
}

/// CloudFront is in no region.
fn distributions(arns: &Arns<'_>) -> Allow {
    let all = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*";
    Allow::new(
        [
            "cloudfront:CreateDistribution*",
            "cloudfront:CreateInvalidation",
            "cloudfront:DeleteDistribution",
            "cloudfront:GetDistribution*",
            "cloudfront:GetInvalidation",
            "cloudfront:ListTagsForResource",
            "cloudfront:TagResource",
            "cloudfront:UntagResource",
            "cloudfront:UpdateDistribution*",
        ],
        [Intrinsic::sub(all)],
    )
    .when(json!({ "StringEqualsIfExists": own(arns) }))
}

/// Access controls and header policies have neither name nor tag in their ARN. CloudFront refuses to
/// delete one that a distribution uses, and without the distribution none does anything.
fn edge(arns: &Arns<'_>) -> Allow {
    let here = |what: &str| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:{what}"
        ))
    };
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
        [
            here(&format!("function/miyabi-{}-*", arns.stage)),
            here("origin-access-control/*"),
            here("response-headers-policy/*"),
        ],
    )
}

fn network(arns: &Arns<'_>) -> Allow {
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
            "ec2:DeleteVpcEndpoints",
            "ec2:Describe*",
            "ec2:Detach*",
            "ec2:Disassociate*",
            "ec2:Modify*",
            "ec2:ReleaseAddress",
            "ec2:ReplaceRoute",
            "ec2:ReplaceRouteTableAssociation",
            "ec2:RevokeSecurityGroup*",
            "ec2:UpdateSecurityGroupRuleDescriptions*",
        ],
        ["*"],
    )
    .when(of_the_stage(arns))
}

/// The workspace of Grafana, for a stage whose file has one; a stage that gets its first is bootstrapped
/// again. IAM Identity Center registers it as an application.
pub(in crate::bootstrap) fn grafana(stage: &Stage) -> Vec<Allow> {
    let arns = &Arns { stage: &stage.name };
    let linked = json!({ "StringEquals": { "iam:AWSServiceName": "grafana.amazonaws.com" } });
    vec![
        Allow::new(
            [
                "grafana:CreateWorkspace",
                "grafana:DeleteWorkspace",
                "grafana:DescribeWorkspace*",
                "grafana:ListTagsForResource",
                "grafana:TagResource",
                "grafana:UntagResource",
                "grafana:UpdateWorkspace*",
            ],
            ["*"],
        )
        .when(of_the_stage(arns)),
        Allow::new(
            [
                "organizations:DescribeOrganization",
                "sso:CreateManagedApplicationInstance",
                "sso:DeleteManagedApplicationInstance",
                "sso:DescribeRegisteredRegions",
                "sso:GetApplicationInstance",
                "sso:GetManagedApplicationInstance",
                "sso:GetSharedSsoConfiguration",
                "sso:ListApplicationInstances",
            ],
            ["*"],
        ),
        Allow::new(["iam:CreateServiceLinkedRole"], ["*"]).when(linked),
    ]
}

/// The hosted zones that the stage's file names, and no other; nothing where it names none. A stage
/// that gets its first host name is bootstrapped again.
pub(super) fn zones(stage: &Stage) -> Vec<Allow> {
    let mut zones: Vec<&String> = [&stage.site.hosted_zone, &stage.api.hosted_zone]
        .into_iter()
        .flatten()
        .collect();
    zones.dedup();
    if zones.is_empty() {
        return Vec::new();
    }
    let arns = zones.iter().map(|zone| {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:route53:::hostedzone/{zone}"
        ))
    });
    vec![
        Allow::new(
            [
                "route53:ChangeResourceRecordSets",
                "route53:GetHostedZone",
                "route53:ListResourceRecordSets",
            ],
            arns,
        ),
        // Neither can be limited to a zone, and neither changes anything.
        Allow::new(["route53:GetChange", "route53:ListHostedZones"], ["*"]),
    ]
}
