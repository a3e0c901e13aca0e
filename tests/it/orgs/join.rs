//! From a link to a membership.

use miyabi_tests::{App, Method, json};

use super::{accept, invite, lines, member_path, switch};

#[tokio::test]
async fn a_link_is_kept_through_the_sign_in_and_brings_somebody_in_with_its_role() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (_, code) = invite(&alice, json!({"role": "viewer"})).await;
    // The page asks who it is; after the sign-in the browser is on the page again, code and all.
    let begun =
        crate::attacks::sign_in::Begun::returning_to(&app, "carol", &format!("/join/?code={code}"))
            .await;
    let landed = begun.call_back(&begun.come_back().await).await;
    assert_eq!(landed.status, 303, "{landed}");
    assert_eq!(landed.header("location"), format!("/join/?code={code}"));
    let stored = crate::attacks::stored::everything(&app).await;
    assert!(
        !stored.contains(&code),
        "the path to return to is still stored"
    );
    let mut carol = app.sign_in("carol").await;
    let preview = carol
        .post("/api/invitations/preview", json!({ "code": code }))
        .await
        .expect(200);
    assert_eq!(preview["organization_name"], "alice's organization");
    assert_eq!(preview["role"], "viewer");
    let joined = accept(&carol, &code).await.expect(200);
    assert_eq!(joined["organization_id"], alice.organization_id());
    switch(&mut carol, &alice.organization_id()).await;
    carol.get("/api/tasks").await.expect(200);
    carol
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .problem(403, "missing_permission");
    // Once more: they are in, and it was good for one.
    let problem = accept(&carol, &code).await.problem(409, "already_member");
    assert_eq!(problem["organization_id"], alice.organization_id());
    let dave = app.sign_in("dave").await;
    let problem = accept(&dave, &code).await.problem(410, "invitation_closed");
    assert_eq!(problem["cause"], "used_up");
    let condition = format!(
        "action = 'invitation.accept' and outcome = 'allowed' and organization_id = '{}' and actor_id = '{}'",
        alice.organization_id(),
        carol.user_id()
    );
    assert_eq!(lines(&app, &condition).await, 1);
}

#[tokio::test]
async fn the_wrong_account_is_told_which_one_was_meant() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (_, code) = invite(&alice, json!({"role": "viewer", "login": "BOB"})).await;
    let carol = app.sign_in("carol").await;
    for path in ["/api/invitations/preview", "/api/invitations/accept"] {
        let refused = carol.post(path, json!({ "code": code })).await;
        let problem = refused.problem(403, "wrong_account");
        assert_eq!(problem["login"], "BOB", "{problem}");
    }
    // In the trail of the organization that carol is in; nobody fills another's.
    let condition = format!(
        "action = 'invitation.accept' and outcome = 'denied' and organization_id = '{}'",
        carol.organization_id()
    );
    assert_eq!(lines(&app, &condition).await, 1);
    let bob = app.sign_in("bob").await;
    accept(&bob, &code).await.expect(200);
}

#[tokio::test]
async fn an_invitation_that_is_over_lets_nobody_in() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let (id, code) = invite(&alice, json!({"role": "viewer"})).await;
    let (revoked, revoked_code) = invite(&alice, json!({"role": "viewer"})).await;
    app.sql(&format!(
        "update invitations set expires_at = now() where id = '{id}'"
    ))
    .await;
    alice
        .delete(&format!("/api/invitations/{revoked}"))
        .await
        .expect(204);
    for (code, cause) in [(&code, "expired"), (&revoked_code, "revoked")] {
        let problem = accept(&bob, code).await.problem(410, "invitation_closed");
        assert_eq!(problem["cause"], cause);
        let refused = bob
            .post("/api/invitations/preview", json!({ "code": code }))
            .await;
        assert_eq!(refused.problem(410, "invitation_closed")["cause"], cause);
    }
    let unknown = format!("{}A", "x".repeat(42));
    accept(&bob, &unknown).await.problem(404, "not_found");
    for wrong in [
        "",
        "short",
        &"x".repeat(44),
        &format!("{}B", "x".repeat(42)),
    ] {
        accept(&bob, wrong).await.problem(422, "invalid");
    }
    bob.get("/api/organizations").await.expect(200);
    assert_eq!(app.rows("select from memberships").await.len(), 2);
}

#[tokio::test]
async fn the_cause_of_a_closed_invitation_is_shown_to_its_recipient_alone() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (id, code) = invite(&alice, json!({"role": "viewer", "login": "Bob"})).await;
    alice
        .delete(&format!("/api/invitations/{id}"))
        .await
        .expect(204);
    let carol = app.sign_in("carol").await;
    let problem = accept(&carol, &code)
        .await
        .problem(410, "invitation_closed");
    assert_eq!(problem.get("cause"), None, "{problem}");
    let bob = app.sign_in("bob").await;
    let problem = accept(&bob, &code).await.problem(410, "invitation_closed");
    assert_eq!(problem["cause"], "revoked");
    // That the author lost the right to invite is shown to nobody.
    let admin = app.member(&alice, "dave", "admin").await;
    let (_, of_admin) = invite(&admin, json!({"role": "viewer"})).await;
    alice.delete(&member_path(&admin)).await.expect(204);
    let problem = accept(&carol, &of_admin)
        .await
        .problem(410, "invitation_closed");
    assert_eq!(problem.get("cause"), None, "{problem}");
}

/// A link is worth what its author could do now: a removed or demoted admin lets nobody in, and
/// comes back through no link from before.
#[tokio::test]
async fn attack_33_a_link_outlives_neither_its_author_nor_a_removal() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let admin = app.member(&alice, "bob", "admin").await;
    let (_, of_admin) = invite(&admin, json!({"role": "admin", "max_uses": 9})).await;
    let (_, of_owner) = invite(&alice, json!({"role": "admin", "max_uses": 9})).await;
    let carol = app.sign_in("carol").await;
    let change = json!({"role": "member"});
    alice
        .patch(&member_path(&admin), 1, change)
        .await
        .expect(200);
    accept(&carol, &of_admin)
        .await
        .problem(410, "invitation_closed");
    alice.delete(&member_path(&admin)).await.expect(204);
    accept(&carol, &of_admin)
        .await
        .problem(410, "invitation_closed");
    let again = app.sign_in("bob").await;
    accept(&again, &of_owner).await.problem(403, "removed");
    accept(&again, &of_admin)
        .await
        .problem(410, "invitation_closed");
    // A new one is meant for them.
    let (_, newer) = invite(&alice, json!({"role": "viewer"})).await;
    accept(&again, &newer).await.expect(200);
    let page = alice.get("/api/members").await.expect(200);
    let items = page["items"].as_array().unwrap();
    let bob = items.iter().find(|item| item["login"] == "bob").unwrap();
    assert_eq!(bob["role"], "viewer", "{page}");
    // The former admin's links stay closed: a viewer invites nobody.
    accept(&carol, &of_admin)
        .await
        .problem(410, "invitation_closed");
    accept(&carol, &of_owner).await.expect(200);
}

#[tokio::test]
async fn attack_32_a_code_comes_with_nothing_else() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let (_, code) = invite(&alice, json!({"role": "viewer"})).await;
    for extra in ["role", "organization_id", "user_id"] {
        let refused = bob
            .request(Method::POST, "/api/invitations/accept")
            .json(json!({"code": code, extra: "owner"}))
            .send()
            .await;
        let problem = refused.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], extra);
    }
}
