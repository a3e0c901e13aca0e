//! Live updates on the stage `local`: 1,000 sockets of one organization, and how long it takes from
//! a change to each of them. Everything is included: the gateways, the functions, PostgreSQL, and
//! the clients of this measurement, on the same processors.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use miyabi_tests::{Member, Method, Value, json};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{Context, Error, checkout::Checkout, finding::Finding, process, sample::Sample};

const DEPLOY: [&str; 4] = ["deploy", "--stage", "local", "--yes"];
const PEOPLE: usize = 10;
/// As many as one person may have.
const SOCKETS_OF_A_PERSON: usize = 100;
const SOCKETS: usize = PEOPLE * SOCKETS_OF_A_PERSON;
/// Two changes a second are 2,000 deliveries.
const PACE: Duration = Duration::from_millis(500);
/// How long the last deliveries may take before they count as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// A delivery: the version of the task that the event is about, and when it arrived.
type Arrival = (i64, Instant);

/// Deploys, measures and destroys.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let checkout = Checkout::optimized(context)?;
    add_people(checkout.dir())?;
    let deployed = checkout.xtask(&DEPLOY)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let found = runtime.block_on(measured(
        context,
        checkout.dir(),
        &deployed.answer["outputs"],
    ));
    let destroyed = checkout.xtask(&["destroy", "--stage", "local", "--yes", "--confirm", "local"]);
    let findings = found?;
    destroyed?;
    Ok(findings)
}

/// People who can sign in at the stand-in for GitHub: one may have 100 connections only.
fn add_people(checkout: &Path) -> Result<(), Error> {
    let path = checkout.join("deployer/github-stand-in/people.json");
    let mut people: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(&path)?).map_err(Error::other)?;
    people.extend((0..PEOPLE).map(|number| {
        json!({
            "id": 9_500_000_000_u64 + number as u64,
            "login": login(number),
            "name": null,
            "emails": [],
        })
    }));
    fs::write(&path, serde_json::to_vec(&people).map_err(Error::other)?)?;
    Ok(())
}

fn login(number: usize) -> String {
    format!("watcher-{number}")
}

async fn measured(
    context: &Context,
    checkout: &Path,
    outputs: &Value,
) -> Result<Vec<Finding>, Error> {
    let text = |name: &str| outputs[name].as_str().unwrap_or_default().to_owned();
    let (url, origin) = (text("webSocketUrl"), text("siteUrl"));
    let people = people(&origin).await?;
    let (arrived, mut arrivals) = unbounded_channel();
    let mut sockets = Vec::with_capacity(SOCKETS);
    for person in &people {
        for _ in 0..SOCKETS_OF_A_PERSON {
            sockets.push(watch(person, &url, &origin, arrived.clone()).await?);
        }
    }
    drop(arrived);
    let changes = context.count(120);
    let delivered = deliver(&people[0], changes, &mut arrivals).await?;
    sockets.iter().for_each(JoinHandle::abort);
    let memory = memory(checkout)?;
    let milliseconds = |percent| {
        delivered
            .percentile(percent)
            .unwrap_or_default()
            .as_secs_f64()
            * 1000.0
    };
    if delivered.is_empty() {
        return Err(Error::other("No change has arrived at any socket."));
    }
    let expected = changes as usize * SOCKETS;
    let lost = (expected - delivered.len()) as f64;
    let what = |what: &str| format!("change to client, {what}");
    Ok(vec![
        Finding::new("live", what("p50"), delivered.to_string(), milliseconds(50))
            .at_most(50.0, " ms")
            .note(format!(
                "{changes} changes to {SOCKETS} sockets, two a second; from the moment that the request is \
                 sent, so the change itself is in it; optimized builds of stage and functions"
            )),
        Finding::new("live", what("p99"), format!("{:.2} ms", milliseconds(99)), milliseconds(99))
            .at_most(300.0, " ms"),
        Finding::new("live", "deliveries that were lost", format!("{lost} of {expected}"), lost)
            .at_most(0.0, ""),
        Finding::new("live", "peak memory of ws-broadcast", format!("{memory:.1} MiB"), memory)
            .at_most(32.0, " MiB"),
    ])
}

