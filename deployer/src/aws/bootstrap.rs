//! `bootstrap`: the stack with what a deploy needs, planned, shown and applied like any other.

use serde_json::Value;

use super::{Aws, stack::BOOTSTRAP};
use crate::{
    Error,
    plan::{self, DesiredStack, DesiredState, MadeFrom, Plan, SitePlan},
    progress::Progress,
    state::{Deployed, DeployedStack},
    target::{Stacks as _, Target as _},
};

/// What a person says about deploys from GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Github {
    /// `owner/name` or `owner@1/name@2`, as GitHub has it in the subject of its tokens; `None`: as it
    /// is, which at first is none.
    pub repository: Option<String>,
    /// The account has GitHub's identity provider already.
    pub provider_exists: bool,
}

impl Aws {
    /// What `bootstrap` would do.
    pub async fn plan_bootstrap(&self, github: &Github) -> Result<Plan, Error> {
        let before = self.bootstrapped().await?;
        let repository = repository(github, before.as_ref())?;
        let stack = stacks::bootstrap::bootstrap(self.stage.settings(), repository.as_ref())
            .map_err(|problems| {
                let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Error::failed(
                    "The template of the bootstrap stack is wrong.",
                    "Fix stacks/src/bootstrap.rs",
                )
                .because(list.join("\n"))
            })?;
        let desired = DesiredState {
            stage: self.stage.name().to_owned(),
            stacks: vec![DesiredStack {
                name: BOOTSTRAP.to_owned(),
                template: stack.template(),
                parameters: Default::default(),
            }],
            assets: Vec::new(),
            migrations: Vec::new(),
            site: Vec::new(),
        };
        let deployed = Deployed {
            stacks: before
                .into_iter()
                .map(|stack| (BOOTSTRAP.to_owned(), stack))
                .collect(),
            ..Deployed::default()
        };
        let plan = plan::make(desired, &deployed)?;
        Ok(Plan {
            site: SitePlan::default(),
            made_from: MadeFrom {
                stage: Some(self.id()),
                ..plan.made_from
            },
            ..plan
        })
    }

    /// Does what that plan says; gives the outputs of the stack.
    pub(crate) async fn apply_bootstrap(
        &self,
        plan: &Plan,
        progress: &Progress,
    ) -> Result<std::collections::BTreeMap<String, String>, Error> {
        for stack in &plan.stacks {
            if stack.action == plan::StackAction::None {
                continue;
            }
            let step = progress.step(format!("stack {BOOTSTRAP}"), "Making the asset bucket");
            self.apply_stack(stack, &Default::default(), progress)
                .await?;
            step.done(format!("{} resources", stack.resources.len()));
        }
        self.bucket.assert_there().await?;
        Ok(self
            .bootstrapped()
            .await?
            .map(|stack| stack.outputs)
            .unwrap_or_default())
    }

    /// Whether the stage has its asset bucket.
    pub(crate) async fn has_bucket(&self) -> Result<bool, Error> {
        self.bucket.is_there().await
    }

    async fn bootstrapped(&self) -> Result<Option<DeployedStack>, Error> {
        let view = self.stack(BOOTSTRAP, None).await.map_err(|refused| {
            refused.error(format!(
                "The stage `{}` cannot be looked at.",
                self.stage.name()
            ))
        })?;
        match view {
            Some(view) if view.phase != super::Phase::Gone => {
                Ok(Some(self.deployed_stack(&view).await?))
            }
            _ => Ok(None),
        }
    }

    /// Removes what is in the asset bucket and has no use without a stage. The bucket itself stays,
    /// with the lease that this very command holds.
    pub(super) async fn empty_bucket(&self) -> Result<(), Error> {
        self.fence().await?;
        let bucket = self.bucket.name();
        let keys: Vec<String> = self
            .keys(&bucket)
            .await?
            .into_iter()
            .filter(|key| key != super::lease::KEY)
            .collect();
        self.delete_keys(&bucket, &keys).await
    }
}

/// The repository that may deploy: the one that was named, or the one of the last time.
fn repository(
    github: &Github,
    before: Option<&DeployedStack>,
) -> Result<Option<stacks::bootstrap::GithubRepository>, Error> {
    let Some(name) = &github.repository else {
        let metadata = before.map(|before| &before.template["Resources"]["DeployRole"]["Metadata"]);
        return Ok(metadata.and_then(|metadata| {
            Some(stacks::bootstrap::GithubRepository {
                name: metadata.get("miyabi:github")?.as_str()?.to_owned(),
                provider_exists: metadata
                    .get("miyabi:provider-exists")
                    .and_then(Value::as_bool)?,
            })
        }));
    };
    if !is_repository(name) {
        return Err(Error::usage(
            format!("`{name}` is not a repository of GitHub."),
            "Give owner and name: `--github owner/name`, or with their ids: `--github owner@1/name@2`",
        ));
    }
    Ok(Some(stacks::bootstrap::GithubRepository {
        name: name.clone(),
        provider_exists: github.provider_exists,
    }))
}

/// Whether it is a repository as it stands in the subject of GitHub's tokens: with the ids of owner
/// and repository when it was created after 2026-07-15
/// (<https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens>).
fn is_repository(name: &str) -> bool {
    // A star or a colon here would let other repositories in.
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    };
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((owner, repository)) = name.split_once('/') else {
        return false;
    };
    match (owner.split_once('@'), repository.split_once('@')) {
        (None, None) => is_name(owner) && is_name(repository),
        (Some((owner, owner_id)), Some((repository, id))) => {
            is_name(owner) && is_id(owner_id) && is_name(repository) && is_id(id)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_a_name_with_or_without_the_ids_of_its_owner_and_its_own() {
        for name in ["owner/name", "my-org/my.app_2", "owner@12/name@3456"] {
            assert!(is_repository(name), "{name}");
        }
        for name in [
            "owner",
            "owner/",
            "/name",
            "owner/*",
            "owner/name:environment",
            "owner/name/more",
            "owner@12/name",
            "owner/name@34",
            "owner@/name@34",
            "owner@*/name@34",
            "owner@12/name@34@56",
        ] {
            assert!(!is_repository(name), "{name}");
        }
    }
}
