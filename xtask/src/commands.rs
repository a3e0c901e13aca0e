//! The commands: the table of them, and what they share.

mod alarms;
mod bench;
mod bootstrap;
mod build;
mod check;
mod codegen;
mod completions;
mod cost;
mod database;
mod deploy;
mod destroy;
mod dev;
mod doctor;
mod drift;
mod gc;
mod grafana;
mod invoke;
mod logs;
mod migrate;
mod openapi;
mod outputs;
mod plan;
mod prices;
mod rollback;
mod secrets;
mod status;
mod supervisor;
mod synth;
mod test;

use clap::{Parser, Subcommand};
use deployer::Error;

use crate::context::Context;

/// Takes Miyabi from a clean checkout to a running system, on this machine or on AWS.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage or stage file, 3 approval needed but not given,
/// 4 a stack is stuck, 75 busy (somebody else deploys), 130 interrupted.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// Answer with one line of JSON on stdout; talk stays on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// An AWS-compatible endpoint in place of AWS; also as AWS_ENDPOINT_URL.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Deploy(deploy::Deploy),
    Bootstrap(bootstrap::Bootstrap),
    Dev(dev::Dev),
    Plan(plan::PlanCommand),
    Synth(synth::Synth),
    Build(build::Build),
    Migrate(migrate::Migrate),
    Status(status::Status),
    Outputs(outputs::Outputs),
    Alarms(alarms::Alarms),
    Cost(cost::Cost),
    Prices(prices::Prices),
    Grafana(grafana::Grafana),
    Invoke(invoke::Invoke),
    Logs(logs::Logs),
    Rollback(rollback::Rollback),
    Drift(drift::Drift),
    Database(database::Database),
    Secrets(secrets::Secrets),
    Destroy(destroy::Destroy),
    Gc(gc::Gc),
    Codegen(codegen::Codegen),
    Openapi(openapi::Openapi),
    Check(check::Check),
    Test(test::Test),
    Bench(bench::Bench),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    #[command(hide = true)]
    Supervisor(supervisor::Supervisor),
}

impl Command {
    /// Runs it; gives the exit code when there was no error.
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        match self {
            Command::Deploy(command) => command.run(context).await,
            Command::Bootstrap(command) => command.run(context).await,
            Command::Dev(command) => command.run(context).await,
            Command::Plan(command) => command.run(context).await,
            Command::Synth(command) => command.run(context).await,
            Command::Build(command) => command.run(context).await,
            Command::Migrate(command) => command.run(context).await,
            Command::Status(command) => command.run(context).await,
            Command::Outputs(command) => command.run(context).await,
            Command::Alarms(command) => command.run(context).await,
            Command::Cost(command) => command.run(context).await,
            Command::Prices(command) => command.run(context).await,
            Command::Grafana(command) => command.run(context),
            Command::Invoke(command) => command.run(context).await,
            Command::Logs(command) => command.run(context).await,
            Command::Rollback(command) => command.run(context).await,
            Command::Drift(command) => command.run(context).await,
            Command::Database(command) => command.run(context).await,
            Command::Secrets(command) => command.run(context).await,
            Command::Destroy(command) => command.run(context).await,
            Command::Gc(command) => command.run(context).await,
            Command::Codegen(command) => command.run(context).await,
            Command::Openapi(command) => command.run(context).await,
            Command::Check(command) => command.run(context).await,
            Command::Test(command) => command.run(context).await,
            Command::Bench(command) => command.run(context).await,
            Command::Doctor(command) => command.run(context).await,
            Command::Completions(command) => command.run(context),
            Command::Supervisor(command) => command.run(context).await,
        }
    }
}

/// Refuses a function that the catalogue does not have, with the nearest that it has.
fn known_function(name: &str) -> Result<(), Error> {
    let names: Vec<&str> = miyabi_catalog::FUNCTIONS
        .iter()
        .map(|function| function.name)
        .collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(Error::usage(
        format!("There is no function `{name}`."),
        deployer::stage::did_you_mean(name, &names),
    ))
}
