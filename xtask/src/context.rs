//! What every command is given, and how a command begins and ends.

use std::{
    env,
    path::{Path, PathBuf},
};

use deployer::{Error, interrupt::Interrupt, local::Local, project::Project, stage::Stage};
use tokio::{runtime, signal::unix};

use crate::{commands::Cli, ui::Ui};

/// What every command is given.
pub(crate) struct Context {
    /// Prints.
    pub(crate) ui: Ui,
    /// The checkout.
    pub(crate) project: Project,
    /// Set when the person wants to stop.
    pub(crate) interrupt: Interrupt,
}

impl Context {
    /// The stage of that name.
    pub(crate) fn stage(&self, name: &str) -> Result<Stage, Error> {
        Stage::load(name)
    }

    /// The stage of that name, when this version can deploy it.
    pub(crate) fn deployable(&self, name: &str) -> Result<Stage, Error> {
        let stage = self.stage(name)?;
        stage.assert_deployable()?;
        Ok(stage)
    }

    /// Where that stage lives.
    pub(crate) fn target(&self, stage: &Stage) -> Result<Local, Error> {
        Local::open(&self.project, stage)
    }
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
/// is then finished by the next run of the same command.
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
                ui.say(
                    "Stopping as soon as the step at hand is done; Ctrl-C once more stops at once.",
                );
            }
        });
    }
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
