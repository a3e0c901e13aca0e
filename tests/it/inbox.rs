//! The inbox: what notifies whom, what becomes of it, and who learns of it.

use std::time::Duration;

use miyabi_tests::{App, Connections, Method, Person, Value, json, until};

use crate::live::connect;

/// Longest that anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(30);

async fn inbox(person: &Person, state: &str) -> Vec<Value> {
    let path = format!("/api/notifications?state={state}");
    let page = person.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The reasons of the only notification in somebody's inbox; none: there is none.
async fn reasons(person: &Person) -> Vec<Value> {
    let items = inbox(person, "unread").await;
    assert!(items.len() <= 1, "{items:?}");
    let reasons = items.first().map(|item| item["reasons"].clone());
    reasons.map_or(Vec::new(), |reasons| reasons.as_array().unwrap().clone())
}

async fn task(person: &Person, fields: Value) -> String {
    let created = person.post("/api/tasks", fields).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

async fn comment(person: &Person, task: &str, body: &str) {
    let path = format!("/api/tasks/{task}/comments");
    person
        .post(&path, json!({ "body": body }))
        .await
        .expect(201);
}

#[tokio::test]
async fn an_assignment_a_mention_and_a_watched_task_notify_and_are_collected() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let carol = app.member(&alice, "carol", "viewer").await;
    let fields = json!({
        "title": "Water the maple", "assignee_id": bob.user_id(), "description": "Ask @Carol, not x@bob",
    });
    let task = task(&alice, fields).await;
    assert_eq!(reasons(&bob).await, ["assigned"]);
    assert_eq!(reasons(&carol).await, ["mentioned"]);
    // Bob watches what he is assigned to; whoever comments is not told of their own comment.
    comment(&alice, &task, "How is it, @bob?").await;
    assert_eq!(reasons(&bob).await, ["assigned", "mentioned", "watching"]);
    assert!(reasons(&alice).await.is_empty());
    comment(&bob, &task, "Growing. @bob").await;
    assert_eq!(reasons(&alice).await, ["watching"]);
    let path = format!("/api/tasks/{task}");
    bob.patch(&path, 1, json!({"status": "in_progress"}))
        .await
        .expect(200);
    let items = inbox(&alice, "inbox").await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(
        items[0]["task"],
        json!({"id": task, "title": "Water the maple"})
    );
    assert_eq!(items[0]["actor"]["login"], "bob");
    // A title is nobody's news.
    let read = alice.post("/api/notifications/read", json!({})).await;
    assert_eq!(read.expect(200), json!({"read": 1}));
    bob.patch(&path, 2, json!({"title": "Water the bonsai"}))
        .await
        .expect(200);
    assert!(reasons(&alice).await.is_empty());
    // Something new makes it unread again, with the new reasons alone.
    let bulk =
        json!({"items": [{"id": task, "version": 3, "change": {"assignee_id": alice.user_id()}}]});
    bob.post("/api/tasks/bulk", bulk).await.expect(200);
    assert_eq!(reasons(&alice).await, ["assigned"]);
    // The notification of a deleted task is not shown.
    alice.delete(&path).await.expect(204);
    assert!(inbox(&bob, "inbox").await.is_empty());
}

#[tokio::test]
async fn only_members_are_notified_and_twenty_of_one_text_at_most() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let stranger = app.sign_in("stranger").await;
    let gone = app.member(&alice, "gone", "member").await;
    let path = format!("/api/members/{}", gone.user_id());
    alice.delete(&path).await.expect(204);
    let organization = alice.organization_id();
    app.sql(&format!(
        "with people as (
            insert into users (id, github_id, login)
            select gen_random_uuid(), 900000 + n, 'person-' || n from generate_series(1, 25) n returning id)
         insert into memberships (organization_id, user_id, role) select '{organization}', id, 'member' from people"
    ))
    .await;
    let everybody: String = (1..=25)
        .map(|number| format!("@person-{number} "))
        .collect();
    let task = task(&alice, json!({"title": "Task", "description": everybody})).await;
    let count = async || app.rows("select from notifications").await.len();
    assert_eq!(count().await, 20);
    comment(&alice, &task, "@stranger @gone @alice @nobody").await;
    assert_eq!(count().await, 20);
    assert!(inbox(&stranger, "inbox").await.is_empty());
}

