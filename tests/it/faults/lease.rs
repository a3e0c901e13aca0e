//! Two who want one stage.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use deployer::{
    ErrorKind,
    deployment::Deployment,
    interrupt::Interrupt,
    lease::LeaseHolder,
    target::{Leases, Records},
};
use miyabi_tests::{Emulator, Faults, json, until};

use super::{Place, approved, good, plan, text, writes};

fn holder(command: &str) -> LeaseHolder {
    LeaseHolder::this_process(command)
}

#[tokio::test]
async fn fault_12_of_two_deploys_at_once_one_goes_on_and_the_other_is_told_who_has_the_stage() {
    let place = Place::new(112).await;
    let (first, second) = (place.open().await.unwrap(), place.open().await.unwrap());
    let (deploy, destroy) = (holder("deploy"), holder("destroy"));
    let both = tokio::join!(first.lease(&deploy), second.lease(&destroy));
    let (winner, loser) = match both {
        (Ok(lease), Err(error)) => ((&first, lease), error),
        (Err(error), Ok(lease)) => ((&second, lease), error),
        other => panic!("exactly one may have it: {other:?}"),
    };
    assert_eq!(loser.kind(), ErrorKind::Busy);
    assert_eq!(loser.kind().exit_code(), 75);

    let began = Instant::now();
    let error = place
        .open()
        .await
        .unwrap()
        .lease(&holder("deploy"))
        .await
        .unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let told = text(&error);
    assert!(
        told.contains(&format!("process {}", std::process::id())) && told.contains(" of "),
        "{told}"
    );
    assert!(told.contains("the stage is free in "), "{told}");

    winner.1.release().await.unwrap();
    let lease = second.lease(&holder("deploy")).await.unwrap();
    lease.release().await.unwrap();
}

#[tokio::test]
async fn fault_12_the_lease_of_a_process_that_is_dead_is_taken_over_at_once_with_a_higher_token() {
    let place = Place::new(212).await;
    let emulator = Emulator::shared().await;
    let aws = place.open().await.unwrap();
    let lease = aws.lease(&holder("deploy")).await.unwrap();
    let written = emulator
        .get_object(&place.account, &place.bucket(), "lease.json")
        .await
        .json();
    lease.release().await.unwrap();
    let mut dead = written.clone();
    // Longer than any process id.
    dead["holder"]["pid"] = json!(i32::MAX);
    dead["released"] = json!(false);
    emulator
        .put_object(
            &place.account,
            &place.bucket(),
            "lease.json",
            &dead.to_string(),
        )
        .await;
    let lease = aws.lease(&holder("deploy")).await.unwrap();
    let taken = emulator
        .get_object(&place.account, &place.bucket(), "lease.json")
        .await
        .json();
    assert_eq!(
        taken["fencing_token"].as_u64(),
        dead["fencing_token"].as_u64().map(|token| token + 1)
    );
    lease.release().await.unwrap();
}

#[tokio::test]
async fn fault_13_a_renewal_that_is_never_answered_holds_nobody_up_and_the_deploy_goes_on_when_one_is()
 {
    let place = Place::new(313).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let aws = place.through(faults.url()).open().await.unwrap();
    let lease = aws.lease(&holder("deploy")).await.unwrap();
    // The three attempts of one renewal, and the first one of the next.
    faults
        .add(
            json!([{"service": "s3", "operation": "PutObject", "times": 4, "timeout_ms": 120_000}]),
        )
        .await;
    let applied = BTreeMap::from([(1, "ab".to_owned())]);
    // By then the lease is older than the fence lets pass.
    until(
        "the second renewal hangs",
        Duration::from_secs(60),
        async || (faults.fired("PutObject").await == 4).then_some(()),
    )
    .await;
    let recorded = aws.record_migrations(&applied);
    let recorded = tokio::time::timeout(Duration::from_secs(40), recorded).await;
    recorded.expect("the fence waits for no answer").unwrap();
    assert_eq!(faults.fired("PutObject").await, 4);
    assert_eq!(aws.deployed().await.unwrap().migrations, applied);
    let error = place
        .open()
        .await
        .unwrap()
        .lease(&holder("destroy"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "the stage is still ours");
    lease.release().await.unwrap();
}

#[tokio::test]
async fn fault_13_who_was_held_up_until_somebody_else_took_the_stage_changes_nothing_more() {
    let place = Place::new(113).await;
    let emulator = Emulator::shared().await;
    let aws = place.open().await.unwrap();
    let (stage, holder) = (place.stage(), holder("deploy"));
    let (progress, interrupt) = (place.progress(), Interrupt::default());
    let deployment = Deployment::begin(&aws, &stage, &holder, &progress, &interrupt);
    let deployment = deployment.await.unwrap();
    let planned = plan(&aws, &[("data", good(1))]).await.unwrap();
    // What the other one writes once the lease has run out.
    let mut other = emulator
        .get_object(&place.account, &place.bucket(), "lease.json")
        .await
        .json();
    other["fencing_token"] = json!(other["fencing_token"].as_u64().unwrap() + 1);
    other["machine"] = json!("another");
    emulator
        .put_object(
            &place.account,
            &place.bucket(),
            "lease.json",
            &other.to_string(),
        )
        .await;

    let error = until("the loss is noticed", Duration::from_secs(60), async || {
        let before = aws.record_migrations(&Default::default()).await;
        before.err()
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        text(&error).contains("somebody else took it. Nothing more was changed."),
        "{}",
        text(&error)
    );
    let applied = deployment.run(async |deployment| deployment.apply(&approved(&planned)).await);
    let error = applied.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(writes(&aws), Vec::<String>::new());
    let there = emulator
        .get_object(&place.account, &place.bucket(), "lease.json")
        .await
        .json();
    assert_eq!(there, other, "the lease of the other one is left alone");
}
