//! `/api/roles`.

use miyabi_tests::{App, Method, json};

use super::{invite, lines, member_path};

#[tokio::test]
async fn a_role_of_ones_own_holds_what_it_says_and_changes_for_everybody_at_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = alice
        .post(
            "/api/roles",
            json!({"name": "writer", "permissions": ["tasks.write", "tasks.read"]}),
        )
        .await;
    assert_eq!(created.header("etag"), "\"1\"");
    let created = created.expect(201);
    assert_eq!(created["permissions"], json!(["tasks.read", "tasks.write"]));
    assert_eq!(created["built_in"], false);
    let bob = app.member(&alice, "bob", "writer").await;
    bob.post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    bob.get("/api/members")
        .await
        .problem(403, "missing_permission");
    let path = "/api/roles/writer";
    let change = json!({"permissions": ["members.read", "tasks.read"]});
    alice.patch(path, 1, change.clone()).await.expect(200);
    bob.post("/api/tasks", json!({"title": "Task"}))
        .await
        .problem(403, "missing_permission");
    bob.get("/api/members").await.expect(200);
    let me = bob.get("/api/auth/me").await.expect(200);
    assert_eq!(me["permissions"], json!(["tasks.read", "members.read"]));
    alice
        .patch(path, 1, change)
        .await
        .problem(412, "stale_version");
    alice
        .request(Method::PATCH, path)
        .json(json!({"permissions": []}))
        .send()
        .await
        .problem(428, "version_required");
    let listed = bob.get("/api/roles?limit=3").await.expect(200);
    let names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| &role["name"])
        .collect();
    assert_eq!(names, ["admin", "member", "owner"]);
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = bob
        .get(&format!("/api/roles?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2, "{rest}");
    let changed = "action = 'role.update' and before -> 'permissions' = '[\"tasks.read\", \"tasks.write\"]' and after -> 'permissions' = '[\"tasks.read\", \"members.read\"]'";
    assert_eq!(lines(&app, changed).await, 1);
}

#[tokio::test]
async fn attack_33_a_role_grants_no_more_than_its_author_has() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let admin = app.member(&alice, "bob", "admin").await;
    let role = |permissions: &[&str]| json!({"name": "odd", "permissions": permissions});
    for permissions in [
        &["*"][..],
        &["tasks.*"],
        &["tasks.fly"],
        &["tasks.read", "tasks.read"],
    ] {
        alice
            .post("/api/roles", role(permissions))
            .await
            .problem(422, "invalid");
    }
    admin
        .post("/api/roles", role(&["tasks.read", "org.delete"]))
        .await
        .problem(403, "exceeds_own_permissions");
    // A role that can do more: not edited, not deleted, not given, not taken.
    alice
        .post("/api/roles", role(&["org.delete"]))
        .await
        .expect(201);
    let path = "/api/roles/odd";
    admin
        .patch(path, 1, json!({"permissions": ["tasks.read"]}))
        .await
        .problem(403, "exceeds_own_permissions");
    admin
        .delete(path)
        .await
        .problem(403, "exceeds_own_permissions");
    admin
        .patch(&member_path(&admin), 1, json!({"role": "odd"}))
        .await
        .problem(403, "exceeds_own_permissions");
    let carol = app.member(&alice, "carol", "odd").await;
    admin
        .delete(&member_path(&carol))
        .await
        .problem(403, "exceeds_own_permissions");
    // Nobody edits the role that they have.
    let all =
        json!({"name": "chief", "permissions": ["members.manage", "roles.manage", "tasks.read"]});
    alice.post("/api/roles", all).await.expect(201);
    let dave = app.member(&alice, "dave", "chief").await;
    let own = "/api/roles/chief";
    for permissions in [
        json!(["members.manage", "roles.manage"]),
        json!(["org.delete"]),
    ] {
        dave.patch(own, 1, json!({"permissions": permissions}))
            .await
            .problem(403, "own_role");
    }
    dave.delete(own).await.problem(403, "own_role");
    // Nor a built-in one, whoever asks.
    for name in ["owner", "admin", "member", "viewer"] {
        let path = format!("/api/roles/{name}");
        alice
            .patch(&path, 1, json!({"permissions": []}))
            .await
            .problem(409, "built_in_role");
        alice.delete(&path).await.problem(409, "built_in_role");
    }
    assert_eq!(
        lines(&app, "outcome = 'denied' and target_type = 'role'").await,
        14
    );
    assert_eq!(
        app.rows("select from roles where version > 1").await.len(),
        0
    );
}

#[tokio::test]
async fn a_role_is_deleted_once_nobody_has_it() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let role = json!({"name": "writer", "permissions": ["tasks.read"]});
    alice.post("/api/roles", role.clone()).await.expect(201);
    alice
        .post("/api/roles", role)
        .await
        .problem(409, "role_exists");
    let path = "/api/roles/writer";
    // A role of another organization is none.
    mallory.delete(path).await.problem(404, "not_found");
    mallory
        .patch(path, 1, json!({"permissions": []}))
        .await
        .problem(404, "not_found");
    let bob = app.member(&alice, "bob", "writer").await;
    let (invitation, _) = invite(&alice, json!({"role": "writer"})).await;
    alice.delete(path).await.problem(409, "role_in_use");
    alice.delete(&member_path(&bob)).await.expect(204);
    alice.delete(path).await.problem(409, "role_in_use");
    alice
        .delete(&format!("/api/invitations/{invitation}"))
        .await
        .expect(204);
    alice.delete(path).await.expect(204);
    alice.delete(path).await.problem(404, "not_found");
    for odd in [
        "Writer",
        "no%00role",
        "%F0%9F%92%A5",
        "a%20b",
        "%27%20or%201=1",
    ] {
        alice
            .delete(&format!("/api/roles/{odd}"))
            .await
            .problem(404, "not_found");
    }
}
