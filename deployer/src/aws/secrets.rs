//! The values of the stage's secrets, and the header by which CloudFront shows one of them.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_cloudfront::types::DistributionConfig;
use miyabi_catalog::keys::VERIFYING_AGE;
use serde_json::Value;

use super::{Aws, aws_error::AwsError};
use crate::{Error, progress::Progress, target::Secrets};

/// The header of the distribution's origin, as `stacks/src/site.rs` has it.
const HEADER: &str = "x-origin-verify";
/// A change of a distribution reaches every edge within minutes.
const SENT_WITHIN: Duration = Duration::from_secs(1800);
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

#[async_trait(?Send)]
impl Secrets for Aws {
    async fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        let name = self.function_name(name);
        let secret = self.clients.secrets.get_secret_value().secret_id(&name);
        match secret.send().await {
            Ok(secret) => Ok(secret.secret_string().map(str::to_owned)),
            Err(error) => {
                let refused = AwsError::new("secretsmanager:GetSecretValue", error);
                if refused.is_missing() {
                    return Ok(None);
                }
                Err(refused.error(format!("The secret `{name}` cannot be read.")))
            }
        }
    }

    async fn put_secret(&self, name: &str, value: &str) -> Result<(), Error> {
        self.fence().await?;
        let name = self.function_name(name);
        let put = self.clients.secrets.put_secret_value();
        let put = put.secret_id(&name).secret_string(value);
        let Err(error) = put.send().await else {
            return Ok(());
        };
        let refused = AwsError::new("secretsmanager:PutSecretValue", error);
        if refused.is_missing() {
            let stage = self.stage.name();
            return Err(Error::usage(
                format!(
                    "The secret `{name}` does not exist: the stage `{stage}` is not deployed. Nothing was changed."
                ),
                format!("`cargo xtask deploy --stage {stage}`"),
            ));
        }
        Err(refused.error(format!("The secret `{name}` cannot be given a value.")))
    }

    /// What CloudFormation does as well: it resolves the same reference when it next updates the
    /// distribution, so that nothing drifts.
    async fn send_origin_secret(&self, progress: &Progress) -> Result<(), Error> {
        let text = self.secret("origin").await?.unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let value = value["value"].as_str().unwrap_or_default();
        let Some(id) = self.distribution().await? else {
            return Ok(());
        };
        let step = progress.step(
            "origin secret",
            "Having CloudFront send the new origin secret",
        );
        if !self.is_emulated() {
            step.doing("until every function knows it");
            self.observer
                .pause("functions to read the origin secret", VERIFYING_AGE)
                .await;
        }
        self.change_origin_header(&id, value).await?;
        step.doing("until every edge sends it");
        self.wait_for_edges(&id).await?;
        step.done("");
        Ok(())
    }
}

impl Aws {
    async fn distribution(&self) -> Result<Option<String>, Error> {
        let deployed = self.known().await?.deployed;
        let site = deployed.stacks.get("site");
        Ok(site.and_then(|site| site.outputs.get("distributionId").cloned()))
    }

    /// Changes nothing when the header has that value already.
    async fn change_origin_header(&self, id: &str, value: &str) -> Result<(), Error> {
        let read = self.clients.cloudfront.get_distribution_config().id(id);
        let read = read.send().await.map_err(|error| {
            AwsError::new("cloudfront:GetDistributionConfig", error)
                .error(format!("The distribution `{id}` cannot be read."))
        })?;
        let etag = read.e_tag().map(str::to_owned);
        let mut config = read.distribution_config;
        if !config
            .as_mut()
            .is_some_and(|config| set_header(config, value))
        {
            return Ok(());
        }
        self.fence().await?;
        let update = self.clients.cloudfront.update_distribution();
        let update = update
            .id(id)
            .set_if_match(etag)
            .set_distribution_config(config);
        update.send().await.map(drop).map_err(|error| {
            AwsError::new("cloudfront:UpdateDistribution", error).error(format!(
                "The distribution `{id}` cannot be given the new origin secret."
            ))
        })
    }

    async fn wait_for_edges(&self, id: &str) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            let read = self.clients.cloudfront.get_distribution().id(id).send();
            let read = read.await.map_err(|error| {
                AwsError::new("cloudfront:GetDistribution", error)
                    .error(format!("The distribution `{id}` cannot be read."))
            })?;
            let status = read
                .distribution()
                .map(|distribution| distribution.status());
            if status.is_none_or(|status| status == "Deployed") {
                return Ok(());
            }
            if began.elapsed() > SENT_WITHIN {
                return Err(Error::failed(
                    format!(
                        "The distribution `{id}` still sends the old origin secret somewhere, which is accepted."
                    ),
                    format!(
                        "When it is deployed: `cargo xtask secrets rotate origin-secret --stage {} --finish`",
                        self.stage.name()
                    ),
                ));
            }
            self.observer.pause("the distribution", BETWEEN_LOOKS).await;
        }
    }
}

/// Whether a header of an origin had another value, and has this one now.
fn set_header(config: &mut DistributionConfig, value: &str) -> bool {
    let origins = config
        .origins
        .iter_mut()
        .flat_map(|origins| &mut origins.items);
    let headers = origins
        .filter_map(|origin| origin.custom_headers.as_mut()?.items.as_mut())
        .flatten();
    let mut changed = false;
    for header in headers.filter(|header| header.header_name == HEADER) {
        changed |= header.header_value != value;
        value.clone_into(&mut header.header_value);
    }
    changed
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudfront::types::{
        CustomHeaders, DefaultCacheBehavior, Origin, OriginCustomHeader, Origins,
        ViewerProtocolPolicy,
    };

    use super::*;

    fn origin(id: &str, header: Option<(&str, &str)>) -> Origin {
        let headers = header.map(|(name, value)| {
            let header = OriginCustomHeader::builder();
            let header = header
                .header_name(name)
                .header_value(value)
                .build()
                .unwrap();
            CustomHeaders::builder()
                .quantity(1)
                .items(header)
                .build()
                .unwrap()
        });
        let origin = Origin::builder().id(id).domain_name("example.com");
        origin.set_custom_headers(headers).build().unwrap()
    }

    #[test]
    fn only_the_header_of_the_origin_secret_changes_and_only_once() {
        let origins = Origins::builder()
            .quantity(3)
            .items(origin("site", None))
            .items(origin("other", Some(("x-other", "old"))))
            .items(origin("api", Some((HEADER, "old"))))
            .build()
            .unwrap();
        let behavior = DefaultCacheBehavior::builder()
            .target_origin_id("site")
            .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
            .build()
            .unwrap();
        let mut config = DistributionConfig::builder()
            .caller_reference("1")
            .comment("")
            .enabled(true)
            .origins(origins)
            .default_cache_behavior(behavior)
            .build()
            .unwrap();
        let values = |config: &DistributionConfig| -> Vec<String> {
            let origins = config.origins().unwrap().items().iter();
            let headers = origins.filter_map(|origin| origin.custom_headers());
            headers
                .flat_map(|headers| headers.items())
                .map(|header| header.header_value().to_owned())
                .collect()
        };
        assert!(set_header(&mut config, "new"));
        assert_eq!(values(&config), ["old", "new"]);
        assert!(!set_header(&mut config, "new"), "nothing to send");
    }
}
