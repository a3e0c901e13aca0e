//! The aliases of the functions: where they stand, where their templates want them, and moving
//! them. A stage's callers only ever use the alias, so that moving it is what switches a function.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_lambda::types::{AliasRoutingConfiguration, LastUpdateStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::{Aws, refused::Refused};
use crate::{
    Error,
    asset::Asset,
    build::hex,
    plan::aliases,
    release::LATEST,
    release::{AliasMove, InService, Version},
    target::ResourceStatus,
};

/// How long Lambda may take to have new code ready.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// A function with an alias, as its stack has it.
#[derive(Debug, Clone)]
struct Placed {
    /// Lambda's name of it.
    lambda_name: String,
    /// Name of the alias.
    alias: String,
    /// The version that the template wants in service.
    wanted: Version,
    /// Where the template has its code.
    bucket: String,
    key: String,
}

impl Aws {
    /// Every function with an alias, by its short name.
    async fn placed(&self) -> Result<BTreeMap<String, Placed>, Error> {
        let deployed = self.known().await?.deployed;
        let with_functions = deployed
            .stacks
            .iter()
            .filter(|(_, stack)| !aliases(&stack.template).is_empty());
        let read = with_functions.map(|(name, stack)| async move {
            let view = self.find(name).await?;
            let there = match &view {
                Some(view) => self.resources_of(view).await?,
                None => Vec::new(),
            };
            let bucket = stack.parameters.get(stacks::parameter::ASSET_BUCKET);
            let bucket = bucket.cloned().unwrap_or_else(|| self.bucket.name());
            Ok::<_, Error>(placed_in(&stack.template, &there, &bucket))
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Where each alias stands.
    pub(super) async fn read_aliases(&self) -> Result<BTreeMap<String, InService>, Error> {
        let placed = self.placed().await?;
        let read = placed.into_iter().map(|(name, placed)| async move {
            let version = self.version_at(&placed, &placed.alias).await?;
            let wanted = placed.wanted;
            Ok::<_, Error>((name, InService { version, wanted }))
        });
        Ok(try_join_all(read).await?.into_iter().collect())
    }

    async fn version_at(&self, placed: &Placed, qualifier: &str) -> Result<Version, Error> {
        let name = &placed.lambda_name;
        let answer = self
            .clients
            .lambda
            .get_function_configuration()
            .function_name(name)
            .qualifier(qualifier)
            .send()
            .await
            .map_err(|error| {
                Refused::new("lambda:GetFunctionConfiguration", error).error(format!(
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
        let placed = self.placed().await?;
        let each = moves.iter().filter_map(|moved| {
            let placed = placed.get(&moved.function)?;
            Some(self.point(placed, &moved.to))
        });
        try_join_all(each).await.map(drop)
    }

    /// Makes functions be as their templates say: their code, and where their aliases stand.
    pub(super) async fn put_functions_as_templates_say(
        &self,
        functions: &[String],
    ) -> Result<(), Error> {
        self.fence().await?;
        let placed = self.placed().await?;
        let each = functions
            .iter()
            .filter_map(|function| placed.get(function))
            .map(|placed| async move {
                let (latest, live) = futures_util::future::try_join(
                    self.version_at(placed, LATEST),
                    self.version_at(placed, &placed.alias),
                )
                .await?;
                if live.number != placed.wanted.number {
                    self.point(placed, &placed.wanted.number).await?;
                }
                // After the alias has left it, when it stood there.
                if latest.code != placed.wanted.code {
                    self.change_code(placed, &placed.key).await?;
                }
                Ok::<_, Error>(())
            });
        try_join_all(each).await.map(drop)
    }

    /// Gives functions that code past their stacks, and has their aliases stand at it.
    pub(super) async fn swap_function_code(&self, code: &[Asset]) -> Result<(), Error> {
        self.fence().await?;
        let placed = self.placed().await?;
        let each = code.iter().filter_map(|asset| {
            let placed = placed.get(&asset.function)?;
            Some(async move {
                self.change_code(placed, &asset.key).await?;
                self.point(placed, LATEST).await
            })
        });
        try_join_all(each).await.map(drop)
    }

    /// Points the alias at a version, with all of its traffic.
    async fn point(&self, placed: &Placed, version: &str) -> Result<(), Error> {
        let all_of_it = AliasRoutingConfiguration::builder()
            .set_additional_version_weights(Some(Default::default()))
            .build();
        self.clients
            .lambda
            .update_alias()
            .function_name(&placed.lambda_name)
            .name(&placed.alias)
            .function_version(version)
            .routing_config(all_of_it)
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                Refused::new("lambda:UpdateAlias", error).error(format!(
                    "The version {version} of the function `{}` cannot be put into service.",
                    placed.lambda_name
                ))
            })
    }

    /// Gives a function other code, past its stack, and waits until it is ready. No version is made.
    async fn change_code(&self, placed: &Placed, key: &str) -> Result<(), Error> {
        let name = &placed.lambda_name;
        let failed = |refused: Refused| {
            refused.error(format!(
                "The code of the function `{name}` cannot be changed."
            ))
        };
        self.clients
            .lambda
            .update_function_code()
            .function_name(name)
            .s3_bucket(&placed.bucket)
            .s3_key(key)
            .send()
            .await
            .map_err(|error| failed(Refused::new("lambda:UpdateFunctionCode", error)))?;
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
                .map_err(|error| failed(Refused::new("lambda:GetFunctionConfiguration", error)))?;
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
            self.seen.pause(&what_for, pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(2));
        }
    }
}

/// The functions of one stack. What is not of the form that `stacks` writes is left out: it has no
/// code of ours.
fn placed_in(template: &Value, there: &[ResourceStatus], bucket: &str) -> BTreeMap<String, Placed> {
    let physical = |logical_id: &Value| {
        let resource = there
            .iter()
            .find(|resource| logical_id.as_str() == Some(&resource.logical_id));
        resource.map(|resource| resource.physical_id.clone())
    };
    let one = |alias: &Value| {
        let function = &alias["FunctionName"]["Ref"];
        let version = physical(&alias["FunctionVersion"]["Fn::GetAtt"][0])?;
        let lambda_name = physical(function)?;
        let key =
            template["Resources"][function.as_str()?]["Properties"]["Code"]["S3Key"].as_str()?;
        let (name, code) = key.strip_prefix("functions/")?.split_once('/')?;
        let placed = Placed {
            lambda_name,
            alias: alias["Name"].as_str()?.to_owned(),
            wanted: Version {
                number: version.rsplit(':').next()?.to_owned(),
                code: code.strip_suffix(".zip")?.to_owned(),
            },
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        };
        Some((name.to_owned(), placed))
    };
    aliases(template).into_iter().filter_map(one).collect()
}
