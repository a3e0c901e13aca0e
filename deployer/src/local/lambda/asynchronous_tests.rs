//! Retries and dead letters, with pauses that tests can wait for.

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::local::{
    lambda::{
        Concurrency, Log, Spec, Version,
        tests::{bootstrap_of, play_function},
    },
    orphans::Orphans,
};

const ALIAS: &str = "arn:aws:lambda:us-east-1:000000000000:function:played:live";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:dead";
/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// No test: a function that fails for as long as there is a file, and writes a line for each event.
#[test]
fn plays_a_function_that_fails() {
    play_function(|event| {
        use std::io::Write;
        let mut out = std::io::stdout();
        let _ = writeln!(out, "attempt {event}");
        let file = event["fails_while"].as_str().unwrap_or_default();
        if std::path::Path::new(file).exists() {
            std::process::exit(7);
        }
        if event["slow"] == true {
            std::thread::sleep(Duration::from_millis(300));
        }
        json!({ "done": true })
    });
}

struct Played {
    asynchronous: Asynchronous,
    queues: Arc<Queues>,
    log: PathBuf,
    folder: tempfile::TempDir,
    _version: Arc<Version>,
}

fn pauses() -> Pauses {
    Pauses {
        after_error: Duration::from_millis(50),
        after_throttle: Duration::from_millis(10),
        longest: Duration::from_millis(200),
    }
}

async fn played(retries: Option<Retries>, concurrency: Option<i64>) -> Played {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let spec = Spec {
        name: "played".to_owned(),
        bootstrap: bootstrap_of(
            folder.path(),
            "bootstrap",
            "local::lambda::asynchronous::tests::plays_a_function_that_fails",
            "",
        ),
        environment: BTreeMap::new(),
        memory: 128,
        timeout: LONG,
        log_group: "/aws/lambda/played".to_owned(),
        orphans: Orphans::watch().unwrap(),
    };
    let concurrency = Concurrency::new(concurrency);
    let version = Version::new(spec, "1", ALIAS, Log::open(&log).unwrap(), concurrency);
    let version = Arc::new(version);
    version.warm().await.unwrap();
    let functions = Functions::default();
    functions.point(ALIAS, Some(version.clone()));
    let queues = Arc::new(Queues::default());
    queues.put(QUEUE, folder.path().join("dead"), LONG).unwrap();
    let asynchronous = Asynchronous::new(functions, queues.clone(), pauses());
    asynchronous.configure(ALIAS, retries);
    Played {
        asynchronous,
        queues,
        log,
        folder,
        _version: version,
    }
}

impl Played {
    fn attempts(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.matches("attempt {").count()
    }

    /// An event that fails for as long as the file is there that this makes.
    fn failing(&self) -> (Vec<u8>, PathBuf) {
        let file = self.folder.path().join("fails");
        std::fs::write(&file, "").unwrap();
        let event = json!({ "fails_while": file });
        (event.to_string().into_bytes(), file)
    }

    async fn letter(&self) -> Value {
        until(|| {
            let messages = self.queues.messages(QUEUE);
            let message = messages.first()?;
            Some(serde_json::from_str(&message.body).unwrap())
        })
        .await
    }
}

async fn until<T>(condition: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begun.elapsed() < LONG, "it does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn to_the_queue(attempts: u64) -> Option<Retries> {
    Some(Retries {
        attempts,
        on_failure: Some(QUEUE.to_owned()),
        ..Retries::default()
    })
}

#[test]
fn the_pauses_and_the_retries_are_those_of_aws() {
    let pauses = Pauses::default();
    assert_eq!(pauses.after_error, Duration::from_secs(60));
    assert_eq!(pauses.after_throttle, Duration::from_secs(1));
    assert_eq!(pauses.longest, Duration::from_secs(5 * 60));
    let retries = Retries::default();
    assert_eq!(
        (retries.attempts, retries.age),
        (2, Duration::from_secs(6 * 60 * 60))
    );
}

#[tokio::test]
async fn what_fails_for_good_is_retried_and_then_a_dead_letter() {
    let played = played(to_the_queue(2), None).await;
    let (event, _) = played.failing();
    let begun = Instant::now();
    played.asynchronous.accept(ALIAS, event.clone()).unwrap();
    let letter = played.letter().await;
    assert_eq!(played.attempts(), 3);
    // One pause, and then twice as long.
    assert!(begun.elapsed() >= pauses().after_error * 3);
    let context = &letter["requestContext"];
    assert_eq!(context["condition"], "RetriesExhausted");
    assert_eq!(context["functionArn"], ALIAS);
    assert_eq!(context["approximateInvokeCount"], 3);
    let sent: Value = serde_json::from_slice(&event).unwrap();
    assert_eq!(letter["requestPayload"], sent);
    assert_eq!(letter["responsePayload"]["errorType"], "Runtime.ExitError");
}

#[tokio::test]
async fn an_event_that_gets_too_old_is_a_dead_letter_before_its_retries_are_used_up() {
    let young = Some(Retries {
        age: Duration::from_millis(20),
        ..to_the_queue(2).unwrap()
    });
    let played = played(young, None).await;
    played
        .asynchronous
        .accept(ALIAS, played.failing().0)
        .unwrap();
    let letter = played.letter().await;
    assert_eq!(letter["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(played.attempts(), 1);
}

#[tokio::test]
async fn a_retry_that_succeeds_is_the_last_one() {
    let played = played(to_the_queue(2), None).await;
    let (event, file) = played.failing();
    played.asynchronous.accept(ALIAS, event).unwrap();
    until(|| (played.attempts() == 1).then_some(())).await;
    std::fs::remove_file(file).unwrap();
    until(|| (played.attempts() == 2).then_some(())).await;
    // Twice the pause before a third attempt, had there been one.
    tokio::time::sleep(pauses().after_error * 4).await;
    assert_eq!(played.attempts(), 2);
    assert_eq!(played.queues.messages(QUEUE), []);
}

/// Busy is not failed: it costs no retry, and everything is done in the end.
#[tokio::test]
async fn what_finds_its_function_busy_waits_until_it_is_not() {
    let played = played(to_the_queue(0), Some(1)).await;
    let event = json!({ "slow": true }).to_string().into_bytes();
    for _ in 0..4 {
        played.asynchronous.accept(ALIAS, event.clone()).unwrap();
    }
    until(|| (played.attempts() == 4).then_some(())).await;
    assert_eq!(played.queues.messages(QUEUE), []);
}

#[tokio::test]
async fn an_event_has_256_kb_and_is_json() {
    let played = played(None, None).await;
    let of = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
    let accept = |event: Vec<u8>| played.asynchronous.accept(ALIAS, event);
    assert_eq!(accept(of(EVENT_LIMIT)), Ok(()));
    assert_eq!(accept(of(EVENT_LIMIT + 1)), Err(Refusal::RequestTooLarge));
    assert_eq!(accept(b"{".to_vec()), Err(Refusal::InvalidJson));
}
