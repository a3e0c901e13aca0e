//! Deploys of the stage `sandbox` to an emulator of AWS, from a copy of the checkout: the first one,
//! and one that changes nothing. What AWS itself takes to make things is not in these figures; what
//! the deployer adds is.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use postgres_server::{Binaries, Options, Server};
use serde_json::Value;

use crate::{
    Context, Error,
    checkout::{Checkout, texts},
    emulator::Emulator,
    finding::Finding,
    process::{peak_memory, runs},
    sample::Sample,
};

const NAME: &str = "deploy";
const STAGE: [&str; 2] = ["--stage", "sandbox"];
const PASSWORD: &str = "bench";
/// Between two looks at the memory of the deployer, whose largest value is kept by the kernel.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A deploy that ended well.
struct Deploy {
    answer: Value,
    took: Duration,
    /// Bytes, at the last look before its end.
    peak: u64,
}

/// Deploys to emulators that have nothing, and again.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let checkout = Checkout::new(context)?;
    // So that no deploy that is measured compiles anything.
    checkout.xtask(&["build", STAGE[0], STAGE[1]])?;
    let (mut first, mut again) = (Sample::default(), Sample::default());
    let (mut peak, mut last) = (0, None);
    for round in 0..context.count(3) {
        let emulator = Emulator::start(context)?;
        let database = database(context, round)?;
        let deployed = deploy(&checkout, &emulator, &database, "deployed")?;
        let unchanged = deploy(&checkout, &emulator, &database, "unchanged")?;
        first.push(deployed.took);
        again.push(unchanged.took);
        peak = peak.max(deployed.peak).max(unchanged.peak);
        last = Some((deployed, unchanged));
    }
    let (deployed, unchanged) = last.ok_or_else(|| Error::other("Nothing was deployed."))?;
    let stacks = deployed.answer["stacks"]
        .as_object()
        .map_or(0, |stacks| stacks.len());
    let calls = |deploy: &Deploy| -> f64 {
        let calls = deploy.answer["aws_calls"].as_object().into_iter().flatten();
        calls.filter_map(|(_, count)| count.as_f64()).sum()
    };
    let a_stack = calls(&unchanged) / stacks.max(1) as f64;
    let megabytes = peak as f64 / 1e6;
    Ok(vec![
        Finding::new(
            NAME,
            format!("first deploy of {stacks} stacks to an emulator"),
            shown(&first),
            first.median().as_secs_f64(),
        )
        .note(listed(&waits(&deployed), "it waited for")),
        Finding::new(
            NAME,
            "AWS calls of the first deploy",
            format!("{:.0}", calls(&deployed)),
            calls(&deployed),
        )
        .note(listed(&operations(&deployed), "by operation")),
        Finding::new(
            NAME,
            "deploy that changes nothing to an emulator",
            shown(&again),
            again.median().as_secs_f64(),
        )
        .at_most(3.0, " s")
        .note(listed(&waits(&unchanged), "it waited for")),
        Finding::new(
            NAME,
            "AWS calls a stack of a deploy that changes nothing",
            format!("{a_stack:.1}"),
            a_stack,
        )
        .at_most(5.0, "")
        .note(listed(&operations(&unchanged), "by operation")),
        Finding::new(
            NAME,
            "peak memory of the deployer",
            format!("{megabytes:.0} MB"),
            megabytes,
        )
        .at_most(150.0, " MB")
        .note("the process itself; cargo is another one"),
    ])
}

/// A PostgreSQL with the role and the database that a person would have made.
fn database(context: &Context, round: u32) -> Result<Server, Error> {
    let named = std::env::var_os("MIYABI_POSTGRES").map(PathBuf::from);
    let binaries = Binaries::find(
        named.as_deref(),
        &context.project().join(".miyabi/postgres"),
    )?;
    let options = Options {
        dir: postgres_server::place(&context.scratch().join(format!("sandbox-{round}"))),
        password: Some(PASSWORD.to_owned()),
        fast_and_unsafe: true,
        first_sql: vec![
            format!("create role miyabi_owner login createrole password '{PASSWORD}'"),
            "create database miyabi owner miyabi_owner".to_owned(),
        ],
        ..Options::default()
    };
    Ok(Server::start(&binaries, &options)?)
}

