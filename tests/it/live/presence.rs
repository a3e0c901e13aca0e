//! Presence: who looks at which task.

use std::time::Instant;

use miyabi_tests::{App, Connections, Value, json, socket_event, until};
use uuid::Uuid;

use super::{LONG, connect, say};

fn at(task: Uuid) -> String {
    json!({"type": "presence", "at": format!("task:{task}")}).to_string()
}

/// The people of the last message about presence.
fn people(connections: &Connections, id: &str) -> Option<Value> {
    let messages = connections.messages(id);
    let presence = messages.iter().rfind(|m| m["type"] == "presence")?;
    Some(presence["people"].clone())
}

#[tokio::test]
async fn people_see_where_others_are_and_many_tabs_are_one_face() {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "viewer").await;
    let mallory = app.sign_in("mallory").await;
    connect(&app, &alice, "alice").await;
    connect(&app, &bob, "bob-1").await;
    connect(&app, &bob, "bob-2").await;
    connect(&app, &mallory, "mallory").await;

    let task = Uuid::new_v4();
    for tab in ["bob-1", "bob-2"] {
        assert_eq!(say(&app, tab, &at(task)).await, Value::Null);
    }
    let expected = json!([{"user_id": bob.user_id(), "at": format!("task:{task}")}]);
    until("bob is at the task", LONG, async || {
        (people(&connections, "alice")? == expected).then_some(())
    })
    .await;
    // At most each 5 seconds of one connection.
    assert_eq!(
        say(&app, "bob-1", &at(Uuid::new_v4())).await,
        json!({"type": "error", "code": "too_often"})
    );
    // Presence ends with the connection.
    for tab in ["bob-1", "bob-2"] {
        let event = socket_event("$disconnect", tab, None, None);
        app.invoke("ws-connect", &event).await.unwrap();
    }
    until("nobody is at the task", LONG, async || {
        (people(&connections, "alice")? == json!([])).then_some(())
    })
    .await;
    assert!(connections.messages("mallory").is_empty());
}

#[tokio::test]
async fn presence_is_sent_at_most_every_two_seconds() {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    connect(&app, &alice, "watcher").await;
    let began = Instant::now();
    for number in 0..20 {
        let id = format!("c{number}");
        connect(&app, &alice, &id).await;
        say(&app, &id, &at(Uuid::new_v4())).await;
    }
    until("all are there", LONG, async || {
        let people = people(&connections, "watcher")?;
        (people.as_array().unwrap().len() == 20).then_some(())
    })
    .await;
    let sent = connections.messages("watcher").len() as u64;
    let most = began.elapsed().as_secs() / 2 + 2;
    assert!(sent <= most, "{sent} messages, {most} at most");
}
