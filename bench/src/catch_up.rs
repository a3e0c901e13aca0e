//! What a client that was away asks for: the snapshot of 5,000 tasks, and 500 changes.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    Context, Error,
    database::{Database, Tenant},
    finding::Finding,
    runtime::Environment,
    sample::Sample,
    subject,
};

/// As many as a snapshot has at most.
const TASKS: u32 = 5000;
/// As many as a response has at most.
const CHANGES: u32 = 500;

/// Warm, compressed as for a browser.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    let tenant = database.database.tenant(TASKS)?;
    fill_outbox(&database.database, tenant)?;
    let mut environment = Environment::spawn(&mut database.surroundings.command(tasks, &[])?)?;
    let mut measure = |path: &str, items: u32, rounds: u32| -> Result<(Sample, usize), Error> {
        let event = subject::event_of_browser(tenant, path);
        let (mut sample, mut size) = (Sample::default(), 0);
        for round in 0..rounds + 5 {
            let answer = environment.invoke(&event)?;
            size = size_on_the_wire(&answer.body)?;
            // The first ones connect.
            if round >= 5 {
                sample.push(answer.took);
            }
        }
        expect_items(
            &environment.invoke(&subject::event(tenant, path))?.body,
            items,
        )?;
        Ok((sample, size))
    };
    let (snapshot, size) = measure("/api/tasks/snapshot", TASKS, context.count(100))?;
    let (changes, _) = measure("/api/changes?after=0", CHANGES, context.count(200))?;
    let milliseconds = |sample: &Sample| sample.median().as_secs_f64() * 1000.0;
    let kilobytes = size as f64 / 1000.0;
    Ok(vec![
        Finding::new(
            "catch-up",
            "snapshot of 5,000 tasks",
            snapshot.to_string(),
            milliseconds(&snapshot),
        )
        .at_most(150.0, " ms")
        .note("gzip included"),
        Finding::new(
            "catch-up",
            "its size on the wire",
            format!("{kilobytes:.0} kB"),
            kilobytes,
        )
        .at_most(500.0, " kB"),
        Finding::new(
            "catch-up",
            "500 changes",
            changes.to_string(),
            milliseconds(&changes),
        )
        .at_most(50.0, " ms"),
    ])
}

/// An event for each of the last changes of the tasks.
fn fill_outbox(database: &Database, tenant: Tenant) -> Result<(), Error> {
    let organization = tenant.organization;
    database.run(&format!(
        "insert into outbox_sequences (organization_id, last_seq) values ('{organization}', {CHANGES})
         on conflict (organization_id) do update set last_seq = excluded.last_seq;
         insert into outbox (organization_id, seq, type, ids, versions, delivered_at)
         select '{organization}', row_number() over (), 'task.changed', array[id], array[version], now()
         from (select id, version from tasks where organization_id = '{organization}' limit {CHANGES}) t;"
    ))
}

/// Bytes of the body as a client gets it.
fn size_on_the_wire(answer: &[u8]) -> Result<usize, Error> {
    let answer: Value = serde_json::from_slice(answer).map_err(Error::other)?;
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["statusCode"] != 200 || answer["isBase64Encoded"] != true {
        return Err(Error::Function(answer.to_string()));
    }
    Ok(STANDARD.decode(body).map_err(Error::other)?.len())
}

/// What is quick because it is incomplete must not count.
fn expect_items(answer: &[u8], expected: u32) -> Result<(), Error> {
    let answer: Value = serde_json::from_slice(answer).map_err(Error::other)?;
    let body = answer["body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let items = body["items"].as_array().or(body["tasks"].as_array());
    match items.map(Vec::len) {
        Some(items) if items == expected as usize => Ok(()),
        items => Err(Error::other(format!(
            "{expected} items were expected, {items:?} came."
        ))),
    }
}
