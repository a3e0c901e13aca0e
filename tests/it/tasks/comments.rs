//! `/api/tasks/{task_id}/comments`.

use miyabi_tests::{App, json};

use super::{path, task};

#[tokio::test]
async fn comments_are_listed_oldest_first_in_pages() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let comments = format!("{}/comments", path(&task(&alice, "Task").await));
    for number in 1..=5 {
        let body = json!({"body": format!("Line {number}\nand more")});
        let comment = alice.post(&comments, body).await;
        assert_eq!(comment.header("etag"), "\"1\"");
        assert_eq!(comment.expect(201)["author"]["login"], "alice");
    }
    let first = alice.get(&format!("{comments}?limit=3")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = alice
        .get(&format!("{comments}?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    let bodies = |page: &miyabi_tests::Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["body"].as_str().unwrap()[..6].to_owned())
            .collect()
    };
    assert_eq!(bodies(&first), ["Line 1", "Line 2", "Line 3"]);
    assert_eq!(bodies(&second), ["Line 4", "Line 5"]);
    assert_eq!(second["next_cursor"], json!(null));
    let other = format!("{}/comments", path(&task(&alice, "Other").await));
    alice
        .get(&format!("{other}?cursor={cursor}"))
        .await
        .problem(400, "bad_cursor");
}

#[tokio::test]
async fn only_its_author_changes_a_comment_and_who_manages_members_deletes_it_too() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let carol = app.member(&alice, "carol", "member").await;
    let comments = format!("{}/comments", path(&task(&alice, "Task").await));
    let mut paths = Vec::new();
    for _ in 0..2 {
        let comment = bob.post(&comments, json!({"body": "Bob's"})).await;
        let comment = comment.expect(201);
        paths.push(format!("{comments}/{}", comment["id"].as_str().unwrap()));
    }
    for other in [&alice, &carol] {
        other
            .patch(&paths[0], 1, json!({"body": "Not Bob's"}))
            .await
            .problem(403, "not_the_author");
    }
    carol.delete(&paths[0]).await.problem(403, "not_the_author");
    let changed = bob.patch(&paths[0], 1, json!({"body": "Better"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.expect(200)["body"], "Better");
    bob.patch(&paths[0], 1, json!({"body": "Late"}))
        .await
        .problem(412, "stale_version");
    bob.delete(&paths[0]).await.expect(204);
    alice.delete(&paths[1]).await.expect(204);
    assert_eq!(alice.get(&comments).await.expect(200)["items"], json!([]));
    bob.delete(&paths[0]).await.problem(404, "not_found");
    let denied = app
        .rows("select action from audit_log where outcome = 'denied' order by id")
        .await;
    assert_eq!(
        denied,
        ["(comment.update)", "(comment.update)", "(comment.delete)"]
    );
}

#[tokio::test]
async fn a_comment_says_something() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let comments = format!("{}/comments", path(&task(&alice, "Task").await));
    for body in [
        json!({}),
        json!({"body": " \n"}),
        json!({"body": "x".repeat(10_001)}),
        json!({"body": "x", "author_id": alice.user_id()}),
    ] {
        alice.post(&comments, body).await.problem(422, "invalid");
    }
}