/// Deploys once, after a bootstrap, which the second time changes nothing.
fn deploy(
    checkout: &Checkout,
    emulator: &Emulator,
    database: &Server,
    wanted: &str,
) -> Result<Deploy, Error> {
    let url = emulator.url();
    let endpoint = [
        "--endpoint-url",
        &url,
        "--yes",
        "--allow",
        "permissions,public-access",
    ];
    checkout.xtask(&[&["bootstrap"], &STAGE[..], &endpoint].concat())?;
    let port = database.port();
    let mut command = checkout.command(&[&["deploy"], &STAGE[..], &endpoint].concat());
    command.env(
        "MIYABI_DATABASE_URL",
        format!("postgres://miyabi_owner:{PASSWORD}@127.0.0.1:{port}/miyabi"),
    );
    // Files, not pipes: nobody reads while it runs.
    let (stdout, stderr) = (checkout.dir().join("stdout"), checkout.dir().join("stderr"));
    command.stdout(file(&stdout)?).stderr(file(&stderr)?);
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let mut peak = 0;
    let status = loop {
        // Cargo comes before it, and at its very end it has no memory any more.
        if runs(child.id(), "xtask") {
            peak = peak_memory(child.id()).unwrap_or(0).max(peak);
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let took = began.elapsed();
    let output = std::process::Output {
        status,
        stdout: std::fs::read(&stdout)?,
        stderr: std::fs::read(&stderr)?,
    };
    let (stdout, talk) = texts(&output);
    let answer: Value = serde_json::from_str(stdout.trim())
        .map_err(|_| Error::other(format!("The deploy gave no answer: {stdout}{talk}")))?;
    if answer["result"] != wanted {
        return Err(Error::other(format!(
            "The deploy ended as {}, not as {wanted}: {talk}",
            answer["result"]
        )));
    }
    Ok(Deploy { answer, took, peak })
}

fn file(path: &Path) -> Result<std::fs::File, Error> {
    Ok(std::fs::File::create(path)?)
}

/// `CloudFormation.DescribeStacks 8`, the most frequent first.
fn operations(deploy: &Deploy) -> Vec<String> {
    let calls = deploy.answer["aws_calls"].as_object().into_iter().flatten();
    let mut calls: Vec<(u64, &String)> = calls
        .map(|(name, count)| (count.as_u64().unwrap_or(0), name))
        .collect();
    calls.sort_by(|a, b| b.cmp(a));
    calls
        .iter()
        .map(|(count, name)| format!("{name} {count}"))
        .collect()
}

/// `stack data 1.2 s in 4 looks`, the longest first.
fn waits(deploy: &Deploy) -> Vec<String> {
    let waits = deploy.answer["aws_waits"].as_object().into_iter().flatten();
    let mut waits: Vec<(f64, String)> = waits
        .map(|(what, waited)| {
            let seconds = waited["seconds"].as_f64().unwrap_or(0.0);
            (
                seconds,
                format!("{what} {seconds:.2} s in {} looks", waited["looks"]),
            )
        })
        .collect();
    waits.sort_by(|a, b| b.0.total_cmp(&a.0));
    waits.into_iter().map(|(_, text)| text).collect()
}

fn shown(sample: &Sample) -> String {
    format!(
        "{:.2} s, median of {}",
        sample.median().as_secs_f64(),
        sample.len()
    )
}

fn listed(parts: &[String], title: &str) -> String {
    match parts {
        [] => format!("{title}: nothing"),
        parts => format!("{title}: {}", parts.join(", ")),
    }
}
