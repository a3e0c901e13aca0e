//! Live updates at the emulator: its WebSocket API in front of the deployed functions, events through
//! its `@connections`, and a removed member whose connection is closed.
//!
//! The emulator has no GitHub, so nobody signs in: people, memberships and sessions are rows, and
//! access tokens are signed with the key that the deploy put into its Secrets Manager. All else is as
//! on AWS: the ticket, `$connect`, `$default`, the outbox, the nudge by an asynchronous invocation, and
//! `ws-broadcast` that posts.
//!
//! Not shown here, since the emulator does not have it: AWS's limits (2 h, 10 min idle, frames, 500
//! connections a second), close codes other than 1000, who may post to a connection, and the status with
//! which `$connect` refuses, which is 403 for any. The stage `local` has the first two and the last.

use miyabi_tests::{Method, RequestBuilder, Token, Value, json};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{Sandbox, stage::PASSWORD};
use crate::live_stage::socket::{Socket, event_of, hear, is_closed, open_at, say, version_of};

const ACCOUNT: &str = "000000000000";

/// A person of an organization, with an access token.
struct Person {
    user: Uuid,
    token: String,
}

/// The deployed stage, as a client sees it.
struct Live<'a> {
    sandbox: &'a Sandbox,
    /// `abc.execute-api.localhost:PORT`, of the HTTP API.
    api: String,
    /// `ws://abc.execute-api.localhost:PORT/live`
    socket: String,
    /// What a page names as its origin: the HTTP API, as its events call it.
    origin: String,
    people: Vec<Person>,
}

impl<'a> Live<'a> {
    /// Deploys the stage, with two people in one organization.
    async fn start(sandbox: &'a Sandbox) -> Live<'a> {
        let risks = ["--yes", "--allow", "permissions,public-access", "--json"];
        for command in ["bootstrap", "deploy"] {
            let arguments = [&[command], &risks[..]].concat();
            sandbox.run(&arguments).await.expect(0);
        }
        let outputs = sandbox.run(&["outputs", "--json"]).await.expect(0).json();
        let api = outputs["apiUrl"].as_str().unwrap();
        let api = api.trim_start_matches("http://").to_owned();
        let (host, _) = api.split_once(':').unwrap();
        Live {
            sandbox,
            origin: format!("http://{host}"),
            socket: outputs["webSocketUrl"].as_str().unwrap().to_owned(),
            people: people(sandbox).await,
            api,
        }
    }

    fn ask(&self, person: &Person, method: Method, path: &str) -> RequestBuilder {
        self.sandbox
            .emulator
            .client()
            .request(method, path)
            .header("host", self.api.clone())
            .bearer(&person.token)
    }

    /// A socket with a fresh ticket, greeted by the function behind `$default`.
    async fn connect(&self, person: &Person) -> Socket {
        let ticket = self.ask(person, Method::POST, "/api/auth/ws-ticket").await;
        let ticket = ticket.expect(201)["ticket"].as_str().unwrap().to_owned();
        let mut socket = self.open(&ticket).await.unwrap();
        assert_eq!(self.open(&ticket).await.err(), Some(403), "it was used");
        say(&mut socket, json!({ "type": "hello", "last_seq": null })).await;
        let hello = hear(&mut socket, "hello").await;
        assert!(hello["seq"].is_u64(), "{hello}");
        socket
    }

    /// A socket with that ticket, or the status of the refusal.
    async fn open(&self, ticket: &str) -> Result<Socket, u16> {
        let address = self.sandbox.emulator.address();
        let url = format!("{}?ticket={ticket}", self.socket);
        open_at(address, &url, &self.origin).await
    }
}

/// An owner and a member, signed in.
async fn people(sandbox: &Sandbox) -> Vec<Person> {
    let url = format!(
        "postgres://miyabi_owner:{PASSWORD}@127.0.0.1:{}/miyabi",
        sandbox.port()
    );
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let (kid, key) = signing_key(sandbox).await;
    let organization = Uuid::new_v4();
    let sql =
        format!("insert into organizations (id, name) values ('{organization}', 'Gardeners')");
    owner.execute(sql.as_str()).await.unwrap();
    let mut people = Vec::new();
    for (number, role) in [(1, "owner"), (2, "member")] {
        let (user, session) = (Uuid::new_v4(), Uuid::new_v4());
        let sql = format!(
            "insert into users (id, github_id, login) values ('{user}', {number}, 'user-{number}');
             insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', '{role}');
             insert into sessions (id, user_id, csrf_hash, expires_at)
                values ('{session}', '{user}', sha256('{number}'), now() + interval '1 day');"
        );
        owner.execute(sql.as_str()).await.unwrap();
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let token = Token {
            header: json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid }),
            claims: json!({
                "iss": "miyabi-sandbox", "aud": "miyabi-sandbox-api", "sub": user, "org": organization,
                "role": role, "sid": session, "jti": Uuid::new_v4(), "iat": now, "exp": now + 900,
            }),
        };
        people.push(Person {
            user,
            token: token.sign(key.as_bytes()),
        });
    }
    people
}

/// Id and text of the key that the deploy generated for access tokens.
async fn signing_key(sandbox: &Sandbox) -> (Value, String) {
    let body = json!({ "SecretId": "miyabi-sandbox-jwt-keys" });
    let target = "secretsmanager.GetSecretValue";
    let secret = sandbox
        .emulator
        .call(ACCOUNT, "secretsmanager", target, body)
        .await
        .expect(200);
    let secret: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
    (
        secret["kid"].clone(),
        secret["key"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn two_people_see_each_others_changes_by_the_websocket_api_of_the_emulator() {
    let sandbox = Sandbox::start().await;
    let live = Live::start(&sandbox).await;
    let [alice, bob] = &live.people[..] else {
        panic!("two people");
    };
    assert_eq!(live.open("").await.err(), Some(403), "no ticket");
    let mut alices = live.connect(alice).await;
    let mut bobs = live.connect(bob).await;
    say(&mut bobs, json!({ "type": "ping" })).await;
    hear(&mut bobs, "pong").await;

    let new = live.ask(alice, Method::POST, "/api/tasks");
    let task = new.json(json!({ "title": "Water the maple" })).await;
    let task = task.expect(201);
    let event = event_of(&mut bobs, &task["id"]).await;
    assert!(event["seq"].is_u64(), "{event}");
    assert!(!event.to_string().contains("maple"), "{event}");
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let change = live
        .ask(bob, Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(json!({ "status": "in_progress" }));
    change.await.expect(200);
    version_of(&mut alices, &task["id"], 2).await;

    let removal = live.ask(alice, Method::DELETE, &format!("/api/members/{}", bob.user));
    assert_eq!(removal.await.status, 204);
    is_closed(&mut bobs).await;
    let refused = live.ask(bob, Method::GET, &path).await;
    refused.problem(403, "not_a_member");
    // Who stays still gets events.
    let change = live
        .ask(alice, Method::PATCH, &path)
        .header("if-match", "\"2\"")
        .json(json!({ "status": "completed" }));
    change.await.expect(200);
    version_of(&mut alices, &task["id"], 3).await;
}
