//! Aliases that do not move at once, and CodeDeploy that has to be told where they stand.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deployer::{
    release::{self, AliasMove},
    target::{CallStats, Releases},
};
use miyabi_tests::{Emulator, ScriptedStacks, Value, json};

use super::{
    Place,
    application::{Application, roll_back, version},
    text,
};

const ALIAS: &str = "/2015-03-31/functions/miyabi-sandbox-docs/aliases/live";

/// The application with something more in the alias of `docs`.
fn with_alias(mut application: Application, more: &Value) -> Application {
    let version = format!("DocsVersion{}", &application.docs.asset.sha256[..12]);
    let mut alias = json!({"Type": "AWS::Lambda::Alias", "Properties": {
        "FunctionName": {"Ref": "DocsFunction"}, "FunctionVersion": {"Fn::GetAtt": [version, "Version"]}, "Name": "live"}});
    for (key, value) in more.as_object().unwrap() {
        match key.as_str() {
            "Properties" => alias["Properties"]
                .as_object_mut()
                .unwrap()
                .extend(value.as_object().unwrap().clone()),
            _ => alias[key] = value.clone(),
        }
    }
    application.more = json!({"DocsAlias": alias});
    application
}

fn provisioned(folder: &std::path::Path, version: &str) -> Application {
    let more = json!({"Properties": {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}});
    with_alias(Application::good(folder, version), &more)
}

/// An endpoint at which the alias of `docs`, once it is moved, still shares its traffic at the next
/// `looks` looks at it. `is_moved`: it is being moved already.
async fn moving(
    emulator: &Emulator,
    looks: usize,
    mut is_moved: bool,
) -> (ScriptedStacks, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(looks));
    let scripted = ScriptedStacks::before(emulator, |_, _| None).await;
    let counted = left.clone();
    scripted.answer(move |request| {
        is_moved |= request == format!("PUT {ALIAS}");
        if !is_moved || request != format!("GET {ALIAS}") {
            return None;
        }
        let more = |left: usize| left.checked_sub(1);
        counted
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, more)
            .ok()?;
        let state = json!({"Name": "live", "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.4}}});
        Some((200, state.to_string()))
    });
    (scripted, left)
}

#[tokio::test]
async fn fault_41_an_alias_that_moves_by_weights_is_waited_for_by_deploy_and_rollback() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    provisioned(folder.path(), "one")
        .deploy(&place)
        .await
        .unwrap();

    let (scripted, left) = moving(&emulator, 4, true).await;
    let through = place.through(scripted.url());
    let aws = through.open().await.unwrap();
    provisioned(folder.path(), "two")
        .deploy_with(&through, &aws)
        .await
        .unwrap();
    assert_eq!(left.load(Ordering::SeqCst), 0);
    let waited = &aws.waits()["alias of miyabi-sandbox-docs"];
    assert!(waited.looks >= 1, "{waited:?}");
    assert_eq!(version(&emulator, &place).await, "two");

    let (scripted, left) = moving(&emulator, 4, false).await;
    let moved = roll_back(&place.through(scripted.url())).await.unwrap();
    assert_eq!(
        left.load(Ordering::SeqCst),
        0,
        "looked at until it stood still"
    );
    assert!(release::describe(&moved).contains("-> 1"), "{moved:?}");
    assert_eq!(version(&emulator, &place).await, "one");
}

#[tokio::test]
async fn fault_41_an_alias_that_never_stands_still_is_an_error_after_the_deadline() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    for version in ["one", "two"] {
        provisioned(folder.path(), version)
            .deploy(&place)
            .await
            .unwrap();
    }
    let (scripted, _) = moving(&emulator, usize::MAX, false).await;
    let aws = place.through(scripted.url()).open().await.unwrap();
    let aws = aws.with_alias_deadline(Duration::from_millis(500));
    let moves = [AliasMove {
        function: "docs".to_owned(),
        from: "2".to_owned(),
        to: "1".to_owned(),
    }];
    let moved = place.change(&aws, async |_| aws.put_in_service(&moves).await);
    let error = moved.await.unwrap_err();
    let in_service = aws.in_service().await.unwrap();
    let told = text(&error);
    assert!(
        told.contains(
            "did not finish its move: it points to the version 1, and part of the traffic goes to 2"
        ),
        "{told}"
    );
    assert!(
        told.contains("get-provisioned-concurrency-config --function-name miyabi-sandbox-docs"),
        "{told}"
    );
    assert_eq!(
        in_service["docs"].also,
        ["2"],
        "and it is not believed to be in service alone"
    );
}

#[tokio::test]
async fn fault_41_after_a_rollback_the_stack_records_where_the_alias_stands_before_code_deploy_shifts_it()
 {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let policy = json!({"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {
        "ApplicationName": "small", "DeploymentGroupName": "docs"}}});
    let shifted = |version: &str| with_alias(Application::good(folder.path(), version), &policy);
    for version in ["one", "two"] {
        shifted(version).deploy(&place).await.unwrap();
    }
    roll_back(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "one");

    let updates: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = updates.clone();
    let scripted = ScriptedStacks::before(&emulator, move |action, parameters| {
        if action == "UpdateStack" {
            let template: Value = serde_json_of(&parameters["TemplateBody"]);
            seen.lock()
                .unwrap()
                .push(template["Resources"]["DocsAlias"].clone());
        }
        None
    })
    .await;
    let through = place.through(scripted.url());
    shifted("three").deploy(&through).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "three");
    let updates = updates.lock().unwrap().clone();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(
        updates[0]["Properties"]["FunctionVersion"], "1",
        "where the rollback put it"
    );
    assert!(
        updates[0].get("UpdatePolicy").is_none(),
        "no traffic is shifted by that: {updates:?}"
    );
    assert!(
        updates[1]["Properties"]["FunctionVersion"]
            .get("Fn::GetAtt")
            .is_some(),
        "{updates:?}"
    );
    assert!(updates[1].get("UpdatePolicy").is_some(), "{updates:?}");

    // Without a rollback in between there is nothing to correct.
    shifted("four").deploy(&through).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "four");
}

fn serde_json_of(text: &str) -> Value {
    text.parse().unwrap()
}
