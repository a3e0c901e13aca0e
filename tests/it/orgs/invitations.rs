//! `/api/invitations`.

use miyabi_tests::{App, json};

use super::{accept, invite, lines};

#[tokio::test]
async fn an_invitation_is_listed_and_revoked_and_its_code_is_in_one_response() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let body = json!({"role": "viewer", "login": "Bob-2", "expires_in_hours": 2, "max_uses": 3});
    let link = alice.post("/api/invitations", body).await.expect(201);
    let code = link["code"].as_str().unwrap();
    assert_eq!(link["url"], format!("{}/join/?code={code}", app.origin()));
    let invitation = &link["invitation"];
    assert_eq!(invitation["login"], "Bob-2");
    assert_eq!(
        (&invitation["uses"], &invitation["max_uses"]),
        (&json!(0), &json!(3))
    );
    let (second, _) = invite(&alice, json!({"role": "member"})).await;
    let page = alice.get("/api/invitations?limit=1").await.expect(200);
    assert_eq!(
        page["items"][0]["id"],
        second.as_str(),
        "newest first: {page}"
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = alice
        .get(&format!("/api/invitations?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(rest["items"], json!([invitation]));
    let path = format!("/api/invitations/{second}");
    for _ in 0..2 {
        alice.delete(&path).await.expect(204);
    }
    assert_eq!(lines(&app, "action = 'invitation.revoke'").await, 1);
    let page = alice.get("/api/invitations?limit=1").await.expect(200);
    assert!(page["items"][0]["revoked_at"].is_string(), "{page}");
    for wrong in [
        json!({"role": "nothing"}),
        json!({"role": "viewer", "login": "not a login"}),
        json!({"role": "viewer", "login": ""}),
        json!({"role": "viewer", "expires_in_hours": 0}),
        json!({"role": "viewer", "expires_in_hours": 721}),
        json!({"role": "viewer", "expires_in_hours": null}),
        json!({"role": "viewer", "max_uses": 101}),
        json!({"role": "viewer", "max_uses": -1}),
    ] {
        alice
            .post("/api/invitations", wrong)
            .await
            .problem(422, "invalid");
    }
}

#[tokio::test]
async fn attack_24_a_code_is_stored_as_a_hash_and_in_no_log() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let (_, code) = invite(&alice, json!({"role": "viewer"})).await;
    bob.post("/api/invitations/preview", json!({ "code": code }))
        .await
        .expect(200);
    accept(&bob, &code).await.expect(200);
    let stored = crate::attacks::stored::everything(&app).await;
    assert!(stored.contains("invitation.accept"));
    assert!(!stored.contains(&code), "a code is in the database");
    let logs = app.logs().await;
    assert!(logs.contains("/api/invitations/accept"));
    assert!(!logs.contains(&code), "a code is in a log");
}
