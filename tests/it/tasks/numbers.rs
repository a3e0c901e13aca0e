//! Numbers of tasks and the key before them.

use std::collections::BTreeSet;

use miyabi_tests::{App, Method, Person, Value, json};
use tokio::task::JoinSet;

use super::{path, task, titles};

/// `/api/tasks/by-number/..`
async fn by_number(person: &Person, number: &str) -> Value {
    let path = format!("/api/tasks/by-number/{number}");
    person.get(&path).await.expect(200)
}

async fn has_no(person: &Person, number: &str) {
    let path = format!("/api/tasks/by-number/{number}");
    person.get(&path).await.problem(404, "not_found");
}

/// Renames what stands before the numbers of the organization.
async fn name_key(person: &Person, version: i64, key: &str) {
    let path = format!("/api/organizations/{}", person.organization_id());
    let change = json!({ "task_key": key });
    person.patch(&path, version, change).await.expect(200);
}

#[tokio::test]
async fn tasks_created_at_once_have_numbers_without_a_gap_in_each_organization() {
    let app = App::start().await;
    let people = [app.sign_in("alice").await, app.sign_in("bob").await];
    let mut requests = JoinSet::new();
    for round in 0..20 {
        for (who, person) in people.iter().enumerate() {
            // Every fourth fails after it took a number.
            let labels = if round % 4 == 3 {
                json!([uuid::Uuid::new_v4()])
            } else {
                json!([])
            };
            let body = json!({"title": format!("Task {round}"), "label_ids": labels});
            let request = person.request(Method::POST, "/api/tasks").json(body);
            requests.spawn(async move { (who, request.send().await) });
        }
    }
    let mut numbers: [Vec<i64>; 2] = Default::default();
    for (who, response) in requests.join_all().await {
        match response.status.as_u16() {
            201 => numbers[who].push(response.json()["number"].as_i64().unwrap()),
            422 => {}
            _ => panic!("{response}"),
        }
    }
    for mut numbers in numbers {
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=15).collect::<Vec<i64>>());
    }
    assert_eq!(task(&people[0], "Next").await["number"], 16);
}

#[tokio::test]
async fn a_task_is_found_by_its_number_with_and_without_the_key() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    name_key(&alice, 1, "MIY").await;
    name_key(&bob, 1, "BON").await;
    let first = task(&alice, "First").await;
    let second = task(&alice, "Second").await;
    let theirs = task(&bob, "Theirs").await;
    assert_eq!(
        (&first["number"], &first["key"]),
        (&json!(1), &json!("MIY-1"))
    );
    assert_eq!(
        (&theirs["number"], &theirs["key"]),
        (&json!(1), &json!("BON-1"))
    );
    for number in ["2", "MIY-2", "miy-2"] {
        assert_eq!(by_number(&alice, number).await, second, "{number}");
    }
    assert_eq!(by_number(&bob, "1").await["id"], theirs["id"]);
    for number in [
        "3",
        "0",
        "02",
        "-2",
        "BON-2",
        "MIY-3",
        "MIY2",
        "%23",
        "9999999999999999999",
    ] {
        has_no(&alice, number).await;
    }
    has_no(&bob, "MIY-1").await;
    alice.delete(&path(&second)).await.expect(204);
    has_no(&alice, "2").await;
    // Nobody gets the number of a deleted task.
    assert_eq!(task(&alice, "Third").await["key"], "MIY-3");
}

#[tokio::test]
async fn every_answer_has_the_number_and_a_new_key_changes_no_number() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = task(&alice, "Water the maple").await;
    assert_eq!(created["key"], "ALI-1", "the key is from the name");
    name_key(&alice, 1, "MIY").await;
    let changed = alice
        .patch(&path(&created), 1, json!({"priority": "p0"}))
        .await
        .expect(200);
    let item = json!({"id": created["id"], "version": 2, "change": {"priority": "p1"}});
    let bulk = alice
        .post("/api/tasks/bulk", json!({ "items": [item] }))
        .await;
    let ids = format!("/api/tasks?ids={}", created["id"].as_str().unwrap());
    for answer in [
        alice.get(&path(&created)).await.expect(200),
        changed,
        bulk.expect(200)["items"][0].clone(),
        alice.get("/api/tasks").await.expect(200)["items"][0].clone(),
        alice.get(&ids).await.expect(200)["items"][0].clone(),
    ] {
        assert_eq!(
            (&answer["number"], &answer["key"]),
            (&json!(1), &json!("MIY-1")),
            "{answer}"
        );
    }
    let snapshot = alice.get("/api/tasks/snapshot").await.expect(200);
    assert_eq!(
        (&snapshot["task_key"], &snapshot["tasks"][0]["number"]),
        (&json!("MIY"), &json!(1))
    );
}

