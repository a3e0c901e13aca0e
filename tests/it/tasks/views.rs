//! `/api/views`: saved lists, of one person or of all.

use miyabi_tests::{App, Person, Value, json};

async fn view(person: &Person, body: Value) -> Value {
    person.post("/api/views", body).await.expect(201)
}

fn view_path(view: &Value) -> String {
    format!("/api/views/{}", view["id"].as_str().unwrap())
}

/// The names of all views that somebody sees, page by page.
async fn names(person: &Person) -> String {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person
            .get(&format!("/api/views?limit=2{cursor}"))
            .await
            .expect(200);
        for view in page["items"].as_array().unwrap() {
            names.push(view["name"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names.join(" "),
        }
    }
}

#[tokio::test]
async fn a_view_is_its_owners_alone_until_it_is_shared() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let body = json!({"name": "Mine", "query": "assignee=me&sort=due_at", "layout": "board"});
    let mine = view(&alice, body).await;
    assert_eq!(mine["query"], "assignee=me&sort=due_at");
    assert_eq!(mine["layout"], "board");
    assert_eq!(mine["owner_id"], alice.user_id());
    let path = view_path(&mine);
    assert_eq!(names(&bob).await, "");
    let rename = json!({"name": "Ours"});
    bob.patch(&path, 1, rename.clone())
        .await
        .problem(404, "not_found");
    bob.delete(&path).await.problem(404, "not_found");
    // Nor does it exist as a place in the order.
    let own = view(&bob, json!({"name": "Bob's"})).await;
    let behind = json!({"after": mine["id"]});
    let problem = bob.patch(&view_path(&own), 1, behind).await;
    let problem = problem.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "after");

    alice
        .patch(&path, 1, json!({"shared": true}))
        .await
        .expect(200);
    assert_eq!(names(&bob).await, "Mine Bob's");
    bob.patch(&path, 2, rename).await.expect(200);
    bob.patch(&path, 3, json!({"shared": false}))
        .await
        .problem(403, "not_the_owner");
    alice
        .patch(&path, 3, json!({"shared": false}))
        .await
        .expect(200);
    assert_eq!(names(&bob).await, "Bob's");
    assert_eq!(names(&alice).await, "Ours");
    alice.delete(&path).await.expect(204);
    assert_eq!(names(&alice).await, "");
    let actions = app
        .rows("select action, after ->> 'shared' from audit_log where action like 'view.%' and target_id = (select target_id from audit_log where action = 'view.delete') order by created_at")
        .await;
    assert_eq!(
        actions,
        [
            "(view.create,false)",
            "(view.update,true)",
            "(view.update,true)",
            "(view.update,false)",
            "(view.delete,)"
        ]
    );
}

#[tokio::test]
async fn a_viewer_saves_views_and_shares_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "bob", "viewer").await;
    let own = view(&viewer, json!({"name": "Own"})).await;
    let shared = view(&alice, json!({"name": "All", "shared": true})).await;
    viewer
        .post("/api/views", json!({"name": "All", "shared": true}))
        .await
        .problem(403, "missing_permission");
    viewer
        .patch(&view_path(&own), 1, json!({"shared": true}))
        .await
        .problem(403, "missing_permission");
    let path = view_path(&shared);
    viewer
        .patch(&path, 1, json!({"name": "Mine"}))
        .await
        .problem(403, "missing_permission");
    viewer
        .delete(&path)
        .await
        .problem(403, "missing_permission");
    viewer
        .patch(&view_path(&own), 1, json!({"layout": "board"}))
        .await
        .expect(200);
    assert_eq!(names(&viewer).await, "Own All");
    let denied = app
        .rows("select from audit_log where outcome = 'denied'")
        .await;
    assert_eq!(denied.len(), 4);
}

/// What a list refuses cannot be saved, and the field is named.
#[tokio::test]
async fn the_query_of_a_view_is_one_that_the_list_takes() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = view(&alice, json!({"name": "View"})).await;
    assert_eq!(created["query"], "");
    for (query, field) in [
        ("status=open", "query.status"),
        ("limit=100", "query.limit"),
        ("deleted=true", "query.deleted"),
        ("colour=red", "query.colour"),
        ("q=maple&sort=title", "query.sort"),
    ] {
        let body = json!({"name": "View", "query": query});
        let post = alice.post("/api/views", body.clone()).await;
        let problem = post.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
        let patch = alice.patch(&view_path(&created), 1, body).await;
        let problem = patch.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    let query = "q=%E7%B4%85%E8%91%89&status=pending,in_progress&project=none";
    let saved = view(&alice, json!({"name": "Red leaves", "query": query})).await;
    // What was saved is a query of the list as it is.
    let list = format!("/api/tasks?{}", saved["query"].as_str().unwrap());
    alice.get(&list).await.expect(200);
    let long = json!({"name": "View", "query": "x".repeat(2001)});
    alice.post("/api/views", long).await.problem(422, "invalid");
}

#[tokio::test]
async fn views_have_the_order_that_people_give_them_and_tell_others() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut views = Vec::new();
    for name in ["A", "B", "C"] {
        views.push(view(&alice, json!({"name": name, "shared": true})).await);
    }
    let id = |index: usize| views[index]["id"].clone();
    for (moved, after, expected, version) in [
        (2, json!(null), "C A B", 2),
        (2, json!(null), "C A B", 2),
        (0, id(1), "C B A", 2),
        (2, id(2), "C B A", 2),
        (2, id(0), "B A C", 3),
    ] {
        let path = view_path(&views[moved]);
        let current = alice.get("/api/views").await.expect(200);
        let mut items = current["items"].as_array().unwrap().iter();
        let item = items.find(|item| item["id"] == views[moved]["id"]).unwrap();
        let before = item["version"].as_i64().unwrap();
        let answer = alice
            .patch(&path, before, json!({ "after": after }))
            .await
            .expect(200);
        assert_eq!(answer["version"], version, "{moved} behind {after}");
        assert_eq!(names(&alice).await, expected, "{moved} behind {after}");
    }
    let events = app
        .rows("select versions from outbox where type = 'view.changed' order by seq")
        .await;
    assert_eq!(
        events,
        ["({1})", "({1})", "({1})", "({2})", "({2})", "({3})"]
    );
}
