//! The stages with an account of their own, at an emulator: bootstrap, plan and apply of their whole
//! templates, less the types that the emulator cannot make.
//!
//! Nothing answers there: there is neither a VPC nor an RDS behind what the emulator makes, so the
//! functions are empty archives and the migrations are not run. The stage `sandbox` is the one that
//! answers (`sandbox.rs`).

mod stripped;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use crate::faults::approved;
use deployer::{
    asset::Asset,
    aws::{Aws, Endpoint, Github},
    build::BuiltFunction,
    deployment::Deployment,
    interrupt::Interrupt,
    lease::LeaseHolder,
    plan::{MigrationPlan, Plan, StackAction},
    planning,
    progress::Progress,
    project::Project,
    stage::Stage,
    target::{CallStats, Health, Observe, Records},
};
use miyabi_tests::{Emulator, ScriptedStacks, Value, json, until};
use ring::digest::{SHA256, digest};
use stripped::{Stripped, strip, unknown_attributes};

/// What the emulator does not make.
const REFUSED: &[&str] = &[
    "AWS::ApiGatewayV2::RouteResponse",
    "AWS::Budgets::Budget",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::VPCCidrBlock",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::IAM::OIDCProvider",
];

/// Of the stacks that show what the emulator refuses.
const ACCOUNT: &str = "000000000201";

/// The stage as its file is, at the emulator.
struct Place {
    stage: Stage,
    aws: Aws,
    built: Vec<BuiltFunction>,
    _functions: tempfile::TempDir,
}

impl Place {
    async fn new(stage: Stage) -> Place {
        Place::at(stage, &Emulator::shared().await.url()).await
    }

    async fn at(stage: Stage, url: &str) -> Place {
        let endpoint = Endpoint::parse(url).unwrap();
        let aws = Aws::open(&stage, Some(endpoint), None, &Progress::silent())
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let built = miyabi_catalog::FUNCTIONS
            .iter()
            .map(|function| empty(folder.path(), function.name));
        Place {
            stage,
            aws,
            built: built.collect(),
            _functions: folder,
        }
    }

    /// What a deploy would do but for the migrations, and what was taken out of the templates, by stack.
    async fn plan(&self) -> (Plan, BTreeMap<String, Stripped>) {
        let mut desired =
            deployer::synth::desired_state(&self.aws, &project(), &self.stage, &self.built)
                .await
                .unwrap();
        let stripped = desired.stacks.iter_mut().map(|stack| {
            let name = stack.name.clone();
            (name, strip(&mut stack.template, REFUSED))
        });
        let stripped = stripped.collect();
        let mut plan = planning::plan_for(&self.aws, desired, &[]).await.unwrap();
        assert!(plan.migrations.run, "nothing was migrated so far");
        plan.migrations = MigrationPlan::default();
        (plan, stripped)
    }

    async fn apply(&self, plan: &Plan) {
        let applied = begin(&self.aws, &self.stage)
            .await
            .run(async |deployment| deployment.apply(&approved(plan)).await)
            .await;
        applied.unwrap_or_else(|error| panic!("{error}\n{}", error.causes().join("\n")));
    }
}

/// The right to change the stage, also for its first bootstrap.
async fn begin<'a>(aws: &'a Aws, stage: &'a Stage) -> Deployment<'a> {
    let holder = LeaseHolder::this_process("deploy");
    let (progress, interrupt) = (Progress::silent(), Interrupt::default());
    Deployment::begin_bootstrap(aws, stage, &holder, &progress, &interrupt)
        .await
        .unwrap()
}

