//! `GET /api/changes` and `GET /api/tasks?ids=`: what a client has missed.

use miyabi_tests::{App, Person, Value, json};
use uuid::Uuid;

use super::task;

fn seqs(changes: &Value) -> Vec<i64> {
    let items = changes["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["seq"].as_i64().unwrap())
        .collect()
}

async fn changes(person: &Person, query: &str) -> Value {
    person
        .get(&format!("/api/changes?{query}"))
        .await
        .expect(200)
}

#[tokio::test]
async fn changes_are_ids_and_versions_in_their_order() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bonsai = task(&alice, "Bonsai").await;
    let id = bonsai["id"].as_str().unwrap();
    let path = format!("/api/tasks/{id}");
    alice
        .patch(&path, 1, json!({"title": "Maple"}))
        .await
        .expect(200);
    let comment = alice
        .post(&format!("{path}/comments"), json!({"body": "Water it"}))
        .await
        .expect(201);
    let label = alice
        .post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    let label_path = format!("/api/labels/{}", label["id"].as_str().unwrap());
    alice.delete(&label_path).await.expect(204);
    alice.delete(&path).await.expect(204);
    let all = changes(&alice, "after=0").await;
    assert_eq!(
        all,
        json!({
            "items": [
                {"seq": 1, "type": "task.changed", "ids": [id], "versions": [1]},
                {"seq": 2, "type": "task.changed", "ids": [id], "versions": [2]},
                {"seq": 3, "type": "comment.changed", "ids": [id, comment["id"]], "versions": [null, 1]},
                {"seq": 4, "type": "label.changed", "ids": [label["id"]], "versions": [1]},
                {"seq": 5, "type": "label.changed", "ids": [label["id"]], "versions": [2]},
                {"seq": 6, "type": "task.changed", "ids": [id], "versions": [3]},
            ],
            "last_seq": 6,
            "resync": false,
        })
    );
    let page = changes(&alice, "after=2&limit=2").await;
    assert_eq!((seqs(&page), &page["last_seq"]), (vec![3, 4], &json!(6)));
    let none = changes(&alice, "after=6").await;
    assert_eq!(none, json!({"items": [], "last_seq": 6, "resync": false}));
    // Without a version, as code from before this column wrote them.
    app.sql("update outbox set versions = '{}'").await;
    let old = changes(&alice, "after=2&limit=1").await;
    assert_eq!(old["items"][0]["versions"], json!([null, null]));
}

#[tokio::test]
async fn what_is_not_kept_any_more_is_a_resync() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let is_resync = async |after: i64| {
        let changes = changes(&alice, &format!("after={after}")).await;
        assert!(changes["resync"] == false || changes["items"] == json!([]));
        changes["resync"].as_bool().unwrap()
    };
    assert!(!is_resync(0).await);
    // From another organization, or from before a database was restored.
    assert!(is_resync(1).await && is_resync(i64::MAX).await);
    for number in 0..5 {
        task(&alice, &format!("Task {number}")).await;
    }
    app.sql("delete from outbox where seq <= 2").await;
    assert!(is_resync(0).await && is_resync(1).await);
    // The next one is still there.
    assert!(!is_resync(2).await && !is_resync(5).await);
    assert!(is_resync(6).await);
    app.sql("delete from outbox").await;
    assert!(is_resync(4).await && !is_resync(5).await);
    for query in [
        "",
        "after=-1",
        "after=x",
        "after=1e3",
        "after=99999999999999999999",
        "after=0&after=1",
    ] {
        let path = format!("/api/changes?{query}");
        alice.get(&path).await.problem(422, "invalid");
    }
    for limit in ["0", "501", "-1", "x", ""] {
        let path = format!("/api/changes?after=0&limit={limit}");
        alice.get(&path).await.problem(400, "bad_limit");
    }
}

#[tokio::test]
async fn tasks_are_found_by_their_ids_and_those_of_others_are_not() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
    let one = id(&task(&alice, "One").await);
    let two = id(&task(&alice, "Two").await);
    let deleted = id(&task(&alice, "Deleted").await);
    let path = format!("/api/tasks/{deleted}");
    alice.delete(&path).await.expect(204);
    let foreign = id(&task(&mallory, "Foreign").await);
    let unknown = Uuid::new_v4();
    let query = format!("/api/tasks?ids={two},{foreign},{deleted},{unknown},{one},{one}");
    let page = alice.get(&query).await.expect(200);
    let mut found: Vec<String> = page["items"].as_array().unwrap().iter().map(id).collect();
    found.sort();
    let mut expected = vec![one.clone(), two.clone()];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(page["next_cursor"], Value::Null);
    // As in a list.
    let listed = alice.get("/api/tasks?title_prefix=one").await.expect(200);
    let shown = page["items"].as_array().unwrap();
    assert!(shown.contains(&listed["items"][0]));

    let many: Vec<String> = (0..101).map(|_| Uuid::new_v4().to_string()).collect();
    alice
        .get(&format!("/api/tasks?ids={}", many[..100].join(",")))
        .await
        .expect(200);
    for ids in [
        many.join(","),
        String::new(),
        format!("{one},"),
        "me".to_owned(),
        one.replace('-', ""),
        format!("{{{one}}}"),
    ] {
        let path = format!("/api/tasks?ids={ids}");
        alice.get(&path).await.problem(422, "invalid");
    }
    for other in ["status=pending", "limit=1", "sort=title", "q=One"] {
        let path = format!("/api/tasks?ids={one}&{other}");
        alice.get(&path).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn an_answer_is_compressed_for_whoever_takes_it() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for number in 0..20 {
        task(&alice, &format!("Task {number}")).await;
    }
    let ask = |coding: &str| {
        alice
            .request(miyabi_tests::Method::GET, "/api/tasks/snapshot")
            .header("accept-encoding", coding)
            .send()
    };
    let plain = ask("identity").await;
    assert_eq!(plain.header("content-encoding"), "");
    let compressed = ask("gzip, br").await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert_eq!(compressed.header("vary"), "accept-encoding");
    assert_eq!(compressed.header("content-type"), "application/json");
    // The magic number of gzip, and a quarter of the bytes.
    assert_eq!(compressed.body[..2], [0x1f, 0x8b]);
    assert!(compressed.body.len() * 2 < plain.body.len());
    // Tokens are never compressed.
    let me = alice
        .request(miyabi_tests::Method::GET, "/api/auth/me")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(me.header("content-encoding"), "");
}
