//! The smoke test: does what was deployed answer? An allowed request, a refused one, the site, and the
//! WebSocket API, through the addresses that people use.
//!
//! Nobody is signed in, so no connection is made: a handshake without a ticket is refused by the
//! function behind `$connect`, and the `@connections` endpoint refuses whoever does not sign.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::{
    Error,
    http_client::{self, Answer},
    progress::Progress,
    stage::Stage,
};

/// One request and whether it was answered as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `GET http://127.0.0.1:4000/api/health`
    pub request: String,
    /// The status that it must have.
    pub expected: u16,
    /// The status that it had.
    pub status: u16,
}

/// What a smoke test needs to know about the stage.
#[derive(Debug)]
pub struct SmokeTest<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// Its site has a name that only AWS could give an address.
    pub emulated: bool,
    /// How long a wrong answer is asked for again.
    pub settles_within: Duration,
}

/// A cold start of every function involved, twice over.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a wrong answer is asked for again on AWS, where new names and new edges take a while.
const SETTLES_ON_AWS: Duration = Duration::from_secs(60);
/// The same at an emulator, which only starts functions.
const SETTLES_AT_AN_EMULATOR: Duration = Duration::from_secs(10);

/// How long a wrong answer is asked for again; on `local` not at all.
pub fn settles_within(stage: &Stage, emulated: bool) -> Duration {
    match (stage.is_local(), emulated) {
        (true, _) => Duration::ZERO,
        (_, true) => SETTLES_AT_AN_EMULATOR,
        (_, false) => SETTLES_ON_AWS,
    }
}

/// A request and the response that it must have.
struct Expected {
    url: String,
    headers: &'static [(&'static str, &'static str)],
    /// The status; an emulator may give any of several.
    statuses: &'static [u16],
    /// How the content type begins.
    media_type: &'static str,
}

impl Expected {
    fn get(url: String, status: &'static [u16], media_type: &'static str) -> Expected {
        Expected {
            url,
            headers: &[],
            statuses: status,
            media_type,
        }
    }
}

/// A handshake (<https://www.rfc-editor.org/rfc/rfc6455#section-1.2>), with the key of its example and
/// without a ticket.
const HANDSHAKE: &[(&str, &str)] = &[
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// Asks the deployed stage; an error names the first request with a wrong answer.
pub async fn test(
    smoke_test: &SmokeTest<'_>,
    outputs: &BTreeMap<String, String>,
    progress: &Progress,
) -> Result<Vec<Check>, Error> {
    let requests = requests(smoke_test.stage, outputs, smoke_test.emulated);
    let step = progress.step("smoke test", "Asking the application");
    let checks = futures_util::future::try_join_all(
        requests
            .iter()
            .map(|request| ask_until(smoke_test.stage, request, smoke_test.settles_within)),
    )
    .await?;
    step.done(format!(
        "{} requests answered as they should be",
        checks.len()
    ));
    Ok(checks)
}

/// One request of the smoke test, sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressHealth {
    /// `GET http://127.0.0.1:4000/api/health`
    pub request: String,
    /// The statuses that it may have.
    pub expected: &'static [u16],
    /// How long the response took.
    pub milliseconds: u64,
    /// What is wrong with the response, or why there is none; `None`: it is as expected.
    pub problem: Option<String>,
}

/// Sends each request of the smoke test once, all at the same time. A wrong response is no error.
pub async fn look(
    smoke_test: &SmokeTest<'_>,
    outputs: &BTreeMap<String, String>,
) -> Vec<AddressHealth> {
    let stage = smoke_test.stage;
    let requests = requests(stage, outputs, smoke_test.emulated);
    let looks = requests.iter().map(|request| async move {
        let began = Instant::now();
        let answered = ask(stage, request).await;
        AddressHealth {
            request: format!("GET {}", request.url),
            expected: request.statuses,
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            problem: answered.err().map(|error| error.message().to_owned()),
        }
    });
    futures_util::future::join_all(looks).await
}

fn requests(stage: &Stage, outputs: &BTreeMap<String, String>, emulated: bool) -> Vec<Expected> {
    let mut requests = Vec::new();
    let behind_site = stage.settings().site.origin_secret == stacks::stage::OriginSecret::Required;
    if let Some(api) = outputs.get("apiUrl") {
        let health = format!("{api}/api/health");
        if behind_site {
            requests.push(Expected::get(health, &[403], PROBLEM));
        } else {
            requests.push(Expected::get(health, &[200], "application/json"));
            requests.push(Expected::get(format!("{api}/api/tasks"), &[401], PROBLEM));
        }
    }
    if let Some(site) = outputs.get("siteUrl").filter(|_| !emulated) {
        let health = format!("{site}/api/health");
        requests.push(Expected::get(format!("{site}/"), &[200], "text/html"));
        requests.push(Expected::get(health, &[200], "application/json"));
        requests.push(Expected::get(format!("{site}/api/tasks"), &[401], PROBLEM));
    }
    if let Some(socket) = outputs.get("webSocketUrl") {
        // The same address, for a request: `https` for `wss`.
        let address = socket.replacen("ws", "http", 1);
        // An emulator may not look at signatures: then the connection is what it does not have.
        let unsigned: &[u16] = if emulated { &[403, 410] } else { &[403] };
        let connection = format!("{address}/@connections/smoke-test");
        requests.push(Expected::get(connection, unsigned, ""));
        requests.push(Expected {
            headers: HANDSHAKE,
            ..Expected::get(address, &[403], "")
        });
    }
    requests
}

const PROBLEM: &str = "application/problem+json";

async fn ask_until(stage: &Stage, request: &Expected, within: Duration) -> Result<Check, Error> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match ask(stage, request).await {
            Err(_) if began.elapsed() < within => {
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(Duration::from_secs(3));
            }
            result => return result,
        }
    }
}

async fn ask(stage: &Stage, expected: &Expected) -> Result<Check, Error> {
    let (url, headers) = (expected.url.as_str(), expected.headers);
    let answer = http_client::send(Method::GET, url, headers, Bytes::new(), PATIENCE).await?;
    let status = answer.status.as_u16();
    if !expected.statuses.contains(&status)
        || !answer
            .header("content-type")
            .starts_with(expected.media_type)
    {
        return Err(wrong(stage, expected, &answer));
    }
    Ok(Check {
        request: format!("GET {url}"),
        expected: status,
        status,
    })
}

fn wrong(stage: &Stage, expected: &Expected, answer: &Answer) -> Error {
    let statuses: Vec<String> = expected.statuses.iter().map(u16::to_string).collect();
    let statuses = statuses.join(" or ");
    Error::failed(
        format!(
            "Smoke test failed: GET {} returned {} `{}`, expected {}.",
            expected.url,
            answer.status.as_u16(),
            answer.header("content-type"),
            format!("{statuses} {}", expected.media_type).trim_end(),
        ),
        format!(
            "See the logs of the functions: `cargo xtask logs --stage {} --since 5m`",
            stage.name()
        ),
    )
    .because(format!("the answer began: {}", answer.text(500)))
}
