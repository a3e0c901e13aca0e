//! `POST /api/tasks/bulk`: deleting and restoring.

use miyabi_tests::{App, Person, Value, json};

use super::{path, task, titles};

fn item(task: &Value, version: i64, action: &str) -> Value {
    json!({"id": task["id"], "version": version, "action": action})
}

async fn bulk(person: &Person, items: &[Value]) -> Value {
    let body = json!({ "items": items });
    person.post("/api/tasks/bulk", body).await.expect(200)["items"].clone()
}

async fn below(person: &Person, parent: &Value, title: &str) -> Value {
    let body = json!({"title": title, "parent_id": parent["id"]});
    person.post("/api/tasks", body).await.expect(201)
}

#[tokio::test]
async fn tasks_are_deleted_and_restored_together_with_their_sub_tasks() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let parent = task(&alice, "Parent").await;
    let child = below(&alice, &parent, "Child").await;
    let grandchild = below(&alice, &child, "Grandchild").await;
    let other = task(&alice, "Other").await;
    let stays = task(&alice, "Stays").await;
    // The child goes with its parent, before its own turn, and after its change.
    let renamed = json!({"id": stays["id"], "version": 1, "change": {"title": "Stayed"}});
    let answer = bulk(
        &alice,
        &[
            item(&parent, 1, "delete"),
            item(&child, 1, "delete"),
            renamed,
            item(&other, 1, "delete"),
        ],
    )
    .await;
    for (index, (title, version, is_deleted)) in [
        ("Parent", 2, true),
        ("Child", 2, true),
        ("Stayed", 2, false),
        ("Other", 2, true),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answer[index]["title"], title);
        assert_eq!(answer[index]["version"], version);
        assert_eq!(answer[index]["deleted_at"].is_string(), is_deleted);
    }
    let page = alice.get("/api/tasks").await.expect(200);
    assert_eq!(titles(&page), ["Stayed"]);
    let events = app
        .rows("select array_length(ids, 1), versions from outbox order by seq desc limit 1")
        .await;
    assert_eq!(events, ["(5,\"{2,2,2,2,2}\")"]);
    let lines = app
        .rows("select count(*) from audit_log where action = 'task.delete'")
        .await;
    assert_eq!(lines, ["(4)"]);

    // Children before their parents: what they are a part of comes back first all the same.
    let answer = bulk(
        &alice,
        &[
            item(&grandchild, 2, "restore"),
            item(&child, 2, "restore"),
            item(&parent, 2, "restore"),
            item(&stays, 2, "restore"),
        ],
    )
    .await;
    assert_eq!(answer[0]["version"], 3);
    assert_eq!(answer[3]["version"], 2, "it was not deleted");
    let page = alice.get("/api/tasks?sort=title").await.expect(200);
    assert_eq!(titles(&page), ["Child", "Grandchild", "Parent", "Stayed"]);
}

#[tokio::test]
async fn of_several_tasks_all_are_deleted_or_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let parent = task(&alice, "Parent").await;
    let child = below(&alice, &parent, "Child").await;
    let other = task(&alice, "Other").await;
    let unknown = json!({"id": uuid::Uuid::new_v4()});
    let both =
        json!({"id": other["id"], "version": 1, "action": "delete", "change": {"title": "x"}});
    for (items, status, code, names) in [
        (
            vec![item(&other, 1, "delete"), item(&parent, 7, "delete")],
            412,
            "stale_version",
            "items[1]",
        ),
        (
            vec![item(&other, 1, "delete"), item(&unknown, 1, "delete")],
            422,
            "invalid",
            "items[1].id",
        ),
        (
            vec![item(&other, 1, "delete"), item(&unknown, 1, "restore")],
            422,
            "invalid",
            "items[1].id",
        ),
        (
            vec![item(&child, 1, "delete"), both],
            422,
            "invalid",
            "items[1].action",
        ),
        (
            vec![item(&child, 1, "archive")],
            422,
            "invalid",
            "items[0].action",
        ),
    ] {
        let refused = alice
            .post("/api/tasks/bulk", json!({ "items": items }))
            .await;
        let problem = refused.problem(status, code);
        assert!(problem.to_string().contains(names), "{problem}");
        let page = alice.get("/api/tasks?sort=title").await.expect(200);
        assert_eq!(titles(&page), ["Child", "Other", "Parent"], "{problem}");
    }
    alice.delete(&path(&parent)).await.expect(204);
    let orphan = json!({"items": [item(&other, 1, "restore"), item(&child, 2, "restore")]});
    let problem = alice
        .post("/api/tasks/bulk", orphan)
        .await
        .problem(409, "parent_is_deleted");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("`items[1]`:"),
        "{problem}"
    );
    // A change of a deleted task is refused, as on its own route.
    let change = json!({"id": child["id"], "version": 2, "change": {"title": "x"}});
    alice
        .post("/api/tasks/bulk", json!({"items": [change]}))
        .await
        .problem(422, "invalid");
}

#[tokio::test]
async fn deleting_many_needs_the_right_to_delete_one() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'writer', '[\"tasks.read\", \"tasks.write\"]')",
        alice.organization_id(),
    ))
    .await;
    let writer = app.member(&alice, "bob", "writer").await;
    let created = task(&alice, "Task").await;
    for action in ["delete", "restore"] {
        let items = json!({"items": [item(&created, 1, action)]});
        writer
            .post("/api/tasks/bulk", items)
            .await
            .problem(403, "missing_permission");
    }
    bulk(&writer, &[item(&created, 1, "change")]).await;
    assert_eq!(alice.get(&path(&created)).await.expect(200)["version"], 1);
}
