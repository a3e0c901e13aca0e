//! Live updates: the functions `ws-connect` and `ws-broadcast` as API Gateway would invoke them, with
//! a stand-in for its `@connections`.

mod catch_up;
mod delivery;
mod kills;
mod presence;

use std::time::Duration;

use miyabi_tests::{App, Connections, Method, Person, Value, json, socket_event, until};

/// Longest that anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A ticket of somebody.
pub(crate) async fn ticket(person: &Person) -> String {
    let response = person.request(Method::POST, "/api/auth/ws-ticket").send();
    let ticket = response.await.expect(201)["ticket"].clone();
    ticket.as_str().unwrap().to_owned()
}

/// The status of a handshake.
pub(crate) async fn handshake(app: &App, connection: &str, origin: &str, ticket: &str) -> u64 {
    let event = socket_event("$connect", connection, Some((origin, ticket)), None);
    let answer = app.invoke("ws-connect", &event).await.unwrap();
    answer["statusCode"].as_u64().unwrap()
}

/// Opens a connection.
pub(crate) async fn connect(app: &App, person: &Person, connection: &str) {
    let ticket = ticket(person).await;
    let status = handshake(app, connection, &app.origin(), &ticket).await;
    assert_eq!(status, 200, "{connection}");
}

/// What a connection is answered to a message; null: nothing.
pub(crate) async fn say(app: &App, connection: &str, message: &str) -> Value {
    let event = socket_event("$default", connection, None, Some(message));
    let answer = app.invoke("ws-connect", &event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    match answer["body"].as_str() {
        Some(body) => serde_json::from_str(body).unwrap(),
        None => Value::Null,
    }
}

/// Has `ws-broadcast` look after an organization, and waits for it.
pub(crate) async fn drain(app: &App, organization: &str) -> Value {
    let event = json!({"kind": "drain", "organization_id": organization});
    app.invoke("ws-broadcast", &event).await.unwrap()
}

/// Waits until a connection has that many events.
pub(crate) async fn events(connections: &Connections, id: &str, count: usize) -> Vec<Value> {
    let what = format!("{count} events at {id}");
    until(&what, LONG, async || {
        let events = connections.events(id);
        (events.len() >= count).then_some(events)
    })
    .await
}

/// Writes events as a function does, past the API: many at once.
pub(crate) async fn write_events(app: &App, organization: &str, count: u32) {
    app.sql(&format!(
        "with numbered as (
            update outbox_sequences set last_seq = last_seq + {count}
            where organization_id = '{organization}' returning last_seq)
         insert into outbox (organization_id, seq, type, ids, versions)
         select '{organization}', last_seq - {count} + n, 'task.changed', array[gen_random_uuid()], array[n]
         from numbered, generate_series(1, {count}) n"
    ))
    .await;
}
