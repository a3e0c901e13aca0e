//! What the deployer must survive on AWS. Each test is named after its row in `faults/ROWS.md`.
//!
//! The stacks here are small ones of the tests' own, planned and applied by the same code as the
//! application's, each test in an account of its own at one emulator.

mod aliases;
mod application;
mod bucket;
mod collection;
mod credentials;
mod database;
mod drift;
mod lease;
mod migrating;
mod network;
mod never_created;
mod others;
mod preflight;
mod preview;
mod release;
mod rows;
mod saved;
mod signals;
mod source;
mod states;
mod swapped;
mod sweep;
mod templates;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use deployer::{
    Error,
    approval::{ApprovalKind, Approvals, Approved},
    aws::{Aws, Endpoint, Github},
    deployment::{Applied, Deployment},
    interrupt::Interrupt,
    lease::LeaseHolder,
    plan::{self, DesiredStack, DesiredState, Plan, StackAction},
    planning,
    progress::{Event, Progress},
    project::Project,
    stage::Stage,
    target::CallStats,
};
use miyabi_tests::{Emulator, Value, json, until};

/// Nothing here is slower than a deploy on a machine with other things to do.
const SOON: Duration = Duration::from_secs(120);

/// A stage of a test.
struct Place {
    account: String,
    is_protected: bool,
    events: Arc<Mutex<Vec<Event>>>,
    url: String,
}

