//! What is deployed and CloudFormation does not know: the migrations that ran, the site's files, the
//! releases, and what a `destroy` has still to remove. One object in the asset bucket; it holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Aws,
    bucket::{Object, When},
};
use crate::{
    Error,
    release::Rollout,
    source::{FailedDeploy, Source},
};

const KEY: &str = "state.json";

/// The record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    /// Version -> SHA-256 of the file, lowercase hex.
    pub(super) migrations: BTreeMap<i64, String>,
    /// SHA-256 over the files of the site that were last put into the bucket.
    pub(super) site: Option<String>,
    /// Files of the site that no release has any more and that are still there: the key, and when the
    /// deploy dropped it, in seconds since 1970.
    pub(super) site_left: BTreeMap<String, i64>,
    /// Which versions of the functions answered, and which stand aside.
    pub(super) rollout: Rollout,
    /// What the last deploy that ended well was made of.
    pub(super) source: Option<Source>,
    /// The last deploy, when it failed.
    pub(super) failed_deploy: Option<FailedDeploy>,
    /// Resources that outlived their stack and a `destroy` has to remove.
    pub(super) leftovers: Vec<Orphan>,
}

/// A resource that a deleted stack retained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orphan {
    pub(super) resource_type: String,
    pub(super) physical_id: String,
}

impl Aws {
    /// What the record says; nothing when there is none, or no bucket.
    pub(super) async fn record(&self) -> Result<Record, Error> {
        Ok(self.read_record().await?.0)
    }

    /// Changes the record. Only who holds the stage does that; the condition is a second fence.
    pub(super) async fn change_record(
        &self,
        change: impl FnOnce(&mut Record),
    ) -> Result<(), Error> {
        self.fence().await?;
        let (mut record, object) = self.read_record().await?;
        let before = record.clone();
        change(&mut record);
        if record == before {
            return Ok(());
        }
        let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::failed(
                "The record of the stage in its asset bucket cannot be written.",
                "Run the same command again: completed steps are kept and not repeated.",
            )
            .because(cause)
        };
        let bytes = serde_json::to_vec(&record).map_err(|cause| failed(cause.into()))?;
        let when = object
            .as_ref()
            .map_or(When::Absent, |object| When::Is(&object.etag));
        match self.bucket.put_when(KEY, bytes, when).await {
            Ok(_) => Ok(()),
            // The answer to our own request was lost, and the second one met what the first wrote.
            Err(refused) if refused.is_condition() && self.read_record().await?.0 == record => {
                Ok(())
            }
            Err(refused) => Err(failed(refused.into())),
        }
    }

    async fn read_record(&self) -> Result<(Record, Option<Object>), Error> {
        let Some(object) = self.bucket.get(KEY).await? else {
            return Ok((Record::default(), None));
        };
        let record = serde_json::from_slice(&object.bytes).map_err(|cause| {
            Error::failed(
                format!("The record of the stage, `{KEY}` in `{}`, cannot be read.", self.bucket.name()),
                format!("Put an older version of it back: `aws s3api list-object-versions --bucket {} --prefix {KEY}`", self.bucket.name()),
            )
            .because(cause)
        })?;
        Ok((record, Some(object)))
    }
}
