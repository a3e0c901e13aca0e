//! `cargo xtask dev`: deploys `local` again whenever a file changes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use clap::Args;
use deployer::{Error, build, project::Project, target::LogQuery};

use super::logs::Output;
use crate::{context::Context, process::Tool};

/// Runs the stage `local` in the foreground, with its logs, rebuilt and swapped on change.
///
/// Watches handlers, migrations, stacks, deployer and the site. Ctrl-C ends the watching; the stage
/// keeps running in the background: `cargo xtask destroy --stage local` ends it.
#[derive(Args)]
pub(crate) struct Dev {}

const STAGE: &str = "local";
/// How often the sources are looked at. A person does not notice it, and it costs 2 ms.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Editors write several files for one save.
const SETTLED_AFTER: Duration = Duration::from_millis(150);
const WATCHED: &[&str] = &[
    "handlers",
    "migrations",
    "stacks",
    "deployer",
    "frontend",
    "Cargo.toml",
    "Cargo.lock",
];

impl Dev {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let mut seen = look(&context.project);
        deploy(context).await?;
        let stage = context.stage(STAGE)?;
        let target = context.target(&stage).await?;
        let query = LogQuery {
            since: Some(SystemTime::now()),
            follow: true,
            ..LogQuery::default()
        };
        let mut output = Output::watching(context, &stage);
        let mut show = |lines| output.show(lines);
        let following = target.logs(&query, &mut show);
        let watching = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let now = look(&context.project);
                if now == seen {
                    continue;
                }
                tokio::time::sleep(SETTLED_AFTER).await;
                let changed = difference(&seen, &look(&context.project));
                seen = look(&context.project);
                context.ui.say(&format!("changed: {changed}"));
                // The next change may fix what does not build.
                if let Err(error) = deploy(context).await {
                    context.ui.error(&error);
                }
            }
        };
        let both = async {
            tokio::select! {
                ended = following => ended,
                never = watching => never,
            }
        };
        let result = context.interrupt.or(both).await;
        if context.interrupt.is_set() {
            context.ui.say(
                "The stage `local` keeps running; `cargo xtask destroy --stage local` ends it.",
            );
            return Ok(0);
        }
        result.map(|()| 0)
    }
}

/// Deploys with a command of its own, so that a change of the deployer itself counts too.
async fn deploy(context: &Context) -> Result<(), Error> {
    let tool =
        Tool::cargo(&["xtask", "deploy", "--stage", STAGE, "--yes"]).within(context.project.root());
    let ended = context
        .interrupt
        .or(tool.run(|line| context.ui.say(line)))
        .await?;
    if ended.well {
        return Ok(());
    }
    Err(Error::failed(
        "The change was not deployed; the previous version still runs.",
        "Fix the errors above and save: that deploys again.",
    ))
}

/// Every watched file and when it was changed.
fn look(project: &Project) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    for path in WATCHED {
        collect(&project.root().join(path), &mut found);
    }
    found
}

fn collect(path: &Path, found: &mut BTreeMap<PathBuf, SystemTime>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || name == "target" || build::SITE_NOT_SOURCES.contains(&name.as_ref())
    {
        return;
    }
    let Ok(metadata) = std::fs::metadata(path) else {
        return;
    };
    if !metadata.is_dir() {
        found.insert(
            path.to_owned(),
            metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        );
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), found);
    }
}

/// The name of a file that differs, and how many more.
fn difference(
    before: &BTreeMap<PathBuf, SystemTime>,
    after: &BTreeMap<PathBuf, SystemTime>,
) -> String {
    let paths: Vec<&PathBuf> = after
        .iter()
        .filter(|(path, at)| before.get(*path) != Some(at))
        .map(|(path, _)| path)
        .chain(before.keys().filter(|path| !after.contains_key(*path)))
        .collect();
    let first = paths
        .first()
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    match paths.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}
