//! Live updates on the stage `local` through the command line: real sockets, the deployed functions, and
//! nothing else.

pub(crate) mod socket;

use std::time::{Duration, Instant};

use miyabi_tests::{Checkout, Member, Method, Value, expect_success, from_pypi, json, run_tool};

use crate::local_stage::address;

use socket::{Socket, connect, event_and_signal, event_of, hear, is_closed, open, say, version_of};

/// Longer than a cold start of every function involved, on a busy machine.
const LONG: Duration = Duration::from_secs(60);
/// What the removal of a member takes to reach a connection, at most.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

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

/// A team, from two people to a removal, an invitation and a program: one test, since each step needs
/// the ones before.
#[tokio::test]
async fn a_team_sees_changes_live_removes_one_invites_another_and_a_program_mentions_somebody() {
    let mut pair = Pair::start().await;
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
    version_of(&mut alices, &task["id"], 2).await;

    python_is_greeted(&pair).await;
    // New code of a function closes no connection: the deploy has nothing to do, and changes nothing.
    pair.checkout.deploy().await;
    remove_bob(&mut pair, bobs, &path).await;
    event_of_own(&mut alices, &pair.alice).await;
    let carol = join_by_link(&pair).await;
    let mut carols = connect(&carol, &pair.url, &pair.origin).await;
    let task = run_program(&pair).await;
    // The third one sees it as the others do, and so does who stayed.
    event_and_signal(&mut carols, &task["id"]).await;
    event_of(&mut alices, &task["id"]).await;
    let inbox = carol.ask(Method::GET, "/api/notifications?state=unread", None);
    let inbox = inbox.await.expect(200);
    assert_eq!(inbox["items"][0]["task"]["id"], task["id"], "{inbox}");
    assert_eq!(inbox["items"][0]["reasons"], json!(["mentioned"]));
    assert_eq!(inbox["items"][0]["actor"]["login"], "alice");
}

/// Removes Bob: his socket is closed, and the task is not found by him any more.
async fn remove_bob(pair: &mut Pair, mut bobs: Socket, task: &str) {
    let (alice, bob) = (&pair.alice, &mut pair.bob);
    let me = bob.ask(Method::GET, "/api/auth/me", None).await.expect(200);
    let user = me["user"]["id"].as_str().unwrap();
    let organization = &me["organization"]["id"];
    assert!(organization.is_string(), "{me}");
    let removed = Instant::now();
    let removal = format!("/api/members/{user}");
    let removal = alice.ask(Method::DELETE, &removal, None).await;
    assert_eq!(removal.status, 204, "{removal}");
    is_closed(&mut bobs).await;
    assert!(removed.elapsed() < CLOSED_WITHIN, "{:?}", removed.elapsed());
    // The access token names an organization that he is not a member of any more.
    let refused = bob.ask(Method::GET, task, None).await;
    refused.problem(403, "not_a_member");
    let ticket = bob.ask(Method::POST, "/api/auth/ws-ticket", None).await;
    ticket.problem(403, "not_a_member");
    // The next one is for his own organization: there, the task was never.
    bob.refresh().await.expect(200);
    for (method, path, body) in [
        (Method::GET, task, None),
        (
            Method::POST,
            &*format!("{task}/comments"),
            Some(json!({ "body": "Again" })),
        ),
    ] {
        let refused = bob.ask(method, path, body).await;
        refused.problem(404, "not_found");
    }
    let refused = bob.try_switch(organization).await;
    refused.problem(404, "not_found");
}

/// Carol, whom a link brings in as a viewer: the role that the invitation names.
async fn join_by_link(pair: &Pair) -> Member {
    let new = json!({ "role": "viewer" });
    let invitation = pair.alice.ask(Method::POST, "/api/invitations", Some(new));
    let invitation = invitation.await.expect(201);
    let link = invitation["url"].as_str().unwrap();
    let path = link.strip_prefix(&pair.origin).unwrap();
    let mut carol = Member::sign_in(address(&json!(pair.origin)), "carol").await;
    let page = carol.site.send(carol.site.request(Method::GET, path)).await;
    assert_eq!(page.status, 200, "{page}");
    let (_, code) = path.split_once("code=").unwrap();
    let code = json!({ "code": code });
    let ask = |path: &'static str| carol.ask(Method::POST, path, Some(code.clone()));
    let preview = ask("/api/invitations/preview").await.expect(200);
    assert_eq!(preview["role"], "viewer", "{preview}");
    let joined = ask("/api/invitations/accept").await.expect(200);
    carol.switch(&joined["organization_id"]).await;
    let me = carol
        .ask(Method::GET, "/api/auth/me", None)
        .await
        .expect(200);
    assert_eq!(me["organization"]["role"], "viewer", "{me}");
    let task = json!({ "title": "Task" });
    let task = carol.ask(Method::POST, "/api/tasks", Some(task)).await;
    task.problem(403, "missing_permission");
    carol
}

/// What a program of Alice does with a personal token and curl: it creates a task, mentions Carol in
/// a comment and finds the task by a word of it. Returns the task.
async fn run_program(pair: &Pair) -> Value {
    let new = json!({ "name": "Nightly report", "permissions": ["tasks.read", "tasks.write"] });
    let token = pair.alice.ask(Method::POST, "/api/tokens", Some(new)).await;
    let token = token.expect(201)["token"].as_str().unwrap().to_owned();
    let title = json!({ "title": "Write the minutes" });
    let task = curl(pair, &token, "/api/tasks", Some(title)).await;
    let key = task["key"].as_str().unwrap();
    assert!(key.ends_with(&format!("-{}", task["number"])), "{task}");
    let body = json!({ "body": "議事録を確認してください、@carol" });
    curl(
        pair,
        &token,
        &format!("/api/tasks/{key}/comments"),
        Some(body),
    )
    .await;
    // 議事録, "minutes", inside of a sentence without spaces.
    let found = curl(
        pair,
        &token,
        "/api/tasks?q=%E8%AD%B0%E4%BA%8B%E9%8C%B2",
        None,
    )
    .await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["items"][0]["key"], task["key"], "{found}");
    assert_eq!(found["items"][0]["found_in"], json!(["comment"]), "{found}");
    task
}

/// The response to a request that curl sends; one with a body is a POST.
async fn curl(pair: &Pair, token: &str, path: &str, body: Option<Value>) -> Value {
    let mut curl = tokio::process::Command::new("curl");
    curl.args(["-sS", "--fail-with-body", "--max-time", "60"])
        .args(["-H", &format!("Authorization: Bearer {token}")])
        .arg(format!("{}{path}", pair.origin));
    if let Some(body) = body {
        curl.args(["-H", "content-type: application/json"])
            .args(["--data-binary", &body.to_string()]);
    }
    let ended = curl.kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{path}: {said}\n{ended:?}");
    serde_json::from_str(&said).unwrap()
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
