//! Limits of Lambda and answers of API Gateway, with a function that this test binary plays itself.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{Concurrency, Log, Outcome, PAYLOAD_LIMIT, RESPONSE_LIMIT, Refusal, Spec, Version};
use crate::local::{
    gateway::{Client, HttpApi, Patience, RouteKey},
    orphans::Orphans,
    registry::Functions,
};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:played:live";

/// A program that runs this test binary as a function. It answers the event, or does what the
/// word in the event's body says.
pub(in crate::local) fn bootstrap(folder: &Path, name: &str, answer: &str) -> PathBuf {
    bootstrap_of(
        folder,
        name,
        "local::lambda::tests::plays_a_function",
        answer,
    )
}

/// The same with another test of this binary that plays the function ([`play_function`]).
pub(in crate::local) fn bootstrap_of(
    folder: &Path,
    name: &str,
    test: &str,
    answer: &str,
) -> PathBuf {
    let script = format!(
        "#!/bin/sh\nANSWER='{answer}' exec '{}' --exact {test} --nocapture\n",
        env::current_exe().unwrap().display(),
    );
    program(folder, name, &script)
}

/// An executable file.
pub(in crate::local) fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// No test: the function itself, in a process of its own. Run as a test it ends at once.
#[test]
fn plays_a_function() {
    play_function(|event| {
        let body = match event["body"].as_str().unwrap_or_default() {
            "hang" => loop {
                std::thread::sleep(Duration::from_secs(1));
            },
            "exit" => std::process::exit(7),
            "slow" => {
                std::thread::sleep(Duration::from_millis(300));
                "slow".to_owned()
            }
            "large" => "x".repeat(RESPONSE_LIMIT + 1),
            // With what is around it, more than a request may have.
            "fits" => "x".repeat(RESPONSE_LIMIT - 100),
            _ => env::var("ANSWER").unwrap_or_default(),
        };
        json!({"statusCode": 200, "body": body, "headers": {"x-pid": std::process::id().to_string()}})
    });
}

/// Answers each event with what `answer` returns, until the other side ends this process. In a process
/// that is not a function it returns at once.
pub(in crate::local) fn play_function(answer: impl Fn(&Value) -> Value) {
    let Ok(api) = env::var("AWS_LAMBDA_RUNTIME_API") else {
        return;
    };
    let stream = TcpStream::connect(&api).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    loop {
        let next =
            format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n");
        stream.get_mut().write_all(next.as_bytes()).unwrap();
        let (headers, event) = message(&mut stream);
        let event: Value = serde_json::from_slice(&event).unwrap();
        let answer = answer(&event).to_string();
        let id = &headers["lambda-runtime-aws-request-id"];
        let head = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.get_mut().write_all(head.as_bytes()).unwrap();
        // The server may refuse a large body before it has read all of it.
        let _ = stream.get_mut().write_all(answer.as_bytes());
        message(&mut stream);
    }
}

/// Reads one answer of the Runtime API.
fn message(stream: &mut BufReader<TcpStream>) -> (BTreeMap<String, String>, Vec<u8>) {
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        // The other side ended us, or has no more to give.
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            std::process::exit(0);
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim().split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (headers, body)
}

