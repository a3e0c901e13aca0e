//! What the sign-in needs is not there: nobody is let in for that, and it is over when it is back.

use std::time::Duration;

use miyabi_tests::{App, Database, Method, Secrets, Setup, Wire, until};

/// T7.
#[tokio::test]
async fn t7_without_the_database_nobody_is_answered_until_it_is_back() {
    let database = Database::migrated().await;
    let wire = Wire::to(database.port).await;
    let setup = Setup {
        environment: ["auth", "activity"]
            .map(|function| (function, "DATABASE_PORT", wire.port().to_string()))
            .to_vec(),
        ..Setup::default()
    };
    let app = App::on(database, setup).await;
    let alice = app.sign_in("alice").await;
    let signed_out = app.sign_in("alice").await;
    let request = signed_out.cookie_request(Method::POST, "/api/auth/logout");
    assert_eq!(request.send().await.status, 204);
    alice.get("/api/activity").await.expect(200);

    wire.cut();
    for person in [&alice, &signed_out] {
        for route in ["/api/auth/me", "/api/activity"] {
            let response = person.get(route).await;
            response.problem(503, "unavailable");
            assert_eq!(response.header("retry-after"), "1");
        }
    }
    let refresh = alice.cookie_request(Method::POST, "/api/auth/refresh");
    refresh.send().await.problem(503, "unavailable");
    let login = app.get("/api/auth/login?login=alice").await;
    login.problem(503, "unavailable");

    wire.repair();
    until("served again", Duration::from_secs(2), async || {
        let response = alice.get("/api/auth/me").await;
        (response.status == 200).then_some(())
    })
    .await;
    signed_out
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
    let refresh = alice.cookie_request(Method::POST, "/api/auth/refresh");
    refresh.send().await.expect(200);
}

#[tokio::test]
async fn a_stage_without_an_oauth_application_says_so() {
    let secrets = Secrets::start().await;
    secrets.remove("github");
    let app = App::with(secrets.setup()).await;
    let login = app.get("/api/auth/login").await;
    login.problem(502, "github_not_configured");
    assert!(login.headers.get("set-cookie").is_none(), "{login}");
    assert_eq!(
        app.rows("select 1 from sign_in_attempts").await,
        Vec::<String>::new()
    );
}
