//! `GET /api/tasks/snapshot`: what a client begins with.

use std::collections::BTreeSet;

use miyabi_tests::{App, Person, Value, json};

use super::{path, task};

fn titles(snapshot: &Value) -> Vec<&str> {
    let tasks = snapshot["tasks"].as_array().unwrap();
    tasks
        .iter()
        .map(|task| task["title"].as_str().unwrap())
        .collect()
}

async fn snapshot(person: &Person) -> Value {
    person.get("/api/tasks/snapshot").await.expect(200)
}

#[tokio::test]
async fn a_snapshot_has_open_tasks_and_those_closed_lately() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let empty = snapshot(&alice).await;
    assert_eq!(
        empty,
        json!({"seq": 0, "task_key": "ALI", "tasks": [], "truncated": false})
    );
    let label = alice
        .post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    for title in ["Old and open", "Old and closed", "Deleted", "Closed"] {
        task(&alice, title).await;
    }
    let full = json!({
        "title": "Open", "priority": "p0", "assignee_id": alice.user_id(), "label_ids": [label["id"]],
        "due_at": "2030-01-01T00:00:00Z",
    });
    let open = alice.post("/api/tasks", full).await.expect(201);
    app.sql(
        "update tasks set status = 'completed' where title in ('Closed', 'Old and closed');
         update tasks set updated_at = now() - interval '31 days' where title like 'Old%';
         update tasks set deleted_at = now() where title = 'Deleted';",
    )
    .await;
    let found = snapshot(&alice).await;
    assert_eq!(titles(&found), ["Open", "Closed", "Old and open"]);
    assert_eq!(found["truncated"], false);
    assert_eq!(
        found["tasks"][0],
        json!({
            "id": open["id"], "number": 5, "title": "Open", "status": "pending", "priority": "p0",
            "assignee_id": alice.user_id(), "parent_id": null, "project_id": null, "due_at": open["due_at"],
            "due_on": null,
            "label_ids": [label["id"]], "rank": "V000005", "version": 1, "created_by": alice.user_id(),
            "created_at": open["created_at"], "updated_at": open["updated_at"],
        })
    );
    // A label and five tasks.
    assert_eq!(found["seq"], 6);
}

#[tokio::test]
async fn a_snapshot_of_more_than_five_thousand_tasks_says_so() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (organization, user) = (alice.organization_id(), alice.user_id());
    app.sql(&format!(
        "insert into tasks (organization_id, id, title, status, created_by, updated_at)
         select '{organization}', gen_random_uuid(), 'Task ' || n,
            case when n % 2 = 0 then 'pending' else 'completed' end, '{user}', now() - n * interval '1 second'
         from generate_series(1, 5001) n"
    ))
    .await;
    let found = snapshot(&alice).await;
    assert_eq!(found["tasks"].as_array().unwrap().len(), 5000);
    assert_eq!(found["truncated"], true);
    assert_eq!(titles(&found)[0], "Task 1");
    // Of both statuses those that were changed last.
    assert!(!titles(&found).contains(&"Task 5001"));
    app.sql("delete from task_words where task_id = (select id from tasks where title = 'Task 1')")
        .await;
    app.sql("delete from tasks where title = 'Task 1'").await;
    assert_eq!(snapshot(&alice).await["truncated"], false);
}

/// Two organizations that do the same at the same time: each snapshot and each list of changes has
/// its own, and continues where the other one ends.
#[tokio::test]
async fn two_organizations_interleaved_have_their_own_snapshots_and_changes() {
    let app = App::start().await;
    let people = [app.sign_in("alice").await, app.sign_in("bob").await];
    let mut own: [BTreeSet<String>; 2] = Default::default();
    let ids = |tasks: &Value| -> BTreeSet<String> {
        let tasks = tasks.as_array().unwrap().iter();
        tasks
            .map(|task| task["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut after = [0, 0];
    for turn in 0..60 {
        let (number, person) = (turn % 2, &people[turn % 2]);
        let created = task(person, "Water the maple").await;
        if turn % 6 < 2 {
            person.delete(&path(&created)).await.expect(204);
        } else {
            own[number].insert(created["id"].as_str().unwrap().to_owned());
        }
        for (number, person) in people.iter().enumerate() {
            let found = snapshot(person).await;
            assert_eq!(ids(&found["tasks"]), own[number], "turn {turn}");
            let query = format!("/api/changes?after={}", after[number]);
            let changes = person.get(&query).await.expect(200);
            assert_eq!(changes["last_seq"], found["seq"]);
            for item in changes["items"].as_array().unwrap() {
                after[number] += 1;
                assert_eq!(item["seq"], after[number], "turn {turn}");
                let foreign = &own[1 - number];
                assert!(!foreign.contains(item["ids"][0].as_str().unwrap()));
            }
            assert_eq!(changes["last_seq"], after[number]);
            let others = own[1 - number].iter().take(100).cloned();
            let query = others.collect::<Vec<_>>().join(",");
            if !query.is_empty() {
                let page = person.get(&format!("/api/tasks?ids={query}")).await;
                assert_eq!(page.expect(200)["items"], json!([]));
            }
        }
    }
}
