//! The desired state of a stage, whatever is deployed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Parameter;
use crate::{asset::Asset, migrations::Migration, site::SiteFile};

/// A stack as the stage desires it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredStack {
    /// Short name.
    pub name: String,
    /// The template, as JSON.
    pub template: Value,
    /// Where the value of each of its parameters comes from.
    pub parameters: BTreeMap<String, Parameter>,
}

/// The desired state: everything that a plan is made of besides what is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredState {
    /// The stage.
    pub stage: String,
    /// All stacks, in any order.
    pub stacks: Vec<DesiredStack>,
    /// Every asset that the templates refer to.
    pub assets: Vec<Asset>,
    /// The migration files.
    pub migrations: Vec<Migration>,
    /// The files of the site, without `config.json`.
    pub site: Vec<SiteFile>,
}
