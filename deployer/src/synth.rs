//! From a stage to its templates.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Error,
    build::BuiltFunction,
    migrations,
    plan::{DesiredStack, DesiredState, Parameter},
    project::Project,
    site,
    stage::Stage,
    target::Target,
};

/// A synthesized template.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthesizedTemplate {
    /// Short name of the stack.
    pub stack: String,
    /// As JSON.
    pub json: Value,
}

impl SynthesizedTemplate {
    /// As YAML.
    pub fn yaml(&self) -> String {
        cfn::yaml::write(&self.json)
    }
}

/// The templates of a stage without anything being built: the hash in a function's key is all
/// zeros. The pages are those of the checkout's site.
pub fn templates(
    project: &Project,
    stage: &Stage,
    only: &[String],
) -> Result<Vec<SynthesizedTemplate>, Error> {
    let assets = stacks::Assets {
        pages: site::pages(&site::files(project)?)?,
        ..stacks::Assets::placeholder()
    };
    let app = synth(stage, &assets)?;
    let names: Vec<&str> = app.stacks().iter().map(cfn::Stack::name).collect();
    assert_known(only, &names)?;
    let wanted =
        |stack: &&cfn::Stack| only.is_empty() || only.iter().any(|name| name == stack.name());
    Ok(app
        .stacks()
        .iter()
        .filter(wanted)
        .map(|stack| SynthesizedTemplate {
            stack: stack.name().to_owned(),
            json: stack.template(),
        })
        .collect())
}

/// The desired state of the stage, whatever is deployed.
pub async fn desired_state(
    target: &dyn Target,
    project: &Project,
    stage: &Stage,
    built: &[BuiltFunction],
) -> Result<DesiredState, Error> {
    let functions = built.iter().map(|function| {
        let asset = stacks::FunctionAsset {
            sha256: function.asset.sha256.clone(),
        };
        (function.asset.function.clone(), asset)
    });
    let site = site::files(project)?;
    let assets = stacks::Assets {
        functions: functions.collect(),
        pages: site::pages(&site)?,
    };
    let app = synth(stage, &assets)?;
    let known = target.known_parameters().await?;
    Ok(DesiredState {
        stage: stage.name().to_owned(),
        stacks: desired_stacks(&app, &known)?,
        assets: built
            .iter()
            .map(|function| function.asset.clone())
            .collect(),
        migrations: migrations::files(project)?,
        site,
    })
}

/// Refuses names of stacks that do not exist.
fn assert_known(only: &[String], names: &[&str]) -> Result<(), Error> {
    match only.iter().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::usage(
            format!("There is no stack `{name}`."),
            crate::stage::did_you_mean(name, names),
        )),
    }
}

/// The stacks of a stage, checked against the schemas.
pub(crate) fn synth(stage: &Stage, assets: &stacks::Assets) -> Result<cfn::App, Error> {
    stacks::synth(stage.settings(), assets).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::usage(
            format!(
                "The templates of `{}` are wrong in {} places.",
                stage.name(),
                list.len()
            ),
            format!(
                "Correct them in stacks/src or in the stage file, then `cargo xtask synth --stage {}`",
                stage.name()
            ),
        )
        .because(list.join("\n"))
    })
}

/// All stacks with the sources of their parameters; `known` are the values that the deployer gives.
pub(crate) fn desired_stacks(
    app: &cfn::App,
    known: &BTreeMap<String, String>,
) -> Result<Vec<DesiredStack>, Error> {
    app.stacks()
        .iter()
        .map(|stack| wanted(stack, known))
        .collect()
}

/// A stack with the sources of its parameters.
fn wanted(stack: &cfn::Stack, known: &BTreeMap<String, String>) -> Result<DesiredStack, Error> {
    let mut parameters = BTreeMap::new();
    for input in stack.inputs() {
        let from = match &input.source {
            cfn::Source::Output { stack, output } => Parameter::Output {
                stack: stack.clone(),
                output: output.clone(),
            },
            cfn::Source::Deployer => match known.get(&input.parameter) {
                Some(value) => Parameter::Value(value.clone()),
                None => {
                    return Err(Error::failed(
                        format!(
                            "The stack `{}` has the parameter `{}`, and the deployer does not know its value.",
                            stack.name(),
                            input.parameter
                        ),
                        "docs/ARCHITECTURE.md lists the parameters that the deployer sets; add it to the target's `known_parameters`.",
                    ));
                }
            },
        };
        parameters.insert(input.parameter.clone(), from);
    }
    Ok(DesiredStack {
        name: stack.name().to_owned(),
        template: stack.template(),
        parameters,
    })
}
