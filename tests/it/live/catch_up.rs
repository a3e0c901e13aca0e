//! A client that does what the documentation says ends with the server's state, whatever happens to
//! it: any order of edits, drops, reconnects and retention.

use std::collections::BTreeMap;

use miyabi_tests::{App, Connections, Dice, Person, Value, json};

use super::{connect, drain, say};

/// The versions of the tasks that a client knows.
type Tasks = BTreeMap<String, i64>;

/// A client as APP's dashboard is one: a snapshot, then events by their numbers, and what lies
/// between two of them by `/api/changes`.
struct Client {
    tasks: Tasks,
    seq: Option<i64>,
    connection: Option<String>,
    /// How many messages of the connection it has read.
    read: usize,
    resyncs: usize,
    fetched_gaps: usize,
}

impl Client {
    fn new() -> Client {
        Client {
            tasks: Tasks::new(),
            seq: None,
            connection: None,
            read: 0,
            resyncs: 0,
            fetched_gaps: 0,
        }
    }

    async fn snapshot(&mut self, person: &Person) {
        let snapshot = person.get("/api/tasks/snapshot").await.expect(200);
        assert_eq!(snapshot["truncated"], false);
        self.tasks = tasks_of(&snapshot["tasks"]);
        self.seq = snapshot["seq"].as_i64();
    }

    /// What an event says: fetch what is not there in this version.
    async fn take(&mut self, person: &Person, kind: &str, event: &Value) {
        if !kind.starts_with("task") {
            return;
        }
        let ids = event["ids"].as_array().unwrap().iter();
        let versions = event["versions"].as_array().unwrap();
        for (id, version) in ids.zip(versions) {
            let id = id.as_str().unwrap();
            if self.tasks.get(id).copied() >= version.as_i64() {
                continue;
            }
            let page = person
                .get(&format!("/api/tasks?ids={id}"))
                .await
                .expect(200);
            match tasks_of(&page["items"]).remove(id) {
                Some(version) => self.tasks.insert(id.to_owned(), version),
                None => self.tasks.remove(id),
            };
        }
    }

    /// Everything up to at least `seq`.
    async fn catch_up(&mut self, person: &Person, until: i64) {
        while self.seq.unwrap_or_default() < until {
            let after = self.seq.unwrap_or_default();
            let path = format!("/api/changes?after={after}&limit=7");
            let changes = person.get(&path).await.expect(200);
            if changes["resync"] == true {
                self.resyncs += 1;
                self.snapshot(person).await;
                continue;
            }
            let items = changes["items"].as_array().unwrap().clone();
            assert!(!items.is_empty(), "nothing after {after}: {changes}");
            for (number, item) in items.iter().enumerate() {
                let expected = after + 1 + i64::try_from(number).unwrap();
                assert_eq!(item["seq"].as_i64(), Some(expected), "a gap: {changes}");
                self.take(person, item["type"].as_str().unwrap(), item)
                    .await;
                self.seq = Some(expected);
            }
        }
    }

    async fn reconnect(&mut self, app: &App, person: &Person, id: String) {
        connect(app, person, &id).await;
        self.read = 0;
        let hello = json!({"type": "hello", "last_seq": self.seq}).to_string();
        let seq = say(app, &id, &hello).await["seq"].as_i64().unwrap();
        self.connection = Some(id);
        if self.seq.is_none() {
            self.snapshot(person).await;
        }
        self.catch_up(person, seq).await;
    }

    /// Reads what came.
    async fn read(&mut self, person: &Person, connections: &Connections) {
        let Some(id) = self.connection.clone() else {
            return;
        };
        let events = connections.events(&id);
        for event in &events[self.read..] {
            let seq = event["seq"].as_i64().unwrap();
            let known = self.seq.unwrap();
            if seq <= known {
                continue;
            }
            if seq > known + 1 {
                self.fetched_gaps += 1;
                self.catch_up(person, seq - 1).await;
            }
            if self.seq.unwrap() < seq {
                self.take(person, event["event"].as_str().unwrap(), event)
                    .await;
                self.seq = Some(seq);
            }
        }
        self.read = events.len();
    }
}

fn tasks_of(items: &Value) -> Tasks {
    let items = items.as_array().unwrap().iter();
    let task = |task: &Value| {
        let id = task["id"].as_str().unwrap().to_owned();
        (id, task["version"].as_i64().unwrap())
    };
    items.map(task).collect()
}

/// Creates, changes, deletes or restores a task.
async fn edit(person: &Person, tasks: &mut Vec<(String, i64, bool)>, dice: &mut Dice) {
    if tasks.len() < 3 || dice.throw(4) == 0 {
        let task = person.post("/api/tasks", json!({"title": "Task"})).await;
        let task = task.expect(201);
        tasks.push((task["id"].as_str().unwrap().to_owned(), 1, false));
        return;
    }
    let number = dice.throw(tasks.len() as u64);
    let (id, version, deleted) = &mut tasks[usize::try_from(number).unwrap()];
    let path = format!("/api/tasks/{id}");
    if *deleted {
        let restored = person.post(&format!("{path}/restore"), Value::Null).await;
        *version = restored.expect(200)["version"].as_i64().unwrap();
        *deleted = false;
    } else if dice.throw(4) == 0 {
        person.delete(&path).await.expect(204);
        *deleted = true;
    } else {
        let title = format!("Task {}", dice.throw(1000));
        let changed = person.patch(&path, *version, json!({"title": title})).await;
        *version = changed.expect(200)["version"].as_i64().unwrap();
    }
}

async fn play(seed: u64) -> (usize, usize) {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "viewer").await;
    let mut dice = Dice::new(seed);
    let mut client = Client::new();
    let mut tasks = Vec::new();
    let mut number = 0;
    for _ in 0..120 {
        match dice.throw(20) {
            0..=9 => edit(&alice, &mut tasks, &mut dice).await,
            10..=13 => client.read(&bob, &connections).await,
            // The connection breaks: nobody is told, or the gateway says so later.
            14 => client.connection = None,
            15..=17 if client.connection.is_none() => {
                number += 1;
                client.reconnect(&app, &bob, format!("bob-{number}")).await;
            }
            // A message is lost on its way: its connection has read more than it has seen.
            18 if client.connection.is_some() => {
                let id = client.connection.clone().unwrap();
                client.read = client.read.max(connections.events(&id).len());
            }
            19 if dice.throw(3) == 0 => {
                app.sql("delete from outbox where seq < (select max(seq) from outbox) - 3")
                    .await;
            }
            _ => {}
        }
    }
    client.connection = None;
    client.reconnect(&app, &bob, "bob-last".to_owned()).await;
    edit(&alice, &mut tasks, &mut dice).await;
    drain(&app, &alice.organization_id()).await;
    // Whoever held the lock may still be sending.
    super::events(&connections, "bob-last", 1).await;
    client.read(&bob, &connections).await;

    let snapshot = bob.get("/api/tasks/snapshot").await.expect(200);
    assert_eq!(client.tasks, tasks_of(&snapshot["tasks"]), "seed {seed}");
    assert_eq!(client.seq, snapshot["seq"].as_i64(), "seed {seed}");
    (client.resyncs, client.fetched_gaps)
}

#[tokio::test]
async fn a_client_ends_with_the_state_of_the_server_whatever_happens_to_it() {
    let (mut resyncs, mut gaps) = (0, 0);
    for seed in 0..6 {
        let played = play(seed).await;
        resyncs += played.0;
        gaps += played.1;
    }
    // What it is for has happened.
    assert!(resyncs > 0 && gaps > 0, "{resyncs} resyncs, {gaps} gaps");
}
