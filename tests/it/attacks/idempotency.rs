//! `Idempotency-Key`: one effect, however often a request is sent.

use miyabi_tests::{App, Method, Person, RequestBuilder, Value, json};
use tokio::task::JoinSet;

fn create(person: &Person, key: &str, body: Value) -> RequestBuilder {
    person
        .request(Method::POST, "/api/tasks")
        .header("idempotency-key", key)
        .json(body)
}

#[tokio::test]
async fn attack_43_the_same_request_again_has_one_effect_and_the_same_answer() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let comments = format!("/api/tasks/{}/comments", task["id"].as_str().unwrap());
    let bulk = json!({"items": [{"id": task["id"], "version": 1, "change": {"title": "Changed"}}]});
    let imported = json!({"source": "csv", "external_id": "1", "task": {"title": "New"}});
    let import = json!({ "items": [imported] });
    for (path, body) in [
        ("/api/tasks", json!({"title": "New"})),
        ("/api/tasks/bulk", bulk),
        ("/api/labels", json!({"name": "New"})),
        ("/api/projects", json!({"name": "New"})),
        ("/api/views", json!({"name": "New"})),
        ("/api/tasks/import", import),
        ("/api/organizations", json!({"name": "New"})),
        ("/api/roles", json!({"name": "new", "permissions": []})),
        (&comments, json!({"body": "New"})),
    ] {
        let send = |body: Value| {
            alice
                .request(Method::POST, path)
                .header("idempotency-key", "key-1")
                .json(body)
                .send()
        };
        let first = send(body.clone()).await;
        assert!(first.status.is_success(), "{path}: {first}");
        let events = app.rows("select from outbox").await.len();
        let again = send(body.clone()).await;
        assert_eq!(again.status, first.status, "{path}");
        assert_eq!(again.body, first.body, "{path}: to the byte");
        for name in ["content-type", "location", "etag"] {
            assert_eq!(again.header(name), first.header(name), "{path}: {name}");
        }
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        assert_eq!(app.rows("select from outbox").await.len(), events, "{path}");
        let mut other = body;
        match path {
            "/api/tasks/bulk" => other["items"][0]["change"]["title"] = json!("Other"),
            "/api/tasks" => other["title"] = json!("Other"),
            "/api/tasks/import" => other["items"][0]["task"]["title"] = json!("Other"),
            "/api/labels" | "/api/projects" | "/api/views" | "/api/organizations" => {
                other["name"] = json!("Other");
            }
            "/api/roles" => other["name"] = json!("other"),
            _ => other["body"] = json!("Other"),
        }
        send(other).await.problem(422, "idempotency_key_reused");
    }
}

#[tokio::test]
async fn attack_43_twenty_at_once_have_one_effect() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        requests.spawn(create(&alice, "together", json!({"title": "Once"})).send());
    }
    let answers = requests.join_all().await;
    for answer in &answers {
        assert_eq!(answer.expect(201), answers[0].json());
    }
    let replayed = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed") == "true");
    assert_eq!(replayed.count(), 19);
    assert_eq!(app.rows("select from tasks").await.len(), 1);
}

#[tokio::test]
async fn attack_43_a_key_is_of_one_user_in_one_organization_on_one_route() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let carol = app.member(&alice, "carol", "member").await;
    let mut ids = Vec::new();
    for person in [&alice, &bob, &carol] {
        let created = create(person, "shared", json!({"title": "Mine"}))
            .send()
            .await;
        assert_eq!(created.header("idempotency-replayed"), "", "{created}");
        ids.push(created.expect(201)["id"].clone());
    }
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
    alice
        .request(Method::POST, "/api/labels")
        .header("idempotency-key", "shared")
        .json(json!({"name": "Mine"}))
        .send()
        .await
        .expect(201);
}

/// A request that was refused has taken no key: once corrected, it is executed.
#[tokio::test]
async fn attack_43_a_refused_request_takes_no_key() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let absent = json!({"title": "Task", "parent_id": uuid::Uuid::new_v4()});
    create(&alice, "refused", absent)
        .send()
        .await
        .problem(422, "invalid");
    create(&alice, "refused", json!({"title": "Task"}))
        .send()
        .await
        .expect(201);
    for wrong in ["", "two words", &"x".repeat(256)] {
        create(&alice, wrong, json!({"title": "Task"}))
            .send()
            .await
            .problem(400, "bad_idempotency_key");
    }
}
