//! `cargo xtask bench`: runs the measurements of `bench/`, after building what they measure.

use std::{collections::BTreeSet, env};

use clap::{Args, ValueEnum};
use deployer::{
    Error,
    build::{self, Architecture, BuildFor},
    connect::HAS_AWS,
};
use serde_json::Value;

use crate::{
    chromium,
    context::Context,
    process::Tool,
    show::table::table,
    tools::{self, Tools},
    ui::plural,
    with_aws::with_aws,
};

/// Measures what the README promises, side by side with what it is compared with.
///
/// Builds with the release profile, which takes minutes, and takes some minutes more. Figures of a
/// busy machine mean little; ratios mean something, since both sides are measured in turn. Exit
/// code 1 when a goal is missed or something could not be measured. Needs Linux, and Node for the
/// comparison.
#[derive(Args)]
pub(crate) struct Bench {
    /// Only these.
    #[arg(value_enum, value_name = "NAME")]
    names: Vec<Name>,
    /// A tenth of the rounds: to see that everything works.
    #[arg(long)]
    quick: bool,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Name {
    /// Process start to the first request for work, against the smallest function.
    Start,
    /// A page of tasks, cold and warm, and memory, against Node.
    List,
    /// The snapshot of 5,000 tasks and 500 changes, as a client that was away asks for them.
    CatchUp,
    /// Lists, filters and searches at 100,000 tasks, at the database.
    Queries,
    /// A page of tasks with and without revocation, role checks, rate limits and a cache.
    Revocation,
    /// Synthesis of all stacks of a stage.
    Synth,
    /// The stage `local` in a copy of the checkout: its gateway, and deploys.
    Local,
    /// Live updates to 1,000 sockets of the stage `local`, in an optimized copy of the checkout.
    Live,
    /// The dashboard with 5,000 tasks in a real browser, in an optimized copy of the checkout.
    Dashboard,
    /// Deploys of the stage `sandbox` to an emulator of AWS.
    Deploy,
    /// Sizes of the zips for Lambda.
    Zips,
    /// Whether a build on another path gives the same bytes. Compiles everything twice.
    Equality,
}

impl Name {
    fn needs_functions(self) -> bool {
        matches!(
            self,
            Name::Start | Name::List | Name::CatchUp | Name::Queries | Name::Revocation
        )
    }
}

impl Bench {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let names: BTreeSet<Name> = if self.names.is_empty() {
            Name::value_variants().iter().copied().collect()
        } else {
            self.names.iter().copied().collect()
        };
        if names.contains(&Name::Deploy) && !HAS_AWS {
            return Err(with_aws(&context.project, &context.ui.progress()).await);
        }
        let mut arguments = vec![
            "run".to_owned(),
            "--quiet".to_owned(),
            "--package=miyabi-bench".to_owned(),
            "--".to_owned(),
            format!("--project={}", context.project.root().display()),
        ];
        if let Ok(xtask) = env::current_exe() {
            arguments.push(format!("--xtask={}", xtask.display()));
        }
        if self.quick {
            arguments.push("--quick".to_owned());
        }
        if names.iter().any(|name| name.needs_functions()) {
            arguments.extend(functions(context).await?);
        }
        if names.contains(&Name::Dashboard) {
            chromium::install(context).await?;
            let progress = context.ui.progress();
            let installed = tools::lighthouse(&context.project, &progress);
            let program = context.interrupt.or(installed).await?;
            arguments.push(format!("--lighthouse={}", program.display()));
        }
        if names.contains(&Name::Deploy) {
            arguments.push(format!("--ministack={}", ministack(context).await?));
        }
        for name in &names {
            let value = name.to_possible_value();
            arguments.extend(value.map(|value| value.get_name().to_owned()));
        }
        let findings = measure(context, &arguments).await?;
        context.ui.answer(&findings, &shown(context, &findings));
        let missed = findings
            .iter()
            .any(|finding| finding["holds"] != true && finding["goal"] != "");
        Ok(u8::from(missed))
    }
}

/// The emulator of AWS: the one that the variable names, or the one that the tests use.
async fn ministack(context: &Context) -> Result<String, Error> {
    if let Ok(named) = env::var("MINISTACK") {
        return Ok(named);
    }
    let progress = context.ui.progress();
    let installed = Tools::installed(&context.project, &progress);
    let tools = context.interrupt.or(installed).await?;
    Ok(tools.program("ministack").display().to_string())
}

/// Builds the functions and the smallest one; gives where they are, as arguments.
async fn functions(context: &Context) -> Result<Vec<String>, Error> {
    let Some(host) = Architecture::host() else {
        return Err(Error::failed(
            "This machine does not run programs for Lambda.",
            "Measure on Linux on x86_64 or arm64: `cargo xtask bench synth` needs neither.",
        ));
    };
    let progress = context.ui.progress();
    let what_for = BuildFor::Lambda(host);
    let built = context
        .interrupt
        .or(build::build(&context.project, what_for, &progress))
        .await?;
    let step = progress.step("hello", "Building the smallest function");
    let tool = Tool::cargo(&[
        "build",
        "--quiet",
        "--release",
        "--package",
        "miyabi-bench-hello",
    ])
    .within(context.project.root())
    .env("CARGO_TARGET_DIR", context.project.root().join("target"));
    context
        .interrupt
        .or(tool.run_well("Fix bench/hello, then `cargo xtask bench` again"))
        .await?;
    step.done("");
    let hello = context.project.root().join("target/release/bench-hello");
    let mut arguments = vec![format!("--hello={}", hello.display())];
    for function in built {
        let (name, path) = (function.asset.function, function.bootstrap);
        arguments.push(format!("--function={name}={}", path.display()));
    }
    Ok(arguments)
}

/// Runs the measurements; their talk is said as it comes.
async fn measure(context: &Context, arguments: &[String]) -> Result<Vec<Value>, Error> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tool = Tool::cargo(&arguments).within(context.project.root());
    let mut findings = Vec::new();
    let run = tool.run(|line| match serde_json::from_str(line) {
        Ok(finding) => findings.push(finding),
        Err(_) => context.ui.say(line),
    });
    context.interrupt.or(run).await?;
    if findings.is_empty() {
        return Err(Error::failed(
            "Nothing could be measured; the reason is above.",
            "`cargo build --package miyabi-bench`, or see which tools are missing: `cargo xtask doctor`",
        ));
    }
    Ok(findings)
}

fn shown(context: &Context, findings: &[Value]) -> String {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let paint = context.ui.data_paint();
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for finding in findings {
        let verdict = match (&finding["holds"], text(finding, "goal").is_empty()) {
            (Value::Bool(true), _) => paint.with("32", "holds "),
            (Value::Bool(false), _) => paint.with("31;1", "missed"),
            _ => "      ".to_owned(),
        };
        rows.push(vec![
            verdict,
            text(finding, "what"),
            text(finding, "ours"),
            text(finding, "other"),
            text(finding, "goal"),
        ]);
        let note = text(finding, "note");
        if !note.is_empty() {
            notes.push(format!("{}: {note}\n", text(finding, "what")));
        }
    }
    let missed = findings
        .iter()
        .filter(|finding| finding["holds"] == false)
        .count();
    let end = match missed {
        0 => "Every goal that was measured is reached.".to_owned(),
        _ => format!("{} missed.", plural(missed, "goal")),
    };
    format!("{}\n{}\n{end}", table(&rows), notes.concat())
}
