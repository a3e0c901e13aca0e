//! The aliases of the functions: where they stand, where their templates want them, and moving
//! them. A stage's callers only ever use the alias, so that moving it is what switches a function.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_lambda::types::{AliasRoutingConfiguration, LastUpdateStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::try_join_all;

use super::{Aws, aws_error::AwsError, deployed_functions::DeployedFunction};
use crate::{
    Error,
    asset::Asset,
    build::hex,
    release::LATEST,
    release::{AliasMove, InService, Version},
};

/// How long Lambda may take to have new code ready.
const READY_WITHIN: Duration = Duration::from_secs(300);

impl Aws {
    /// Where each alias stands.
    pub(super) async fn read_aliases(&self) -> Result<BTreeMap<String, InService>, Error> {
        let functions = self.deployed_functions().await?;
        let read = functions.into_iter().map(|(name, function)| async move {
            let (state, version) = futures_util::future::try_join(
                self.alias_state(&function),
                self.version_at(&function, &function.alias),
            )
            .await?;
            // While traffic moves by weights, the alias may answer for either version.
            let version = match version.number == state.version {
                true => version,
                false => self.version_at(&function, &state.version).await?,
            };
            let mut wanted = function.wanted;
            if wanted.code.is_empty() && wanted.number == version.number {
                wanted.code.clone_from(&version.code);
            }
            let also = state.also;
            let function = InService {
                version,
                wanted,
                also,
            };
            Ok::<_, Error>((name, function))
        });
        Ok(try_join_all(read).await?.into_iter().collect())
    }

    async fn version_at(
        &self,
        function: &DeployedFunction,
        qualifier: &str,
    ) -> Result<Version, Error> {
        let name = &function.lambda_name;
        let answer = self
            .clients
            .lambda
            .get_function_configuration()
            .function_name(name)
            .qualifier(qualifier)
            .send()
            .await
            .map_err(|error| {
                AwsError::new("lambda:GetFunctionConfiguration", error).error(format!(
                    "Which version of the function `{name}` is in service cannot be seen."
                ))
            })?;
        Ok(Version {
            number: answer.version().unwrap_or_default().to_owned(),
            code: STANDARD
                .decode(answer.code_sha256().unwrap_or_default())
                .map(|digest| hex(&digest))
                .unwrap_or_default(),
        })
    }

    /// Moves aliases, all at the same time.
    pub(super) async fn move_aliases(&self, moves: &[AliasMove]) -> Result<(), Error> {
        self.fence().await?;
        let functions = self.deployed_functions().await?;
        let each = moves.iter().filter_map(|moved| {
            let function = functions.get(&moved.function)?;
            Some(self.move_alias(function, &moved.to))
        });
        try_join_all(each).await.map(drop)
    }

    /// Makes functions be as their templates say: their code, and where their aliases stand.
    pub(super) async fn put_functions_as_templates_say(
        &self,
        functions: &[String],
    ) -> Result<(), Error> {
        self.fence().await?;
        let deployed = self.deployed_functions().await?;
        let each = functions
            .iter()
            .filter_map(|function| deployed.get(function))
            .map(|function| async move {
                let (latest, live) = futures_util::future::try_join(
                    self.version_at(function, LATEST),
                    self.alias_state(function),
                )
                .await?;
                if !live.is_at(&function.wanted.number) {
                    self.move_alias(function, &function.wanted.number).await?;
                }
                // After the alias has left it, when it stood there.
                if latest.code != function.wanted.code {
                    self.change_code(function, &function.key).await?;
                }
                Ok::<_, Error>(())
            });
        try_join_all(each).await.map(drop)
    }

    /// Gives functions that code past their stacks, and has their aliases stand at it.
    pub(super) async fn swap_function_code(&self, code: &[Asset]) -> Result<(), Error> {
        self.fence().await?;
        let functions = self.deployed_functions().await?;
        let each = code.iter().filter_map(|asset| {
            let function = functions.get(&asset.function)?;
            Some(async move {
                self.change_code(function, &asset.key).await?;
                self.move_alias(function, LATEST).await
            })
        });
        try_join_all(each).await.map(drop)
    }

    /// Moves the alias to a version, with all of its traffic, and waits until it stands there.
    async fn move_alias(&self, function: &DeployedFunction, version: &str) -> Result<(), Error> {
        let began = std::time::Instant::now();
        let mut pause = Duration::from_millis(300);
        while let Err(refused) = self.point(function, version).await {
            // Lambda refuses a second move while it still starts environments for the first.
            let is_moving = refused.code == "ResourceConflictException";
            if !is_moving || began.elapsed() >= self.alias_deadline {
                return Err(refused.error(format!(
                    "The version {version} of the function `{}` cannot be put into service.",
                    function.lambda_name
                )));
            }
            let what_for = format!("alias of {}", function.lambda_name);
            self.observer.pause(&what_for, pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        self.alias_stands(function, Some(version)).await.map(drop)
    }

    async fn point(&self, function: &DeployedFunction, version: &str) -> Result<(), AwsError> {
        let all_of_it = AliasRoutingConfiguration::builder()
            .set_additional_version_weights(Some(Default::default()))
            .build();
        self.clients
            .lambda
            .update_alias()
            .function_name(&function.lambda_name)
            .name(&function.alias)
            .function_version(version)
            .routing_config(all_of_it)
            .send()
            .await
            .map(drop)
            .map_err(|error| AwsError::new("lambda:UpdateAlias", error))
    }

    /// Gives a function other code, past its stack, and waits until it is ready. No version is made.
    async fn change_code(&self, function: &DeployedFunction, key: &str) -> Result<(), Error> {
        let name = &function.lambda_name;
        let failed = |refused: AwsError| {
            refused.error(format!(
                "The code of the function `{name}` cannot be changed."
            ))
        };
        self.clients
            .lambda
            .update_function_code()
            .function_name(name)
            .s3_bucket(&function.bucket)
            .s3_key(key)
            .send()
            .await
            .map_err(|error| failed(AwsError::new("lambda:UpdateFunctionCode", error)))?;
        let began = std::time::Instant::now();
        let mut pause = Duration::from_millis(200);
        loop {
            let answer = self
                .clients
                .lambda
                .get_function_configuration()
                .function_name(name)
                .send()
                .await
                .map_err(|error| failed(AwsError::new("lambda:GetFunctionConfiguration", error)))?;
            match answer.last_update_status() {
                Some(LastUpdateStatus::InProgress) if began.elapsed() < READY_WITHIN => (),
                Some(LastUpdateStatus::InProgress | LastUpdateStatus::Failed) => {
                    let reason = answer
                        .last_update_status_reason()
                        .unwrap_or("no reason given");
                    return Err(Error::failed(
                        format!("The new code of the function `{name}` did not get ready."),
                        format!(
                            "Deploy it with its stack: `cargo xtask deploy --stage {}`",
                            self.stage.name()
                        ),
                    )
                    .because(reason.to_owned()));
                }
                _ => return Ok(()),
            }
            let what_for = format!("new code of {name}");
            self.observer.pause(&what_for, pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
        }
    }
}
