//! Bodies that are too deep, too long, too large, not JSON, not UTF-8.

use std::{
    fs,
    time::{Duration, Instant},
};

use miyabi_tests::{App, Method, Person, Response, json};

/// Memory of the processes of the function `tasks` of this application, in KiB: found by the
/// database that is in their environment.
fn memory_of_tasks(app: &App) -> u64 {
    let database = format!("DATABASE_NAME={}", app.database().name);
    let port = format!("DATABASE_PORT={}", app.database().port);
    let mut memory = 0;
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let environment = read("environ");
        let has = |wanted: &str| {
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == wanted.as_bytes())
        };
        if has(&database) && has(&port) && has("DATABASE_USER=miyabi_tasks") {
            let status = String::from_utf8(read("status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("VmHWM:"));
            let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
            memory += kibibytes.map_or(0, |text| text.parse::<u64>().unwrap());
        }
    }
    memory
}

/// How long an answer may take: 50 ms by the release build of the functions, which
/// `MIYABI_FUNCTIONS_DIR` names when they are tested. Code that is built for debugging is many times
/// slower.
fn at_once() -> Duration {
    let functions = std::env::var("MIYABI_FUNCTIONS_DIR").unwrap_or_default();
    if functions.trim_end_matches('/').ends_with("release") {
        Duration::from_millis(50)
    } else {
        Duration::from_secs(2)
    }
}

async fn send(alice: &Person, body: Vec<u8>) -> Response {
    alice
        .request(Method::POST, "/api/tasks")
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
}

/// The bodies, and what each is answered with.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16)> {
    let title = |rest: &str| format!(r#"{{"title": "a", {rest}}}"#).into_bytes();
    let arrays = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let key = "k".repeat(1024 * 1024 - 40);
    vec![
        (
            "arrays in arrays",
            title(&format!(r#""metadata": {{"x": {arrays}}}"#)),
            422,
        ),
        (
            "objects in objects",
            title(&format!(r#""metadata": {objects}"#)),
            422,
        ),
        ("never closed", "[".repeat(100_000).into_bytes(), 400),
        (
            "a key of a mebibyte",
            format!(r#"{{"{key}": 1}}"#).into_bytes(),
            422,
        ),
        (
            "more than a mebibyte",
            format!(r#"{{"{key}{key}": 1}}"#).into_bytes(),
            413,
        ),
        (
            "a number beyond all",
            title(r#""metadata": {"x": 1e99999}"#),
            422,
        ),
        (
            "a number of 100,000 digits",
            title(&format!(r#""metadata": {{"x": {}}}"#, "9".repeat(100_000))),
            422,
        ),
        (
            "duplicate keys",
            br#"{"title": "a", "title": "b"}"#.to_vec(),
            422,
        ),
        (
            "duplicate keys inside",
            title(r#""metadata": {"x": 1, "x": 2}"#),
            422,
        ),
        (
            "a byte order mark",
            b"\xef\xbb\xbf{\"title\": \"a\"}".to_vec(),
            400,
        ),
        ("invalid UTF-8", b"{\"title\": \"\xff\xfe\"}".to_vec(), 400),
        ("overlong UTF-8", b"{\"title\": \"\xc0\xaf\"}".to_vec(), 400),
        (
            "UTF-16",
            "{\"title\": \"a\"}"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
            400,
        ),
        ("nothing", Vec::new(), 400),
        ("no object", b"[]".to_vec(), 422),
        ("two documents", br#"{"title": "a"} {}"#.to_vec(), 400),
        ("NaN", title(r#""metadata": {"x": NaN}"#), 400),
    ]
}

#[tokio::test]
async fn attack_34_bodies_that_are_too_much() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    send(&alice, br#"{"title": "Warm"}"#.to_vec())
        .await
        .expect(201);
    let before = memory_of_tasks(&app);
    assert!(before > 0, "the process of the function was not found");
    for (what, body, expected) in bodies() {
        let mut quickest = Duration::MAX;
        // The machine is shared: the quickest of some says how long it takes.
        for _ in 0..5 {
            let began = Instant::now();
            let response = send(&alice, body.clone()).await;
            quickest = quickest.min(began.elapsed());
            assert_eq!(response.status.as_u16(), expected, "{what}: {response}");
        }
        assert!(quickest < at_once(), "{what} took {quickest:?} at best");
    }
    let growth = memory_of_tasks(&app).saturating_sub(before);
    assert!(growth < 50 * 1024, "the function grew by {growth} KiB");
    assert_eq!(
        alice.get("/api/tasks").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// 6 MiB and a byte: Lambda takes no such event, so that the function never sees it.
#[tokio::test]
async fn attack_34_a_body_larger_than_lambda_takes() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let response = send(&alice, vec![b'a'; 6 * 1024 * 1024 + 1]).await;
    assert!(response.status.is_client_error(), "{response}");
    alice.get("/api/tasks").await.expect(200);
}

/// A body of little that becomes much: nothing is unpacked, so that nothing becomes anything.
#[tokio::test]
async fn attack_34_a_compressed_body() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    // Five bytes of a gzip member with a body; what follows does not matter.
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 1000]].concat();
    for encoding in ["gzip", "deflate", "br", "zstd", "identity", "gzip, gzip"] {
        let response = alice
            .request(Method::POST, "/api/tasks")
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .body(packed.clone())
            .send()
            .await;
        response.problem(415, "not_json");
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let response = alice
            .request(Method::POST, "/api/tasks")
            .header("content-type", media_type)
            .body(json!({"title": "a"}).to_string())
            .send()
            .await;
        response.problem(415, "not_json");
    }
}
