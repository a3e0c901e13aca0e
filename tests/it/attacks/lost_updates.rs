//! Nobody overwrites what they have not seen.

use miyabi_tests::{App, Method, json};
use tokio::task::JoinSet;

#[tokio::test]
async fn attack_44_only_the_present_version_is_changed() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let task = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let comments = format!("{task}/comments");
    let comment = alice.post(&comments, json!({"body": "Comment"})).await;
    let comment = format!("{comments}/{}", comment.expect(201)["id"].as_str().unwrap());
    let label = alice.post("/api/labels", json!({"name": "Label"})).await;
    let label = format!("/api/labels/{}", label.expect(201)["id"].as_str().unwrap());
    for (path, field) in [(&task, "title"), (&comment, "body"), (&label, "name")] {
        let change = |text: &str| {
            alice
                .request(Method::PATCH, path)
                .json(json!({ field: text }))
        };
        let changed = change("Second").header("if-match", "\"1\"").send().await;
        assert_eq!(changed.header("etag"), "\"2\"");
        changed.expect(200);
        change("Lost").send().await.problem(428, "version_required");
        for wrong in [
            "\"1\"",
            "\"3\"",
            "*",
            "W/\"2\"",
            "2",
            "\"02\"",
            "\"1\", \"2\"",
            "\"2\", \"2\"",
            "\"\"",
            "\"-1\"",
            "\"x\"",
        ] {
            change("Lost")
                .header("if-match", wrong)
                .send()
                .await
                .problem(412, "stale_version");
        }
    }
    assert_eq!(alice.get(&task).await.expect(200)["title"], "Second");
}

#[tokio::test]
async fn attack_44_of_fifty_at_once_one_wins_each_version() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    for version in 1..=3 {
        let mut requests = JoinSet::new();
        for number in 0..50 {
            let request = alice
                .request(Method::PATCH, &path)
                .header("if-match", format!("\"{version}\""))
                .json(json!({"title": format!("Version {version} by {number}")}));
            requests.spawn(request.send());
        }
        let answers = requests.join_all().await;
        let winners: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .collect();
        assert_eq!(winners.len(), 1, "of version {version}");
        assert_eq!(winners[0].json()["version"], version + 1);
        for answer in &answers {
            if answer.status != 200 {
                answer.problem(412, "stale_version");
            }
        }
        let now = alice.get(&path).await.expect(200);
        assert_eq!(now, winners[0].json());
    }
    let lines = app
        .rows("select from audit_log where action = 'task.update'")
        .await;
    assert_eq!(lines.len(), 3);
}
