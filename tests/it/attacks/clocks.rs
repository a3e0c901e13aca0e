//! Environments whose clocks differ: what is withdrawn is withdrawn for all of them.

use miyabi_tests::{App, InProcess, Method, Person, Secrets, Setup, Valkey};

/// Refreshes a session at one environment; gives the access token.
async fn refreshed(at: &InProcess, person: &Person) -> String {
    let cookie = |name| person.browser.cookie(name).unwrap();
    let response = at
        .with_cookies(
            "/api/auth/refresh",
            &cookie("__Secure-rt"),
            &cookie("__Host-csrf"),
        )
        .await;
    let rotated = response.set_cookie("__Secure-rt").unwrap_or_default();
    let (_, rest) = rotated
        .split_once('=')
        .unwrap_or_else(|| panic!("{response}"));
    let value = rest.split(';').next().unwrap();
    person.browser.set_cookie("__Secure-rt", value);
    response.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn on_each_store(test: impl AsyncFn(&App, &dyn Fn(&str) -> InProcess)) {
    let valkey = Valkey::start().await;
    for valkey in [None, Some(valkey.address())] {
        let setup = Setup {
            valkey,
            ..Setup::default()
        };
        let secrets = Secrets::start().await;
        let app = App::with(setup.clone()).await;
        let environment =
            |function: &str| InProcess::with(function, app.database(), &secrets, &setup);
        test(&app, &environment).await;
    }
}

/// Seconds that one environment's clock is ahead of this machine's, and another's.
const CLOCKS: [(i64, i64); 5] = [(4, 0), (0, 4), (5, 0), (0, 5), (2, -3)];

/// T4, whatever the clocks say.
#[tokio::test]
async fn attack_54_signing_out_everywhere_with_clocks_that_differ() {
    on_each_store(async |app, environment| {
        let (one, other, activity) = (
            environment("auth"),
            environment("auth"),
            environment("activity"),
        );
        for (ahead, behind) in CLOCKS {
            one.clock.set_ahead(ahead);
            other.clock.set_ahead(behind);
            let people = [app.sign_in("alice").await, app.sign_in("alice").await];
            let bob = app.sign_in("bob").await;
            let mut tokens = Vec::new();
            for person in &people {
                tokens.push(refreshed(&one, person).await);
                tokens.push(refreshed(&other, person).await);
            }
            for token in &tokens {
                other.get("/api/auth/me", token).await.expect(200);
            }
            let everywhere = other
                .call(
                    "POST /api/auth/logout-all",
                    "/api/auth/logout-all",
                    &tokens[1],
                    None,
                )
                .await;
            assert_eq!(everywhere.status, 204, "{everywhere}");
            for token in &tokens {
                for seconds in [ahead, behind] {
                    activity.clock.set_ahead(seconds);
                    let response = activity.get("/api/activity", token).await;
                    response.problem(401, "unauthenticated");
                }
                for environment in [&one, &other] {
                    let response = environment.get("/api/auth/me", token).await;
                    response.problem(401, "unauthenticated");
                }
            }
            // Nobody else is signed out, and a new session is good at once, whoever issues its token.
            other.get("/api/auth/me", &bob.token).await.expect(200);
            let again = app.sign_in("alice").await;
            for issuer in [&one, &other] {
                let token = refreshed(issuer, &again).await;
                for environment in [&one, &other] {
                    environment.get("/api/auth/me", &token).await.expect(200);
                }
            }
        }
    })
    .await;
}

/// The same for one session that is ended.
#[tokio::test]
async fn attack_54_one_session_that_is_ended_with_clocks_that_differ() {
    on_each_store(async |app, environment| {
        let (one, other) = (environment("auth"), environment("auth"));
        for (ahead, behind) in CLOCKS {
            one.clock.set_ahead(ahead);
            other.clock.set_ahead(behind);
            let alice = app.sign_in("alice").await;
            let token = refreshed(&one, &alice).await;
            let cookie = |name| alice.browser.cookie(name).unwrap();
            let (refresh, csrf) = (cookie("__Secure-rt"), cookie("__Host-csrf"));
            let signed_out = other
                .with_cookies("/api/auth/logout", &refresh, &csrf)
                .await;
            assert_eq!(signed_out.status, 204, "{signed_out}");
            for environment in [&one, &other] {
                let response = environment.get("/api/auth/me", &token).await;
                response.problem(401, "unauthenticated");
            }
        }
    })
    .await;
}

/// A sign-out everywhere does not shorten an earlier one.
#[tokio::test]
async fn attack_54_an_epoch_never_moves_back() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    // Between a token's second and now: the token is good, the epoch is later than the next one.
    app.sql(&format!(
        "insert into revoked_tokens (kind, id, issued_before, expires_at)
         values ('user', '{}', now() - interval '2 seconds', now() + interval '1 hour')",
        alice.user_id()
    ))
    .await;
    let epoch = "select issued_before, expires_at from revoked_tokens where kind = 'user'";
    let before = app.rows(epoch).await;
    let token = app.forge(&alice.token, |token| {
        let issued = token.claims["iat"].as_i64().unwrap();
        token.claims["iat"] = (issued + 1).into();
    });
    let everywhere = app
        .request(Method::POST, "/api/auth/logout-all")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(everywhere.status, 204, "{everywhere}");
    assert_eq!(app.rows(epoch).await, before);
}
