//! `cargo xtask database psql`: a session with the database of `local`, as its owner.

use std::{env, os::unix::process::CommandExt, path::PathBuf, process::Command};

use clap::Args;
use deployer::{Error, database::DatabaseLogin, stage::Stage};
use postgres_server::Binaries;

use crate::context::Context;

/// Opens `psql` with the database of `local`, as the owner of the schema.
///
/// Row-level security holds for the runtime roles; the owner sees every organization. The password is
/// passed in the environment, not as an argument. On AWS the database is in private subnets, and no
/// password of its owner is known here: docs/operating.md describes the way in.
#[derive(Args)]
pub(super) struct Psql {
    /// Passed on to psql: `-- -c 'select count(*) from tasks'`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

impl Psql {
    pub(super) async fn run(self, context: &Context, stage: &Stage) -> Result<u8, Error> {
        if !stage.is_local() {
            return Err(Error::usage(
                format!(
                    "The database of `{}` is not reached from this machine: it is in private subnets, or was given by address.",
                    stage.name()
                ),
                "docs/operating.md, \"Into the database on AWS\", describes the way in.",
            ));
        }
        let target = context.target(stage).await?;
        let login = target.database_login().await?.ok_or_else(|| {
            Error::failed(
                format!("The stage `{}` has no database yet.", stage.name()),
                format!("`cargo xtask deploy --stage {}`", stage.name()),
            )
        })?;
        // psql takes the place of this process: terminal, signals and exit code are its own.
        let cause = command(&program(context), &login)
            .args(&self.arguments)
            .exec();
        Err(Error::failed(
            "`psql` does not start.",
            "Install it (Debian: `apt-get install postgresql-client`; macOS: `brew install libpq`), or name the directory of a PostgreSQL that has it in MIYABI_POSTGRES.",
        )
        .because(cause))
    }
}

fn command(program: &PathBuf, login: &DatabaseLogin) -> Command {
    let mut command = Command::new(program);
    command
        .env("PGHOST", &login.host)
        .env("PGPORT", login.port.to_string())
        .env("PGDATABASE", &login.database)
        .env("PGUSER", &login.user)
        .env("PGPASSWORD", &login.password)
        .env("PGAPPNAME", "cargo xtask database psql");
    command
}

/// The psql beside the server that runs the stage, else the one of the `PATH`.
fn program(context: &Context) -> PathBuf {
    let named = env::var_os("MIYABI_POSTGRES").map(PathBuf::from);
    let cache = context.project.cache().join("postgres");
    let server = Binaries::there(named.as_deref(), &cache).ok().flatten();
    let beside = server.map(|server| server.dir.join("psql"));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from("psql"))
}
