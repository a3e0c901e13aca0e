//! `/api/labels`.

use miyabi_tests::{App, Method, json};

use super::path;

#[tokio::test]
async fn labels_are_listed_by_name_in_pages() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for name in ["cherry", "Apple", "Éclair", "banana"] {
        alice
            .post("/api/labels", json!({ "name": name }))
            .await
            .expect(201);
    }
    let first = alice.get("/api/labels?limit=3").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = alice
        .get(&format!("/api/labels?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    let mut names = Vec::new();
    for page in [&first, &second] {
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|label| label["name"].as_str().unwrap()));
    }
    assert_eq!(names, ["Apple", "banana", "cherry", "Éclair"]);
    assert_eq!(second["next_cursor"], json!(null));
}

#[tokio::test]
async fn a_label_is_changed_from_its_version_and_its_name_is_its_own() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let label = alice
        .post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    assert_eq!(label["color"], "#64748b");
    alice
        .post("/api/labels", json!({"name": "GARDEN"}))
        .await
        .problem(409, "label_exists");
    bob.post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    let other = alice
        .post("/api/labels", json!({"name": "House"}))
        .await
        .expect(201);
    let path = format!("/api/labels/{}", label["id"].as_str().unwrap());
    alice
        .request(Method::PATCH, &path)
        .json(json!({"name": "x"}))
        .send()
        .await
        .problem(428, "version_required");
    let changed = alice
        .patch(&path, 1, json!({"color": "#FF0000"}))
        .await
        .expect(200);
    assert_eq!(
        (changed["color"].as_str(), changed["version"].as_i64()),
        (Some("#ff0000"), Some(2))
    );
    alice
        .patch(&path, 2, json!({"name": other["name"]}))
        .await
        .problem(409, "label_exists");
    for body in [
        json!({"color": "red"}),
        json!({"color": "#12345"}),
        json!({"name": null}),
        json!({"version": 3}),
    ] {
        alice.patch(&path, 2, body).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_deleted_label_is_on_no_task() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let label = alice
        .post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    let task = alice
        .post(
            "/api/tasks",
            json!({"title": "Task", "label_ids": [label["id"]]}),
        )
        .await
        .expect(201);
    let label = format!("/api/labels/{}", label["id"].as_str().unwrap());
    alice.delete(&label).await.expect(204);
    alice.delete(&label).await.problem(404, "not_found");
    assert_eq!(
        alice.get(&path(&task)).await.expect(200)["labels"],
        json!([])
    );
}
