//! Tests of [`super`] with a target that writes down what it is asked to do.

use std::{cell::RefCell, collections::BTreeMap, panic::AssertUnwindSafe, rc::Rc};

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::*;
use crate::{
    ErrorKind,
    approval::{ApprovalKind, Approvals},
    diary::Diary,
    lease::LeaseHolder,
    plan::{DesiredStack, DesiredState, RiskKind},
    state::{Deployed, DeployedStack},
};

fn stage() -> Stage {
    Stage::load("local").unwrap()
}

fn stack(template: Value) -> DeployedStack {
    DeployedStack {
        template,
        parameters: BTreeMap::new(),
        outputs: BTreeMap::new(),
        complete: true,
    }
}

fn with_stacks<const N: usize>(stacks: [(&str, Value); N]) -> Deployed {
    Deployed {
        stacks: stacks
            .into_iter()
            .map(|(name, template)| (name.to_owned(), stack(template)))
            .collect(),
        ..Deployed::default()
    }
}

fn database(user: &str) -> Value {
    json!({"Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUsername": user}}}})
}

/// The plan that makes the stack `data` have this template.
async fn plan_of(diary: &Diary, template: Value) -> Plan {
    let desired = DesiredState {
        stage: "local".to_owned(),
        stacks: vec![DesiredStack {
            name: "data".to_owned(),
            template,
            parameters: BTreeMap::new(),
        }],
        assets: Vec::new(),
        migrations: Vec::new(),
        site: Vec::new(),
    };
    planning::plan_for(diary, desired, &[]).await.unwrap()
}

async fn begin<'a>(diary: &'a Diary, stage: &'a Stage) -> Deployment<'a> {
    let holder = LeaseHolder::this_process("test");
    let (progress, interrupt) = (Progress::silent(), Interrupt::default());
    Deployment::begin(diary, stage, &holder, &progress, &interrupt)
        .await
        .unwrap()
}

/// A target that notes what happens to its lease.
fn noting() -> (Diary, Rc<RefCell<Vec<&'static str>>>) {
    let diary = Diary::default();
    let leases = diary.leases.clone();
    (diary, leases)
}

#[tokio::test]
async fn the_lease_is_released_after_success_failure_and_panic_and_when_nobody_waits_any_more() {
    let stage = stage();
    let (diary, leases) = noting();
    let deployment = begin(&diary, &stage).await;
    assert_eq!(deployment.run(async |_| Ok(7)).await.unwrap(), 7);
    assert_eq!(leases.take(), ["taken", "released"]);

    let deployment = begin(&diary, &stage).await;
    let failed = deployment
        .run(async |_| Err::<(), _>(Error::failed("It failed.", "Try again.")))
        .await;
    assert_eq!(failed.unwrap_err().message(), "It failed.");
    assert_eq!(leases.take(), ["taken", "released"]);

    let deployment = begin(&diary, &stage).await;
    let panics = deployment.run(async |_| -> Result<(), Error> { panic!("a bug") });
    assert!(AssertUnwindSafe(panics).catch_unwind().await.is_err());
    assert_eq!(leases.take(), ["taken", "released"]);

    let deployment = begin(&diary, &stage).await;
    let endless = deployment.run(async |_| std::future::pending::<Result<(), Error>>().await);
    let soon = std::time::Duration::from_millis(1);
    assert!(tokio::time::timeout(soon, endless).await.is_err());
    assert_eq!(leases.take(), ["taken", "dropped"]);
}

#[tokio::test]
async fn a_release_that_fails_is_the_error_when_there_is_no_other() {
    let stage = stage();
    let diary = Diary {
        release_fails: true,
        ..Diary::default()
    };
    let deployment = begin(&diary, &stage).await;
    let error = deployment.run(async |_| Ok(())).await.unwrap_err();
    assert_eq!(error.message(), "The lease cannot be released.");
    let deployment = begin(&diary, &stage).await;
    let failed = deployment
        .run(async |_| Err::<(), _>(Error::failed("It failed.", "Try again.")))
        .await;
    assert_eq!(failed.unwrap_err().message(), "It failed.");
}

#[tokio::test]
async fn a_deploy_that_fails_is_recorded_until_one_ends_well() {
    let stage = stage();
    let diary = Diary {
        fails: Some("data"),
        ..Diary::default()
    };
    let queue = json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}});
    let plan = plan_of(&diary, queue).await;
    let deploy = async |diary: &Diary, plan: &Plan| {
        let deployment = begin(diary, &stage).await;
        let approved = plan.clone().approve(&Approvals::apply()).unwrap();
        let deployed = deployment
            .run(async |deployment| deployment.deploy(&approved, &deployment.smoke_test()).await)
            .await;
        deployed.err().map(|error| error.message().to_owned())
    };
    let message = deploy(&diary, &plan).await.unwrap();
    let failed = diary.failed.borrow().clone().unwrap();
    assert_eq!(failed.message, message);
    // Nothing to do, and it answers: the failure is over.
    let nothing = Plan {
        stacks: Vec::new(),
        ..plan
    };
    let well = Diary {
        failed: RefCell::new(Some(failed)),
        ..Diary::default()
    };
    assert_eq!(deploy(&well, &nothing).await, None);
    assert_eq!(*well.failed.borrow(), None);
}

