//! The cache may refuse a withdrawn token early and decides nothing else: whatever it loses, keeps
//! or does not say, PostgreSQL is asked.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use miyabi_tests::{App, Database, Method, Person, Setup, Valkey, Wire, until};

const ROUTES: [&str; 2] = ["/api/auth/me", "/api/activity"];

async fn app_with(valkey: &Valkey) -> App {
    App::with(Setup {
        valkey: Some(valkey.address()),
        ..Setup::default()
    })
    .await
}

/// Somebody whose session was signed out.
async fn signed_out(app: &App) -> Person {
    let person = app.sign_in("alice").await;
    sign_out(&person).await;
    person
}

async fn sign_out(person: &Person) {
    let request = person.cookie_request(Method::POST, "/api/auth/logout");
    assert_eq!(request.send().await.status, 204);
}

async fn is_refused(person: &Person) {
    for route in ROUTES {
        let response = person.get(route).await;
        response.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_withdrawal_is_in_one_slot_of_a_cluster_and_refuses_without_the_database() {
    let valkey = Valkey::start().await;
    let database = Database::migrated().await;
    let wire = Wire::to(database.port).await;
    let setup = Setup {
        valkey: Some(valkey.address()),
        environment: vec![("activity", "DATABASE_PORT", wire.port().to_string())],
        ..Setup::default()
    };
    let app = App::on(database, setup).await;
    let gone = signed_out(&app).await;
    let everywhere = app.sign_in("alice").await;
    let all = everywhere.request(Method::POST, "/api/auth/logout-all");
    all.send().await.expect(204);
    let keys = valkey.keys().await;
    let mut slots = BTreeSet::new();
    for key in &keys {
        assert!(key.starts_with("{miyabi:local}:withdrawn:"), "{key}");
        slots.insert(valkey.ask(&format!("CLUSTER KEYSLOT {key}")).await);
        // The mark of nothing: each key ends with the tokens that it withdraws.
        let left = valkey.ask(&format!("TTL {key}")).await;
        let seconds: i64 = left
            .trim_start_matches(':')
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!((900..=920).contains(&seconds), "{key}: {left}");
    }
    assert!(keys.len() >= 2, "{keys:?}");
    assert_eq!(slots.len(), 1, "{slots:?}");

    let bob = app.sign_in("bob").await;
    bob.get("/api/activity").await.expect(200);
    wire.cut();
    bob.get("/api/activity").await.problem(503, "unavailable");
    for person in [&gone, &everywhere] {
        let response = person.get("/api/activity").await;
        response.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_withdrawal_that_was_evicted_counts() {
    // A Valkey without data has about 2 MB.
    let valkey = Valkey::start_small(4 << 20).await;
    let app = app_with(&valkey).await;
    let gone = signed_out(&app).await;
    assert_eq!(valkey.keys().await.len(), 1);
    // Everything has a time to live, and what was used last stays.
    let value = "x".repeat(10_000);
    // Which key goes is found by sampling, so that the oldest one may survive a round.
    let mut is_evicted = false;
    for round in 0..30 {
        let numbers = round * 1000..(round + 1) * 1000;
        let fill: String = numbers
            .map(|number| format!("SET {{miyabi:local}}:other:{number} {value} EX 900\n"))
            .collect();
        valkey.ask(&fill).await;
        let keys = valkey.keys().await;
        assert!(keys.len() < 1000, "nothing was evicted: {}", keys.len());
        is_evicted = !keys.iter().any(|key| key.contains("withdrawn"));
        if is_evicted {
            break;
        }
    }
    assert!(is_evicted, "30 rounds evicted everything else");
    is_refused(&gone).await;
    let alice = app.sign_in("alice").await;
    for route in ROUTES {
        alice.get(route).await.expect(200);
    }
}

/// What a failover promotes may be behind: an older withdrawal is there, the newest is not.
#[tokio::test]
async fn a_withdrawal_that_a_failover_lost_counts() {
    let valkey = Valkey::start().await;
    let app = app_with(&valkey).await;
    let first = signed_out(&app).await;
    let before = valkey.keys().await;
    let last = app.sign_in("alice").await;
    // This environment has seen the token accepted.
    for route in ROUTES {
        last.get(route).await.expect(200);
    }
    sign_out(&last).await;
    let newest = valkey.keys().await;
    let newest = newest.iter().find(|key| !before.contains(key)).unwrap();
    assert!(valkey.ask(&format!("DEL {newest}")).await.starts_with(":1"));
    is_refused(&first).await;
    is_refused(&last).await;
}

#[tokio::test]
async fn t7_without_the_cache_everybody_is_answered_as_with_it() {
    let valkey = Valkey::start().await;
    let port = valkey.port();
    let app = app_with(&valkey).await;
    let alice = app.sign_in("alice").await;
    let gone = signed_out(&app).await;
    alice.get("/api/auth/me").await.expect(200);

    drop(valkey);
    for route in ROUTES {
        alice.get(route).await.expect(200);
    }
    is_refused(&gone).await;
    let bob = app.sign_in("bob").await;
    sign_out(&bob).await;
    is_refused(&bob).await;

    // It comes back without anything that it knew, and is used again.
    let valkey = Valkey::start_on(port).await;
    is_refused(&gone).await;
    is_refused(&bob).await;
    until(
        "withdrawals are copied",
        Duration::from_secs(5),
        async || {
            signed_out(&app).await;
            (!valkey.keys().await.is_empty()).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn a_cache_that_hangs_delays_a_request_a_second_at_most() {
    let valkey = Valkey::start().await;
    let app = app_with(&valkey).await;
    let gone = signed_out(&app).await;
    let alice = app.sign_in("alice").await;
    let hung = valkey.hang();
    let began = Instant::now();
    is_refused(&gone).await;
    for route in ROUTES {
        alice.get(route).await.expect(200);
    }
    // Four requests to two functions; a busy machine starts one of them in between.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    drop(hung);
    is_refused(&gone).await;
}

/// A key of a transaction that was rolled back would refuse each new token of a session that goes
/// on, for as long as it is there.
#[tokio::test]
async fn a_withdrawal_that_was_rolled_back_is_not_in_the_cache() {
    let valkey = Valkey::start().await;
    let app = app_with(&valkey).await;
    let mut alice = app.sign_in("alice").await;
    app.sql(
        "create function fail() returns trigger language plpgsql as 'begin raise ''not today''; end';
         create constraint trigger fail after update on sessions deferrable initially deferred
             for each row when (new.revoked_at is not null) execute function fail()",
    )
    .await;
    let session = alice.claims()["sid"].as_str().unwrap().to_owned();
    let ends = [
        alice.cookie_request(Method::POST, "/api/auth/logout"),
        alice.request(Method::POST, "/api/auth/logout-all"),
        alice.request(Method::DELETE, &format!("/api/auth/sessions/{session}")),
    ];
    for end in ends {
        let response = end.send().await;
        assert!(response.status.is_server_error(), "{response}");
    }
    assert_eq!(valkey.keys().await, [""; 0]);
    for _ in 0..2 {
        for route in ROUTES {
            alice.get(route).await.expect(200);
        }
        app.sql("drop trigger if exists fail on sessions").await;
        alice.refresh().await;
    }

    sign_out(&alice).await;
    assert_eq!(valkey.keys().await.len(), 1);
    is_refused(&alice).await;
}