#[tokio::test]
async fn a_search_for_a_number_answers_that_task_first_and_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    name_key(&alice, 1, "MIY").await;
    for title in [
        "The second",
        "After MIY-1",
        "Before MIY-1",
        "Like MIY-1 and #1",
    ] {
        task(&alice, title).await;
    }
    // The task itself has the words, too: it is not answered twice.
    let first = by_number(&alice, "1").await;
    let title = json!({"title": "MIY-1 itself", "priority": "p0"});
    alice.patch(&path(&first), 1, title).await.expect(200);
    let words = ["Like MIY-1 and #1", "Before MIY-1", "After MIY-1"];
    let expected = ["MIY-1 itself", words[0], words[1], words[2]];
    for limit in [1, 2, 3, 4, 100] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("/api/tasks?q=miy-1&limit={limit}{cursor}");
            let page = alice.get(&query).await.expect(200);
            assert!(page["items"].as_array().unwrap().len() <= limit);
            found.extend(titles(&page).into_iter().map(str::to_owned));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "limit={limit}");
    }
    for (query, expected) in [
        ("q=%231&limit=1", "MIY-1 itself"),
        ("q=MIY-2&limit=1", "After MIY-1"),
        // It has to match the other filters as well.
        ("q=MIY-1&priority=p2&limit=1", words[0]),
    ] {
        let page = alice.get(&format!("/api/tasks?{query}")).await.expect(200);
        assert_eq!(titles(&page), [expected], "{query}");
    }
    for query in ["q=ABC-1", "q=MIY-99", "q=%2399"] {
        let page = alice.get(&format!("/api/tasks?{query}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn a_key_is_two_to_five_capital_letters_and_changed_with_org_update() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = format!("/api/organizations/{}", alice.organization_id());
    for key in [
        json!("M"),
        json!("MIYABI"),
        json!("miy"),
        json!("M1"),
        json!("É"),
        json!(null),
    ] {
        let problem = alice
            .patch(&path, 1, json!({ "task_key": key }))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "task_key", "{key}");
    }
    let member = app.member(&alice, "bob", "member").await;
    member
        .patch(&path, 1, json!({"task_key": "MIY"}))
        .await
        .problem(403, "missing_permission");
    let changed = alice
        .patch(&path, 1, json!({"task_key": "MIY"}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["task_key"], &changed["version"]),
        (&json!("MIY"), &json!(2))
    );
    let same = alice.patch(&path, 2, json!({"task_key": "MIY"})).await;
    assert_eq!(same.expect(200)["version"], 2);
    let lines = app
        .rows("select before ->> 'task_key', after ->> 'task_key' from audit_log where action = 'org.update'")
        .await;
    assert_eq!(lines, ["(ALI,MIY)"]);
    let mut keys = BTreeSet::new();
    for name in ["Maple Tree", "日本", "X", "O'Brien"] {
        let created = alice
            .post("/api/organizations", json!({ "name": name }))
            .await
            .expect(201);
        keys.insert(created["task_key"].as_str().unwrap().to_owned());
    }
    assert_eq!(Vec::from_iter(keys), ["MAP", "OBR", "TASK"]);
}

#[tokio::test]
async fn no_function_may_choose_or_change_a_number() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    task(&alice, "Task").await;
    let mut tasks = app.db_as("miyabi_tasks").await;
    for statement in [
        "update tasks set number = 7",
        "insert into tasks (organization_id, id, number, title, created_by) select organization_id, id, 7, title, created_by from tasks",
    ] {
        let refused = sqlx::Executor::execute(&mut tasks, statement)
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{statement}: {refused}"
        );
    }
}
