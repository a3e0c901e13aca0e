//! Tests of [`super`] with a target that writes down what it is asked to do, in place of a cloud.

use serde_json::{Value, json};

use super::*;
use crate::{
    ErrorKind,
    diary::Diary,
    plan::{MadeFrom, MigrationPlan, Parameter, SitePlan, StackAction, StackPlan},
};

fn stack(name: &str, action: StackAction, after: &[&str]) -> StackPlan {
    StackPlan {
        name: name.to_owned(),
        action,
        after: after.iter().map(|name| (*name).to_owned()).collect(),
        template: Value::Null,
        parameters: after
            .iter()
            .map(|from| {
                let (stack, output) = ((*from).to_owned(), "Id".to_owned());
                (format!("{from}Id"), Parameter::Output { stack, output })
            })
            .collect(),
        parameter_changes: Vec::new(),
        section_changes: Vec::new(),
        incomplete: false,
        resources: Vec::new(),
    }
}

/// network <- data <- api, network <- edge, and a stack to delete.
fn plan() -> Plan {
    use StackAction::{Create, Delete};
    let mut old = stack("old", Delete, &[]);
    old.parameters = BTreeMap::new();
    Plan {
        stage: "local".to_owned(),
        made_from: MadeFrom::default(),
        stacks: vec![
            stack("network", Create, &[]),
            stack("data", Create, &["network"]),
            stack("edge", Create, &["network"]),
            stack("api", Create, &["data"]),
            old,
        ],
        assets: Vec::new(),
        alias_resets: Vec::new(),
        migrations: MigrationPlan {
            run: true,
            known: false,
            after: "data".to_owned(),
            pending: Vec::new(),
        },
        site: SitePlan {
            put: false,
            sha256: String::new(),
            files: Vec::new(),
        },
        risks: Vec::new(),
        cost: None,
    }
}

async fn run(diary: &Diary, interrupt: &Interrupt) -> Result<Applied, Error> {
    run_plan(diary, interrupt, &plan()).await
}

async fn run_plan(diary: &Diary, interrupt: &Interrupt, plan: &Plan) -> Result<Applied, Error> {
    apply(&ApplyContext {
        target: diary,
        plan,
        progress: &Progress::silent(),
        interrupt,
    })
    .await
}

#[tokio::test]
async fn stacks_wait_for_what_they_take_and_the_api_for_the_migrations() {
    let diary = Diary::default();
    let applied = run(&diary, &Interrupt::default()).await.unwrap();
    insta::assert_snapshot!(diary.lines.borrow().join("\n"), @r#"
    prepare
    apply network {}
    apply edge {"networkId": "network-id"}
    apply data {"networkId": "network-id"}
    invoke migrate {"kind":"status"}
    invoke migrate {"kind":"apply"}
    record migrations
    apply api {"dataId": "data-id"}
    delete old
    "#);
    assert_eq!(
        diary.most_at_once.get(),
        2,
        "data and edge are applied at the same time"
    );
    let names: Vec<_> = applied.outputs.keys().collect();
    assert_eq!(names, ["apiUrl"]);
    assert_eq!(
        json!(applied.migrated),
        json!({"applied": [], "pending": [], "schema_version": 3})
    );
}

#[tokio::test]
async fn after_a_failure_nothing_new_begins() {
    let diary = Diary {
        fails: Some("data"),
        ..Diary::default()
    };
    let error = run(&diary, &Interrupt::default()).await.unwrap_err();
    assert_eq!(error.message(), "data failed");
    let lines = diary.lines.borrow();
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("api") || line.contains("old")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn an_interrupt_before_the_first_step_changes_nothing() {
    let (diary, interrupt) = (Diary::default(), Interrupt::default());
    interrupt.set();
    let error = run(&diary, &interrupt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(error.message(), "Interrupted. Nothing was changed.");
    assert!(diary.lines.borrow().is_empty());
}

#[tokio::test]
async fn an_interrupt_during_a_stack_lets_it_end_and_says_what_is_done() {
    let interrupt = Interrupt::default();
    let diary = Diary {
        interrupts: Some(("network", interrupt.clone())),
        ..Diary::default()
    };
    let error = run(&diary, &interrupt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        error.message(),
        "Interrupted. Done and kept: network. The others were not touched."
    );
}

#[tokio::test]
async fn an_interrupt_during_the_last_stack_begins_nothing_of_what_comes_after() {
    let interrupt = Interrupt::default();
    let diary = Diary {
        interrupts: Some(("api", interrupt.clone())),
        ..Diary::default()
    };
    let mut plan = plan();
    plan.stacks.retain(|stack| stack.name != "old");
    let error = run_plan(&diary, &interrupt, &plan).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        error.message(),
        "Interrupted. Done and kept: network, data, edge, api. The steps after the stacks were not begun."
    );
}
