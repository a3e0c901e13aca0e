//! Change sets of ours that nobody executes any more: those of a plan that was stopped, and of a
//! deploy that was killed between making and executing one.

use time::OffsetDateTime;

use crate::{
    Error,
    aws::{Aws, aws_error::AwsError},
};

/// How the names of our change sets begin; nobody else's are touched.
const OURS: &str = "miyabi-";

/// A change set that nobody will execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Abandoned {
    stack: String,
    stack_id: String,
    name: String,
}

impl Abandoned {
    /// `api/miyabi-plan-..`
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.stack, self.name)
    }
}

impl Aws {
    /// Our change sets that were made before that moment and not executed.
    pub(super) async fn abandoned_change_sets(
        &self,
        before: OffsetDateTime,
    ) -> Result<Vec<Abandoned>, Error> {
        let mut found = Vec::new();
        for view in self.stacks().await?.values() {
            let mut token = None;
            loop {
                let page = self
                    .clients
                    .cloudformation
                    .list_change_sets()
                    .stack_name(self.stack_name(&view.name))
                    .set_next_token(token)
                    .send()
                    .await
                    .map_err(|error| {
                        AwsError::new("cloudformation:ListChangeSets", error).error(format!(
                            "The change sets of the stack `{}` cannot be listed.",
                            view.name
                        ))
                    })?;
                for set in page.summaries() {
                    let name = set.change_set_name().unwrap_or_default();
                    let made = set.creation_time();
                    let is_old = made.is_none_or(|made| made.secs() <= before.unix_timestamp());
                    if name.starts_with(OURS) && is_old {
                        found.push(Abandoned {
                            stack: view.name.clone(),
                            stack_id: view.id.clone(),
                            name: name.to_owned(),
                        });
                    }
                }
                token = page.next_token().map(str::to_owned);
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Deletes them. CloudFormation refuses to delete one that is being executed.
    pub(super) async fn delete_change_sets(&self, abandoned: &[Abandoned]) -> Result<(), Error> {
        for set in abandoned {
            self.fence().await?;
            let answer = self
                .clients
                .cloudformation
                .delete_change_set()
                .stack_name(&set.stack_id)
                .change_set_name(&set.name)
                .send()
                .await;
            let Err(error) = answer else { continue };
            let refused = AwsError::new("cloudformation:DeleteChangeSet", error);
            if !refused.is_missing() && refused.code != "InvalidChangeSetStatus" {
                return Err(refused.error(format!(
                    "The change set `{}` cannot be deleted.",
                    set.path()
                )));
            }
        }
        Ok(())
    }
}
