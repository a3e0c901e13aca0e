//! The deployer: from a stage to a running system.
//!
//! `Stage` -> templates and assets -> [`plan::Plan`] -> approval -> [`apply`](mod@apply) -> outputs ->
//! `config.json` -> smoke test. The library never prints: it reports through
//! [`progress::Progress`] and gives values back; the command line decides how they look.
//!
//! What differs between AWS and this machine is behind [`target::Target`].

pub mod alarms;
mod apply;
pub mod approval;
pub mod asset;
#[cfg(feature = "aws")]
pub mod aws;
pub mod build;
pub mod collection;
pub mod connect;
pub mod cost;
pub mod database;
pub mod database_origin;
mod deploy;
pub mod deployment;
mod destroy;
#[cfg(test)]
mod diary;
pub mod drift;
pub mod error;
pub mod event;
pub mod health;
pub mod hotswap;
pub mod http_client;
pub mod interrupt;
pub mod lease;
pub mod local;
pub mod logs;
pub mod migrate;
pub mod migrations;
mod mutex;
pub mod offline;
pub mod plan;
pub mod planning;
pub mod progress;
pub mod project;
pub mod release;
pub mod restore;
mod rollout;
pub mod rotation;
pub mod sample;
pub mod saved_plan;
pub mod sign_in;
pub mod site;
pub mod smoke;
pub mod source;
pub mod stage;
mod stage_id;
pub mod state;
pub mod synth;
pub mod target;
pub mod template;

pub use error::{Error, ErrorKind};