struct Played {
    version: Arc<Version>,
    api: Arc<HttpApi>,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

/// A function behind an API with the route `POST /`.
fn play(
    program: impl FnOnce(&Path) -> PathBuf,
    timeout: Duration,
    concurrency: Option<i64>,
) -> Played {
    play_with(program, timeout, concurrency, Patience::default())
}

fn play_with(
    program: impl FnOnce(&Path) -> PathBuf,
    timeout: Duration,
    concurrency: Option<i64>,
    patience: Patience,
) -> Played {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let spec = Spec {
        name: "played".to_owned(),
        bootstrap: program(folder.path()),
        environment: BTreeMap::new(),
        memory: 128,
        timeout,
        log_group: "/aws/lambda/played".to_owned(),
        orphans: Orphans::watch().unwrap(),
    };
    let concurrency = Concurrency::new(concurrency);
    let version = Version::new(spec, "1", ARN, Log::open(&log).unwrap(), concurrency);
    let version = Arc::new(version);
    let functions = Functions::default();
    functions.point(ARN, Some(version.clone()));
    let api = HttpApi::with_patience("api", functions, patience);
    api.set_integration("i", Some(ARN.to_owned()));
    api.set_permission("p", Some(ARN.to_owned()));
    api.set_route(
        "r",
        Some((RouteKey::parse("POST /").unwrap(), "i".to_owned())),
    );
    Played {
        version,
        api: Arc::new(api),
        log,
        _folder: folder,
    }
}

fn playing(timeout: Duration, concurrency: Option<i64>) -> Played {
    play(
        |folder| bootstrap(folder, "bootstrap", "hello"),
        timeout,
        concurrency,
    )
}

/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

impl Played {
    /// Status, body and process id of the answer.
    async fn post(&self, body: &str) -> (StatusCode, String, String) {
        let request = Request::post("/").header("content-type", "text/plain");
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let caller = Client {
            ip: "127.0.0.1".to_owned(),
        };
        let answer = self.api.answer(request, &caller).await;
        let pid = answer
            .headers()
            .get("x-pid")
            .map(|pid| pid.to_str().unwrap().to_owned());
        let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap());
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        (status, body, pid.unwrap_or_default())
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_function_that_hangs_is_stopped_at_its_timeout_and_the_next_request_is_answered() {
    let played = playing(Duration::from_secs(1), None);
    // The first start, which does not count, may be slow.
    played.version.warm().await.unwrap();
    let begun = Instant::now();
    let (status, body, _) = played.post("hang").await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (500, r#"{"message":"Internal Server Error"}"#)
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert!(
        played
            .logged()
            .contains("Task timed out after 1.00 seconds"),
        "{}",
        played.logged()
    );
    assert_eq!(played.post("").await.1, "hello");
}

#[tokio::test]
async fn a_function_that_exits_answers_as_api_gateway_would_and_is_started_again() {
    let played = playing(LONG, None);
    assert_eq!(played.post("exit").await.0.as_u16(), 500);
    let Outcome::Unhandled(error) = played.version.invoke(br#"{"body":"exit"}"#.to_vec()).await
    else {
        panic!("it exited and answered");
    };
    let error: Value = serde_json::from_slice(&error).unwrap();
    assert_eq!(
        error,
        json!({"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited: exit status: 7"})
    );
    assert_eq!(played.post("").await.1, "hello");
}

#[tokio::test]
async fn a_binary_that_dies_at_start_says_why_and_is_not_started_in_a_tight_loop() {
    let script = "#!/bin/sh\necho DATABASE_HOST is missing\nexit 3\n";
    let played = play(|folder| program(folder, "bootstrap", script), LONG, None);
    let why = played.version.warm().await.unwrap_err();
    assert!(
        why.contains("exit status: 3") && why.contains("DATABASE_HOST is missing"),
        "{why}"
    );
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        assert_eq!(played.post("").await.0.as_u16(), 500);
    }
    let starts = played.logged().matches("DATABASE_HOST is missing").count();
    assert!(
        (1..=6).contains(&starts),
        "{starts} starts in half a second"
    );
    assert!(played.version.failures() >= 3);
}

#[tokio::test]
async fn an_environment_does_one_request_at_a_time_and_reserved_concurrency_ends_in_503() {
    let played = playing(LONG, Some(2));
    let (a, b) = tokio::join!(played.post("slow"), played.post("slow"));
    assert_eq!((a.0.as_u16(), b.0.as_u16()), (200, 200));
    assert_ne!(a.2, b.2, "one process had two requests");
    let (a, b, c) = tokio::join!(
        played.post("slow"),
        played.post("slow"),
        played.post("slow")
    );
    let mut statuses = [a.0, b.0, c.0].map(|status| status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503]);
    assert_eq!(played.post("").await.0.as_u16(), 200);
    let invoked = || played.version.invoke(br#"{"body":"slow"}"#.to_vec());
    let (_, _, third) = tokio::join!(invoked(), invoked(), invoked());
    assert_eq!(third, Outcome::Refused(Refusal::TooManyRequests));
}

#[tokio::test]
async fn a_request_has_6_mb_at_most_and_a_response_100_bytes_more() {
    let played = playing(LONG, None);
    let (status, body, _) = played.post(&"x".repeat(PAYLOAD_LIMIT)).await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (413, r#"{"message":"Request Entity Too Large"}"#)
    );
    assert_eq!(played.post("large").await.0.as_u16(), 500);
    assert!(played.version.failures() < 3);
    let (status, body, _) = played.post("fits").await;
    assert_eq!((status.as_u16(), body.len()), (200, RESPONSE_LIMIT - 100));
    assert_eq!(played.post("").await.1, "hello");
}

#[tokio::test]
async fn an_integration_that_takes_too_long_is_503_and_its_function_runs_on() {
    let patience = Patience {
        integration: Duration::from_millis(100),
        ..Patience::default()
    };
    let hello = |folder: &Path| bootstrap(folder, "bootstrap", "hello");
    let played = play_with(hello, LONG, None, patience);
    played.version.warm().await.unwrap();
    let (status, body, _) = played.post("hang").await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (503, r#"{"message":"Service Unavailable"}"#)
    );
    assert!(
        !played.logged().contains("timed out"),
        "{}",
        played.logged()
    );
    // Its environment is busy, and another one takes the next request.
    let next = played.version.invoke(br#"{"body":""}"#.to_vec()).await;
    assert!(matches!(next, Outcome::Answer(_)), "{next:?}");
}

#[tokio::test]
async fn a_request_that_is_not_json_reaches_no_function() {
    let played = playing(LONG, None);
    for payload in ["{", "{} {}", "\u{feff}{}", "{'a': 1}"] {
        let outcome = played.version.invoke(payload.as_bytes().to_vec()).await;
        assert_eq!(outcome, Outcome::Refused(Refusal::InvalidJson), "{payload}");
    }
    let outcome = played.version.invoke(b"{\"a\": \"\xff\"}".to_vec()).await;
    assert_eq!(outcome, Outcome::Refused(Refusal::InvalidJson));
    let (status, kind, body) = Refusal::InvalidJson.parts();
    assert_eq!((status, kind), (400, "InvalidRequestContentException"));
    assert_eq!(body["Type"], "User");
}

#[tokio::test]
async fn a_client_that_goes_away_stops_no_function() {
    let played = playing(LONG, None);
    played.version.warm().await.unwrap();
    let pids = played.version.idle_pids();
    let gone = tokio::time::timeout(Duration::from_millis(50), played.post("slow")).await;
    assert!(gone.is_err());
    let begun = Instant::now();
    while played.version.idle_pids() != pids {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{}",
            played.logged()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
