//! Credentials that run out, and those of somebody else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use deployer::ErrorKind;
use miyabi_tests::{Checkout, Emulator, ScriptedStacks};

use super::{Place, good, text};

#[tokio::test]
async fn fault_09_credentials_that_run_out_leave_an_outcome_that_is_called_unknown_and_is_found_again()
 {
    let place = Place::new(109).await;
    let good_again = Arc::new(AtomicBool::new(false));
    let (renewed, mut created) = (good_again.clone(), false);
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, _| {
        let refuse = created && !renewed.load(Ordering::Relaxed);
        created |= action == "CreateStack";
        refuse
            .then(|| ScriptedStacks::refusal(403, "ExpiredToken", "The security token has expired"))
    })
    .await;
    let through = place.through(scripted.url());
    let stacks = [("data", good(1))];
    let error = through.deploy(&stacks).await.unwrap_err();
    let told = text(&error);
    assert!(told.contains("The outcome for the stack"), "{told}");
    assert!(
        told.contains("resume with the same command: `cargo xtask deploy --stage sandbox`"),
        "{told}"
    );

    good_again.store(true, Ordering::Relaxed);
    let (plan, _) = through.deploy(&stacks).await.unwrap();
    assert!(plan.is_empty(), "it had been created: {plan:?}");
    let creations = scripted
        .actions()
        .into_iter()
        .filter(|action| action == "CreateStack");
    assert_eq!(creations.count(), 1);
}

#[tokio::test]
async fn fault_10_credentials_of_another_account_are_refused_before_any_write() {
    let emulator = Emulator::shared().await;
    let checkout = Checkout::new();
    let mut command = checkout.command(&[
        "deploy",
        "--stage",
        "dev",
        "--yes",
        "--json",
        "--endpoint-url",
        &emulator.url(),
    ]);
    command
        .env("AWS_ACCESS_KEY_ID", "222222222222")
        .env("AWS_SECRET_ACCESS_KEY", "none");
    let ran = miyabi_tests::Ran::from(command.output().await.unwrap()).expect(2);
    let error = ran.json()["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(
        message
            .contains("belongs to the account 111111111111, and these credentials to 222222222222"),
        "{message}"
    );
    assert!(message.ends_with("Nothing was changed."), "{message}");
    assert_eq!(ErrorKind::Usage.exit_code(), 2);
}
