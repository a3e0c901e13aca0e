//! Restoring a database by the template, so that the next deploy knows of it.
//!
//! CloudFormation restores an instance when its template says from where (`DBSnapshotIdentifier`, or a
//! source and a time), and replaces the instance by an empty one when that leaves the template again
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html#cfn-rds-dbinstance-dbsnapshotidentifier>).
//! A restore past the template, or one that only the next deploy's author knows of, would be undone by
//! somebody else's deploy. So the deployed template is the memory: whatever is planned takes over from
//! it where the database came from ([`carry_over`]), in every checkout and without a word in a file.

use serde_json::{Value, json};

use crate::{
    Error, migrations, offline,
    plan::{self, DesiredState, Plan, SitePlan, StackAction},
    project::Project,
    site,
    stage::Stage,
    state::Deployed,
    synth,
    target::Target,
};

/// The type of a database instance.
pub(crate) const INSTANCE: &str = "AWS::RDS::DBInstance";
/// The properties that say where an instance is restored from.
const ORIGIN: [&str; 5] = [
    "DBSnapshotIdentifier",
    "RestoreTime",
    "SourceDBInstanceIdentifier",
    "SourceDbiResourceId",
    "UseLatestRestorableTime",
];
/// The properties that RDS takes from the origin and CloudFormation refuses beside it.
const TAKEN_FROM_ORIGIN: [&str; 4] = ["DBName", "KmsKeyId", "MasterUsername", "StorageEncrypted"];

/// Where a database is restored from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreSource {
    /// The name of a snapshot.
    Snapshot(String),
    /// An instance as it was at a moment.
    PointInTime {
        /// `DBInstanceIdentifier` of the instance.
        instance: String,
        /// RFC 3339, UTC.
        at: String,
    },
}

impl RestoreSource {
    /// The properties of an instance that is restored from there.
    fn properties(&self) -> Vec<(&'static str, Value)> {
        match self {
            RestoreSource::Snapshot(name) => vec![("DBSnapshotIdentifier", json!(name))],
            RestoreSource::PointInTime { instance, at } => vec![
                ("SourceDBInstanceIdentifier", json!(instance)),
                ("RestoreTime", json!(at)),
            ],
        }
    }
}

/// What restoring the database from there would do: the database is replaced, and what needs its new
/// address follows. The code is what is deployed; nothing is built.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] when the checkout differs from what is deployed, or the stage has no
/// database that can be restored.
pub async fn plan(
    target: &dyn Target,
    project: &Project,
    stage: &Stage,
    source: &RestoreSource,
) -> Result<Plan, Error> {
    let deployed = target.deployed().await?;
    let templates = || deployed.stacks.values().map(|stack| &stack.template);
    // As deployed, like the code: the site may not be built in this checkout.
    let pages = match offline::pages_of(templates()) {
        Some(pages) => pages,
        None => site::pages(&site::files(project)?)?,
    };
    let app = synth::synth(stage, &offline::assets_of(templates(), pages))?;
    let known = target.known_parameters().await?;
    let desired = DesiredState {
        stage: stage.name().to_owned(),
        stacks: synth::desired_stacks(&app, &known)?,
        assets: Vec::new(),
        migrations: migrations::files(project)?,
        site: Vec::new(),
    };
    let mut plan = plan_from(desired, &deployed, source)?;
    plan.made_from.stage = Some(target.id());
    target.check(&plan.stacks)?;
    Ok(plan)
}

/// The plan of a restore that changes nothing else. Pure.
///
/// # Errors
///
/// As [`plan`].
pub fn plan_from(
    mut desired: DesiredState,
    deployed: &Deployed,
    source: &RestoreSource,
) -> Result<Plan, Error> {
    assert_as_deployed(&plan::make(desired.clone(), deployed)?)?;
    let mut stacks = desired.stacks.iter_mut();
    let Some(stack) = stacks.find(|stack| database_of(&stack.template).is_some()) else {
        return Err(Error::usage(
            format!("The stage `{}` has no database of its own.", desired.stage),
            "Its database was given by address: restore it where it is.",
        ));
    };
    restore(&mut stack.template, source)?;
    let plan = plan::make(desired, deployed)?;
    // The files of the site are as they were deployed.
    Ok(Plan {
        site: SitePlan::default(),
        ..plan
    })
}

/// Refuses a restore that would deploy something else with it.
fn assert_as_deployed(plan: &Plan) -> Result<(), Error> {
    let changed = plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::None)
        .map(|stack| format!("the stack {}", stack.name));
    let reset = plan
        .alias_resets
        .iter()
        .map(|reset| format!("the alias of {}", reset.function));
    let mut differs: Vec<String> = changed.chain(reset).collect();
    if plan.migrations.run {
        differs.push("migrations".to_owned());
    }
    if differs.is_empty() {
        return Ok(());
    }
    let stage = &plan.stage;
    Err(Error::usage(
        format!(
            "A restore changes the database alone, and this checkout differs from the deployed stage: {}. Nothing was changed.",
            differs.join(", ")
        ),
        format!(
            "Check out the deployed commit (`cargo xtask status --stage {stage}` names it), or `cargo xtask deploy --stage {stage}` first."
        ),
    ))
}

/// The logical id of the database instance of a template.
pub(crate) fn database_of(template: &Value) -> Option<&str> {
    let mut resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .find(|(_, resource)| resource["Type"] == INSTANCE)
        .map(|(id, _)| id.as_str())
}

/// Has the database of the template be restored from there.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] when the template has none, or one with a name of its own: a restore is
/// a replacement, and CloudFormation replaces nothing that has a custom name.
pub(crate) fn restore(template: &mut Value, source: &RestoreSource) -> Result<(), Error> {
    let Some(id) = database_of(template).map(str::to_owned) else {
        return Err(Error::usage(
            "The template has no database to restore.",
            "The stage's file says whether it has one: `managed` under `database` in stacks/stages.",
        ));
    };
    let properties = &mut template["Resources"][id.as_str()]["Properties"];
    if let Some(name) = properties["DBInstanceIdentifier"].as_str() {
        return Err(Error::usage(
            format!(
                "The database has the name `{name}` in the template, and CloudFormation replaces nothing that has a name. Nothing was changed."
            ),
            "Take `DBInstanceIdentifier` out of the template and deploy, then restore.",
        ));
    }
    if let Some(properties) = properties.as_object_mut() {
        for name in ORIGIN.into_iter().chain(TAKEN_FROM_ORIGIN) {
            properties.shift_remove(name);
        }
        for (name, value) in source.properties() {
            properties.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// Takes over from the deployed template where its databases came from. A template that says so itself
/// is left alone.
pub(crate) fn carry_over(desired: &mut Value, deployed: &Value) {
    let Some(resources) = desired["Resources"].as_object_mut() else {
        return;
    };
    for (id, resource) in resources.iter_mut() {
        let before = &deployed["Resources"][id.as_str()];
        if resource["Type"] != INSTANCE || before["Type"] != INSTANCE {
            continue;
        }
        let Some(properties) = resource["Properties"].as_object_mut() else {
            continue;
        };
        let origin: Vec<(&str, Value)> = ORIGIN
            .into_iter()
            .filter_map(|name| Some((name, before["Properties"].get(name)?.clone())))
            .collect();
        let says_itself = ORIGIN.iter().any(|name| properties.contains_key(*name));
        if origin.is_empty() || says_itself {
            continue;
        }
        for name in TAKEN_FROM_ORIGIN {
            properties.shift_remove(name);
        }
        for (name, value) in origin {
            properties.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
