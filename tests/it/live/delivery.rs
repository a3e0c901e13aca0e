//! What connections are sent, and what becomes of those that do not take it.

use std::time::{Duration, Instant};

use miyabi_tests::{App, Connections, Manner, Person, Value, json, until};

use super::{LONG, connect, drain, events, say, write_events};

struct Live {
    connections: Connections,
    app: App,
    alice: Person,
    organization: String,
}

/// An application with connections of alice.
async fn live(ids: &[&str]) -> Live {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    for id in ids {
        connect(&app, &alice, id).await;
    }
    let organization = alice.organization_id();
    Live {
        connections,
        app,
        alice,
        organization,
    }
}

async fn rows(app: &App) -> Vec<String> {
    app.rows("select connection_id from ws_connections order by 1")
        .await
}

#[tokio::test]
async fn a_change_is_sent_to_every_connection_of_its_organization_and_to_no_other() {
    let live = live(&["alice-1=", "alice-2="]).await;
    let mallory = live.app.sign_in("mallory").await;
    connect(&live.app, &mallory, "mallory=").await;
    let hello = say(&live.app, "alice-1=", r#"{"type":"hello","last_seq":null}"#).await;
    let seq = hello["seq"].as_i64().unwrap();
    assert_eq!(hello, json!({"type": "hello", "seq": seq}));

    let task = live
        .alice
        .post("/api/tasks", json!({"title": "Water the maple"}))
        .await;
    let task = task.expect(201);
    let expected = json!([{
        "type": "event", "seq": seq + 1, "event": "task.changed",
        "ids": [task["id"]], "versions": [1],
    }]);
    for id in ["alice-1=", "alice-2="] {
        let sent = events(&live.connections, id, 1).await;
        assert_eq!(Value::Array(sent), expected, "{id}");
    }
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    live.alice
        .patch(&path, 1, json!({"title": "Water the bonsai"}))
        .await
        .expect(200);
    let sent = events(&live.connections, "alice-1=", 2).await;
    assert_eq!(sent[1]["versions"], json!([2]));
    assert!(live.connections.messages("mallory=").is_empty());
    let pong = say(&live.app, "alice-2=", r#"{"type":"ping"}"#).await;
    assert_eq!(pong, json!({"type": "pong"}));
}

#[tokio::test]
async fn a_thousand_events_reach_ten_connections_in_their_order_and_within_two_seconds() {
    let ids: Vec<String> = (0..10).map(|n| format!("c{n}")).collect();
    let live = live(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // The function is warm, as it is while events flow.
    drain(&live.app, &live.organization).await;
    write_events(&live.app, &live.organization, 1000).await;
    let began = Instant::now();
    let summary = drain(&live.app, &live.organization).await;
    let took = began.elapsed();
    assert_eq!(summary, json!({"delivered": 1000, "gone": 0, "left": 0}));
    for id in &ids {
        let seqs = live.connections.seqs(id);
        let numbers: Vec<i64> = (seqs[0]..seqs[0] + 1000).collect();
        assert_eq!(seqs, numbers, "{id}");
    }
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(
        live.app
            .rows("select from outbox where delivered_at is null")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten_and_sent_nothing_more() {
    let live = live(&["a", "b"]).await;
    live.connections.set("a", Manner::Gone);
    write_events(&live.app, &live.organization, 1).await;
    let summary = drain(&live.app, &live.organization).await;
    assert_eq!(summary, json!({"delivered": 1, "gone": 1, "left": 0}));
    assert_eq!(rows(&live.app).await, ["(b)"]);
    write_events(&live.app, &live.organization, 1).await;
    drain(&live.app, &live.organization).await;
    assert_eq!(live.connections.attempts("a"), 1);
    assert_eq!(live.connections.seqs("b").len(), 2);
    assert_eq!(
        say(&live.app, "a", r#"{"type":"ping"}"#).await,
        json!({"type": "error", "code": "closed"})
    );
}

#[tokio::test]
async fn a_slow_consumer_is_closed_and_delays_nobody_else() {
    let live = live(&["slow", "b", "c", "d"]).await;
    drain(&live.app, &live.organization).await;
    live.connections.set("slow", Manner::Hangs);
    for _ in 0..3 {
        write_events(&live.app, &live.organization, 1).await;
        let began = Instant::now();
        drain(&live.app, &live.organization).await;
        // One batch waits for it, a quarter of a second longer than for the others.
        assert!(began.elapsed() < Duration::from_millis(1500), "{began:?}");
    }
    for id in ["b", "c", "d"] {
        assert_eq!(live.connections.seqs(id).len(), 3, "{id}");
    }
    assert_eq!(live.connections.attempts("slow"), 1);
    assert!(live.connections.is_closed("slow"));
    assert_eq!(rows(&live.app).await, ["(b)", "(c)", "(d)"]);
}

#[tokio::test]
async fn exceeded_limits_are_backed_off_from_and_lose_nothing() {
    let live = live(&["a", "b"]).await;
    for id in ["a", "b"] {
        live.connections.set(id, Manner::LimitExceeded);
    }
    write_events(&live.app, &live.organization, 2).await;
    let summary = drain(&live.app, &live.organization).await;
    assert_eq!(summary, json!({"delivered": 0, "gone": 0, "left": 2}));
    assert_eq!(live.connections.attempts("a"), 4);
    for id in ["a", "b"] {
        live.connections.set(id, Manner::Takes);
    }
    // What no nudge did, the schedule does.
    let sweep = json!({"kind": "sweep"});
    assert_eq!(
        live.app.invoke("ws-broadcast", &sweep).await.unwrap(),
        json!({"delivered": 2, "gone": 0, "left": 0})
    );
    assert_eq!(live.connections.seqs("a").len(), 2);
    assert_eq!(rows(&live.app).await, ["(a)", "(b)"]);
}

/// Seconds that the oldest event has waited, as each sweep wrote them.
async fn lags(app: &App, sweeps: usize) -> Vec<f64> {
    until("the sweeps wrote the lag", LONG, async || {
        let logs = app.logs().await;
        let lags: Vec<f64> = logs
            .lines()
            .filter(|line| line.contains("\"outboxLag\":"))
            .filter_map(|line| {
                let line: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
                assert_eq!(line["function"], "ws-broadcast");
                line["outboxLag"].as_f64()
            })
            .collect();
        (lags.len() == sweeps).then_some(lags)
    })
    .await
}

#[tokio::test]
async fn a_sweep_writes_how_long_the_oldest_event_has_waited() {
    let live = live(&["a"]).await;
    let sweep = json!({"kind": "sweep"});
    write_events(&live.app, &live.organization, 2).await;
    let old = "update outbox set created_at = now() - interval '90 seconds' where seq = (select min(seq) from outbox)";
    live.app.sql(old).await;
    live.app.invoke("ws-broadcast", &sweep).await.unwrap();
    let lag = lags(&live.app, 1).await[0];
    assert!((90.0..150.0).contains(&lag), "{lag}");
    assert_eq!(live.connections.seqs("a").len(), 2);
    live.app.invoke("ws-broadcast", &sweep).await.unwrap();
    assert_eq!(lags(&live.app, 2).await[1], 0.0);
}

#[tokio::test]
async fn an_api_that_fails_costs_nobody_the_connection_and_the_invocation_fails() {
    let live = live(&["a", "b"]).await;
    for id in ["a", "b"] {
        live.connections.set(id, Manner::Fails);
    }
    write_events(&live.app, &live.organization, 1).await;
    let event = json!({"kind": "drain", "organization_id": live.organization});
    let error = live.app.invoke("ws-broadcast", &event).await.unwrap_err();
    assert!(error.to_string().contains("are not sent"), "{error}");
    for id in ["a", "b"] {
        live.connections.set(id, Manner::Takes);
    }
    let summary = drain(&live.app, &live.organization).await;
    assert_eq!(summary["delivered"], 1);
    assert_eq!(live.connections.seqs("b").len(), 1);
}

#[tokio::test]
async fn the_outbox_keeps_seven_days_and_ten_thousand_events() {
    let live = live(&[]).await;
    let count = |condition: &'static str| {
        let query = format!("select count(*) from outbox where {condition}");
        let app = &live.app;
        async move { app.rows(&query).await[0].clone() }
    };
    write_events(&live.app, &live.organization, 10_250).await;
    drain(&live.app, &live.organization).await;
    assert_eq!(count("true").await, "(10000)");
    live.app
        .sql("update outbox set created_at = now() - interval '7 days 1 minute' where seq % 2 = 0")
        .await;
    live.app
        .invoke("ws-broadcast", &json!({"kind": "sweep"}))
        .await
        .unwrap();
    assert_eq!(count("seq % 2 = 0").await, "(0)");
    assert_eq!(count("true").await, "(5000)");
    // A client that was away for longer begins again.
    let changes = live.alice.get("/api/changes?after=1").await.expect(200);
    assert_eq!(changes["resync"], true, "{changes}");
    assert_eq!(changes["items"], json!([]));
}

#[tokio::test]
async fn a_nudge_that_fails_fails_no_request() {
    let connections = Connections::start().await;
    let mut setup = connections.setup();
    setup.environment.push((
        "tasks",
        "AWS_ENDPOINT_URL_LAMBDA",
        "http://127.0.0.1:9".to_owned(),
    ));
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    connect(&app, &alice, "a").await;
    let began = Instant::now();
    let response = alice.post("/api/tasks", json!({"title": "Alone"})).await;
    response.expect(201);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(connections.messages("a").is_empty());
    app.invoke("ws-broadcast", &json!({"kind": "sweep"}))
        .await
        .unwrap();
    assert_eq!(connections.seqs("a").len(), 1);
    until("the log of the lost nudge", LONG, async || {
        app.logs().await.contains("A nudge failed").then_some(())
    })
    .await;
}
