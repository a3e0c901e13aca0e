//! Code that is swapped past its stack, and what the next deploy makes of it.

use deployer::{ErrorKind, release, target::Releases};
use miyabi_tests::{Checkout, Emulator, json};

use super::{
    Place,
    application::{Application, version},
    text, writes,
};

#[tokio::test]
async fn a_hotswap_changes_no_stack_and_the_next_deploy_leaves_nothing_of_it() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let application = |version: &str| Application::good(folder.path(), version);
    application("one").deploy(&place).await.unwrap();
    let swap = async |version: &str| {
        let aws = place.open().await.unwrap();
        let swapped = application(version).hotswap(&place, &aws).await.unwrap();
        assert_eq!(writes(&aws), Vec::<String>::new(), "no stack is changed");
        release::describe(&swapped)
    };
    assert_eq!(swap("two").await, "docs 1 -> $LATEST");
    assert_eq!(version(&emulator, &place).await, "two");
    assert_eq!(swap("three").await, "docs $LATEST -> $LATEST");
    assert_eq!(version(&emulator, &place).await, "three");

    // The same code with its stack.
    let (plan, _) = application("three").deploy(&place).await.unwrap();
    assert_eq!(plan.alias_resets[0].version, "$LATEST");
    assert_eq!(version(&emulator, &place).await, "three");
    let in_service = place.open().await.unwrap().in_service().await.unwrap();
    assert_eq!(in_service["docs"].version, in_service["docs"].wanted);
    assert_eq!(in_service["docs"].version.number, "2");
    let (plan, _) = application("three").deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");

    // And the code of before: no template changes, the function does.
    swap("four").await;
    let (plan, _) = application("three").deploy(&place).await.unwrap();
    assert!(
        plan.stacks.iter().all(|stack| stack.resources.is_empty()) && !plan.alias_resets.is_empty(),
        "{plan:?}"
    );
    assert_eq!(version(&emulator, &place).await, "three");
    let function = emulator
        .function(&place.account, "miyabi-sandbox-docs")
        .await;
    let aws = place.open().await.unwrap();
    let live = emulator
        .function(&place.account, "miyabi-sandbox-docs:live")
        .await;
    assert_eq!(function["CodeSha256"], live["CodeSha256"], "nothing drifts");
    let (plan, _) = application("three")
        .deploy_with(&place, &aws)
        .await
        .unwrap();
    assert!(plan.is_empty(), "{plan:?}");
}

#[tokio::test]
async fn fault_31_a_hotswap_that_does_not_answer_goes_back_and_is_in_the_next_plan() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let one = Application::good(folder.path(), "one");
    one.deploy(&place).await.unwrap();
    let aws = place.open().await.unwrap();
    let error = Application::broken(folder.path())
        .hotswap(&place, &aws)
        .await
        .unwrap_err();
    assert!(
        text(&error).contains("in service again: docs $LATEST -> 1."),
        "{}",
        text(&error)
    );
    assert_eq!(version(&emulator, &place).await, "one");
    let (plan, _) = one.deploy(&place).await.unwrap();
    assert_eq!(plan.alias_resets.len(), 1, "{plan:?}");
    let function = emulator
        .function(&place.account, "miyabi-sandbox-docs")
        .await;
    let live = emulator
        .function(&place.account, "miyabi-sandbox-docs:1")
        .await;
    assert_eq!(function["CodeSha256"], live["CodeSha256"], "nothing drifts");
    assert!(one.deploy(&place).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn a_hotswap_of_more_than_code_or_where_it_is_not_allowed_is_refused() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    Application::good(folder.path(), "one")
        .deploy(&place)
        .await
        .unwrap();
    let more = Application {
        more: json!({"Topic": {"Type": "AWS::SNS::Topic"}}),
        ..Application::good(folder.path(), "two")
    };
    let aws = place.open().await.unwrap();
    let error = more.hotswap(&place, &aws).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        text(&error).contains("changes nothing else: api Topic. Nothing was changed."),
        "{}",
        text(&error)
    );
    assert_eq!(version(&emulator, &place).await, "one");

    let checkout = Checkout::new();
    for stage in ["local", "staging", "prod"] {
        let refused = checkout
            .xtask(&[
                "deploy",
                "--stage",
                stage,
                "--hotswap",
                "--yes",
                "--allow",
                "permissions,public-access",
                "--json",
            ])
            .await
            .expect(2)
            .json();
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("does not allow `--hotswap`"), "{message}");
    }
}