/// Ten people in one organization.
async fn people(origin: &str) -> Result<Vec<Member>, Error> {
    let site = origin
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .parse()
        .map_err(Error::other)?;
    let mut people: Vec<Member> = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let mut person = Member::sign_in(site, &login(number)).await;
        if let Some(owner) = people.first() {
            owner.bring_in(&mut person, "member").await;
        }
        people.push(person);
    }
    Ok(people)
}

/// A socket that reports when an event about a task arrives.
async fn watch(
    person: &Member,
    url: &str,
    origin: &str,
    arrived: UnboundedSender<Arrival>,
) -> Result<JoinHandle<()>, Error> {
    let ticket = person.ticket().await;
    let address = url
        .trim_start_matches("ws://")
        .split('/')
        .next()
        .unwrap_or_default();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("{url}?ticket={ticket}")
        .into_client_request()
        .map_err(Error::other)?;
    let headers = request.headers_mut();
    headers.insert("origin", origin.parse().map_err(Error::other)?);
    let (mut socket, _) = client_async(request, stream).await.map_err(Error::other)?;
    Ok(tokio::spawn(async move {
        while let Some(versions) = next_versions(&mut socket).await {
            let now = Instant::now();
            for version in versions {
                // The measurement may have ended.
                let _ = arrived.send((version, now));
            }
        }
    }))
}

/// The versions that the next message is about; `None` when the connection ends.
async fn next_versions(socket: &mut WebSocketStream<TcpStream>) -> Option<Vec<i64>> {
    let Message::Text(text) = socket.next().await?.ok()? else {
        return Some(Vec::new());
    };
    let message: Value = serde_json::from_str(text.as_str()).ok()?;
    // One event is a message of its own, several are the items of one.
    let one = std::slice::from_ref(&message);
    let events = message["items"].as_array().map_or(one, Vec::as_slice);
    let versions = events
        .iter()
        .filter_map(|event| event["versions"][0].as_i64());
    Some(versions.collect())
}

/// Changes a task again and again, and gives the time to each socket.
async fn deliver(
    person: &Member,
    changes: u32,
    arrivals: &mut UnboundedReceiver<Arrival>,
) -> Result<Sample, Error> {
    let task = json!({ "title": "Water the maple" });
    let task = person
        .ask(Method::POST, "/api/tasks", Some(task))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap_or_default());
    // The creation warms up the functions and the clients.
    receive(arrivals, SOCKETS, |_| ()).await;
    let (mut sent, mut pace) = (Vec::new(), tokio::time::interval(PACE));
    for version in 1..=i64::from(changes) {
        pace.tick().await;
        sent.push(Instant::now());
        let change = person
            .request(Method::PATCH, &path)
            .header("if-match", format!("\"{version}\""))
            .json(json!({ "title": format!("Water the maple {version}") }));
        change.await.expect(200);
    }
    let mut sample = Sample::default();
    receive(arrivals, changes as usize * SOCKETS, |(version, at)| {
        // Version 2 is what the first change made.
        let index = usize::try_from(version - 2).ok();
        if let Some(sent) = index.and_then(|index| sent.get(index)) {
            sample.push(at - *sent);
        }
    })
    .await;
    Ok(sample)
}

/// Takes so many arrivals, or those that come until no other one came for a while.
async fn receive(
    arrivals: &mut UnboundedReceiver<Arrival>,
    count: usize,
    mut take: impl FnMut(Arrival),
) {
    for _ in 0..count {
        match tokio::time::timeout(PATIENCE, arrivals.recv()).await {
            Ok(Some(arrival)) => take(arrival),
            Ok(None) | Err(_) => break,
        }
    }
}

/// The most that a process of `ws-broadcast` of the stage has had, in MiB.
fn memory(checkout: &Path) -> Result<f64, Error> {
    let state = checkout.join(".miyabi");
    let mut peaks = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let program = fs::read_link(entry.path().join("exe")).unwrap_or_default();
        let is_of_the_stage = program.starts_with(&state);
        if is_of_the_stage
            && program
                .components()
                .any(|part| part.as_os_str() == "ws-broadcast")
        {
            peaks.push(process::peak_memory(pid)?);
        }
    }
    let peak = peaks.into_iter().max();
    let peak = peak.ok_or_else(|| Error::other("No process of ws-broadcast is running."))?;
    Ok(peak as f64 / 1024.0 / 1024.0)
}
