//! The clients of the AWS services: how they find credentials, where they send requests, how often
//! they try again, and what is remembered of each call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::Endpoint;
use crate::{Error, stage::Stage, target::Waited};

/// How often a request is tried before its error is believed. With the delays below, five refusals
/// in a row cost about six seconds.
const ATTEMPTS: u32 = 8;
const FIRST_DELAY: Duration = Duration::from_millis(150);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// One attempt of a request with a small body.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// One attempt of an upload or a download.
const TRANSFER_WITHIN: Duration = Duration::from_secs(300);

/// One client a service.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) acm: aws_sdk_acm::Client,
    pub(super) cloudformation: aws_sdk_cloudformation::Client,
    pub(super) cloudfront: aws_sdk_cloudfront::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) cost_explorer: aws_sdk_costexplorer::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) route53: aws_sdk_route53::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) secrets: aws_sdk_secretsmanager::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

impl Clients {
    /// Clients for the stage's region, at `endpoint` when there is one. Reads the shared
    /// configuration and finds credentials, but sends nothing yet.
    pub(super) async fn new(
        stage: &Stage,
        endpoint: Option<&Endpoint>,
        observer: &CallObserver,
    ) -> Result<Clients, Error> {
        let settings = stage.settings();
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let timeouts = |answer| {
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_WITHIN)
                .operation_attempt_timeout(answer)
                .build()
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(settings.region.clone()))
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_DELAY)
                    .with_max_backoff(LONGEST_DELAY),
            )
            .timeout_config(timeouts(ANSWER_WITHIN));
        if let Some(endpoint) = endpoint {
            loader = loader.endpoint_url(&endpoint.url);
            if endpoint.takes_any_credentials() {
                loader = loader.credentials_provider(placeholder(stage));
            }
        }
        let config = loader.load().await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            // An endpoint at an address has no host name to put a bucket before.
            .force_path_style(endpoint.is_some())
            .timeout_config(timeouts(TRANSFER_WITHIN))
            .interceptor(observer.clone())
            .build();
        macro_rules! client {
            ($service:ident) => {
                $service::Client::from_conf(
                    $service::config::Builder::from(&config)
                        .interceptor(observer.clone())
                        .build(),
                )
            };
        }
        assert_region(&config, stage)?;
        Ok(Clients {
            acm: client!(aws_sdk_acm),
            cloudformation: client!(aws_sdk_cloudformation),
            cloudfront: client!(aws_sdk_cloudfront),
            cloudwatch: client!(aws_sdk_cloudwatch),
            cost_explorer: client!(aws_sdk_costexplorer),
            lambda: client!(aws_sdk_lambda),
            logs: client!(aws_sdk_cloudwatchlogs),
            rds: client!(aws_sdk_rds),
            route53: client!(aws_sdk_route53),
            s3: aws_sdk_s3::Client::from_conf(s3),
            secrets: client!(aws_sdk_secretsmanager),
            sts: client!(aws_sdk_sts),
        })
    }
}

/// An emulator on this machine asks for no secret, and must not be given a real one. It takes the
/// access key for the number of the account.
fn placeholder(stage: &Stage) -> aws_sdk_sts::config::Credentials {
    let account = stage
        .settings()
        .account
        .as_deref()
        .unwrap_or("000000000000");
    aws_sdk_sts::config::Credentials::new(
        account,
        "none",
        None,
        None,
        "placeholder for an emulator",
    )
}

fn assert_region(config: &SdkConfig, stage: &Stage) -> Result<(), Error> {
    match config.region() {
        Some(region) if !region.as_ref().is_empty() => Ok(()),
        _ => Err(Error::usage(
            format!("The stage `{}` names no region.", stage.name()),
            format!("Set `region` in stacks/stages/{}.yaml", stage.name()),
        )),
    }
}

/// What was seen so far: how many calls of each operation, what was waited for between them, and the
/// server's clock. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct CallObserver(Arc<Mutex<Observations>>);

#[derive(Debug, Default)]
struct Observations {
    calls: BTreeMap<String, usize>,
    waits: BTreeMap<String, Waited>,
    /// Seconds that the server's clock is ahead of this machine's.
    ahead: i64,
}

impl CallObserver {
    /// Attempts by `Service.Operation`.
    pub(super) fn calls(&self) -> BTreeMap<String, usize> {
        self.lock().calls.clone()
    }

    /// Pauses by what they waited for.
    pub(super) fn waits(&self) -> BTreeMap<String, Waited> {
        self.lock().waits.clone()
    }

    /// A pause before the next look at something that goes on at AWS. Every wait of a deploy between
    /// two calls goes through here, so that it can be told what took the time.
    pub(super) async fn pause(&self, what_for: &str, pause: Duration) {
        tokio::time::sleep(pause).await;
        let mut observations = self.lock();
        let waited = observations.waits.entry(what_for.to_owned()).or_default();
        waited.looks += 1;
        waited.seconds += pause.as_secs_f64();
    }

    /// The server's time.
    pub(super) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + time::Duration::seconds(self.lock().ahead)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Observations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for CallObserver {
    fn name(&self) -> &'static str {
        "miyabi-call-observer"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = cfg.load::<aws_smithy_runtime_api::client::orchestrator::Metadata>();
        let name = name.map_or_else(
            || "unknown".to_owned(),
            |name| format!("{}.{}", name.service(), name.name()),
        );
        *self.lock().calls.entry(name).or_default() += 1;
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date
            .and_then(|date| OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok());
        if let Some(date) = date {
            let ahead = (date - OffsetDateTime::now_utc()).whole_seconds();
            // The header has whole seconds, and the way here takes time.
            self.lock().ahead = if ahead.abs() < 2 { 0 } else { ahead };
        }
        Ok(())
    }
}
