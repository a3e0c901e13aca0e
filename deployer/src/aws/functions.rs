//! Calling functions.

use std::time::Duration;

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::{operation::invoke::InvokeOutput, types::InvocationType};
use aws_smithy_types::Blob;

use super::{Aws, aws_error::AwsError};
use crate::{Error, target::Invocation};

/// The alias that every caller uses.
const ALIAS: &str = "live";
/// Lambda ends a function after 15 minutes.
const LONGEST_INVOCATION: Duration = Duration::from_secs(905);

impl Aws {
    /// Lambda's name of a function: `miyabi-dev-tasks`.
    pub(super) fn function_name(&self, function: &str) -> String {
        format!("miyabi-{}-{function}", self.stage.name())
    }

    /// Invokes the version in service and waits. Never sent twice by itself: nobody can know what
    /// the first one did.
    pub(super) async fn call(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error> {
        let answer = self
            .send(function, payload, InvocationType::RequestResponse)
            .await
            .map_err(|refused| self.not_called(function, refused))?;
        Ok(Invocation {
            function_error: answer.function_error().map(str::to_owned),
            payload: answer
                .payload()
                .map(|blob| blob.as_ref().to_vec())
                .unwrap_or_default(),
            executed_version: answer.executed_version().unwrap_or_default().to_owned(),
        })
    }

    /// Has the version in service invoked and does not wait for it: no connection lasts as long as
    /// the longest invocation. An answer that got lost is no error: whether it began shows later.
    pub(super) async fn begin_call(&self, function: &str, payload: &[u8]) -> Result<(), Error> {
        match self.send(function, payload, InvocationType::Event).await {
            Err(refused) if !refused.is_unknown() => Err(self.not_called(function, refused)),
            _ => Ok(()),
        }
    }

    async fn send(
        &self,
        function: &str,
        payload: &[u8],
        how: InvocationType,
    ) -> Result<InvokeOutput, AwsError> {
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(LONGEST_INVOCATION)
            .read_timeout(LONGEST_INVOCATION)
            .build();
        let once = aws_sdk_lambda::config::Builder::new()
            .timeout_config(patience)
            .retry_config(RetryConfig::disabled());
        let mut pause = Duration::from_millis(300);
        loop {
            let answer = self
                .clients
                .lambda
                .invoke()
                .function_name(self.function_name(function))
                .qualifier(ALIAS)
                .invocation_type(how.clone())
                .payload(Blob::new(payload))
                .customize()
                .config_override(once.clone())
                .send()
                .await;
            let refused = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => AwsError::new("lambda:InvokeFunction", error),
            };
            // AwsError before it ran: a throttle, or a function whose new code is not there yet.
            let not_begun = refused.is_throttled() || refused.code == "ResourceConflictException";
            if !not_begun || pause > Duration::from_secs(10) {
                return Err(refused);
            }
            let what_for = format!("function {function} to take calls");
            self.observer.pause(&what_for, pause).await;
            pause *= 2;
        }
    }

    fn not_called(&self, function: &str, refused: AwsError) -> Error {
        if refused.is_missing() {
            return Error::failed(
                format!(
                    "The function `{function}` of `{}` is not deployed.",
                    self.stage.name()
                ),
                format!("`cargo xtask deploy --stage {}`", self.stage.name()),
            )
            .because(refused);
        }
        let (unknown, passing) = (refused.is_unknown(), refused.is_passing());
        let mut error = refused.error(format!("The function `{function}` cannot be called."));
        if unknown {
            let message = format!(
                "The function `{function}` was invoked and did not respond: it may or may not have run."
            );
            error =
                Error::failed(message, error.hint().to_owned()).because(error.causes().join(": "));
        }
        if passing {
            error.that_may_pass()
        } else {
            error
        }
    }
}