fn project() -> Project {
    Project::new(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
}

/// An archive with nothing in it but, as its comment, the name of the function.
fn empty(folder: &Path, function: &str) -> BuiltFunction {
    let mut zip = b"PK\x05\x06".to_vec();
    zip.extend([0; 16]);
    zip.extend(u16::try_from(function.len()).unwrap().to_le_bytes());
    zip.extend(function.as_bytes());
    let path = folder.join(format!("{function}.zip"));
    fs::write(&path, &zip).unwrap();
    let sha256 = digest(&SHA256, &zip)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let asset = Asset {
        function: function.to_owned(),
        key: format!("functions/{function}/{sha256}.zip"),
        sha256,
        size: zip.len() as u64,
        path: path.clone(),
    };
    BuiltFunction {
        asset,
        bootstrap: path,
        changed: true,
    }
}

/// Whether a stack waits for another one, directly or not.
fn waits_for(plan: &Plan, stack: &str, other: &str) -> bool {
    let stack = plan.stacks.iter().find(|one| one.name == stack).unwrap();
    let mut sources = stack.after.iter();
    sources.any(|source| source == other || waits_for(plan, source, other))
}

/// An endpoint at which neither `data` nor `site` is complete before CloudFormation was asked to create
/// the other one: a deploy that creates them one after the other ends there.
async fn complete_only_together() -> ScriptedStacks {
    let mut created = BTreeSet::new();
    ScriptedStacks::before(Emulator::shared().await, move |action, parameters| {
        let stack = parameters.get("StackName")?;
        let is = |name: &str| stack.contains(&format!("miyabi-prod-{name}"));
        let both = ["data", "site"];
        match action {
            "CreateStack" => {
                created.extend(both.into_iter().filter(|name| is(name)));
                None
            }
            "DescribeStacks" if created.len() == 1 => {
                let name = created.iter().find(|name| is(name))?;
                let status = ("CREATE_IN_PROGRESS", "held by the test");
                let name = format!("miyabi-prod-{name}");
                Some(ScriptedStacks::stack(
                    stack, &name, "prod", status.0, status.1,
                ))
            }
            _ => None,
        }
    })
    .await
}

/// Makes the stage from nothing and looks at it; gives what was taken out, as a list.
async fn made(mut place: Place) -> String {
    let github = Github {
        repository: Some("example/miyabi".to_owned()),
        provider_exists: false,
    };
    let mut bootstrap = place.aws.plan_bootstrap(&github).await.unwrap();
    let taken_out = strip(&mut bootstrap.stacks[0].template, REFUSED);
    begin(&place.aws, &place.stage)
        .await
        .run(async |deployment| deployment.bootstrap(&approved(&bootstrap)).await)
        .await
        .unwrap();

    let (plan, mut stripped) = place.plan().await;
    stripped.insert("bootstrap".to_owned(), taken_out);
    for (stack, other) in [("data", "site"), ("site", "data")] {
        assert!(!waits_for(&plan, stack, other), "{stack} waits for {other}");
    }
    assert!(waits_for(&plan, "api", "data") && waits_for(&plan, "site", "gateway"));
    tokio::time::timeout(Duration::from_secs(300), place.apply(&plan))
        .await
        .expect("the stacks are created within five minutes");

    // Everything that was not taken out is there and well, and a second deploy has nothing to do.
    let status = place.aws.status().await.unwrap();
    for stack in &plan.stacks {
        assert_eq!(stack.action, StackAction::Create);
        let resources = stack.template["Resources"].as_object().unwrap();
        let there = status
            .iter()
            .filter(|resource| resource.stack == stack.name);
        let mut there: Vec<&str> = there
            .map(|resource| {
                assert_eq!(resource.health, Health::Ok, "{resource:?}");
                resource.logical_id.as_str()
            })
            .collect();
        let mut wanted: Vec<&str> = resources.keys().map(String::as_str).collect();
        there.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(there, wanted, "{}", stack.name);
    }
    let (again, _) = place.plan().await;
    let changes: Vec<_> = again
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::None)
        .map(|stack| (&stack.name, &stack.resources, &stack.parameter_changes))
        .collect();
    assert!(changes.is_empty(), "{changes:?}");

    // Log groups hold data, so their change goes through a change set.
    let mut changed = place.stage.settings().clone();
    changed.functions.log_retention_days = 365;
    place.stage = Stage::new(changed);
    let (plan, _) = place.plan().await;
    place.apply(&plan).await;
    let calls = place.aws.calls();
    assert_eq!(
        calls.get("CloudFormation.ExecuteChangeSet"),
        Some(&4),
        "one each of gateway, migrate, realtime and api: {calls:?}"
    );
    let migrate = &place.aws.deployed().await.unwrap().stacks["migrate"];
    let log = &migrate.template["Resources"]["MigrateLog"];
    assert_eq!(log["Properties"]["RetentionInDays"], 365, "{log}");

    let mut list = String::new();
    for (stack, stripped) in stripped {
        for resource in stripped.resources {
            list += &format!("{stack}: {resource}\n");
        }
        for stand_in in stripped.stand_ins {
            list += &format!("{stack}: stand-in at {stand_in}\n");
        }
    }
    list
}

