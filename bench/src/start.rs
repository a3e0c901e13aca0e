//! From the start of the process to its first request for work, against the smallest function.

use std::path::Path;

use crate::{Context, Error, finding::Finding, runtime::Environment, sample::Sample};

/// What a person waits for at a sign-in and at the first list.
const FUNCTIONS: [&str; 3] = ["tasks", "auth", "github"];

/// Interleaved: one of each in turn, so that whatever else the machine does hits all.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let hello = context.hello()?;
    let database = context.database()?;
    let start = |program: &Path, sample: &mut Sample| -> Result<(), Error> {
        let mut command = database.surroundings.command(program, &[])?;
        let mut environment = Environment::spawn(&mut command)?;
        sample.push(environment.ready()?);
        Ok(())
    };
    let mut theirs = Sample::default();
    let mut ours = Vec::new();
    for name in FUNCTIONS {
        ours.push((name, context.function(name)?, Sample::default()));
    }
    for _ in 0..context.count(40) {
        start(hello, &mut theirs)?;
        for (_, program, sample) in &mut ours {
            start(program, sample)?;
        }
    }
    let finding = |name: &str, sample: &Sample| {
        let ratio = sample.over(&theirs);
        let what = format!("process start to first /next, {name} / hello world");
        Finding::new("start", what, format!("{ratio:.2}x ({sample})"), ratio)
            .against(theirs.to_string())
            .at_most(1.5, "x")
    };
    Ok(ours
        .iter()
        .map(|(name, _, sample)| finding(name, sample))
        .collect())
}
