//! A plan without asking anybody: the templates that the checkout makes now against the deployed
//! ones, by the resource schemas. Nothing is built, and AWS is not asked, not even whose the
//! credentials are.
//!
//! The functions' code is taken as it is deployed, from the keys in the deployed templates, so what
//! is shown is what changes besides it. Where only templates are given, each output gets a made-up
//! value, and each parameter that of the output which fills it: what refers to a replaced resource
//! is then found through the stacks as if the values were the real ones.

mod last_read;
mod templates;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

pub use last_read::{LastRead, forget, remember};

use crate::{
    Error, cost, migrations,
    plan::{self, Plan, RiskKind},
    project::Project,
    site,
    stage::Stage,
    state::{Deployed, DeployedStack, StateFile},
    synth,
};

/// A plan, and what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct OfflinePlan {
    /// The plan.
    pub plan: Plan,
    /// What the checkout was compared with.
    pub baseline: Baseline,
}

/// What the checkout was compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// Templates that somebody gave.
    Templates(PathBuf),
    /// What a command last read from AWS.
    LastRead {
        /// When that was, RFC 3339.
        at: String,
        /// Where: an account and region, or the address of an endpoint.
        from: String,
    },
    /// The record of the stage on this machine, which is always true.
    Record,
}

impl Baseline {
    /// What had to be taken as it is deployed, since nothing here can tell.
    pub fn taken_as_deployed(&self) -> &'static [&'static str] {
        match self {
            Baseline::Templates(_) => &["code", "migrations", "site"],
            Baseline::LastRead { .. } | Baseline::Record => &["code"],
        }
    }
}

/// What a deploy would do besides new code, as far as it can be told from here. With `templates`, a
/// folder or one file, compared with these; without, with what a command last read from AWS (for
/// `local`: with its record).
///
/// [`crate::ErrorKind::Usage`] when `templates` is not there, cannot be read, or names a stack that
/// the stage does not have.
pub fn plan(
    project: &Project,
    stage: &Stage,
    templates: Option<&Path>,
    only: &[String],
) -> Result<OfflinePlan, Error> {
    let migrations = migrations::files(project)?;
    let site = site::files(project)?;
    let pages = site::pages(&site)?;
    let (app, deployed, baseline) = match templates {
        Some(path) => {
            let given = templates::read(path, stage.name())?;
            let app = synth::synth(stage, &assets_of(given.stacks.values(), pages))?;
            let mut deployed = Deployed {
                stacks: as_if_deployed(stage, &app, given)?,
                // Neither is in a template: both are taken as they are in the checkout.
                migrations: migrations
                    .iter()
                    .map(|file| (file.version, file.sha256.clone()))
                    .collect(),
                ..Deployed::default()
            };
            deployed.site = Some(plan::held(&site, stage.name(), &deployed));
            (app, deployed, Baseline::Templates(path.to_owned()))
        }
        None => {
            let (deployed, baseline) = last_known(project, stage)?;
            let of_stacks = deployed.stacks.values().map(|stack| &stack.template);
            let app = synth::synth(stage, &assets_of(of_stacks, pages))?;
            (app, deployed, baseline)
        }
    };
    let known = known_parameters(&app, &deployed);
    let desired = plan::DesiredState {
        stage: stage.name().to_owned(),
        stacks: synth::desired_stacks(&app, &known)?,
        assets: Vec::new(),
        migrations,
        site,
    };
    let mut plan = plan::make(desired, &deployed)?;
    if matches!(baseline, Baseline::Templates(_)) {
        // A template that was not given says nothing about a stack that was deleted.
        plan.risks
            .retain(|risk| risk.kind != RiskKind::DeletedOutOfBand);
    }
    if !only.is_empty() {
        plan = plan.only(only, &deployed)?;
    }
    plan.cost = cost::of_plan(stage, &deployed, &plan)?;
    Ok(OfflinePlan { plan, baseline })
}

/// What is deployed, as far as this machine knows.
fn last_known(project: &Project, stage: &Stage) -> Result<(Deployed, Baseline), Error> {
    if stage.is_local() {
        let record = StateFile::new(project.stage_dir(stage.name()).join("state.json"));
        return Ok((record.load()?, Baseline::Record));
    }
    let LastRead { at, from, deployed } = last_read::load(project, stage.name())?;
    Ok((deployed, Baseline::LastRead { at, from }))
}

