//! A deploy that is killed, alone or with its supervisor: in each step, and at random moments.

use std::{
    collections::VecDeque,
    env,
    time::{Duration, Instant},
};

use miyabi_tests::{Checkout, Dice, Running};

use super::{DEPLOY, DESTROY, checkout, kill, nothing_runs, supervisor};

/// A step can be over before its line is read; that kill is done again, so often at most in all.
const MISSES: u32 = 8;

#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the start.
    After(Duration),
    /// While the step of that title goes on.
    In(&'static str),
}

#[derive(Debug, Clone, Copy)]
struct Kill {
    moment: Moment,
    /// The supervisor as well: the machine stops and not just the command.
    all: bool,
}

const fn kill_after(milliseconds: u64, all: bool) -> Kill {
    Kill {
        moment: Moment::After(Duration::from_millis(milliseconds)),
        all,
    }
}

const fn kill_in(step: &'static str, all: bool) -> Kill {
    Kill {
        moment: Moment::In(step),
        all,
    }
}

/// What the supervisor does is cut with it; the site is put by the command itself.
const KILLS: [Kill; 6] = [
    kill_after(400, true),
    kill_after(750, false),
    kill_in("Creating data", true),
    kill_in("Migrating the database", true),
    kill_in("Creating api", true),
    kill_in("Putting the site into its bucket", false),
];

/// In every step and, `MIYABI_KILLS` times more, anywhere in a deploy of everything: one more run of
/// the same command, and all is there.
#[tokio::test]
async fn a_deploy_killed_at_any_moment_is_mended_by_the_next_one() {
    let checkout = checkout();
    let mut kills = VecDeque::from(KILLS);
    kills.extend(at_random(&checkout).await);
    let mut misses = 0;
    while let Some(kill) = kills.pop_front() {
        if !killed_and_mended(&checkout, kill).await {
            misses += 1;
            assert!(misses <= MISSES, "{kill:?} comes too late each time");
            kills.push_back(kill);
        }
    }
}

/// Whether the kill came in its moment.
async fn killed_and_mended(checkout: &Checkout, wanted: Kill) -> bool {
    let mut deploy = Running::start(checkout.command(DEPLOY));
    match wanted.moment {
        Moment::After(time) => tokio::time::sleep(time).await,
        Moment::In(step) => deploy.says(&format!("{step} ..")).await,
    }
    deploy.kill();
    if wanted.all
        && let Some(address) = supervisor(checkout)
    {
        kill(address["pid"].as_u64().unwrap());
    }
    let killed = deploy.ends().await;
    let again = checkout.xtask(DEPLOY).await;
    assert_eq!(again.code, 0, "{wanted:?}: {killed:?}, then {again:?}");
    let third = checkout.xtask(DEPLOY).await.expect(0).json();
    assert_eq!(
        third["result"], "unchanged",
        "{wanted:?}: {killed:?}, then {again:?}, then {third}"
    );
    checkout.xtask(DESTROY).await.expect(0);
    nothing_runs(checkout).await;
    match wanted.moment {
        Moment::After(_) => true,
        Moment::In(step) => !killed.stderr.contains(&format!("{step}: done")),
    }
}

/// As many as `MIYABI_KILLS` says, none by itself: each takes seconds.
async fn at_random(checkout: &Checkout) -> Vec<Kill> {
    let count: u32 = env::var("MIYABI_KILLS").map_or(0, |kills| kills.parse().unwrap());
    if count == 0 {
        return Vec::new();
    }
    let began = Instant::now();
    checkout.deploy().await;
    let whole = began.elapsed();
    checkout.xtask(DESTROY).await.expect(0);
    nothing_runs(checkout).await;
    let mut dice = Dice::new(0x6d69_7961_6269);
    let kill = |turn| Kill {
        moment: Moment::After(whole.mul_f64(dice.part())),
        all: turn % 2 == 0,
    };
    (0..count).map(kill).collect()
}
