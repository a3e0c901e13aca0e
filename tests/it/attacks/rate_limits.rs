//! Row 45: more requests than a limit allows, in every disguise. Each bucket of these tests gives a
//! request every ten seconds, so that what is let through is what it holds, and the one or two that
//! flow back meanwhile.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use miyabi_tests::{
    App, Database, Limit, Method, Person, RequestBuilder, Response, Setup, Valkey, Wire, json,
    until,
};

/// A request, as often as it is asked for.
type Way<'a> = Box<dyn Fn() -> RequestBuilder + 'a>;

/// So many environments of a function answer at once. Each is a process, and all are started then.
const AT_ONCE: usize = 8;

/// Requests a minute of a bucket.
const SLOW: u32 = 6;

fn limited(limits: &[(Limit, u32)]) -> Setup {
    let limits = limits.iter().map(|(limit, burst)| (*limit, SLOW, *burst));
    Setup {
        rate_limits: limits.collect(),
        ..Setup::default()
    }
}

/// Sends requests, [`AT_ONCE`] at a time, and returns how many were let through. A refusal says
/// when to come again.
async fn let_through(requests: Vec<RequestBuilder>) -> usize {
    let responses = stream::iter(requests.into_iter().map(RequestBuilder::send));
    let responses: Vec<Response> = responses.buffer_unordered(AT_ONCE).collect().await;
    let refused = responses.iter().filter(|response| is_refused(response));
    responses.len() - refused.count()
}

fn is_refused(response: &Response) -> bool {
    if response.status != 429 {
        assert!(response.status.as_u16() < 500, "{response}");
        return false;
    }
    response.problem(429, "rate_limited");
    let seconds: u64 = response.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&seconds), "{response}");
    true
}

/// The bucket held `burst`, of which `spent` were gone: no more than 5 percent beyond that are let
/// through, but what flowed back since. Fewer by what environments had taken and not spent.
fn check(let_through: usize, burst: usize, spent: usize, began: Instant) {
    let flowed_back = began.elapsed().as_secs() / 10 + 1;
    let most = burst - spent + burst / 20 + usize::try_from(flowed_back).unwrap();
    assert!(let_through <= most, "{let_through} of at most {most}");
    let least = (burst - spent) / 2;
    assert!(let_through >= least, "{let_through} of at least {least}");
}

fn list(person: &Person) -> RequestBuilder {
    person.request(Method::GET, "/api/tasks")
}

async fn a_burst_of_one_person_is_cut(app: &App) {
    let began = Instant::now();
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    // At once, so that many environments of three functions take from one bucket.
    let paths = ["/api/tasks", "/api/activity", "/api/auth/me"];
    let burst = (0..90).map(|n| alice.request(Method::GET, paths[n % 3]));
    let served = let_through(burst.collect()).await;
    // While the cache does not respond in time, as on a busy machine, PostgreSQL counts: a bucket there
    // and one here.
    let is_slow = app.logs().await.contains(CACHE_IS_SLOW);
    check(served, if is_slow { 120 } else { 60 }, 0, began);
    // The limit is a person's: another one is not refused.
    bob.get("/api/tasks").await.expect(200);
}

/// What a function logs that counts in PostgreSQL although there is a cache.
const CACHE_IS_SLOW: &str = "PostgreSQL counts requests";

#[tokio::test]
async fn attack_45_a_burst_of_one_person_across_functions_in_each_store() {
    let limits = limited(&[(Limit::Person, 60)]);
    a_burst_of_one_person_is_cut(&App::with(limits.clone()).await).await;
    let valkey = Valkey::start().await;
    let setup = Setup {
        valkey: Some(valkey.address()),
        ..limits
    };
    let app = App::with(setup).await;
    a_burst_of_one_person_is_cut(&app).await;
    // Counted there, in the one slot of the stage, until the bucket is full again.
    let keys = valkey.keys().await;
    assert!(
        keys.iter()
            .any(|key| key.starts_with("{miyabi:local}:limit:person:")),
        "{keys:?}"
    );
    if !app.logs().await.contains(CACHE_IS_SLOW) {
        let in_postgresql = app.rows("select bucket from rate_limits").await;
        assert_eq!(in_postgresql, Vec::<String>::new());
    }
}

