//! What every command is given.

use std::{
    env,
    path::{Path, PathBuf},
};

use deployer::{
    Error,
    connect::{self, ConnectOptions, HAS_AWS},
    interrupt::Interrupt,
    project::Project,
    stage::Stage,
    target::Target,
};

use crate::{ui::Ui, with_aws::with_aws};

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
        Stage::load_from(&self.project.stages(), name)
    }

    /// Where that stage lives.
    pub(crate) async fn target(&self, stage: &Stage) -> Result<Box<dyn Target>, Error> {
        self.target_with(stage, None).await
    }

    /// Where that stage lives, with a database that it does not manage.
    pub(crate) async fn target_with(
        &self,
        stage: &Stage,
        database_url: Option<&str>,
    ) -> Result<Box<dyn Target>, Error> {
        if stage.is_local() {
            // The variables are for the other stages; only what was typed is refused.
            let options = ConnectOptions {
                endpoint_url: self.endpoint_url.clone(),
                database_url: database_url.map(str::to_owned),
            };
            return connect::open(&self.project, stage, &options, &self.ui.progress()).await;
        }
        if !HAS_AWS {
            return Err(with_aws(&self.project, &self.ui.progress()).await);
        }
        let given = |typed: Option<String>, variable: &str| {
            typed.or_else(|| env::var(variable).ok().filter(|value| !value.is_empty()))
        };
        let options = ConnectOptions {
            endpoint_url: given(self.endpoint_url.clone(), "AWS_ENDPOINT_URL"),
            database_url: given(database_url.map(str::to_owned), "MIYABI_DATABASE_URL"),
        };
        let progress = self.ui.progress();
        let open = connect::open(&self.project, stage, &options, &progress);
        self.interrupt.or(open).await
    }
}

/// The root of the checkout: the nearest folder upwards that has the stage files, or else the one
/// that this program was compiled in.
pub(crate) fn root() -> PathBuf {
    let is_root = |folder: &Path| folder.join("stacks/stages").is_dir();
    let here = env::current_dir().unwrap_or_default();
    if let Some(root) = here.ancestors().find(|folder| is_root(folder)) {
        return root.to_owned();
    }
    let compiled = Path::new(env!("CARGO_MANIFEST_DIR"));
    compiled.parent().unwrap_or(compiled).to_owned()
}
