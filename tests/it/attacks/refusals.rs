//! Refusals in the trail: each has its line, and nobody fills it with them.

use miyabi_tests::{App, Method, json};

async fn lines(app: &App, condition: &str) -> usize {
    app.rows(&format!("select from audit_log where {condition}"))
        .await
        .len()
}

#[tokio::test]
async fn attack_47_a_foreign_switch_has_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let switch = async |organization: &str| {
        let request = alice
            .cookie_request(Method::POST, "/api/auth/switch")
            .json(json!({"organization_id": organization}));
        request.send().await.problem(404, "not_found");
    };
    let nobodys = uuid::Uuid::new_v4().to_string();
    for asked in [bob.organization_id(), nobodys] {
        switch(&asked).await;
        let line = format!(
            "action = 'auth.switch' and outcome = 'denied' and organization_id = '{}' and actor_id = '{}' \
             and target_id = '{}' and after ->> 'organization_id' = '{asked}'",
            alice.organization_id(),
            alice.user_id(),
            alice.claims()["sid"].as_str().unwrap()
        );
        assert_eq!(lines(&app, &line).await, 1, "{asked}");
    }
    // The cookie is as good as before.
    let refresh = alice.cookie_request(Method::POST, "/api/auth/refresh");
    refresh.send().await.expect(200);
}

#[tokio::test]
async fn attack_47_a_sign_in_to_a_disabled_account_has_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql("update users set disabled_at = now()").await;
    let refused = app.browser().follow("/api/auth/login?login=alice").await;
    refused.problem(403, "account_disabled");
    let line = format!(
        "action = 'auth.sign_in' and outcome = 'denied' and actor_id = '{0}' and target_id = '{0}' \
         and after ->> 'reason' = 'account_disabled'",
        alice.user_id()
    );
    assert_eq!(lines(&app, &line).await, 1);
}

#[tokio::test]
async fn attack_58_a_refused_caller_fills_no_trail() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "vera", "viewer").await;
    let other = app.member(&alice, "otto", "viewer").await;
    for _ in 0..130 {
        viewer
            .post("/api/tasks", json!({"title": "Refused"}))
            .await
            .problem(403, "missing_permission");
    }
    let of = |person: &miyabi_tests::Person| {
        format!("outcome = 'denied' and actor_id = '{}'", person.user_id())
    };
    assert_eq!(lines(&app, &of(&viewer)).await, 100);
    let last = format!("{} and after ? 'more_in_this_hour'", of(&viewer));
    assert_eq!(lines(&app, &last).await, 1, "the last line says so");
    // The bound is each caller's own, and ends with the hour.
    other
        .post("/api/labels", json!({"name": "Refused"}))
        .await
        .problem(403, "missing_permission");
    assert_eq!(lines(&app, &of(&other)).await, 1);
    app.sql("update refusal_counts set hour = hour - interval '25 hours'")
        .await;
    viewer
        .delete(&format!("/api/tasks/{}", uuid::Uuid::new_v4()))
        .await
        .problem(403, "missing_permission");
    assert_eq!(lines(&app, &of(&viewer)).await, 101);
    let counted = format!(
        "select lines from refusal_counts where actor_id = '{}'",
        viewer.user_id()
    );
    assert_eq!(app.rows(&counted).await, ["(1)"], "old hours are forgotten");
}