#[tokio::test]
async fn a_person_puts_notifications_away() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let task = task(
        &alice,
        json!({"title": "Task", "assignee_id": bob.user_id()}),
    )
    .await;
    let id = inbox(&bob, "inbox").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/notifications/{id}");
    let change = async |change: Value| {
        let request = bob.request(Method::PATCH, &path).json(change);
        request.send().await.expect(200)
    };
    let places = async || {
        let mut places = Vec::new();
        for state in ["inbox", "unread", "read", "snoozed", "archived"] {
            if !inbox(&bob, state).await.is_empty() {
                places.push(state);
            }
        }
        places
    };
    assert_eq!(places().await, ["inbox", "unread"]);
    assert!(change(json!({"read": true})).await["read_at"].is_string());
    assert_eq!(places().await, ["inbox", "read"]);
    change(json!({"read": false, "snoozed_until": "2100-01-01T00:00:00Z"})).await;
    assert_eq!(places().await, ["snoozed"]);
    change(json!({"snoozed_until": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(places().await, ["inbox", "unread"]);
    change(json!({"snoozed_until": null, "archived": true})).await;
    assert_eq!(places().await, ["archived"]);
    // Something new brings it back.
    comment(&alice, &task, "Hello").await;
    assert_eq!(places().await, ["inbox", "unread"]);
    // It is nobody else's, in the same organization either.
    let other = alice
        .request(Method::PATCH, &path)
        .json(json!({"read": true}));
    other.send().await.problem(404, "not_found");
    let ids = json!({ "ids": [id] });
    let read = alice.post("/api/notifications/read", ids.clone()).await;
    assert_eq!(read.expect(200), json!({"read": 0}));
    let read = bob.post("/api/notifications/read", ids).await;
    assert_eq!(read.expect(200), json!({"read": 1}));
}

#[tokio::test]
async fn who_watches_is_notified_until_they_stop() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "viewer").await;
    let task = task(&alice, json!({"title": "Task"})).await;
    let path = format!("/api/tasks/{task}/watch");
    let watching = async |person: &Person| person.get(&path).await.expect(200)["watching"].clone();
    assert_eq!(watching(&alice).await, true);
    assert_eq!(watching(&bob).await, false);
    for _ in 0..2 {
        bob.request(Method::PUT, &path).send().await.expect(204);
    }
    assert_eq!(watching(&bob).await, true);
    comment(&alice, &task, "One").await;
    assert_eq!(reasons(&bob).await, ["watching"]);
    bob.post("/api/notifications/read", json!({}))
        .await
        .expect(200);
    for _ in 0..2 {
        bob.delete(&path).await.expect(204);
    }
    comment(&alice, &task, "Two").await;
    assert!(reasons(&bob).await.is_empty());
}

#[tokio::test]
async fn pages_of_notifications_are_whole() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    for number in 0..5 {
        let title = format!("Task {number}");
        task(
            &alice,
            json!({"title": title, "assignee_id": bob.user_id()}),
        )
        .await;
    }
    let (mut titles, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/notifications?limit=2{cursor}");
        let page = bob.get(&path).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            titles.push(item["task"]["title"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<String> = (0..5)
        .rev()
        .map(|number| format!("Task {number}"))
        .collect();
    assert_eq!(titles, expected);
}

/// What its connections are sent about somebody's inbox.
fn signals(connections: &Connections, id: &str) -> usize {
    let messages = connections.messages(id);
    let signal = json!({"type": "inbox"});
    messages
        .iter()
        .filter(|message| **message == signal)
        .count()
}

#[tokio::test]
async fn a_signal_goes_to_the_connections_of_its_person_alone() {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    connect(&app, &alice, "alice=").await;
    connect(&app, &bob, "bob-1=").await;
    connect(&app, &bob, "bob-2=").await;
    let at_least = async |id: &str, count: usize| {
        let what = format!("{count} signals at {id}");
        until(&what, LONG, async || {
            (signals(&connections, id) >= count).then_some(())
        })
        .await;
    };
    let fields = json!({"title": "Task", "assignee_id": bob.user_id()});
    task(&alice, fields).await;
    for id in ["bob-1=", "bob-2="] {
        at_least(id, 1).await;
    }
    // Reading in one place shows in the others, without an event.
    let events = connections.events("bob-2=").len();
    bob.post("/api/notifications/read", json!({}))
        .await
        .expect(200);
    at_least("bob-2=", 2).await;
    assert_eq!(connections.events("bob-2=").len(), events);
    assert_eq!(signals(&connections, "alice="), 0);
    until("no signal is left", LONG, async || {
        let left = app.rows("select from inbox_signals").await;
        left.is_empty().then_some(())
    })
    .await;
}

/// What a program of Alice does, with nothing but a personal token.
#[tokio::test]
async fn a_program_creates_a_task_finds_it_by_a_word_in_a_comment_and_mentions_somebody() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let permissions = ["tasks.read", "tasks.write"];
    let new = json!({"name": "Nightly report", "permissions": permissions});
    let created = alice.post("/api/tokens", new).await.expect(201);
    let program = Person {
        token: created["token"].as_str().unwrap().to_owned(),
        browser: app.browser(),
        login: String::new(),
    };
    let title = json!({"title": "Water the maple"});
    let created = program.post("/api/tasks", title).await.expect(201);
    let (task, key) = (created["id"].as_str().unwrap(), created["key"].clone());
    assert_eq!(created["number"], 1);
    assert!(key.as_str().unwrap().ends_with("-1"), "{key}");
    comment(&program, task, "議事録を確認してください、@bob").await;
    // 議事録, "minutes", inside of a sentence without spaces.
    let found = program.get("/api/tasks?q=%E8%AD%B0%E4%BA%8B%E9%8C%B2");
    let found = found.await.expect(200);
    assert_eq!(found["items"][0]["key"], key, "{found}");
    assert_eq!(found["items"][0]["found_in"], json!(["comment"]), "{found}");
    let items = inbox(&bob, "unread").await;
    assert_eq!(items[0]["task"]["id"], task, "{items:?}");
    assert_eq!(items[0]["reasons"], json!(["mentioned"]));
    assert_eq!(items[0]["actor"]["login"], "alice");
}