impl Place {
    /// At the emulator that tests share, with its asset bucket, in an account that no other test
    /// gets: `row`, for whoever reads a log, then a number of its own.
    async fn new(row: u32) -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            account: format!("{row:06}{number:06}"),
            ..Place::at(row, Emulator::shared().await.url())
        };
        Place::bootstrapped(place).await
    }

    /// At an emulator of its own, in the one account whose APIs it lets everybody call.
    async fn of_its_own(emulator: &Emulator) -> Place {
        Place::bootstrapped(Place::at(0, emulator.url())).await
    }

    async fn bootstrapped(place: Place) -> Place {
        let aws = place.open().await.unwrap();
        let (stage, holder) = (place.stage(), LeaseHolder::this_process("bootstrap"));
        let (progress, interrupt) = (Progress::silent(), Interrupt::default());
        Deployment::begin_bootstrap(&aws, &stage, &holder, &progress, &interrupt)
            .await
            .unwrap()
            .run(async |deployment| {
                let plan = aws.plan_bootstrap(&Github::default()).await?;
                deployment.bootstrap(&approved(&plan)).await
            })
            .await
            .unwrap();
        place
    }

    /// The stage of that row at an address; nothing is made.
    fn at(row: u32, url: impl Into<String>) -> Place {
        Place {
            account: format!("{row:012}"),
            is_protected: false,
            events: Arc::default(),
            url: url.into(),
        }
    }

    /// The same stage, reached through something.
    fn through(&self, url: impl Into<String>) -> Place {
        Place {
            account: self.account.clone(),
            is_protected: self.is_protected,
            events: self.events.clone(),
            url: url.into(),
        }
    }

    /// The same stage with `database.deletion-protection: true` in its file.
    fn protected(&self) -> Place {
        Place {
            is_protected: true,
            ..self.through(self.url.clone())
        }
    }

    fn stage(&self) -> Stage {
        let mut stage = stacks::Stage::built_in("sandbox").unwrap();
        stage.account = Some(self.account.clone());
        stage.database.deletion_protection = self.is_protected;
        Stage::new(stage)
    }

    fn bucket(&self) -> String {
        format!("miyabi-sandbox-assets-{}-us-east-1", self.account)
    }

    async fn open(&self) -> Result<Aws, Error> {
        let endpoint = Endpoint::parse(&self.url).unwrap();
        Aws::open(&self.stage(), Some(endpoint), None, &self.progress()).await
    }

    fn progress(&self) -> Progress {
        let events = self.events.clone();
        Progress::new(move |event| events.lock().unwrap().push(event))
    }

    /// What was reported so far, a line each, as the command line shows it in a pipe.
    fn told(&self) -> String {
        let events = self.events.lock().unwrap();
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// One run of the deployer: the lease, the plan, the stacks.
    async fn deploy(&self, stacks: &[(&str, Value)]) -> Result<(Plan, Applied), Error> {
        let aws = self.open().await?;
        self.deploy_with(&aws, stacks).await
    }

    async fn deploy_with(
        &self,
        aws: &Aws,
        stacks: &[(&str, Value)],
    ) -> Result<(Plan, Applied), Error> {
        self.change(aws, async |deployment| {
            let plan = plan(aws, stacks).await?;
            let applied = deployment.apply(&approved(&plan)).await?;
            Ok((plan, applied))
        })
        .await
    }

    /// One run of the deployer with a plan, however it was made.
    async fn apply(&self, aws: &Aws, plan: &Plan) -> Result<Applied, Error> {
        self.change(aws, async |deployment| {
            deployment.apply(&approved(plan)).await
        })
        .await
    }

    /// Changes the stage under its lease.
    async fn change<T>(
        &self,
        aws: &Aws,
        work: impl AsyncFnOnce(&Deployment<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (stage, holder) = (self.stage(), LeaseHolder::this_process("deploy"));
        let interrupt = Interrupt::default();
        Deployment::begin(aws, &stage, &holder, &self.progress(), &interrupt)
            .await?
            .run(work)
            .await
    }
}

/// The plan with every approval that it can need.
pub(crate) fn approved(plan: &Plan) -> Approved<Plan> {
    let kinds = [
        ApprovalKind::Drift,
        ApprovalKind::PublicAccess,
        ApprovalKind::Permissions,
    ];
    let all = kinds.into_iter().fold(Approvals::apply(), Approvals::and);
    plan.clone()
        .approve(&all.typed(plan.stage.clone()))
        .unwrap()
}

fn project() -> Project {
    Project::new(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap(),
    )
}

/// What a deploy of these stacks would do. A stack takes the outputs that its parameters name:
/// `NetworkId` is the output `id` of `network`.
async fn plan(aws: &Aws, stacks: &[(&str, Value)]) -> Result<Plan, Error> {
    let wanted = stacks.iter().map(|(name, template)| {
        let parameters = template["Parameters"].as_object().into_iter().flatten();
        let parameters = parameters.map(|(parameter, _)| {
            let stack = parameter.trim_end_matches("Id").to_lowercase();
            (
                parameter.clone(),
                plan::Parameter::Output {
                    stack,
                    output: "id".to_owned(),
                },
            )
        });
        DesiredStack {
            name: (*name).to_owned(),
            template: template.clone(),
            parameters: parameters.collect(),
        }
    });
    let desired = DesiredState {
        stage: "sandbox".to_owned(),
        stacks: wanted.collect(),
        assets: Vec::new(),
        migrations: Vec::new(),
        site: Vec::new(),
    };
    planning::plan_for(aws, desired, &[]).await
}

/// An event in plain words.
fn line(event: &Event) -> String {
    match event {
        Event::Started { title, .. } => title.clone(),
        Event::Doing { step, what } => format!("{step}: {what}"),
        Event::Done { step, summary } => format!("{step}: done, {summary}"),
        Event::Failed { step } => format!("{step}: failed"),
        Event::Resource {
            stack,
            logical_id,
            resource_type,
            state,
            ..
        } => format!("{stack}: {} {logical_id} ({resource_type})", state.as_str()),
        Event::Warning { text } => format!("warning: {text}"),
    }
}

/// A stack with a topic and an output; another number is a change in place.
fn good(number: u32) -> Value {
    json!({
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": format!("number {number}")}}},
        "Outputs": {"id": {"Value": {"Ref": "Topic"}}}
    })
}

/// The same with something that keeps the operation going for that many seconds and then fails it.
fn failing(seconds: u32) -> Value {
    let mut template = good(1);
    template["Resources"]["Handle"] = json!({"Type": "AWS::CloudFormation::WaitConditionHandle"});
    template["Resources"]["Wait"] = json!({
        "Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Topic",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": seconds.to_string(), "Count": 1}
    });
    template
}

/// A template whose operation stays in progress until the test ends it with `fail_held`.
fn held() -> Value {
    failing(3600)
}

/// Fails the operation that `held` keeps in progress. Nothing else ends it: however slow the machine is, a
/// test has seen what it is about before that.
async fn fail_held(place: &Place, stack: &str) {
    let parameters = [
        ("Action", "SignalResource"),
        ("StackName", stack),
        ("LogicalResourceId", "Wait"),
        ("UniqueId", "test"),
        ("Status", "FAILURE"),
    ];
    let emulator = Emulator::shared().await;
    until("the resource waits", SOON, async || {
        let answer = emulator.cloudformation(&place.account, &parameters).await;
        answer.status.is_success().then_some(())
    })
    .await;
}

/// The action of each stack of a plan.
fn actions(plan: &Plan) -> Vec<(&str, StackAction)> {
    plan.stacks
        .iter()
        .map(|stack| (stack.name.as_str(), stack.action))
        .collect()
}

/// Calls that change something in CloudFormation.
fn writes(aws: &Aws) -> Vec<String> {
    let writes = [
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
    ];
    aws.calls()
        .into_keys()
        .filter(|name| writes.iter().any(|write| name.ends_with(write)))
        .collect()
}

/// An error as a person sees it.
fn text(error: &Error) -> String {
    format!("{error}\n{}\n{}", error.causes().join("\n"), error.hint())
}
