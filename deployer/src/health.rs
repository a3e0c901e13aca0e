//! How a stage is, at one look: do its addresses answer, which versions are in service, is the schema
//! the one of the code, is each resource well. Reads only.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future;
use serde::Serialize;

use crate::{
    Error,
    alarms::{self, Alarm, AlarmState},
    migrate,
    migrate::{Migrated, Request},
    migrations,
    project::Project,
    smoke::{self, AddressHealth, SmokeTest},
    source::{FailedDeploy, Source},
    stage::Stage,
    state::{Deployed, public_outputs},
    target::{Health, ResourceStatus, Target},
};

/// How long the function that knows the schema may take, started for this and with a database that
/// does not answer.
const SCHEMA_WITHIN: Duration = Duration::from_secs(20);

/// How a stage is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageHealth {
    /// The requests of the smoke test.
    pub addresses: Vec<AddressHealth>,
    /// The version in service of each function, by its short name.
    pub versions: BTreeMap<String, String>,
    /// The schema of the database; `None`: nothing is deployed that has one.
    pub migrations: Option<SchemaHealth>,
    /// Source of the last deploy that ended well and changed something.
    pub source: Option<Source>,
    /// The last deploy, when it failed.
    pub failed_deploy: Option<FailedDeploy>,
    /// The alarms.
    pub alarms: AlarmsHealth,
    /// Each resource.
    pub resources: Vec<ResourceStatus>,
}

/// The schema, as the deployed function `migrate` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaHealth {
    /// The database answered.
    Known {
        /// How many migrations are applied.
        applied: usize,
        /// How many the deployed code has and the database has not.
        pending: usize,
        /// How many this checkout has beyond the deployed code.
        not_deployed: usize,
        /// The highest applied version.
        schema_version: i64,
    },
    /// It did not.
    Unknown {
        /// Why.
        problem: String,
    },
}

/// The alarms of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmsHealth {
    /// Whoever evaluates them answered.
    Known {
        /// How many there are.
        count: usize,
        /// The names of those that are raised.
        raised: Vec<String>,
        /// How many have too few data points.
        without_data: usize,
    },
    /// It did not.
    Unknown {
        /// Why.
        problem: String,
    },
}

impl AlarmsHealth {
    fn new(read: Result<Vec<Alarm>, Error>) -> AlarmsHealth {
        match read {
            Ok(all) => AlarmsHealth::Known {
                count: all.len(),
                raised: all
                    .iter()
                    .filter(|alarm| alarm.state == AlarmState::Alarm)
                    .map(|alarm| alarm.name.clone())
                    .collect(),
                without_data: alarms::count(&all, AlarmState::InsufficientData),
            },
            Err(error) => AlarmsHealth::Unknown {
                problem: error.message().to_owned(),
            },
        }
    }
}

impl StageHealth {
    /// Whether anything of the stage exists.
    pub fn is_deployed(&self) -> bool {
        !self.resources.is_empty()
    }

    /// How many resources are in that condition.
    pub fn count(&self, health: Health) -> usize {
        let of = |resource: &&ResourceStatus| resource.health == health;
        self.resources.iter().filter(of).count()
    }

    /// Whether something does not do its work: an address, the database or a resource.
    pub fn is_failing(&self) -> bool {
        let schema_unknown = matches!(self.migrations, Some(SchemaHealth::Unknown { .. }));
        self.count(Health::Failing) + self.count(Health::Missing) > 0
            || schema_unknown
            || self
                .addresses
                .iter()
                .any(|address| address.problem.is_some())
    }
}

/// Looks at the stage. What does not answer is part of the result.
///
/// # Errors
///
/// When what is deployed cannot be read.
pub async fn look(
    target: &dyn Target,
    stage: &Stage,
    project: &Project,
) -> Result<StageHealth, Error> {
    let deployed = target.deployed().await?;
    let outputs = public_outputs(&deployed.stacks);
    let emulated = target.id().is_emulated();
    let smoke_test = SmokeTest {
        stage,
        emulated,
        settles_within: Duration::ZERO,
    };
    let (resources, versions, addresses, migrations, alarms) = future::join5(
        target.status(),
        in_service(target, &deployed),
        smoke::look(&smoke_test, &outputs),
        schema(target, stage, project, &deployed),
        target.alarms(),
    )
    .await;
    let resources = resources?;
    let versions = versions?.unwrap_or_else(|| of_aliases(&resources, stage));
    Ok(StageHealth {
        addresses,
        versions,
        migrations,
        source: deployed.source,
        failed_deploy: deployed.failed_deploy,
        alarms: AlarmsHealth::new(alarms),
        resources,
    })
}

/// `None`: the target keeps no versions, and the aliases say which one they stand at.
async fn in_service(
    target: &dyn Target,
    deployed: &Deployed,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    let Some(releases) = target.releases().filter(|_| !deployed.stacks.is_empty()) else {
        return Ok(None);
    };
    let functions = releases.in_service().await?.into_iter();
    let functions = functions.map(|(name, function)| (name, function.version.number));
    Ok(Some(functions.collect()))
}

fn of_aliases(resources: &[ResourceStatus], stage: &Stage) -> BTreeMap<String, String> {
    let prefix = format!("miyabi-{}-", stage.name());
    let aliases = resources
        .iter()
        .filter(|resource| resource.resource_type == "AWS::Lambda::Alias");
    aliases
        .filter_map(|alias| {
            let name = alias
                .physical_id
                .split(':')
                .find_map(|part| part.strip_prefix(&prefix))?;
            let version = alias.detail.strip_prefix("version ")?;
            Some((name.to_owned(), version.to_owned()))
        })
        .collect()
}

async fn schema(
    target: &dyn Target,
    stage: &Stage,
    project: &Project,
    deployed: &Deployed,
) -> Option<SchemaHealth> {
    if !deployed.stacks.contains_key("migrate") {
        return None;
    }
    let asked = migrate::invoke(target, stage.name(), Request::Status);
    let health = match tokio::time::timeout(SCHEMA_WITHIN, asked).await {
        Ok(Ok(migrated)) => known(&migrated, project),
        Ok(Err(error)) => SchemaHealth::Unknown {
            problem: error.message().to_owned(),
        },
        Err(_) => SchemaHealth::Unknown {
            problem: format!(
                "The function `migrate` did not answer within {} s.",
                SCHEMA_WITHIN.as_secs()
            ),
        },
    };
    Some(health)
}

fn known(migrated: &Migrated, project: &Project) -> SchemaHealth {
    let of_code = migrated.applied.iter().chain(&migrated.pending);
    let newest = of_code.map(|version| version.version).max().unwrap_or(0);
    // A checkout whose files cannot be read says nothing about the stage.
    let files = migrations::files(project).unwrap_or_default();
    SchemaHealth::Known {
        applied: migrated.applied.len(),
        pending: migrated.pending.len(),
        not_deployed: files.iter().filter(|file| file.version > newest).count(),
        schema_version: migrated.schema_version,
    }
}
