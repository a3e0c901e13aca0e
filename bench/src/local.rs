//! The stage `local`, in a copy of the checkout: what its gateway adds to an invocation, a deploy
//! that changes nothing, and one that changes a function, until the new code answers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Context, Error,
    checkout::{self, Checkout},
    finding::Finding,
    http::Connection,
    runtime::Environment,
    sample::Sample,
};

const DEPLOY: [&str; 4] = ["deploy", "--stage", "local", "--yes"];
const CHANGED: &str = "handlers/docs/src/health.rs";

/// Deploys, measures and destroys.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let checkout = Checkout::new(context)?;
    let first = checkout.xtask(&DEPLOY)?;
    let found = measured(context, &checkout, &first.answer);
    let destroyed = checkout.xtask(&["destroy", "--stage", "local", "--yes", "--confirm", "local"]);
    let mut findings = found?;
    destroyed?;
    findings.insert(
        0,
        Finding::new(
            "local",
            "first deploy of local",
            seconds(first.took),
            first.took.as_secs_f64(),
        )
        .note("with all that was not compiled yet"),
    );
    Ok(findings)
}

fn measured(
    context: &Context,
    checkout: &Checkout,
    answer: &serde_json::Value,
) -> Result<Vec<Finding>, Error> {
    let origin = answer["outputs"]["apiUrl"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut findings = vec![gateway(context, checkout, &origin)?];
    let mut unchanged = Sample::default();
    for _ in 0..context.count(10) {
        let ran = checkout.xtask(&DEPLOY)?;
        if ran.answer["result"] != "unchanged" {
            return Err(Error::other(format!(
                "A deploy without a change changed something: {}",
                ran.talk
            )));
        }
        unchanged.push(ran.took);
    }
    let milliseconds = unchanged.median().as_secs_f64() * 1000.0;
    findings.push(
        Finding::new(
            "local",
            "deploy that changes nothing",
            unchanged.to_string(),
            milliseconds,
        )
        .at_most(1500.0, " ms")
        .note("as typed: cargo's own start is in it"),
    );
    findings.push(change(checkout, &origin)?);
    Ok(findings)
}

/// The same request through the gateway and, to another process of the same binary, through a
/// Runtime API that does nothing else.
fn gateway(context: &Context, checkout: &Checkout, origin: &str) -> Result<Finding, Error> {
    let mut command = Command::new(newest(
        &checkout.dir().join(".miyabi/artifacts/functions/docs"),
    )?);
    command.env_clear().envs([
        ("MIYABI_STAGE", "local"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_LAMBDA_FUNCTION_NAME", "docs"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ]);
    let log = fs::File::create(context.scratch().join("docs.log"))?;
    command.stdout(log.try_clone()?).stderr(log);
    let mut direct = Environment::spawn(&mut command)?;
    let mut through = Connection::open(origin)?;
    let event = crate::subject::public_event("/api/health");
    let (mut with, mut without) = (Sample::default(), Sample::default());
    for round in 0..context.count(1000) + 50 {
        let alone = direct.invoke(&event)?.took;
        let (_, both) = through.get("/api/health")?;
        // The first ones warm both up.
        if round >= 50 {
            without.push(alone);
            with.push(both);
        }
        // The stage's throttling is part of what is deployed; it must not be what is measured.
        std::thread::sleep(Duration::from_millis(2));
    }
    let added = (with.median().as_secs_f64() - without.median().as_secs_f64()) * 1000.0;
    Ok(Finding::new(
        "local",
        "what the local gateway adds to an invoke, p50",
        format!("{added:.2} ms ({with})"),
        added,
    )
    .against(without.to_string())
    .at_most(1.0, " ms")
    .note("the gateway's HTTP, its event, its Runtime API; dev builds of both"))
}

/// From the start of the deploy to the first answer of the new code, less the build.
fn change(checkout: &Checkout, origin: &str) -> Result<Finding, Error> {
    let path = checkout.dir().join(CHANGED);
    let before = fs::read_to_string(&path)?;
    let after = before.replace("env!(\"CARGO_PKG_VERSION\")", "\"changed\"");
    if after == before {
        return Err(Error::other(format!(
            "{CHANGED} is not as this measurement knows it."
        )));
    }
    fs::write(&path, after)?;
    let began = Instant::now();
    let deploy = checkout.command(&DEPLOY).spawn()?;
    let answered = until_changed(origin, began);
    let output = deploy.wait_with_output();
    fs::write(&path, before)?;
    let (_, talk) = checkout::texts(&output?);
    let answered = answered?;
    let build = build_time(&talk)
        .ok_or_else(|| Error::other(format!("No time of the build in: {talk}")))?;
    let rest = answered.saturating_sub(build);
    Ok(Finding::new(
        "local",
        "one function changed, to the new code answering, less the build",
        seconds(rest),
        rest.as_secs_f64(),
    )
    .at_most(1.0, " s")
    .note(format!(
        "{} in all, of which {} the incremental build",
        seconds(answered),
        seconds(build)
    )))
}

fn until_changed(origin: &str, began: Instant) -> Result<Duration, Error> {
    let mut connection = Connection::open(origin)?;
    while began.elapsed() < Duration::from_secs(300) {
        // A request in flight must not fail, whatever is being deployed.
        let (body, _) = connection.get("/api/health")?;
        if String::from_utf8_lossy(&body).contains("\"changed\"") {
            return Ok(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(Error::other(
        "The new code did not answer within five minutes.",
    ))
}

/// `Building the functions: done, 6 functions, 1 changed (1.9 s)` -> 1.9 s.
fn build_time(talk: &str) -> Option<Duration> {
    let line = talk
        .lines()
        .find(|line| line.starts_with("Building the functions: done"))?;
    let text = line.rsplit_once('(')?.1.trim_end_matches(')');
    let mut words = text.split(' ');
    let mut total = 0.0;
    while let (Some(number), Some(unit)) = (words.next(), words.next()) {
        let scale = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "min" => 60.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
    }
    Some(Duration::from_secs_f64(total))
}

/// The bootstrap that was kept last.
fn newest(folder: &Path) -> Result<PathBuf, Error> {
    let entries = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path().join("bootstrap"));
    let dated = entries.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)));
    let newest = dated.max().map(|(_, path)| path);
    newest.ok_or_else(|| Error::other(format!("There is no bootstrap in {}.", folder.display())))
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_build_is_read_from_what_the_deploy_says() {
        let read = |text| {
            build_time(&format!(
                "x\nBuilding the functions: done, 6 functions, 1 changed ({text})\ny"
            ))
        };
        assert_eq!(read("1.9 s"), Some(Duration::from_millis(1900)));
        assert_eq!(read("1 min 46 s"), Some(Duration::from_secs(106)));
        assert_eq!(build_time("Planning: done (1 s)"), None);
    }
}
