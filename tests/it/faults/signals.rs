//! A person, or the machine, stops the command line itself: at the stage `sandbox`, with the real
//! application.

use std::{
    collections::BTreeSet,
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use deployer::{deployment::Deployment, interrupt::Interrupt, lease::LeaseHolder};
use miyabi_tests::{Dice, Emulator, Running, ScriptedStacks, until};
use rustix::process::Signal;

use super::{Place, SOON, approved, fail_held, good, held, text};
use crate::sandbox::Sandbox;

const DEPLOY: &[&str] = &[
    "deploy",
    "--yes",
    "--allow",
    "permissions,public-access",
    "--json",
];
/// What is said when the functions are built and nothing else was done yet.
const BUILT: &str = "Building the functions: done";

/// A stage that is deployed, and two names of its database's machine: from one to the other, every
/// function that knows the database changes, without anything being built.
async fn deployed() -> Sandbox {
    let sandbox = Sandbox::start().await;
    sandbox
        .run(&["bootstrap", "--yes", "--allow", "permissions,public-access"])
        .await
        .expect(0);
    sandbox.run(DEPLOY).await.expect(0);
    sandbox
}

/// One run ends well, and the next has nothing to do.
async fn converges(sandbox: &Sandbox, host: &str, after: &str) {
    let again = sandbox.ended(sandbox.command_for(host, DEPLOY)).await;
    assert_eq!(again.code, 0, "after {after}: {again:?}");
    let live = sandbox
        .emulator
        .function("000000000000", "miyabi-sandbox-tasks:live")
        .await;
    assert_eq!(
        live["Environment"]["Variables"]["DATABASE_HOST"], host,
        "after {after}: what is in service knows where the database is"
    );
    let third = sandbox.ended(sandbox.command_for(host, DEPLOY)).await;
    assert_eq!(third.code, 0, "after {after}: {third:?}");
    assert_eq!(third.json()["result"], "unchanged", "after {after}");
}

#[tokio::test]
async fn fault_11_a_person_who_stops_a_deploy_is_told_what_goes_on_and_a_rerun_converges() {
    let sandbox = deployed().await;
    let elsewhere = "localhost";
    let deploy = || Running::start(sandbox.command_for(elsewhere, DEPLOY));

    // Before anything is executed.
    for signal in [Signal::INT, Signal::TERM] {
        let running = deploy();
        running.says("Building the functions ..").await;
        running.signal(signal);
        let ran = running.ends().await.expect(130);
        assert!(
            ran.stderr.contains("Interrupted. Nothing was changed."),
            "{ran:?}"
        );
        assert_eq!(ran.json()["error"]["kind"], "interrupted");
    }
    let unchanged = sandbox.run(DEPLOY).await.expect(0).json();
    assert_eq!(unchanged["result"], "unchanged", "{unchanged}");

    // While CloudFormation works, for as long as the test wants: it is told, waited for, and nothing
    // more begins.
    let held = Arc::new(AtomicBool::new(true));
    let proxy = holding(&sandbox, held.clone()).await;
    let slow = || Running::start(sandbox.command_through(&proxy.url(), elsewhere, DEPLOY));
    let running = slow();
    running.says("Updating migrate ..").await;
    running.signal(Signal::TERM);
    running.says("Waiting for what is in progress").await;
    held.store(false, Ordering::Relaxed);
    let ran = running.ends().await.expect(130);
    for expected in [
        "Waiting for what is in progress, then nothing more begins: Updating migrate.",
        "`aws cloudformation cancel-update-stack --stack-name miyabi-sandbox-migrate`",
        "Done and kept: migrate. The others were not touched.",
    ] {
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    }
    converges(&sandbox, elsewhere, "SIGTERM").await;

    // Twice: the command ends at once, and what goes on goes on.
    held.store(true, Ordering::Relaxed);
    let running = slow();
    running.says("Updating migrate ..").await;
    running.signal(Signal::INT);
    running.says("Waiting for what is in progress").await;
    running.signal(Signal::INT);
    let ran = running.ends().await.expect(130);
    assert!(ran.stderr.contains("Stopped at once."), "{ran:?}");
    converges(&sandbox, "127.0.0.1", "two SIGINT").await;
}

/// An emulator whose updates of `migrate` do not end while they are held.
async fn holding(sandbox: &Sandbox, held: Arc<AtomicBool>) -> ScriptedStacks {
    let mut updated = false;
    ScriptedStacks::before(&sandbox.emulator, move |action, parameters| {
        updated |= action == "UpdateStack";
        let id = parameters
            .get("StackName")
            .filter(|name| !name.contains("bootstrap"))
            .filter(|_| updated && action == "DescribeStacks" && held.load(Ordering::Relaxed))?;
        let name = "miyabi-sandbox-migrate";
        Some(ScriptedStacks::stack(
            id,
            name,
            "sandbox",
            "UPDATE_IN_PROGRESS",
            "",
        ))
    })
    .await
}

#[tokio::test]
async fn fault_11_an_update_that_goes_on_is_taken_back_when_a_person_asks_for_that() {
    let place = Place::new(211).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let proxy = ScriptedStacks::before(Emulator::shared().await, |_, _| None).await;
    let through = place.through(proxy.url());
    let aws = through.open().await.unwrap();
    let plan = super::plan(&aws, &[("data", held())]).await.unwrap();
    let interrupt = Interrupt::default();
    let person = async {
        let ongoing = until("the update goes on", SOON, async || {
            let asked = proxy.actions().contains(&"UpdateStack".to_owned());
            asked
                .then(|| interrupt.ongoing())
                .filter(|ongoing| !ongoing.is_empty())
        })
        .await;
        assert_eq!(ongoing[0].title, "Updating data");
        assert_eq!(
            ongoing[0].can_go_back.as_deref(),
            Some("miyabi-sandbox-data")
        );
        interrupt.set();
        interrupt.take_back();
        until("CloudFormation is asked to cancel", SOON, async || {
            let actions = proxy.actions();
            let is_asked = actions.contains(&"CancelUpdateStack".to_owned());
            is_asked.then_some(())
        })
        .await;
        // On AWS that ends the wait, too.
        fail_held(&place, "miyabi-sandbox-data").await;
    };
    let (stage, holder) = (place.stage(), LeaseHolder::this_process("deploy"));
    let progress = through.progress();
    let deployment = Deployment::begin(&aws, &stage, &holder, &progress, &interrupt);
    let deployment = deployment.await.unwrap();
    let applied = deployment.run(async |deployment| deployment.apply(&approved(&plan)).await);
    let (applied, ()) = tokio::join!(applied, person);
    let error = applied.unwrap_err();
    assert_eq!(error.kind().exit_code(), 130, "{}", text(&error));
    assert!(
        text(&error)
            .contains("The update of data was rolled back; the previous version still runs."),
        "{}",
        text(&error)
    );
    assert!(interrupt.ongoing().is_empty());
    let (plan, _) = place.deploy(&[("data", good(1))]).await.unwrap();
    assert!(plan.is_empty(), "it is what it was: {plan:?}");
}

#[tokio::test]
async fn fault_11_a_deploy_that_is_killed_at_a_random_moment_is_healed_by_the_next() {
    let sandbox = deployed().await;
    let kills: u64 = env::var("MIYABI_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let hosts = ["localhost", "127.0.0.1"];
    let first = Running::start(sandbox.command_for(hosts[0], DEPLOY));
    first.says(BUILT).await;
    let began = Instant::now();
    first.ends().await.expect(0);
    let rest = began.elapsed();
    let mut dice = Dice::new(0x6d69_7961_6269);
    let mut points = BTreeSet::new();
    for turn in 1..=kills {
        let host = hosts[usize::try_from(turn % 2).unwrap()];
        let point = rest.mul_f64(dice.part());
        let mut running = Running::start(sandbox.command_for(host, DEPLOY));
        // The build changes nothing that is deployed: only every eighth moment is in it or before.
        if turn % 8 != 0 {
            running.says(BUILT).await;
        }
        tokio::time::sleep(point).await;
        running.kill();
        let ran = running.ends().await;
        let last = ran.stderr.lines().last().unwrap_or_default().to_owned();
        converges(&sandbox, host, &format!("kill {turn} at {point:?}: {last}")).await;
        let step = last.split(':').next().unwrap_or_default();
        points.insert(step.trim_end_matches(" ..").to_owned());
    }
    // In more than one step of a deploy; few kills may well be in the same.
    assert!(kills < 10 || points.len() > 2, "{points:?}");
}

#[tokio::test]
async fn fault_13_a_command_that_slept_past_the_end_of_its_lease_changes_nothing_more() {
    let sandbox = deployed().await;
    let deploy = |url: &str| {
        let mut command = sandbox.command_through(url, "localhost", DEPLOY);
        command.env("MIYABI_LEASE_SECONDS", "4");
        command
    };
    let held = Arc::new(AtomicBool::new(true));
    let proxy = holding(&sandbox, held.clone()).await;
    let sleeper = Running::start(deploy(&proxy.url()));
    sleeper.says("Updating migrate ..").await;
    sleeper.signal(Signal::STOP);
    let other = until("the lease ends", SOON, async || {
        let ran = sandbox.ended(deploy(&sandbox.emulator.url())).await;
        (ran.code != 75).then_some(ran)
    })
    .await
    .expect(0);
    assert_eq!(other.json()["result"], "deployed");
    held.store(false, Ordering::Relaxed);
    sleeper.signal(Signal::CONT);
    let ran = sleeper.ends().await.expect(75);
    assert!(
        ran.stderr
            .contains("somebody else took it. Nothing more was changed."),
        "{ran:?}"
    );
    converges(&sandbox, "localhost", "SIGCONT").await;
}
