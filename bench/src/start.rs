//! From the start of the process to its first request for work, against the smallest function.

use std::path::Path;

use crate::{Context, Error, finding::Finding, runtime::Environment, sample::Sample};

/// Interleaved: one of each in turn, so that whatever else the machine does hits both.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let (tasks, hello) = (context.function("tasks")?, context.hello()?);
    let database = context.database()?;
    let mut ours = Sample::default();
    let mut theirs = Sample::default();
    let start = |program: &Path, sample: &mut Sample| -> Result<(), Error> {
        let mut command = database.surroundings.command(program, &[])?;
        let mut environment = Environment::spawn(&mut command)?;
        sample.push(environment.ready()?);
        Ok(())
    };
    for _ in 0..context.count(40) {
        start(hello, &mut theirs)?;
        start(tasks, &mut ours)?;
    }
    let ratio = ours.over(&theirs);
    Ok(vec![
        Finding::new(
            "start",
            "process start to first /next, tasks / hello world",
            format!("{ratio:.2}x ({ours})"),
            ratio,
        )
        .against(theirs.to_string())
        .at_most(1.5, "x"),
    ])
}
