//! Old versions of functions. Their templates retain them so that a rollback finds them, and nothing
//! else would ever delete them: an account has room for 75 GB of code.

use super::in_use::InUse;
use crate::{
    Error,
    aws::{Aws, aws_error::AwsError},
    collection::CollectedVersion,
};

impl Aws {
    /// The versions that nothing uses, of the functions of the stage.
    pub(super) async fn unused_versions(
        &self,
        in_use: &InUse,
    ) -> Result<Vec<CollectedVersion>, Error> {
        let functions = in_use.versions.keys();
        let lists = functions.map(|function| self.versions_of(function));
        let all = futures_util::future::try_join_all(lists).await?;
        let mut unused: Vec<CollectedVersion> = all
            .into_iter()
            .flatten()
            .filter(|version| in_use.is_unused(&version.function, version.version))
            .collect();
        unused.sort();
        Ok(unused)
    }

    async fn versions_of(&self, function: &str) -> Result<Vec<CollectedVersion>, Error> {
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .clients
                .lambda
                .list_versions_by_function()
                .function_name(function)
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| {
                    AwsError::new("lambda:ListVersionsByFunction", error)
                        .error(format!("The versions of `{function}` cannot be listed."))
                })?;
            let versions = page.versions().iter();
            found.extend(versions.filter_map(|version| {
                Some(CollectedVersion {
                    function: function.to_owned(),
                    version: version.version()?.parse().ok()?,
                    bytes: u64::try_from(version.code_size()).unwrap_or_default(),
                })
            }));
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    /// Deletes versions one after the other, each after a last look at the aliases that use it; returns
    /// those that were deleted.
    pub(super) async fn delete_versions(
        &self,
        versions: Vec<CollectedVersion>,
        kept: &mut Vec<String>,
    ) -> Result<Vec<CollectedVersion>, Error> {
        let mut deleted = Vec::new();
        for version in versions {
            self.fence().await?;
            if self.delete_version(&version).await? {
                deleted.push(version);
            } else {
                kept.push(format!("{} {}", version.function, version.version));
            }
        }
        Ok(deleted)
    }

    /// False: it is in use and stays. Lambda itself refuses to delete what an alias points to.
    async fn delete_version(&self, version: &CollectedVersion) -> Result<bool, Error> {
        let CollectedVersion {
            function,
            version: number,
            ..
        } = version;
        let lambda = &self.clients.lambda;
        let failed = |refused: AwsError| {
            refused.error(format!(
                "The version {number} of `{function}` cannot be deleted."
            ))
        };
        let number = number.to_string();
        if self.versions_in_use(function).await?.contains(&number) {
            return Ok(false);
        }
        let answer = lambda
            .delete_function()
            .function_name(function)
            .qualifier(&number);
        let Err(error) = answer.send().await else {
            return Ok(true);
        };
        let refused = AwsError::new("lambda:DeleteFunction", error);
        if refused.code == "ResourceConflictException" {
            return Ok(false);
        }
        if refused.is_missing() {
            return Ok(true);
        }
        Err(failed(refused))
    }
}
