//! Where the database of a template comes from: a first one, a snapshot, or another instance.
//!
//! CloudFormation restores an instance when its template says from where (`DBSnapshotIdentifier`, or a
//! source and a time), and replaces the instance by an empty one when that leaves the template again
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html#cfn-rds-dbinstance-dbsnapshotidentifier>).
//! A restore past the template, or one that only the next deploy's author knows of, would be undone by
//! somebody else's deploy. So the deployed template is the memory: each plan takes over from it where
//! the database came from ([`carry_over`]), in every checkout and without a word in a file.

use serde_json::{Value, json};

use crate::Error;

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
#[path = "database_origin_tests.rs"]
pub(crate) mod tests;
