//! The workspace of Amazon Managed Grafana, and its role.

use cfn::{
    Emit, Intrinsic, Json, Stack, grafana, iam,
    policy::{Allow, document},
};
use serde_json::json;

use crate::{
    Stage,
    names::{boundary, physical},
};

/// The workspace of Amazon Managed Grafana, where the stage wants one. People sign in through the IAM
/// Identity Center of the account; its role reads CloudWatch and nothing else.
pub(super) fn workspace(stack: &mut Stack, stage: &Stage) {
    if !stage.ops.grafana {
        return;
    }
    let role = stack.add(
        "GrafanaRole",
        iam::Role {
            description: Some("Grafana reads the metrics and alarms of CloudWatch.".into()),
            policies: Some([iam::RolePolicy::new(document(&reads()), "cloudwatch")].into()),
            permissions_boundary: boundary(stage).map(Into::into),
            ..iam::Role::new(assumed_by_grafana())
        },
    );
    let workspace = stack.add(
        "Grafana",
        grafana::Workspace {
            name: Some(physical(stage, "operations").into()),
            description: Some(format!("Metrics of the stage {}.", stage.name).into()),
            data_sources: Some([grafana::WorkspaceDataSourceType::Cloudwatch].into()),
            role_arn: Some(role.arn()),
            ..grafana::Workspace::new(
                grafana::WorkspaceAccountAccessType::CurrentAccount,
                [grafana::WorkspaceAuthenticationProviderTypes::AwsSso],
                grafana::WorkspacePermissionType::CustomerManaged,
            )
        },
    );
    stack.output("grafanaEndpoint", workspace.endpoint());
}

/// What CloudWatch's data source asks
/// (<https://grafana.com/docs/grafana/latest/datasources/aws-cloudwatch/configure/>); no permission of
/// these can name a resource.
fn reads() -> [Allow; 1] {
    [Allow::new(
        [
            "cloudwatch:DescribeAlarmHistory",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:DescribeAlarmsForMetric",
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
        ],
        ["*"],
    )]
}

/// Only workspaces of this account
/// (<https://docs.aws.amazon.com/grafana/latest/userguide/cross-service-confused-deputy-prevention.html>).
fn assumed_by_grafana() -> Json {
    let workspaces = "arn:${AWS::Partition}:grafana:${AWS::Region}:${AWS::AccountId}:/workspaces/*";
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "grafana.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": { "aws:SourceAccount": cfn::pseudo::account_id().emit() },
                "StringLike": { "aws:SourceArn": Intrinsic::sub(workspaces).emit() },
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_asks_for_it_has_a_workspace_that_reads_cloudwatch_and_nothing_else() {
        let mut stage = Stage::built_in("prod").unwrap();
        let resources = |stage: &Stage| {
            let app = crate::synth(stage, &crate::Assets::placeholder()).unwrap();
            let ops = app.stacks().iter().find(|stack| stack.name() == "ops");
            ops.unwrap().template()["Resources"].clone()
        };
        assert!(resources(&stage)["Grafana"].is_null());
        stage.ops.grafana = true;
        let resources = resources(&stage);
        let workspace = &resources["Grafana"];
        assert_eq!(workspace["Type"], "AWS::Grafana::Workspace");
        assert_eq!(
            workspace["Properties"],
            json!({
                "AccountAccessType": "CURRENT_ACCOUNT",
                "AuthenticationProviders": ["AWS_SSO"],
                "DataSources": ["CLOUDWATCH"],
                "Description": "Metrics of the stage prod.",
                "Name": "miyabi-prod-operations",
                "PermissionType": "CUSTOMER_MANAGED",
                "RoleArn": { "Fn::GetAtt": ["GrafanaRole", "Arn"] },
            })
        );
        let role = &resources["GrafanaRole"]["Properties"];
        assert!(role["PermissionsBoundary"].is_object());
        let policies = role["Policies"].as_array().unwrap();
        let statements = &policies[0]["PolicyDocument"]["Statement"];
        assert_eq!(
            (policies.len(), statements.as_array().unwrap().len()),
            (1, 1)
        );
        for action in statements[0]["Action"].as_array().unwrap() {
            let action = action.as_str().unwrap();
            let (service, name) = action.split_once(':').unwrap();
            let reads = ["Describe", "Get", "List"];
            assert_eq!(service, "cloudwatch");
            assert!(reads.iter().any(|verb| name.starts_with(verb)), "{action}");
        }
    }
}
