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
mod data;
mod function;
mod names;
mod network;
pub mod rewrite;
mod rollout;
mod site;
pub mod stage;

pub use assets::{Assets, FunctionAsset};
pub use cfn::{App, Problem};
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
    let (network, lan) = network::network(stage);
    let (data, database) = data::data(stage, assets, &lan);
    let (api, http) = api::api(stage, assets, &lan, &database);
    let site = site::site(stage, &http);
    let app = App::new([network, data, api, site]);
    let problems = app.validate();
    if problems.is_empty() {
        Ok(app)
    } else {
        Err(problems)
    }
}
