//! What a stage wants, whatever is deployed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Parameter;
use crate::{asset::Asset, migrations::Migration, site::SiteFile};

/// A stack as the stage wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Short name.
    pub name: String,
    /// The template, as JSON.
    pub template: Value,
    /// Where the value of each of its parameters comes from.
    pub parameters: BTreeMap<String, Parameter>,
}

/// Everything that a plan is made of besides what is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The stage.
    pub stage: String,
    /// All stacks, in any order.
    pub stacks: Vec<Wanted>,
    /// Every asset that the templates refer to.
    pub assets: Vec<Asset>,
    /// The migration files.
    pub migrations: Vec<Migration>,
    /// The files of the site, without `config.json`.
    pub site: Vec<SiteFile>,
}
