//! Live updates on the stage `local` through the command line: real sockets, the deployed functions, and
//! nothing else.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use miyabi_tests::{Checkout, Member, Method, Value, expect_success, from_pypi, json, run_tool};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::local_stage::address;

type Socket = WebSocketStream<TcpStream>;

/// Longer than a cold start of every function involved, on a busy machine.
const LONG: Duration = Duration::from_secs(60);
/// What the removal of a member takes to reach a connection, at most.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// A socket with a fresh ticket, greeted.
async fn connect(person: &Member, url: &str, origin: &str) -> Socket {
    let ticket = person.ticket().await;
    let mut socket = open(&format!("{url}?ticket={ticket}"), origin)
        .await
        .unwrap();
    // The ticket was good for one connection.
    let again = open(&format!("{url}?ticket={ticket}"), origin).await;
    assert_eq!(again.err(), Some(403));
    say(&mut socket, json!({ "type": "hello", "last_seq": null })).await;
    let hello = hear(&mut socket, "hello").await;
    assert!(hello["seq"].is_u64(), "{hello}");
    socket
}

/// A socket, or the status with which it was refused.
async fn open(url: &str, origin: &str) -> Result<Socket, u16> {
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn say(socket: &mut Socket, message: Value) {
    let text = message.to_string();
    socket.send(Message::text(text)).await.unwrap();
}

/// The next message of that type; others, such as who is present, are passed over.
async fn hear(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = tokio::time::timeout(LONG, socket.next()).await;
        match message.unwrap_or_else(|_| panic!("no {kind}")) {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(text.as_str()).unwrap();
                if message["type"] == kind {
                    return message;
                }
            }
            Some(Ok(_)) => {}
            other => panic!("no {kind}: {other:?}"),
        }
    }
}

/// The events until one is about that id.
async fn event_of(socket: &mut Socket, id: &Value) -> Value {
    loop {
        let message = tokio::time::timeout(LONG, socket.next()).await;
        let Some(Ok(message)) = message.expect("an event") else {
            panic!("the socket is closed");
        };
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(text.as_str()).unwrap();
        let items = match message["type"].as_str() {
            Some("events") => message["items"].as_array().cloned().unwrap(),
            Some("event") => vec![message],
            _ => continue,
        };
        let is_about = |event: &&Value| {
            let mut ids = event["ids"].as_array().into_iter().flatten();
            ids.any(|one| one == id)
        };
        if let Some(event) = items.iter().find(is_about) {
            return event.clone();
        }
    }
}

/// Alice's organization with Bob in it, on a stage of its own.
struct Pair {
    checkout: Checkout,
    url: String,
    origin: String,
    alice: Member,
    bob: Member,
}

impl Pair {
    async fn start() -> Pair {
        let checkout = Checkout::new();
        let outputs = checkout.deploy().await;
        let text = |name: &str| outputs[name].as_str().unwrap().to_owned();
        let site = address(&outputs["siteUrl"]);
        let alice = Member::sign_in(site, "alice").await;
        let mut bob = Member::sign_in(site, "bob").await;
        alice.bring_in(&mut bob, "member").await;
        Pair {
            checkout,
            url: text("webSocketUrl"),
            origin: text("siteUrl"),
            alice,
            bob,
        }
    }
}

#[tokio::test]
async fn two_people_see_each_others_changes_and_a_removed_one_is_disconnected() {
    let pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    for (url, origin) in [
        (pair.url.clone(), pair.origin.as_str()),
        (format!("{}?ticket={}", pair.url, alice.token), &pair.origin),
    ] {
        assert_eq!(open(&url, origin).await.err(), Some(403), "{url}");
    }
    let mut alices = connect(alice, &pair.url, &pair.origin).await;
    let mut bobs = connect(bob, &pair.url, &pair.origin).await;
    say(&mut bobs, json!({ "type": "ping" })).await;
    hear(&mut bobs, "pong").await;

    let task = json!({ "title": "Water the maple" });
    let task = alice.ask(Method::POST, "/api/tasks", Some(task)).await;
    let task = task.expect(201);
    let event = event_of(&mut bobs, &task["id"]).await;
    assert!(event["seq"].is_u64(), "{event}");
    // Ids and versions, nothing that anybody wrote.
    assert!(!event.to_string().contains("maple"), "{event}");
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let change = bob
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(json!({ "status": "in_progress" }));
    change.await.expect(200);
    event_of(&mut alices, &task["id"]).await;

    python_is_greeted(&pair).await;
    // New code of a function closes no connection: the deploy has nothing to do, and changes nothing.
    pair.checkout.deploy().await;
    let me = bob.ask(Method::GET, "/api/auth/me", None).await.expect(200);
    let user = me["user"]["id"].as_str().unwrap();
    let removed = Instant::now();
    let removal = format!("/api/members/{user}");
    let removal = alice.ask(Method::DELETE, &removal, None).await;
    assert_eq!(removal.status, 204, "{removal}");
    loop {
        match tokio::time::timeout(LONG, bobs.next()).await.unwrap() {
            Some(Ok(Message::Close(_))) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
    assert!(removed.elapsed() < CLOSED_WITHIN, "{:?}", removed.elapsed());
    event_of_own(&mut alices, alice).await;
}

/// Says hello and ping, and prints what comes back.
const PYTHON: &str = r#"
import asyncio, json, sys, websockets
async def main(url, origin):
    async with websockets.connect(url, origin=origin) as socket:
        for message in ({"type": "hello", "last_seq": None}, {"type": "ping"}):
            await socket.send(json.dumps(message))
            wanted = "pong" if message["type"] == "ping" else "hello"
            while (answer := json.loads(await socket.recv()))["type"] != wanted:
                pass
            print(json.dumps(answer))
asyncio.run(main(*sys.argv[1:]))
"#;

/// The client `websockets` of PyPI, which has nothing to do with the library of the server.
async fn python_is_greeted(pair: &Pair) {
    let ticket = pair.alice.ticket().await;
    let url = format!("{}?ticket={ticket}", pair.url);
    let arguments = ["-c", PYTHON, &url, &pair.origin];
    let ran = run_tool(&from_pypi("python"), &arguments, pair.checkout.dir()).await;
    let said = expect_success(ran);
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines[0]["seq"].is_u64(), "{said}");
    assert_eq!(lines[1], json!({ "type": "pong" }), "{said}");
}

/// Who stays still gets events.
async fn event_of_own(socket: &mut Socket, person: &Member) {
    let task = json!({ "title": "Prune the maple" });
    let task = person.ask(Method::POST, "/api/tasks", Some(task)).await;
    event_of(socket, &task.expect(201)["id"]).await;
}
