//! Where an alias really stands, and waiting until it stands still.
//!
//! An alias with provisioned concurrency is not moved at once: Lambda shifts its traffic by weights
//! while the environments of the new version start, which takes minutes. Until `GetAlias` reports no
//! weights any more, part of the traffic still goes to the version before, so neither a rollback nor a
//! smoke test counts before that.

use std::time::{Duration, Instant};

use aws_sdk_lambda::types::ProvisionedConcurrencyStatusEnum as Provisioning;

use super::{Aws, aws_error::AwsError, deployed_functions::DeployedFunction};
use crate::Error;

/// How long Lambda may take to move an alias: it starts at most 6,000 environments a minute for
/// provisioned concurrency
/// (<https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html>), and each may take as
/// long as its initialization.
pub(super) const MOVED_WITHIN: Duration = Duration::from_secs(900);
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What `GetAlias` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AliasState {
    /// `FunctionVersion`.
    pub(super) version: String,
    /// The versions in `RoutingConfig`, which get a share of the traffic.
    pub(super) also: Vec<String>,
}

impl AliasState {
    /// Whether all of the traffic goes to that version.
    pub(super) fn is_at(&self, version: &str) -> bool {
        self.version == version && self.also.is_empty()
    }
}

impl Aws {
    /// Sets how long an alias may take to move; the default is 15 minutes.
    #[must_use]
    pub fn with_alias_deadline(mut self, deadline: Duration) -> Aws {
        self.alias_deadline = deadline;
        self
    }

    /// What Lambda says of the alias now.
    pub(super) async fn alias_state(
        &self,
        function: &DeployedFunction,
    ) -> Result<AliasState, Error> {
        let name = &function.lambda_name;
        let answer = self
            .clients
            .lambda
            .get_alias()
            .function_name(name)
            .name(&function.alias)
            .send()
            .await
            .map_err(|error| {
                AwsError::new("lambda:GetAlias", error).error(format!(
                    "Which version of the function `{name}` is in service cannot be read."
                ))
            })?;
        let weights = answer
            .routing_config()
            .and_then(|routing| routing.additional_version_weights());
        let also = weights.into_iter().flatten();
        Ok(AliasState {
            version: answer.function_version().unwrap_or_default().to_owned(),
            also: also.map(|(version, _)| version.clone()).collect(),
        })
    }

    /// Waits until the alias stands still, at `version` when one is given.
    ///
    /// # Errors
    ///
    /// When it does not within the deadline, or when Lambda could not start the environments.
    pub(super) async fn alias_stands(
        &self,
        function: &DeployedFunction,
        version: Option<&str>,
    ) -> Result<AliasState, Error> {
        let began = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let state = self.alias_state(function).await?;
            let stands = match version {
                Some(version) => state.is_at(version),
                None => state.also.is_empty(),
            };
            if stands {
                return Ok(state);
            }
            if let Some(reason) = self.provisioning_failure(function).await {
                return Err(self.not_moved(function, &state).because(reason));
            }
            if began.elapsed() >= self.alias_deadline {
                let waited = format!("waited {} s", self.alias_deadline.as_secs());
                return Err(self.not_moved(function, &state).because(waited));
            }
            let what_for = format!("alias of {}", function.lambda_name);
            self.observer.pause(&what_for, pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits for every alias with provisioned concurrency: a command before this one may have begun to
    /// move it.
    pub(super) async fn provisioned_aliases_stand(&self) -> Result<(), Error> {
        let functions = self.deployed_functions().await?;
        let gradual = functions
            .values()
            .filter(|function| function.is_provisioned);
        let stand = gradual.map(|function| self.alias_stands(function, None));
        futures_util::future::try_join_all(stand).await.map(drop)
    }

    /// Why Lambda could not start the environments of an alias, when it gave up.
    async fn provisioning_failure(&self, function: &DeployedFunction) -> Option<String> {
        if !function.is_provisioned {
            return None;
        }
        let answer = self
            .clients
            .lambda
            .get_provisioned_concurrency_config()
            .function_name(&function.lambda_name)
            .qualifier(&function.alias)
            .send()
            .await
            .ok()?;
        (answer.status() == Some(&Provisioning::Failed)).then(|| {
            answer
                .status_reason()
                .unwrap_or("no reason given")
                .to_owned()
        })
    }

    fn not_moved(&self, function: &DeployedFunction, state: &AliasState) -> Error {
        let DeployedFunction {
            lambda_name, alias, ..
        } = function;
        let shares = match state.also.as_slice() {
            [] => String::new(),
            also => format!(", and part of the traffic goes to {}", also.join(", ")),
        };
        Error::failed(
            format!(
                "The alias `{alias}` of the function `{lambda_name}` did not finish its move: it points to the version {}{shares}.",
                state.version
            ),
            format!(
                "See why its environments do not start: `aws lambda get-provisioned-concurrency-config --function-name {lambda_name} --qualifier {alias}`, then run the same command again, e.g. `cargo xtask rollback --stage {}`",
                self.stage.name()
            ),
        )
    }
}
