//! All stacks of a stage with all checks, as `cargo xtask synth` does it: time and memory of the
//! whole process.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Context, Error, finding::Finding, process, sample::Sample};

/// Of the largest stage, with the command line as it is built for everyday use.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let (mut wall, mut cpu, mut peak) = (Sample::default(), Sample::default(), 0);
    for _ in 0..context.count(20) {
        let used = once(context.xtask(), context.project())?;
        wall.push(used.wall);
        cpu.push(used.cpu);
        peak = peak.max(used.peak);
    }
    let milliseconds = wall.median().as_secs_f64() * 1000.0;
    let megabytes = peak as f64 / 1024.0 / 1024.0;
    Ok(vec![
        Finding::new(
            "synth",
            "synth of all stacks of prod with all checks",
            wall.to_string(),
            milliseconds,
        )
        .against("CDK, an equal app: 1,940 ms")
        .at_most(50.0, " ms")
        .note(format!(
            "dev build, the whole process with its start; CPU {cpu}"
        )),
        Finding::new(
            "synth",
            "memory of that",
            format!("{megabytes:.1} MiB"),
            megabytes,
        )
        .against("CDK, an equal app: 221 MiB")
        .at_most(30.0, " MiB"),
    ])
}

/// What one run used.
struct Used {
    wall: Duration,
    cpu: Duration,
    peak: u64,
}

/// One run, watched until its end: what a process used is gone with it.
fn once(xtask: &Path, project: &Path) -> Result<Used, Error> {
    let began = Instant::now();
    let mut child = Command::new(xtask)
        .args(["synth", "--stage", "prod", "--json"])
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().ok_or(Error::Closed)?;
    // Read from a thread: a full pipe would stop the process.
    let reader = std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let (mut peak, mut cpu) = (0, Duration::ZERO);
    loop {
        peak = peak.max(process::peak_memory(child.id()).unwrap_or(0));
        cpu = cpu.max(process::cpu_time(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            let wall = began.elapsed();
            let _ = reader.join();
            if !status.success() {
                return Err(Error::other("`cargo xtask synth --stage prod` failed."));
            }
            return Ok(Used { wall, cpu, peak });
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}
