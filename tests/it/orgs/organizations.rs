//! `/api/organizations`.

use miyabi_tests::{App, Method, json};

use super::{invite, lines, organization_path, switch};

#[tokio::test]
async fn somebody_creates_an_organization_and_works_in_it_as_its_owner() {
    let app = App::start().await;
    let mut alice = app.sign_in("alice").await;
    let created = alice
        .post("/api/organizations", json!({"name": "Maple"}))
        .await;
    assert_eq!(created.header("etag"), "\"1\"");
    let created = created.expect(201);
    let id = created["id"].as_str().unwrap().to_owned();
    assert_ne!(alice.organization_id(), id, "the token stays as it was");
    let listed = alice.get("/api/organizations").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    switch(&mut alice, &id).await;
    let me = alice.get("/api/auth/me").await.expect(200);
    assert_eq!(
        me["organization"],
        json!({"id": id, "name": "Maple", "role": "owner"})
    );
    let members = alice.get("/api/members").await.expect(200);
    assert_eq!(members["items"].as_array().unwrap().len(), 1, "{members}");
    assert_eq!(members["items"][0]["id"], alice.user_id());
    assert_eq!(members["items"][0]["role"], "owner");
    alice
        .post("/api/tasks", json!({"title": "First"}))
        .await
        .expect(201);
    let condition = format!(
        "action = 'org.create' and organization_id = '{id}' and target_id = '{id}' and after ->> 'name' = 'Maple'"
    );
    assert_eq!(lines(&app, &condition).await, 1);
}

#[tokio::test]
async fn an_organization_is_renamed_from_its_version() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = organization_path(&alice);
    let before = alice.get(&path).await;
    assert_eq!(before.header("etag"), "\"1\"");
    alice
        .request(Method::PATCH, &path)
        .json(json!({"name": "Maple"}))
        .send()
        .await
        .problem(428, "version_required");
    let renamed = alice
        .patch(&path, 1, json!({"name": " Maple "}))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["version"]),
        (&json!("Maple"), &json!(2))
    );
    alice
        .patch(&path, 1, json!({"name": "Oak"}))
        .await
        .problem(412, "stale_version");
    for body in [
        json!({"name": ""}),
        json!({"name": "a\nb"}),
        json!({"name": null}),
    ] {
        alice.patch(&path, 2, body).await.problem(422, "invalid");
    }
    let member = app.member(&alice, "bob", "member").await;
    member
        .patch(&path, 2, json!({"name": "Oak"}))
        .await
        .problem(403, "missing_permission");
    assert_eq!(member.get(&path).await.expect(200)["name"], "Maple");
}

#[tokio::test]
async fn a_deleted_organization_is_gone_at_once_and_comes_back_within_its_grace() {
    let app = App::start().await;
    let mut alice = app.sign_in("alice").await;
    let home = alice.organization_id();
    let created = alice
        .post("/api/organizations", json!({"name": "Maple"}))
        .await
        .expect(201);
    let id = created["id"].as_str().unwrap().to_owned();
    switch(&mut alice, &id).await;
    let path = organization_path(&alice);
    let bob = app.member(&alice, "bob", "admin").await;
    bob.delete(&path).await.problem(403, "missing_permission");
    let (_, code) = invite(&alice, json!({"role": "member"})).await;
    alice
        .post("/api/tasks", json!({"title": "Kept"}))
        .await
        .expect(201);
    alice.delete(&path).await.expect(204);
    for person in [&alice, &bob] {
        for route in [
            "/api/tasks",
            "/api/activity",
            "/api/auth/me",
            "/api/members",
        ] {
            person.get(route).await.problem(403, "not_a_member");
        }
    }
    // Nor does an invitation of it work, or say that it was one.
    let carol = app.sign_in("carol").await;
    carol
        .post("/api/invitations/accept", json!({ "code": code }))
        .await
        .problem(404, "not_found");

    alice.refresh().await;
    assert_eq!(alice.organization_id(), home);
    let listed = alice.get("/api/organizations").await.expect(200);
    let items = listed["items"].as_array().unwrap();
    let deleted = items.iter().find(|item| item["id"] == id.as_str()).unwrap();
    assert!(deleted["restorable_until"].is_string(), "{listed}");
    let restore = format!("{path}/restore");
    // Who may not delete may not restore; who is a stranger finds nothing.
    let bob = app.sign_in("bob").await;
    bob.post(&restore, json!({}))
        .await
        .problem(403, "missing_permission");
    carol
        .post(&restore, json!({}))
        .await
        .problem(404, "not_found");
    app.sql(&format!(
        "update organizations set deleted_at = now() - interval '31 days' where id = '{id}'"
    ))
    .await;
    alice
        .post(&restore, json!({}))
        .await
        .problem(404, "not_found");
    app.sql(&format!(
        "update organizations set deleted_at = now() - interval '29 days' where id = '{id}'"
    ))
    .await;
    let restored = alice.post(&restore, json!({})).await.expect(200);
    assert_eq!(restored["name"], "Maple");
    alice
        .post(&restore, json!({}))
        .await
        .problem(404, "not_found");
    switch(&mut alice, &id).await;
    let tasks = alice.get("/api/tasks").await.expect(200);
    assert_eq!(tasks["items"][0]["title"], "Kept");
    assert_eq!(
        lines(&app, "action = 'org.restore' and outcome = 'allowed'").await,
        1
    );
    assert_eq!(
        lines(&app, "action = 'org.restore' and outcome = 'denied'").await,
        1
    );
}

#[tokio::test]
async fn somebody_belongs_to_a_hundred_organizations_at_most() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let (_, code) = invite(&bob, json!({"role": "viewer"})).await;
    let user = alice.user_id();
    app.sql(&format!(
        "with made as (insert into organizations (id, name) select gen_random_uuid(), 'Other ' || n from generate_series(1, 99) n returning id)
         insert into memberships (organization_id, user_id, role) select id, '{user}', 'owner' from made where false;
         do $$ declare o uuid; begin
            for o in select id from organizations where name like 'Other %' loop
                insert into memberships (organization_id, user_id, role) values (o, '{user}', 'viewer');
            end loop; end $$"
    ))
    .await;
    alice
        .post("/api/organizations", json!({"name": "One more"}))
        .await
        .problem(409, "too_many_organizations");
    alice
        .post("/api/invitations/accept", json!({ "code": code }))
        .await
        .problem(409, "too_many_organizations");
    let (mut seen, mut path) = (Vec::new(), "/api/organizations?limit=30".to_owned());
    loop {
        let page = alice.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/organizations?limit=30&cursor={cursor}");
    }
    let mut ids: Vec<&str> = seen
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    ids.dedup();
    assert_eq!((ids.len(), ids.is_sorted()), (100, true));
}
