//! Calling functions and reading what they wrote.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::{operation::invoke::InvokeOutput, types::InvocationType};
use aws_smithy_types::Blob;

use super::{Aws, refused::Refused};
use crate::{
    Error,
    target::{Invocation, LogLine, LogQuery},
};

/// The alias that every caller uses.
const ALIAS: &str = "live";
/// Lambda ends a function after 15 minutes.
const LONGEST_INVOCATION: Duration = Duration::from_secs(905);
/// How often new lines are asked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(2);
/// Lines can arrive late; how far back is looked again.
const LATE: Duration = Duration::from_secs(10);

impl Aws {
    /// Lambda's name of a function: `miyabi-dev-tasks`.
    fn function_name(&self, function: &str) -> String {
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
    ) -> Result<InvokeOutput, Refused> {
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
                Err(error) => Refused::new("lambda:InvokeFunction", error),
            };
            // Refused before it ran: a throttle, or a function whose new code is not there yet.
            let not_begun = refused.is_throttled() || refused.code == "ResourceConflictException";
            if !not_begun || pause > Duration::from_secs(10) {
                return Err(refused);
            }
            let what_for = format!("function {function} to take calls");
            self.seen.pause(&what_for, pause).await;
            pause *= 2;
        }
    }

    fn not_called(&self, function: &str, refused: Refused) -> Error {
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

    /// Gives each line that fits, oldest first; with `follow` it goes on.
    pub(super) async fn read_logs(
        &self,
        query: &LogQuery,
        line: &mut dyn FnMut(LogLine),
    ) -> Result<(), Error> {
        let functions: Vec<&str> = match query.functions.as_slice() {
            [] => miyabi_catalog::FUNCTIONS
                .iter()
                .map(|function| function.name)
                .collect(),
            some => some.iter().map(String::as_str).collect(),
        };
        let mut since = query.since.unwrap_or(UNIX_EPOCH);
        let mut told: BTreeSet<String> = BTreeSet::new();
        loop {
            let read = functions
                .iter()
                .map(|function| self.log_of(function, since, query.filter.as_deref()));
            let mut lines: Vec<(String, LogLine)> = futures_util::future::try_join_all(read)
                .await?
                .into_iter()
                .flatten()
                .collect();
            lines.sort_by_key(|(_, line)| line.at);
            let mut newest = since;
            for (id, entry) in lines {
                newest = newest.max(entry.at);
                if told.insert(id) {
                    line(entry);
                }
            }
            if !query.follow {
                return Ok(());
            }
            since = since.max(newest.checked_sub(LATE).unwrap_or(UNIX_EPOCH));
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    /// The lines of one function with the ids of their events. A function that never ran has none.
    async fn log_of(
        &self,
        function: &str,
        since: SystemTime,
        filter: Option<&str>,
    ) -> Result<Vec<(String, LogLine)>, Error> {
        let start = since
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .clients
                .logs
                .filter_log_events()
                .log_group_name(format!("/aws/lambda/{}", self.function_name(function)))
                .start_time(start)
                .set_next_token(token)
                .send()
                .await;
            let page = match answer {
                Ok(page) => page,
                Err(error) => {
                    let refused = Refused::new("logs:FilterLogEvents", error);
                    if refused.is_missing() {
                        return Ok(found);
                    }
                    return Err(refused.error(format!("The log of `{function}` cannot be read.")));
                }
            };
            for event in page.events() {
                let text = event.message().unwrap_or_default().trim_end_matches('\n');
                if filter.is_some_and(|filter| !text.contains(filter)) {
                    continue;
                }
                let millis = u64::try_from(event.timestamp().unwrap_or(0)).unwrap_or(0);
                let entry = LogLine {
                    function: function.to_owned(),
                    at: UNIX_EPOCH + Duration::from_millis(millis),
                    text: text.to_owned(),
                };
                found.push((event.event_id().unwrap_or_default().to_owned(), entry));
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}
