//! The nudge after a commit: `ws-broadcast` is invoked to send what was written.
//!
//! It carries no event. A nudge that fails or is lost costs time alone: the sweep of the next minute
//! sends what is left. So its failure is a line in the log, and its caller waits for nothing but
//! Lambda's 202, and for that only as long as [`LIMIT`]. It must be waited for: once a function has
//! answered, Lambda freezes it, and a request that was not sent by then is sent with the next one.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use uuid::Uuid;

use crate::{aws::Aws, invocation};

/// The function that sends events.
pub(crate) const BROADCAST: &str = "ws-broadcast";
/// Longest to wait for Lambda to accept the invocation.
const LIMIT: Duration = Duration::from_millis(500);

/// How to invoke `ws-broadcast`.
pub(crate) struct Nudge {
    aws: Arc<Aws>,
    /// ARN of its alias; `None`: this function does not invoke it, by the catalogue.
    arn: Option<String>,
}

impl Nudge {
    pub(crate) fn new(aws: Arc<Aws>, arn: Option<String>) -> Nudge {
        Nudge { aws, arn }
    }

    /// Has the events of these organizations sent, and connections closed whose rights ended.
    pub(crate) async fn send(&self, organizations: &[Uuid]) {
        let Some(arn) = &self.arn else {
            return;
        };
        let each = organizations.iter().map(|organization| async move {
            let event = json!({ "kind": "drain", "organization_id": organization });
            let event = invocation::with_request_id(&event);
            if let Err(error) = self.aws.invoke_event(arn, &event, LIMIT).await {
                tracing::warn!(%error, %organization, "A nudge failed. The sweep of the next minute sends the events.");
            }
        });
        futures_util::future::join_all(each).await;
    }
}
