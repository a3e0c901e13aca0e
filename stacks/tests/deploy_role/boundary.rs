//! The boundary: every role of the stacks is held by it, it lets them do what they are for, and the
//! deploy role cannot go around it.

use cfn::{Source, Stack};
use serde_json::Value as Json;
use stacks::{App, Assets, Stage, stage::Rollout, synth};

use crate::{
    asked::{arn, asked},
    bootstrapped,
    policy::Policy,
    role,
};

const BOUNDARY: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/miyabi-dev-boundary";

/// The stage with everything switched on that makes a role.
fn stage(name: &str) -> Stage {
    let mut stage = Stage::built_in(name).unwrap();
    stage.rollout = Rollout::Canary;
    stage
}

fn app(stage: &Stage) -> App {
    synth(stage, &Assets::placeholder()).unwrap()
}

/// The templates' resources, and the roles among them.
fn resources(stage: &Stage) -> Vec<Json> {
    app(stage)
        .stacks()
        .iter()
        .map(|stack| stack.template()["Resources"].clone())
        .collect()
}

fn roles(resources: &Json) -> impl Iterator<Item = &Json> {
    let all = resources.as_object().unwrap().values();
    all.filter(|resource| resource["Type"] == "AWS::IAM::Role")
}

#[test]
fn every_role_of_a_stage_on_aws_has_the_boundary_that_its_bootstrap_makes() {
    let mut seen = 0;
    for name in ["dev", "staging", "prod", "local", "sandbox"] {
        let bootstrapped = bootstrapped(name);
        let boundary = &bootstrapped["Boundary"]["Properties"]["ManagedPolicyName"];
        let expected = match boundary.as_str() {
            Some(boundary) => Json::from(format!(
                "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{boundary}"
            )),
            None => Json::Null,
        };
        assert_eq!(expected.is_null(), ["local", "sandbox"].contains(&name));
        for resources in resources(&stage(name)) {
            for role in roles(&resources) {
                let boundary = &role["Properties"]["PermissionsBoundary"];
                assert_eq!(boundary["Fn::Sub"], expected, "{name}: {role}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "the test looks at too little: {seen}");
}

#[test]
fn the_boundary_lets_every_role_do_what_it_is_for() {
    let boundary = &bootstrapped("dev")["Boundary"]["Properties"]["PolicyDocument"];
    let boundary = Policy::of([boundary]);
    // What AWS's own policy for CodeDeploy has:
    // https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
    let live = arn("lambda", "function:miyabi-dev-tasks:live");
    for (action, resource) in [
        ("cloudwatch:DescribeAlarms", "*"),
        ("lambda:UpdateAlias", &live),
        ("lambda:GetAlias", &live),
        ("lambda:GetProvisionedConcurrencyConfig", &live),
    ] {
        assert!(boundary.allows(action, resource), "{action}");
    }
    let app = app(&stage("dev"));
    for stack in app.stacks() {
        for role in roles(&stack.template()["Resources"]) {
            let policies = role["Properties"]["Policies"].as_array();
            for policy in policies.into_iter().flatten() {
                let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
                for statement in statements.iter().filter(|of| of["Effect"] == "Allow") {
                    for resource in statement["Resource"].as_array().unwrap() {
                        let resource = named(resource, &app, stack);
                        for action in statement["Action"].as_array().unwrap() {
                            let action = action.as_str().unwrap();
                            assert!(
                                boundary.allows(action, &resource),
                                "{action} on {resource} is outside of the boundary"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The ARN, as far as it is known before a deploy, of what a role's policy names. A parameter is
/// followed to the stack that has the output.
fn named(resource: &Json, app: &App, stack: &Stack) -> String {
    if let Some(text) = resource["Fn::Sub"][0].as_str() {
        return text
            .replace("${Id}", "db-0123")
            .replace("${Api}", "a1b2c3d4e5");
    }
    if let Some(text) = resource.as_str() {
        return text.to_owned();
    }
    let id = resource["Ref"]
        .as_str()
        .or(resource["Fn::GetAtt"][0].as_str())
        .unwrap();
    if let Some(input) = stack.inputs().iter().find(|input| input.parameter == id) {
        let Source::Output { stack, output } = &input.source else {
            panic!("{id} is no output of a stack");
        };
        let stack = app.stack(stack).unwrap();
        let value = stack.template()["Outputs"][output]["Value"].clone();
        return named(&value, app, stack);
    }
    let resources = &stack.template()["Resources"];
    let target = &resources[id];
    let named = |key: &str| target["Properties"][key].as_str().unwrap();
    match target["Type"].as_str().unwrap_or_default() {
        "AWS::Logs::LogGroup" => arn("logs", &format!("log-group:{}:*", named("LogGroupName"))),
        "AWS::SecretsManager::Secret" => {
            arn("secretsmanager", &format!("secret:{}-ab", named("Name")))
        }
        "AWS::RDS::DBInstance" => arn("secretsmanager", "secret:rds!db-01-ab"),
        "AWS::SQS::Queue" => arn("sqs", named("QueueName")),
        "AWS::Lambda::Alias" => {
            let function = target["Properties"]["FunctionName"]["Ref"]
                .as_str()
                .unwrap();
            let name = &resources[function]["Properties"]["FunctionName"];
            arn(
                "lambda",
                &format!("function:{}:live", name.as_str().unwrap()),
            )
        }
        _ => panic!("what is {resource}?"),
    }
}

#[test]
fn the_deploy_role_gives_rights_only_to_roles_within_the_boundary() {
    let deploy = role("dev");
    let giving = [
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    ];
    for action in giving {
        for resource in asked("AWS::IAM::Role", action) {
            let statements = deploy.allowing(action, &resource);
            assert!(!statements.is_empty(), "{action}");
            for statement in statements {
                let boundary = &statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"];
                assert_eq!(boundary["Fn::Sub"], BOUNDARY, "{action}");
            }
        }
    }
    for action in [
        "iam:DeleteRolePermissionsBoundary",
        "iam:CreatePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:DeletePolicy",
        "iam:CreateUser",
        "iam:AddRoleToInstanceProfile",
    ] {
        let role = &asked("AWS::IAM::Role", action)[0];
        for resource in [role, BOUNDARY, "*"] {
            assert!(!deploy.allows(action, resource), "{action} on {resource}");
        }
    }
}

#[test]
fn the_deploy_role_attaches_exactly_the_policies_that_the_stacks_do() {
    let mut attached: Vec<Json> = resources(&stage("dev"))
        .iter()
        .flat_map(|resources| {
            roles(resources)
                .filter_map(|role| role["Properties"]["ManagedPolicyArns"].as_array())
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
        })
        .collect();
    attached.dedup();
    let deploy = role("dev");
    for action in ["iam:AttachRolePolicy", "iam:DetachRolePolicy"] {
        for statement in deploy.allowing(action, &asked("AWS::IAM::Role", action)[0]) {
            let allowed = &statement["Condition"]["ArnEquals"]["iam:PolicyARN"];
            assert_eq!(attached, std::slice::from_ref(allowed), "{action}");
        }
    }
}