#[tokio::test]
async fn attack_45_who_waits_for_as_long_as_retry_after_says_is_served() {
    let setup = Setup {
        rate_limits: vec![(Limit::Person, 60, 5)],
        ..Setup::default()
    };
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    let refused = until("refused", Duration::from_secs(20), async || {
        let response = alice.get("/api/tasks").await;
        (response.status == 429).then_some(response)
    })
    .await;
    assert_eq!(refused.header("retry-after"), "1");
    until("served again", Duration::from_secs(5), async || {
        let response = alice.get("/api/tasks").await;
        (response.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn attack_45_many_tokens_are_one_person_and_one_token_has_less() {
    let began = Instant::now();
    let app = App::with(limited(&[(Limit::Person, 60), (Limit::ApiToken, 20)])).await;
    let alice = app.sign_in("alice").await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(alice.api_token(&["tasks.read"]).await);
    }
    let one = (0..40).map(|_| list(&tokens[0]));
    let of_one = let_through(one.collect()).await;
    check(of_one, 20, 0, began);
    // Five tokens allow 100; their owner has 60, of which six created the tokens.
    let others = (0..90).map(|n| list(&tokens[1 + n % 5]));
    let of_others = let_through(others.collect()).await;
    check(6 + of_one + of_others, 60, 0, began);
}

#[tokio::test]
async fn attack_45_the_address_is_not_what_a_header_says() {
    let began = Instant::now();
    let app = App::with(limited(&[(Limit::Address, 60)])).await;
    let headers = [
        "x-forwarded-for",
        "x-real-ip",
        "x-viewer-ip",
        "forwarded",
        "true-client-ip",
        "cf-connecting-ip",
        "x-client-ip",
        "via",
        "x-amzn-trace-id",
    ];
    let spoofed = (0..100).map(|n| {
        let address = format!("198.51.100.{n}");
        headers.iter().fold(
            app.request(Method::GET, "/api/auth/callback?state=none"),
            |request, name| request.header(name, &address),
        )
    });
    check(let_through(spoofed.collect()).await, 60, 0, began);
}

#[tokio::test]
async fn attack_45_the_address_is_what_the_distribution_says() {
    let secret = "0123456789abcdef0123456789abcdef";
    let setup = Setup {
        origin_secret: Some(secret.to_owned()),
        ..limited(&[(Limit::SignIn, 2)])
    };
    let app = App::with(setup).await;
    let login = |address: &str| {
        app.request(Method::GET, "/api/auth/callback?state=none")
            .header("x-origin-verify", secret)
            .header("x-viewer-ip", address)
    };
    let from = async |address: &str| let_through((0..6).map(|_| login(address)).collect()).await;
    assert!((2..=3).contains(&from("198.51.100.1").await));
    assert!(
        (2..=3).contains(&from("198.51.100.2").await),
        "another address"
    );
    assert!((2..=3).contains(&from("2001:db8::1").await));
    assert_eq!(from("2001:db8::2").await, 0, "the same network");
}

#[tokio::test]
async fn attack_45_sign_in_refresh_invitations_search_and_tokens_have_their_own() {
    let limits = [
        Limit::SignIn,
        Limit::Refresh,
        Limit::Invitations,
        Limit::Search,
        Limit::TokenCreation,
    ];
    // Signing in is two requests, and one refresh.
    let app = App::with(limited(&limits.map(|limit| (limit, 4)))).await;
    let alice = app.sign_in("alice").await;
    let post = |path: &str| alice.request(Method::POST, path).json(json!({}));
    let get = |path: &str| alice.request(Method::GET, path);
    let ways: [(&str, Way<'_>, Way<'_>); 5] = [
        (
            "search",
            Box::new(|| get("/api/tasks?q=maple")),
            Box::new(|| get("/api/tasks")),
        ),
        (
            "invitations",
            Box::new(|| post("/api/invitations/preview")),
            Box::new(|| get("/api/invitations")),
        ),
        (
            "tokens",
            Box::new(|| post("/api/tokens")),
            Box::new(|| get("/api/tokens")),
        ),
        (
            "refresh",
            Box::new(|| alice.cookie_request(Method::POST, "/api/auth/switch")),
            Box::new(|| get("/api/auth/sessions")),
        ),
        (
            "sign-in",
            Box::new(|| app.request(Method::GET, "/api/auth/login")),
            Box::new(|| app.request(Method::GET, "/api/health")),
        ),
    ];
    for (name, limited, other) in ways {
        let mut served = 0;
        while !is_refused(&limited().send().await) {
            served += 1;
            assert!(served <= 8, "{name} is not limited");
        }
        assert!(served >= 1, "{name}");
        other().send().await.expect(200);
    }
}

#[tokio::test]
async fn attack_45_what_never_reaches_the_database_is_counted_by_each_environment() {
    let app = App::with(limited(&[(Limit::Address, 20)])).await;
    // One after the other, so that one environment answers all: garbage is refused without a question
    // to anybody.
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let response = app
            .request(Method::GET, "/api/tasks")
            .bearer("garbage")
            .send()
            .await;
        statuses.push(response.status.as_u16());
    }
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!(refused >= 15, "{statuses:?}");
    assert!(
        statuses[..20].iter().all(|status| *status == 401),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn attack_45_t7_a_cache_that_hangs_or_is_gone_takes_no_request_down_and_lifts_no_limit() {
    let valkey = Valkey::start().await;
    let setup = Setup {
        valkey: Some(valkey.address()),
        ..limited(&[(Limit::Person, 60)])
    };
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/tasks").await.expect(200);
    let hang = valkey.hang();
    let began = Instant::now();
    let slowest = Instant::now();
    alice.get("/api/tasks").await.expect(200);
    assert!(
        slowest.elapsed() < Duration::from_secs(2),
        "{:?}",
        slowest.elapsed()
    );
    let burst = (0..90).map(|_| list(&alice));
    check(let_through(burst.collect()).await, 60, 0, began);
    assert_eq!(
        app.rows("select bucket from rate_limits where bucket like 'person:%'")
            .await
            .len(),
        1
    );
    drop(hang);
    drop(valkey);
    let bob = app.sign_in("bob").await;
    bob.get("/api/tasks").await.expect(200);
}

#[tokio::test]
async fn attack_45_without_the_database_the_answer_is_503_and_no_limit_is_reached_by_it() {
    let database = Database::migrated().await;
    let wire = Wire::to(database.port).await;
    let setup = Setup {
        environment: vec![("activity", "DATABASE_PORT", wire.port().to_string())],
        ..limited(&[(Limit::Person, 60)])
    };
    let app = App::on(database, setup).await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/activity").await.expect(200);
    wire.cut();
    for _ in 0..10 {
        alice.get("/api/activity").await.problem(503, "unavailable");
    }
    wire.repair();
    until("served again", Duration::from_secs(2), async || {
        (alice.get("/api/activity").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn buckets_that_are_full_are_forgotten_by_the_schedule() {
    let app = App::with(limited(&[(Limit::Person, 60)])).await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/tasks").await.expect(200);
    let buckets = || app.rows("select bucket from rate_limits where bucket like 'person:%'");
    assert_eq!(buckets().await.len(), 1);
    app.invoke("ws-broadcast", &json!({"kind": "sweep"}))
        .await
        .unwrap();
    assert_eq!(buckets().await.len(), 1, "one that is not full stays");
    app.sql("update rate_limits set full_at = now() - interval '1 second'")
        .await;
    app.invoke("ws-broadcast", &json!({"kind": "sweep"}))
        .await
        .unwrap();
    assert_eq!(buckets().await, Vec::<String>::new());
}