/// The kind of fault that a caller of the library could make before: a plan that replaces the
/// database, applied without anybody having been asked.
#[tokio::test]
async fn a_plan_that_replaces_the_database_is_applied_only_with_the_typed_name() {
    let stage = stage();
    let diary = Diary {
        deployed: with_stacks([("data", database("owner"))]),
        ..Diary::default()
    };
    let plan = plan_of(&diary, database("somebody_else")).await;
    let all = [
        ApprovalKind::Drift,
        ApprovalKind::PublicAccess,
        ApprovalKind::Permissions,
    ];
    let everything = all.into_iter().fold(Approvals::apply(), Approvals::and);
    let refused = plan.clone().approve(&everything).unwrap_err();
    assert_eq!(refused.missing, [ApprovalKind::DataLoss]);

    // One that was made to look harmless, in a file or in memory.
    let mut forged = plan.clone();
    forged.risks.clear();
    let forged = forged.approve(&Approvals::apply()).unwrap();
    let deployment = begin(&diary, &stage).await;
    let error = deployment
        .run(async |deployment| deployment.apply(&forged).await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApprovalNeeded);
    let told = error.causes().join("\n");
    assert!(
        told.starts_with("data Database: AWS::RDS::DBInstance is replaced"),
        "{told}"
    );
    assert_eq!(*diary.lines.borrow(), Vec::<String>::new());

    let approved = plan.approve(&Approvals::default().typed("local")).unwrap();
    let deployment = begin(&diary, &stage).await;
    deployment
        .run(async |deployment| deployment.apply(&approved).await)
        .await
        .unwrap();
    assert_eq!(*diary.lines.borrow(), ["prepare", "apply data {}"]);
}

/// What somebody else does to the stage.
type Change = fn(&mut Deployed);

#[tokio::test]
async fn fault_43_a_plan_is_refused_when_the_stage_is_not_what_it_was_made_from() {
    let stage = stage();
    let mut diary = Diary {
        deployed: with_stacks([("data", json!({"Resources": {}}))]),
        ..Diary::default()
    };
    let template = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}});
    let plan = plan_of(&diary, template).await;
    let approve = || plan.clone().approve(&Approvals::apply()).unwrap();
    let moved: [(&str, Change); 5] = [
        ("stack data", |deployed| {
            let data = deployed.stacks.get_mut("data").unwrap();
            data.outputs.insert("id".to_owned(), "another".to_owned());
        }),
        ("stack api", |deployed| {
            deployed.stacks.insert("api".to_owned(), stack(json!({})));
        }),
        ("migrations", |deployed| {
            drop(deployed.migrations.insert(1, "ab".to_owned()))
        }),
        ("site", |deployed| deployed.site = Some("ab".to_owned())),
        ("versions", |deployed| {
            deployed.rollout.smoke_test_pending = true
        }),
    ];
    let unchanged = diary.deployed.clone();
    for (part, change) in moved {
        change(&mut diary.deployed);
        let deployment = begin(&diary, &stage).await;
        let error = deployment
            .run(async |deployment| deployment.apply(&approve()).await)
            .await
            .unwrap_err();
        assert_eq!(
            error.message(),
            format!(
                "The stage `local` has changed since the plan was made: {part}. Nothing was changed."
            )
        );
        diary.deployed = unchanged.clone();
    }
    assert_eq!(*diary.lines.borrow(), Vec::<String>::new());
    let deployment = begin(&diary, &stage).await;
    let applied = deployment.run(async |deployment| deployment.apply(&approve()).await);
    applied.await.unwrap();
}

#[tokio::test]
async fn a_plan_of_another_stage_or_of_none_is_refused() {
    let stage = stage();
    let diary = Diary::default();
    let plan = plan_of(&diary, json!({"Resources": {}})).await;
    let mut elsewhere = plan.clone();
    elsewhere.made_from.stage.as_mut().unwrap().account = "111111111111".to_owned();
    let mut offline = plan;
    offline.made_from.stage = None;
    for wrong in [elsewhere, offline] {
        let wrong = wrong.approve(&Approvals::apply()).unwrap();
        let deployment = begin(&diary, &stage).await;
        let error = deployment
            .run(async |deployment| deployment.apply(&wrong).await)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    assert_eq!(*diary.lines.borrow(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stage_is_destroyed_only_with_its_typed_name_also_when_it_holds_nothing() {
    let stage = stage();
    let diary = Diary::default();
    let deployment = begin(&diary, &stage).await;
    deployment
        .run(async |deployment| {
            let removal = deployment.plan_removal().await?;
            let refused = removal.clone().approve(&Approvals::apply()).unwrap_err();
            assert_eq!(refused.missing, [ApprovalKind::DataLoss]);
            let approved = removal
                .approve(&Approvals::default().typed("local"))
                .unwrap();
            deployment.destroy(&approved, false).await
        })
        .await
        .unwrap();
    assert_eq!(*diary.lines.borrow(), ["destroy"]);
}

#[tokio::test]
async fn a_person_who_stops_a_destroy_keeps_what_is_not_deleted_yet() {
    let stage = stage();
    let interrupt = Interrupt::default();
    let diary = Diary {
        deployed: with_stacks([("first", Value::Null), ("second", Value::Null)]),
        interrupts: Some(("second", interrupt.clone())),
        ..Diary::default()
    };
    let holder = LeaseHolder::this_process("destroy");
    let progress = Progress::silent();
    let deployment = Deployment::begin(&diary, &stage, &holder, &progress, &interrupt);
    let error = deployment
        .await
        .unwrap()
        .run(async |deployment| {
            let removal = deployment.plan_removal().await?;
            assert!(
                removal
                    .plan()
                    .risks
                    .iter()
                    .all(|risk| risk.kind == RiskKind::DataLoss)
            );
            let approved = removal
                .approve(&Approvals::default().typed("local"))
                .unwrap();
            deployment.destroy(&approved, false).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        error.message(),
        "Interrupted. Deleted: second. The other stacks were not touched."
    );
    assert_eq!(*diary.lines.borrow(), ["delete second"]);
}
