//! `/api/members`.

use miyabi_tests::{App, Method, Person, json};

use super::{lines, member_path, organization_path};

/// What each function has to offer a member.
const OF_EACH_FUNCTION: [&str; 4] = [
    "/api/tasks",
    "/api/activity",
    "/api/auth/me",
    "/api/members",
];

#[tokio::test]
async fn members_are_listed_in_pages_without_those_who_left() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut expected = vec![alice.user_id()];
    for login in ["bob", "carol", "dave"] {
        expected.push(app.member(&alice, login, "member").await.user_id());
    }
    let gone = app.member(&alice, "erin", "member").await;
    alice.delete(&member_path(&gone)).await.expect(204);
    let (mut seen, mut path) = (Vec::new(), "/api/members?limit=3".to_owned());
    loop {
        let page = alice.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/members?limit=3&cursor={cursor}");
    }
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

/// Every function asks the database for the role as it is now: the next request is refused.
#[tokio::test]
async fn attack_23_t5_a_removal_or_another_role_holds_for_the_next_request_of_each_function() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "admin").await;
    for route in OF_EACH_FUNCTION {
        bob.get(route).await.expect(200);
    }
    let path = member_path(&bob);
    let changed = alice.patch(&path, 1, json!({"role": "viewer"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.expect(200)["role"], "viewer");
    bob.get("/api/activity")
        .await
        .problem(403, "missing_permission");
    bob.post("/api/tasks", json!({"title": "Task"}))
        .await
        .problem(403, "missing_permission");
    bob.post("/api/invitations", json!({"role": "viewer"}))
        .await
        .problem(403, "missing_permission");
    let me = bob.get("/api/auth/me").await.expect(200);
    assert_eq!(me["permissions"], json!(["tasks.read", "members.read"]));
    alice.delete(&path).await.expect(204);
    for route in OF_EACH_FUNCTION {
        bob.get(route).await.problem(403, "not_a_member");
    }
    alice.delete(&path).await.problem(404, "not_found");
    for action in ["member.update", "member.remove"] {
        let condition = format!(
            "action = '{action}' and target_id = '{}' and before ->> 'login' = 'bob'",
            bob.user_id()
        );
        assert_eq!(lines(&app, &condition).await, 1, "{action}");
    }
}

#[tokio::test]
async fn attack_33_nobody_gives_or_takes_a_role_that_can_do_more_than_their_own() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let admin = app.member(&alice, "bob", "admin").await;
    let other = app.member(&alice, "carol", "member").await;
    for (path, body) in [
        (member_path(&other), json!({"role": "owner"})),
        (member_path(&admin), json!({"role": "owner"})),
        (member_path(&alice), json!({"role": "viewer"})),
    ] {
        let refused = admin.patch(&path, 1, body).await;
        let problem = refused.problem(403, "exceeds_own_permissions");
        assert!(
            problem["detail"].as_str().unwrap().contains("org.delete"),
            "{problem}"
        );
    }
    admin
        .delete(&member_path(&alice))
        .await
        .problem(403, "exceeds_own_permissions");
    admin
        .post("/api/invitations", json!({"role": "owner"}))
        .await
        .problem(403, "exceeds_own_permissions");
    // What was refused is in the trail, and has changed nothing.
    let denied = format!(
        "outcome = 'denied' and actor_id = '{}' and action in ('member.update', 'member.remove', 'invitation.create')",
        admin.user_id()
    );
    assert_eq!(lines(&app, &denied).await, 5);
    assert_eq!(
        app.rows("select from memberships where version > 1")
            .await
            .len(),
        0
    );
    // An equal can be changed, oneself included, and never a role that is not there.
    admin
        .patch(&member_path(&other), 1, json!({"role": "admin"}))
        .await
        .expect(200);
    admin
        .patch(&member_path(&other), 2, json!({"role": "nothing"}))
        .await
        .problem(422, "invalid");
    admin
        .patch(&member_path(&admin), 1, json!({"role": "viewer"}))
        .await
        .expect(200);
    admin
        .patch(&member_path(&admin), 2, json!({"role": "admin"}))
        .await
        .problem(403, "missing_permission");
}

async fn each_way_out_is_refused(owner: &Person) {
    let path = member_path(owner);
    owner
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(json!({"role": "admin"}))
        .send()
        .await
        .problem(409, "last_owner");
    owner.delete(&path).await.problem(409, "last_owner");
    let leave = format!("{}/leave", organization_path(owner));
    owner
        .post(&leave, json!({}))
        .await
        .problem(409, "last_owner");
}

#[tokio::test]
async fn attack_33_the_last_owner_stays() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    each_way_out_is_refused(&alice).await;
    // An owner who cannot sign in is none.
    let bob = app.member(&alice, "bob", "owner").await;
    let disable = |at: &str| {
        format!(
            "update users set disabled_at = {at} where id = '{}'",
            bob.user_id()
        )
    };
    app.sql(&disable("now()")).await;
    each_way_out_is_refused(&alice).await;
    app.sql(&disable("null")).await;
    let leave = format!("{}/leave", organization_path(&alice));
    alice.post(&leave, json!({})).await.expect(204);
    alice.get("/api/tasks").await.problem(403, "not_a_member");
    each_way_out_is_refused(&bob).await;
    assert_eq!(
        lines(
            &app,
            "outcome = 'denied' and action in ('member.update', 'member.remove', 'member.leave')"
        )
        .await,
        9
    );
    assert_eq!(
        lines(&app, "outcome = 'allowed' and action = 'member.leave'").await,
        1
    );
}

#[tokio::test]
async fn somebody_leaves_the_organization_of_the_token_and_no_other() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut bob = app.member(&alice, "bob", "member").await;
    let carol = app.sign_in("carol").await;
    let foreign = format!("{}/leave", organization_path(&carol));
    bob.post(&foreign, json!({}))
        .await
        .problem(404, "not_found");
    let leave = format!("{}/leave", organization_path(&bob));
    bob.post(&leave, json!({})).await.expect(204);
    bob.get("/api/tasks").await.problem(403, "not_a_member");
    bob.refresh().await;
    assert_ne!(bob.organization_id(), alice.organization_id());
}
