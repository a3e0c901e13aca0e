//! What every command is given, and how a command begins and ends.

use std::{
    env,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
};

use deployer::{
    Error,
    interrupt::Interrupt,
    project::Project,
    stage::Stage,
    stage_target::{HAS_AWS, Reach, StageTarget},
};
use tokio::{runtime, signal::unix};

use crate::{commands::Cli, ui::Ui};

/// What every command is given.
pub(crate) struct Context {
    /// Prints.
    pub(crate) ui: Ui,
    /// The checkout.
    pub(crate) project: Project,
    /// The endpoint in place of AWS, as it was typed.
    pub(crate) endpoint_url: Option<String>,
    /// Set when the person wants to stop.
    pub(crate) interrupt: Interrupt,
}

impl Context {
    /// The stage of that name.
    pub(crate) fn stage(&self, name: &str) -> Result<Stage, Error> {
        Stage::load(name)
    }

    /// Where that stage lives.
    pub(crate) async fn target(&self, stage: &Stage) -> Result<StageTarget, Error> {
        self.target_with(stage, None).await
    }

    /// Where that stage lives, with a database that it does not manage.
    pub(crate) async fn target_with(
        &self,
        stage: &Stage,
        database_url: Option<&str>,
    ) -> Result<StageTarget, Error> {
        if stage.is_local() {
            // The variables are for the other stages; only what was typed is refused.
            let reach = Reach {
                endpoint_url: self.endpoint_url.clone(),
                database_url: database_url.map(str::to_owned),
            };
            return StageTarget::open(&self.project, stage, &reach, &self.ui.progress()).await;
        }
        if !HAS_AWS {
            self.ui
                .say("Starting with AWS built in; the first time that takes a few minutes.");
            return Err(with_aws(&self.project));
        }
        let given = |typed: Option<String>, variable: &str| {
            typed.or_else(|| env::var(variable).ok().filter(|value| !value.is_empty()))
        };
        let reach = Reach {
            endpoint_url: given(self.endpoint_url.clone(), "AWS_ENDPOINT_URL"),
            database_url: given(database_url.map(str::to_owned), "MIYABI_DATABASE_URL"),
        };
        let progress = self.ui.progress();
        let open = StageTarget::open(&self.project, stage, &reach, &progress);
        self.interrupt.or(open).await
    }
}

/// Becomes the same command built with the feature `aws`, which this build lacks so that nobody who
/// stays on `local` compiles the SDK. Gives an error only when that does not begin.
pub(crate) fn with_aws(project: &Project) -> Error {
    let cause = deployer::build::cargo()
        .args(["run", "--quiet", "--package", "xtask", "--features", "aws"])
        .arg("--manifest-path")
        .arg(project.root().join("Cargo.toml"))
        .arg("--")
        .args(env::args_os().skip(1))
        .exec();
    Error::failed(
        "The command could not be built with AWS.",
        "`cargo run --package xtask --features aws -- help`",
    )
    .because(cause)
}

/// Runs a command; gives the exit code.
pub(crate) fn run(cli: Cli) -> u8 {
    let ui = Ui::new(cli.json);
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            let error = Error::failed(
                "The command could not start.",
                "Free memory and file descriptors, then run it again.",
            );
            ui.error(&error.because(cause));
            return 1;
        }
    };
    let result = runtime.block_on(async {
        let interrupt = Interrupt::default();
        listen(&ui, &interrupt);
        let context = Context {
            ui: ui.clone(),
            project: Project::new(root()),
            endpoint_url: cli.endpoint_url,
            interrupt,
        };
        cli.command.run(&context).await
    });
    // A thread that waits for the keyboard would wait for ever.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => {
            ui.error(&error);
            error.kind().exit_code()
        }
    }
}

/// The first Ctrl-C asks for a stop between two steps, the second ends the process: what was begun
/// is then finished by the next run of the same command. SIGTERM is the same.
fn listen(ui: &Ui, interrupt: &Interrupt) {
    for kind in [unix::SignalKind::interrupt(), unix::SignalKind::terminate()] {
        let Ok(mut signals) = unix::signal(kind) else {
            continue;
        };
        let (ui, interrupt) = (ui.clone(), interrupt.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if interrupt.is_set() {
                    ui.say("Stopped at once. Run the same command again: it goes on where this one stopped.");
                    std::process::exit(130);
                }
                interrupt.set();
                tell_what_goes_on(&ui, &interrupt);
            }
        });
    }
}

/// Says what will still be done, and offers what can be done about it.
fn tell_what_goes_on(ui: &Ui, interrupt: &Interrupt) {
    let ongoing = interrupt.ongoing();
    if ongoing.is_empty() {
        ui.say("Stopping as soon as the step at hand is done; Ctrl-C once more stops at once.");
        return;
    }
    let titles: Vec<&str> = ongoing.iter().map(|step| step.title.as_str()).collect();
    ui.say(&format!(
        "This goes on and is waited for, then nothing more begins: {}. Ctrl-C once more ends this command and leaves it going; the same command follows it then.",
        titles.join(", ")
    ));
    let stacks: Vec<&str> = ongoing
        .iter()
        .filter_map(|step| step.can_go_back.as_deref())
        .collect();
    if stacks.is_empty() {
        return;
    }
    if !ui.can_ask() {
        for stack in stacks {
            ui.say(&format!(
                "To have it go back to what it was: `aws cloudformation cancel-update-stack --stack-name {stack}`"
            ));
        }
        return;
    }
    ui.say("To have it go back to what it was, type `back` and Enter.");
    let (ui, interrupt) = (ui.clone(), interrupt.clone());
    tokio::task::spawn_blocking(move || {
        while let Some(typed) = ui.typed() {
            if typed == "back" {
                ui.say("It is taken back; that is waited for, too.");
                interrupt.take_back();
                return;
            }
        }
    });
}

/// The root of the checkout: the nearest folder upwards that has the stage files, or else the one
/// that this program was compiled in.
fn root() -> PathBuf {
    let is_root = |folder: &Path| folder.join("stacks/stages").is_dir();
    let here = env::current_dir().unwrap_or_default();
    if let Some(root) = here.ancestors().find(|folder| is_root(folder)) {
        return root.to_owned();
    }
    let compiled = Path::new(env!("CARGO_MANIFEST_DIR"));
    compiled.parent().unwrap_or(compiled).to_owned()
}