/// The code of the functions in these templates, beside the pages of a site. A function that none of
/// them has gets the made-up hash of templates that nobody built for.
pub(crate) fn assets_of<'a>(
    templates: impl Iterator<Item = &'a Value>,
    pages: stacks::rewrite::Pages,
) -> stacks::Assets {
    let mut assets = stacks::Assets {
        pages,
        ..stacks::Assets::placeholder()
    };
    let keys = templates
        .filter_map(|template| template.get("Resources")?.as_object())
        .flat_map(Map::values)
        .filter_map(|resource| resource.pointer("/Properties/Code/S3Key")?.as_str());
    for key in keys {
        let name = key.strip_prefix("functions/").and_then(|rest| {
            let (function, file) = rest.split_once('/')?;
            Some((function, file.strip_suffix(".zip")?))
        });
        if let Some((function, sha256)) = name
            && let Some(asset) = assets.functions.get_mut(function)
        {
            sha256.clone_into(&mut asset.sha256);
        }
    }
    assets
}

/// The pages of the site in these templates: those in the code of its CloudFront Function.
pub(crate) fn pages_of<'a>(
    templates: impl Iterator<Item = &'a Value>,
) -> Option<stacks::rewrite::Pages> {
    templates
        .filter_map(|template| template.get("Resources")?.as_object())
        .flat_map(Map::values)
        .filter_map(|resource| resource.pointer("/Properties/FunctionCode")?.as_str())
        .find_map(stacks::rewrite::Pages::of_javascript)
}

/// Templates as if they were deployed, with made-up values of parameters and outputs.
fn as_if_deployed(
    stage: &Stage,
    app: &cfn::App,
    mut given: templates::Given,
) -> Result<BTreeMap<String, DeployedStack>, Error> {
    let names: Vec<&str> = app.stacks().iter().map(cfn::Stack::name).collect();
    let stranger = given
        .stacks
        .keys()
        .find(|name| !names.contains(&name.as_str()));
    if let Some(stranger) = stranger {
        return Err(Error::usage(
            format!(
                "{} is not a template of the stage `{}`, which has no stack `{stranger}`.",
                given.paths[stranger].display(),
                stage.name()
            ),
            format!(
                "A template is called after its stack: {}",
                names
                    .iter()
                    .map(|name| format!("`{name}.yaml`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ));
    }
    let mut deployed = BTreeMap::new();
    for stack in app.stacks() {
        let name = stack.name().to_owned();
        let template = match given.stacks.remove(&name) {
            Some(template) => template,
            // Of one template nothing follows about the other stacks.
            None if given.is_one_file => stack.template(),
            None => continue,
        };
        deployed.insert(name, made_up(stack, template));
    }
    Ok(deployed)
}

fn made_up(stack: &cfn::Stack, template: Value) -> DeployedStack {
    let names = |part: &str| -> Vec<String> {
        let part = template.get(part).and_then(Value::as_object);
        part.into_iter()
            .flat_map(Map::keys)
            .map(String::clone)
            .collect()
    };
    let source = |parameter: &String| {
        let inputs = stack.inputs();
        let input = inputs.iter().find(|input| input.parameter == *parameter);
        match input.map(|input| &input.source) {
            Some(cfn::Source::Output { stack, output }) => output_value(stack, output),
            Some(cfn::Source::Deployer) | None => deployer_value(parameter),
        }
    };
    DeployedStack {
        parameters: names("Parameters")
            .into_iter()
            .map(|name| (name.clone(), source(&name)))
            .collect(),
        outputs: names("Outputs")
            .into_iter()
            .map(|name| (name.clone(), output_value(stack.name(), &name)))
            .collect(),
        template,
        complete: true,
    }
}

/// The made-up value of an output; people see it as the value that was deployed.
fn output_value(stack: &str, output: &str) -> String {
    format!("(output {output} of {stack})")
}

/// The made-up value of a parameter that the deployer gives.
fn deployer_value(parameter: &str) -> String {
    format!("({parameter})")
}

/// The values of the parameters that the deployer gives: as they are deployed, or made up for a stack
/// that is not.
fn known_parameters(app: &cfn::App, deployed: &Deployed) -> BTreeMap<String, String> {
    let inputs = app.stacks().iter().flat_map(cfn::Stack::inputs);
    let of_deployer = inputs.filter(|input| matches!(input.source, cfn::Source::Deployer));
    of_deployer
        .map(|input| {
            let mut stacks = deployed.stacks.values();
            let value = stacks.find_map(|stack| stack.parameters.get(&input.parameter));
            let value = value.cloned();
            (
                input.parameter.clone(),
                value.unwrap_or_else(|| deployer_value(&input.parameter)),
            )
        })
        .collect()
}

#[cfg(test)]
#[path = "offline_tests.rs"]
mod tests;
