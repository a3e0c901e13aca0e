//! An organization as NDJSON.

use std::collections::BTreeMap;

use miyabi_tests::{App, Method, Person, Response, Value, json};

fn lines(part: &Response) -> Vec<Value> {
    assert_eq!(part.status, 200, "{part}");
    assert_eq!(part.header("content-type"), "application/x-ndjson");
    part.text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All rows by their tables, and how many parts there are.
async fn export(person: &Person) -> (BTreeMap<String, Vec<Value>>, usize) {
    let (mut tables, mut parts) = (BTreeMap::<String, Vec<Value>>::new(), 0);
    let mut path = "/api/export".to_owned();
    loop {
        let part = person.get(&path).await;
        assert!(part.text().len() <= 4 << 20);
        for line in lines(&part) {
            let table = line["table"].as_str().unwrap().to_owned();
            tables.entry(table).or_default().push(line["row"].clone());
        }
        parts += 1;
        match part.headers.get("x-next-cursor") {
            Some(next) => path = format!("/api/export?cursor={}", next.to_str().unwrap()),
            None => return (tables, parts),
        }
    }
}

#[tokio::test]
async fn an_export_has_everything_of_the_organization_and_nothing_of_another() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    bob.post("/api/tasks", json!({"title": "Of another organization"}))
        .await
        .expect(201);
    let label = alice
        .post("/api/labels", json!({"name": "bug", "color": "#ff0000"}))
        .await
        .expect(201);
    let task = json!({"title": "Water the maple", "label_ids": [label["id"]]});
    let task = alice.post("/api/tasks", task).await.expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    alice
        .post(&format!("{path}/comments"), json!({"body": "Done 木"}))
        .await
        .expect(201);
    let gone = alice
        .post("/api/tasks", json!({"title": "Deleted"}))
        .await
        .expect(201);
    alice
        .delete(&format!("/api/tasks/{}", gone["id"].as_str().unwrap()))
        .await
        .expect(204);
    let (tables, parts) = export(&alice).await;
    assert_eq!(parts, 1);
    let count = |table: &str| tables.get(table).map_or(0, Vec::len);
    assert_eq!(count("organization"), 1);
    assert_eq!(count("roles"), 4);
    assert_eq!(count("members"), 1);
    assert_eq!(
        (count("labels"), count("tasks"), count("task_comments")),
        (1, 1, 1),
        "{tables:?}"
    );
    let exported = &tables["tasks"][0];
    for member in ["id", "number", "title", "status", "priority", "version"] {
        assert_eq!(exported[member], task[member], "{member}");
    }
    assert_eq!(exported["label_ids"], json!([label["id"]]));
    assert!(!format!("{tables:?}").contains("Of another organization"));
    // Whatever happened after the event that it names, the changes name.
    let seq = &tables["export"][0]["seq"];
    alice
        .patch(&path, 1, json!({"title": "Changed"}))
        .await
        .expect(200);
    let changes = alice
        .get(&format!("/api/changes?after={seq}"))
        .await
        .expect(200);
    assert_eq!(changes["items"].as_array().unwrap().len(), 1, "{changes}");
}

#[tokio::test]
async fn a_large_organization_comes_in_parts_with_each_row_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into tasks (organization_id, id, title, description, created_by)
         select '{}', gen_random_uuid(), 'Task ' || n, repeat('x', 9000), '{}' from generate_series(1, 1000) n",
        alice.organization_id(),
        alice.user_id()
    ))
    .await;
    let (tables, parts) = export(&alice).await;
    let mut ids: Vec<&str> = tables["tasks"]
        .iter()
        .map(|task| task["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), tables["tasks"].len()), (1000, 1000));
    assert!((3..=4).contains(&parts), "{parts}");
    assert_eq!(tables["roles"].len(), 4, "{:?}", tables["roles"]);
}

#[tokio::test]
async fn an_export_needs_its_permission_a_session_and_its_own_cursor() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (login, role, status) in [
        ("bob", "admin", 200),
        ("carol", "member", 403),
        ("dora", "viewer", 403),
    ] {
        let person = app.member(&alice, login, role).await;
        assert_eq!(person.get("/api/export").await.status, status, "{role}");
    }
    let token = json!({"name": "Program", "permissions": ["org.export"]});
    alice
        .post("/api/tokens", token)
        .await
        .problem(422, "invalid");
    alice
        .get("/api/export?cursor=AAAA")
        .await
        .problem(400, "bad_cursor");
    alice
        .request(Method::GET, "/api/export?table=tasks")
        .send()
        .await
        .problem(422, "invalid");
}
