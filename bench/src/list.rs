//! A page of 50 tasks: first answer, warm answer, CPU and memory, against Node with the same
//! statements.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Context, Error, finding::Finding, runtime::Environment, sample::Sample, statements, subject,
};

const PATH: &str = "/api/tasks";
const PAGE: usize = 50;
/// In `bench/node`: what is started, and the part of it that is compiled last.
const RUNTIME: &str = "node_modules/aws-lambda-ric/bin/index.mjs";
const COMPILED: &str = "node_modules/aws-lambda-ric/dist/rapid-client.node";

/// What was seen of one of the two.
#[derive(Default)]
struct Seen {
    first: Sample,
    warm: Sample,
    peak: u64,
    cpu: f64,
}

/// Interleaved, cold and warm.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    let tenant = database.database.tenant(500)?;
    let event = subject::event(tenant, PATH);
    let ours = || database.surroundings.command(tasks, &[]);
    let logged = database.database.logged(subject::role(), false, || {
        let mut environment = Environment::spawn(&mut ours()?)?;
        for _ in 0..2 {
            expect_page(&environment.invoke(&event)?.body)?;
        }
        Ok(())
    })?;
    let statements = statements::of_one_request(&logged)?;
    let count = statements.len();
    let file = context.scratch().join("statements.json");
    fs::write(
        &file,
        serde_json::to_vec(&statements).map_err(Error::other)?,
    )?;
    let node = node(context.project())?;
    let theirs = || -> Result<Command, Error> {
        let mut command = database
            .surroundings
            .command(Path::new("node"), &[RUNTIME, "function.handler"])?;
        command
            .current_dir(&node)
            .env("BENCH_STATEMENTS", &file)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Ok(command)
    };
    let (mut rust, mut javascript) = (Seen::default(), Seen::default());
    for _ in 0..context.count(20) {
        first(&mut theirs()?, &event, &mut javascript)?;
        first(&mut ours()?, &event, &mut rust)?;
    }
    let mut one = Environment::spawn(&mut ours()?)?;
    let mut other = Environment::spawn(&mut theirs()?)?;
    warm_up(&mut one, &event)?;
    warm_up(&mut other, &event)?;
    let before = [one.cpu_time()?, other.cpu_time()?];
    let calls = context.count(1000);
    for _ in 0..calls {
        javascript.warm.push(other.invoke(&event)?.took);
        rust.warm.push(one.invoke(&event)?.took);
    }
    rust.cpu = (one.cpu_time()? - before[0]).as_secs_f64() * 1000.0 / f64::from(calls);
    javascript.cpu = (other.cpu_time()? - before[1]).as_secs_f64() * 1000.0 / f64::from(calls);
    rust.peak = one.peak_memory()?;
    javascript.peak = other.peak_memory()?;
    let over = match database.database.ca_file {
        Some(_) => "over TLS, verify-full".to_owned(),
        None => "without TLS: the PostgreSQL of this machine has none".to_owned(),
    };
    let note = format!("Node: aws-lambda-ric and pg, the same {count} statements; {over}");
    Ok(findings(&rust, &javascript, &note))
}

fn findings(rust: &Seen, javascript: &Seen, note: &str) -> Vec<Finding> {
    let megabytes = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    let first = javascript.first.over(&rust.first);
    let warm = javascript.warm.over(&rust.warm);
    let ratio = |what: &str, ratio: f64, ours: &Sample, theirs: &Sample| {
        Finding::new("list", what, format!("{ratio:.1}x ({ours})"), ratio)
            .against(theirs.to_string())
    };
    vec![
        ratio(
            "process start to first page of tasks, Node / tasks",
            first,
            &rust.first,
            &javascript.first,
        )
        .at_least(5.0, "x")
        .note(note),
        ratio(
            "warm page of tasks, Node / tasks",
            warm,
            &rust.warm,
            &javascript.warm,
        )
        .at_least(2.0, "x"),
        Finding::new(
            "list",
            "CPU of a warm page of tasks",
            format!("{:.2} ms", rust.cpu),
            rust.cpu,
        )
        .against(format!("{:.2} ms", javascript.cpu)),
        Finding::new(
            "list",
            "peak memory of tasks",
            format!("{:.1} MiB", megabytes(rust.peak)),
            megabytes(rust.peak),
        )
        .against(format!("{:.1} MiB", megabytes(javascript.peak)))
        .at_most(12.0, " MiB"),
    ]
}

fn first(command: &mut Command, event: &[u8], seen: &mut Seen) -> Result<(), Error> {
    let mut environment = Environment::spawn(command)?;
    let answer = environment.invoke(event)?;
    seen.first.push(environment.age());
    expect_page(&answer.body)
}

fn warm_up(environment: &mut Environment, event: &[u8]) -> Result<(), Error> {
    for _ in 0..50 {
        expect_page(&environment.invoke(event)?.body)?;
    }
    Ok(())
}

fn expect_page(answer: &[u8]) -> Result<(), Error> {
    match subject::assert_page(answer)? {
        // One more than a page is read, to know whether there is another.
        PAGE | 51 => Ok(()),
        items => Err(Error::other(format!(
            "A page of {PAGE} tasks was expected, {items} came."
        ))),
    }
}

/// Whatever runs functions in Node on AWS, installed, and the folder of the function.
fn node(project: &Path) -> Result<PathBuf, Error> {
    let folder = project.join("bench/node");
    if !folder.join(RUNTIME).is_file() || !folder.join(COMPILED).is_file() {
        let output = Command::new("sh")
            .arg("install.sh")
            .current_dir(&folder)
            .output()
            .map_err(|error| Error::other(format!("sh cannot be run: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::other(format!(
                "bench/node/install.sh failed: {said}"
            )));
        }
    }
    Ok(folder)
}
