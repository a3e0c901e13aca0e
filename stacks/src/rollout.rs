//! How an alias moves to a new version: at once, or a tenth of the traffic first.

use cfn::{Handle, Json, Stack, cloudwatch, codedeploy, iam, lambda, policy::assumed_by};
use miyabi_catalog::metrics;
use serde_json::json;

use crate::{
    Stage,
    names::{boundary, pascal, physical},
    ops::description,
    stage::Rollout,
};

/// AWS's own policy for CodeDeploy, the one managed policy that a role of the stacks has.
pub(crate) const CODE_DEPLOY_POLICY: &str =
    "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited";

/// Both alarms of a function.
const RUNBOOK: &str = "During a rollout CodeDeploy returns the traffic to the version before by itself; fix the new one and deploy again. At any other time the version in service fails: see its log.";

const CANARY: &str = "CodeDeployDefault.LambdaCanary10Percent5Minutes";

/// What CodeDeploy needs for this stage; nothing where versions are switched at once.
pub(crate) fn application(stack: &mut Stack, stage: &Stage) {
    if stage.rollout == Rollout::AllAtOnce {
        return;
    }
    stack.add(
        APPLICATION,
        codedeploy::Application {
            compute_platform: Some(codedeploy::ApplicationComputePlatform::Lambda.into()),
            application_name: Some(physical(stage, "api").into()),
            ..Default::default()
        },
    );
    stack.add(
        ROLE,
        iam::Role {
            description: Some("Lets CodeDeploy move the aliases of the functions.".into()),
            managed_policy_arns: Some(
                [cfn::Intrinsic::sub(CODE_DEPLOY_POLICY)]
                    .into_iter()
                    .collect(),
            ),
            permissions_boundary: boundary(stage).map(Into::into),
            ..iam::Role::new(assumed_by("codedeploy.amazonaws.com"))
        },
    );
}

const APPLICATION: &str = "CodeDeployApplication";
const ROLE: &str = "CodeDeployRole";

/// Lets CodeDeploy move this alias, and back when the function's failures raise an alarm.
pub(crate) fn shift_traffic(
    stack: &mut Stack,
    stage: &Stage,
    name: &str,
    function: &Handle<lambda::Function>,
    alias: &Handle<lambda::Alias>,
) {
    if stage.rollout == Rollout::AllAtOnce {
        return;
    }
    let alarms = canary_alarms(stack, stage, name, function);
    let group = deployment_group(stack, name, alarms);
    let policy: Json = json!({
        "CodeDeployLambdaAliasUpdate": {
            "ApplicationName": { "Ref": APPLICATION },
            "DeploymentGroupName": { "Ref": group.logical_id() },
        }
    });
    stack.update_policy(alias, policy);
}

/// The alarms of a function's failures: its invocations, and what it responds.
fn canary_alarms(
    stack: &mut Stack,
    stage: &Stage,
    name: &str,
    function: &Handle<lambda::Function>,
) -> [Handle<cloudwatch::Alarm>; 2] {
    let id = pascal(name);
    let invocations = stack.add(
        format!("{id}CanaryAlarm"),
        cloudwatch::Alarm {
            alarm_description: Some(
                description("Invocations fail while a version is rolled out.", RUNBOOK).into(),
            ),
            namespace: Some("AWS/Lambda".into()),
            metric_name: Some("Errors".into()),
            dimensions: Some(
                [cloudwatch::AlarmDimension::new(
                    "FunctionName",
                    function.reference(),
                )]
                .into(),
            ),
            ..threshold()
        },
    );
    let [by_stage, by_function] = metrics::DIMENSIONS;
    let responses = stack.add(
        format!("{id}CanaryResponsesAlarm"),
        cloudwatch::Alarm {
            alarm_description: Some(
                description(
                    "Responses have a status of 500 or above while a version is rolled out.",
                    RUNBOOK,
                )
                .into(),
            ),
            namespace: Some(metrics::NAMESPACE.into()),
            metric_name: Some(metrics::SERVER_ERROR.name.into()),
            dimensions: Some(
                [
                    cloudwatch::AlarmDimension::new(by_stage, stage.name.as_str()),
                    cloudwatch::AlarmDimension::new(by_function, name),
                ]
                .into(),
            ),
            ..threshold()
        },
    );
    [invocations, responses]
}

/// Moves the traffic of an alias, unless one of these alarms is raised.
fn deployment_group(
    stack: &mut Stack,
    name: &str,
    alarms: [Handle<cloudwatch::Alarm>; 2],
) -> Handle<codedeploy::DeploymentGroup> {
    let alarms = alarms.map(|alarm| codedeploy::DeploymentGroupAlarm {
        name: Some(alarm.reference().into()),
    });
    stack.add(
        format!("{}DeploymentGroup", pascal(name)),
        codedeploy::DeploymentGroup {
            deployment_config_name: Some(CANARY.into()),
            deployment_style: Some(codedeploy::DeploymentGroupDeploymentStyle {
                deployment_option: Some(
                    codedeploy::DeploymentGroupDeploymentStyleDeploymentOption::WithTrafficControl.into(),
                ),
                deployment_type: Some(
                    codedeploy::DeploymentGroupDeploymentStyleDeploymentType::BlueGreen.into(),
                ),
            }),
            alarm_configuration: Some(codedeploy::DeploymentGroupAlarmConfiguration {
                enabled: Some(true.into()),
                alarms: Some(alarms.into()),
                ..Default::default()
            }),
            auto_rollback_configuration: Some(codedeploy::DeploymentGroupAutoRollbackConfiguration {
                enabled: Some(true.into()),
                events: Some(
                    [
                        codedeploy::DeploymentGroupAutoRollbackConfigurationEvents::DeploymentFailure,
                        codedeploy::DeploymentGroupAutoRollbackConfigurationEvents::DeploymentStopOnAlarm,
                        codedeploy::DeploymentGroupAutoRollbackConfigurationEvents::DeploymentStopOnRequest,
                    ]
                    .into_iter()
                    .collect(),
                ),
            }),
            ..codedeploy::DeploymentGroup::new(
                cfn::Intrinsic::reference(APPLICATION),
                cfn::Intrinsic::get_att(ROLE, "Arn"),
            )
        },
    )
}

/// Three of them within a minute raise the alarm. Both metrics are of all versions together: one that
/// fails in service is as good a reason to stop.
fn threshold() -> cloudwatch::Alarm {
    cloudwatch::Alarm {
        statistic: Some(cloudwatch::AlarmStatistic::Sum.into()),
        comparison_operator: Some(
            cloudwatch::AlarmComparisonOperator::GreaterThanOrEqualToThreshold.into(),
        ),
        threshold: Some(3.into()),
        period: Some(60.into()),
        evaluation_periods: Some(1.into()),
        treat_missing_data: Some(cloudwatch::AlarmTreatMissingData::NotBreaching.into()),
        ..Default::default()
    }
}
