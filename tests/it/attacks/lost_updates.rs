//! Nobody overwrites what they have not seen.

use miyabi_tests::{App, Method, json};
use tokio::task::JoinSet;

#[tokio::test]
async fn attack_44_only_the_present_version_is_changed() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice.create("/api/tasks", json!({"title": "Task"})).await;
    let comments = format!("{task}/comments");
    let comment = alice.create(&comments, json!({"body": "Comment"})).await;
    let label = alice.create("/api/labels", json!({"name": "Label"})).await;
    let project = alice
        .create("/api/projects", json!({"name": "Project"}))
        .await;
    let view = alice.create("/api/views", json!({"name": "View"})).await;
    let organization = format!("/api/organizations/{}", alice.organization_id());
    for (path, field) in [
        (&task, "title"),
        (&comment, "body"),
        (&label, "name"),
        (&project, "name"),
        (&view, "name"),
        (&organization, "name"),
    ] {
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

/// Whatever `If-Match` says, what is missing is 404: the version of nothing cannot be stale.
#[tokio::test]
async fn attack_44_a_missing_resource_is_404_before_its_version_is_412() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let task = task["id"].as_str().unwrap();
    let absent = "0198f3c2-7b7e-7000-8000-000000000000";
    for (path, field) in [
        (format!("/api/tasks/{absent}"), "title"),
        (format!("/api/tasks/{absent}/comments/{absent}"), "body"),
        (format!("/api/tasks/{task}/comments/{absent}"), "body"),
        (format!("/api/labels/{absent}"), "name"),
        (format!("/api/projects/{absent}"), "name"),
        (format!("/api/views/{absent}"), "name"),
        (format!("/api/organizations/{absent}"), "name"),
        (format!("/api/members/{absent}"), "role"),
    ] {
        for tag in ["\"1\"", "*", "W/\"1\"", "\"1\", \"2\"", "x"] {
            let change = alice
                .request(Method::PATCH, &path)
                .header("if-match", tag)
                .json(json!({ field: "changed" }));
            change.send().await.problem(404, "not_found");
        }
    }
    // Of several tasks, one that is missing is reported before one with another version.
    let change = |id: &str| json!({"id": id, "version": 9, "change": {"title": "Changed"}});
    let bulk = json!({"items": [change(task), change(absent)]});
    let refused = alice.post("/api/tasks/bulk", bulk).await;
    let problem = refused.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "items[1].id", "{problem}");
}

#[tokio::test]
async fn attack_44_of_fifty_at_once_one_wins_each_version() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = alice.create("/api/tasks", json!({"title": "Task"})).await;
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
