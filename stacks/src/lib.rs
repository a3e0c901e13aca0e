//! The application's stacks.
//!
//! [`synth`] turns a [`Stage`] and the hashes of what was built into an [`App`]: a pure function,
//! no I/O, no clock, no randomness; same input, same bytes. Which stacks there are and what they
//! hold is here; what a stage may decide is in [`stage`]; routes and functions come from the
//! catalogue.

mod api;
mod assets;
pub mod bootstrap;
mod bucket;
mod cache;
mod data;
mod function;
mod gateway;
mod identity;
mod migrate;
mod names;
mod network;
mod ops;
mod realtime;
pub mod rewrite;
mod rollout;
mod site;
pub mod stage;

pub use assets::{Assets, FunctionAsset};
pub use cfn::{App, Problem};
pub use ops::grafana_dashboard;
pub use stage::{Stage, StageError};

/// Parameters that no stack fills: whoever deploys knows them.
pub mod parameter {
    /// The bucket that functions' code is in.
    pub const ASSET_BUCKET: &str = "AssetBucket";
    /// Host of a database that the stage does not manage.
    pub const DATABASE_HOST: &str = "DatabaseHost";
    /// Port of a database that the stage does not manage.
    pub const DATABASE_PORT: &str = "DatabasePort";
    /// Where an emulator answers in place of AWS.
    pub const ENDPOINT_URL: &str = "EndpointUrl";
    /// `https://github.com`, or the stand-in's.
    pub const GITHUB_ORIGIN: &str = "GithubOrigin";
    /// `https://api.github.com`, or the stand-in's.
    pub const GITHUB_API_ORIGIN: &str = "GithubApiOrigin";
}

/// The stacks of a stage, checked.
///
/// # Errors
///
/// Everything that is wrong with any template, each with stack, resource and property.
pub fn synth(stage: &Stage, assets: &Assets) -> Result<App, Vec<Problem>> {
    let (gateway, http) = gateway::gateway(stage);
    let site = site::site(stage, assets, &http);
    let (network, outputs) = network::network(stage);
    let (data, server) = data::data(stage, &outputs);
    let (cache, cached) = cache::cache(stage, &outputs);
    let instance = server.instance.clone();
    let (migrate, database) = migrate::migrate(stage, assets, &outputs, server);
    let uses = api::Uses {
        network: &outputs,
        gateway: &http,
        database: &database,
        valkey_url: cached.as_ref().map(|cache| &cache.url),
    };
    let (realtime, aliases) = realtime::realtime(stage, assets, &uses);
    let api = api::api(stage, assets, &uses, &aliases);
    let watched = ops::Watched {
        gateway: &http,
        database: instance.as_ref(),
        cache: cached.as_ref().map(|cache| &cache.name),
    };
    let ops = ops::ops(stage, &watched);
    let app = App::new([
        network, gateway, data, cache, migrate, realtime, api, site, ops,
    ]);
    let problems = app.validate();
    if problems.is_empty() {
        Ok(app)
    } else {
        Err(problems)
    }
}