#[tokio::test]
async fn all_stacks_of_dev_are_made_but_for_what_the_emulator_cannot() {
    let place = Place::new(Stage::load("dev").unwrap()).await;
    insta::assert_snapshot!(made(place).await, @r#"
    bootstrap: GithubProvider AWS::IAM::OIDCProvider
    bootstrap: stand-in at DeployRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal.Federated: GithubProvider
    bootstrap: stand-in at PlanRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal.Federated: GithubProvider
    data: stand-in at databaseOwnerSecret.Value: ["Database","MasterUserSecret.SecretArn"]
    network: Ipv6Block AWS::EC2::VPCCidrBlock
    network: EgressGateway AWS::EC2::EgressOnlyInternetGateway
    network: stand-in at PrivateSubnetA.DependsOn: Ipv6Block
    network: stand-in at PrivateSubnetA.Properties.Ipv6CidrBlock.Fn::Select.1.Fn::Cidr.0.Fn::Select.1: ["Vpc","Ipv6CidrBlocks"]
    network: stand-in at PrivateSubnetB.DependsOn: Ipv6Block
    network: stand-in at PrivateSubnetB.Properties.Ipv6CidrBlock.Fn::Select.1.Fn::Cidr.0.Fn::Select.1: ["Vpc","Ipv6CidrBlocks"]
    network: stand-in at EgressRoute.Properties.EgressOnlyInternetGatewayId: EgressGateway
    ops: ErrorRateAlarm AWS::CloudWatch::Alarm
    ops: Budget AWS::Budgets::Budget
    realtime: SocketRouteDefaultResponse AWS::ApiGatewayV2::RouteResponse
    "#);
}

#[tokio::test]
async fn all_stacks_of_prod_are_made_data_and_site_together_but_for_what_the_emulator_cannot() {
    let endpoint = complete_only_together().await;
    let place = Place::at(Stage::load("prod").unwrap(), &endpoint.url()).await;
    insta::assert_snapshot!(made(place).await, @r#"
    api: CodeDeployApplication AWS::CodeDeploy::Application
    api: ActivityDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: AuthDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: DocsDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: InboxDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: OrgsDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: TasksDeploymentGroup AWS::CodeDeploy::DeploymentGroup
    api: stand-in at ActivityAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at ActivityAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: ActivityDeploymentGroup
    api: stand-in at AuthAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at AuthAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: AuthDeploymentGroup
    api: stand-in at DocsAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at DocsAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: DocsDeploymentGroup
    api: stand-in at InboxAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at InboxAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: InboxDeploymentGroup
    api: stand-in at OrgsAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at OrgsAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: OrgsDeploymentGroup
    api: stand-in at TasksAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.ApplicationName: CodeDeployApplication
    api: stand-in at TasksAlias.UpdatePolicy.CodeDeployLambdaAliasUpdate.DeploymentGroupName: TasksDeploymentGroup
    bootstrap: GithubProvider AWS::IAM::OIDCProvider
    bootstrap: stand-in at DeployRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal.Federated: GithubProvider
    bootstrap: stand-in at PlanRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal.Federated: GithubProvider
    cache: Cache AWS::ElastiCache::ServerlessCache
    cache: stand-in at valkeyUrl.Value: rediss://${Cache.Endpoint.Address}:${Cache.Endpoint.Port}
    cache: stand-in at cacheName.Value: Cache
    data: stand-in at databaseOwnerSecret.Value: ["Database","MasterUserSecret.SecretArn"]
    network: Ipv6Block AWS::EC2::VPCCidrBlock
    network: EgressGateway AWS::EC2::EgressOnlyInternetGateway
    network: stand-in at PrivateSubnetA.DependsOn: Ipv6Block
    network: stand-in at PrivateSubnetA.Properties.Ipv6CidrBlock.Fn::Select.1.Fn::Cidr.0.Fn::Select.1: ["Vpc","Ipv6CidrBlocks"]
    network: stand-in at PrivateSubnetB.DependsOn: Ipv6Block
    network: stand-in at PrivateSubnetB.Properties.Ipv6CidrBlock.Fn::Select.1.Fn::Cidr.0.Fn::Select.1: ["Vpc","Ipv6CidrBlocks"]
    network: stand-in at EgressRoute.Properties.EgressOnlyInternetGatewayId: EgressGateway
    ops: ErrorRateAlarm AWS::CloudWatch::Alarm
    ops: Budget AWS::Budgets::Budget
    realtime: SocketRouteDefaultResponse AWS::ApiGatewayV2::RouteResponse
    "#);
}

/// When this fails, the emulator has learnt the type: take it out of `REFUSED`.
#[tokio::test]
async fn the_emulator_still_refuses_what_is_taken_out() {
    for resource_type in REFUSED {
        let template = json!({"Resources": {"Refused": {"Type": resource_type}}});
        let answer = create("refused", &template).await;
        let refusal = format!("Unrecognized resource types: [{resource_type}]");
        assert!(answer.contains(&refusal), "{answer}");
    }
    for (resource_type, attribute, _) in unknown_attributes() {
        let template = json!({
            "Resources": {"Made": {"Type": resource_type, "Properties": properties(resource_type)}},
            "Outputs": {"attribute": {"Value": {"Fn::GetAtt": ["Made", attribute]}}}
        });
        let name = attribute.replace('.', "-");
        create(&name, &template).await;
        until(
            "the attribute is refused",
            Duration::from_secs(60),
            async || {
                let events = [("Action", "DescribeStackEvents"), ("StackName", &*name)];
                let emulator = Emulator::shared().await;
                let told = emulator.cloudformation(ACCOUNT, &events).await.text();
                let refusal = format!("Requested attribute {attribute} does not exist");
                told.contains(&refusal).then_some(())
            },
        )
        .await;
    }
}

/// What a resource of that type needs.
fn properties(resource_type: &str) -> Value {
    match resource_type {
        "AWS::EC2::VPC" => json!({"CidrBlock": "10.0.0.0/16"}),
        _ => {
            json!({"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20",
            "MasterUsername": "owner", "ManageMasterUserPassword": true})
        }
    }
}

/// Asks the emulator for a stack, past the deployer.
async fn create(name: &str, template: &Value) -> String {
    let template = template.to_string();
    let parameters = [
        ("Action", "CreateStack"),
        ("StackName", name),
        ("TemplateBody", &template),
    ];
    let emulator = Emulator::shared().await;
    emulator.cloudformation(ACCOUNT, &parameters).await.text()
}
