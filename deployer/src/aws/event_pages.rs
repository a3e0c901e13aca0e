//! Reading events page by page, by the one or the other call that gives them.

use aws_sdk_cloudformation::{
    config::retry::RetryConfig,
    types::{OperationEvent, StackEvent},
};
use time::OffsetDateTime;

use super::{Aws, aws_error::AwsError};

/// How far a look goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookback {
    /// One page, not tried again by itself: the next look comes soon.
    Newest,
    /// Back to where the operation began: the steps of a large rollback push its cause off the first
    /// page. For the last look, which is worth trying again.
    WholeOperation,
}

/// What happened to a resource.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) id: String,
    pub(super) logical_id: String,
    pub(super) physical_id: String,
    pub(super) resource_type: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) at: OffsetDateTime,
}

impl Happened {
    /// A failure that caused others, not one that another one caused.
    pub(super) fn is_cause(&self) -> bool {
        let reason = self.reason.to_lowercase();
        self.status.ends_with("_FAILED")
            && !reason.contains("cancelled")
            && !reason.contains("canceled")
    }

    pub(super) fn is_of_the_stack(&self, view_id: &str) -> bool {
        self.physical_id == view_id
    }
}

/// Some events, newest first, and where older ones are.
pub(super) struct Page {
    pub(super) events: Vec<Happened>,
    pub(super) next: Option<String>,
}

/// Which call reads them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Operation,
    Stack,
}

impl Call {
    pub(super) async fn page(
        self,
        aws: &Aws,
        id: &str,
        token: Option<String>,
        lookback: Lookback,
    ) -> Result<Page, AwsError> {
        let mut config = aws_sdk_cloudformation::config::Builder::new();
        if lookback == Lookback::Newest {
            config = config.retry_config(RetryConfig::disabled());
        }
        let client = &aws.clients.cloudformation;
        match self {
            Call::Operation => {
                let answer = client
                    .describe_events()
                    .stack_name(id)
                    .set_next_token(token)
                    .customize()
                    .config_override(config)
                    .send()
                    .await
                    .map_err(|error| AwsError::new("cloudformation:DescribeEvents", error))?;
                Ok(Page {
                    events: answer
                        .operation_events()
                        .iter()
                        .map(operation_event)
                        .collect(),
                    next: answer.next_token().map(str::to_owned),
                })
            }
            Call::Stack => {
                let answer = client
                    .describe_stack_events()
                    .stack_name(id)
                    .set_next_token(token)
                    .customize()
                    .config_override(config)
                    .send()
                    .await
                    .map_err(|error| AwsError::new("cloudformation:DescribeStackEvents", error))?;
                Ok(Page {
                    events: answer.stack_events().iter().map(stack_event).collect(),
                    next: answer.next_token().map(str::to_owned),
                })
            }
        }
    }
}

fn operation_event(event: &OperationEvent) -> Happened {
    let validation = event
        .validation_status_reason()
        .map(|reason| match event.validation_path() {
            Some(path) => format!("{reason} ({path})"),
            None => reason.to_owned(),
        });
    let status = match (event.resource_status(), event.validation_status()) {
        (Some(status), _) => status.as_str().to_owned(),
        (None, Some(status)) if status.as_str() == "FAILED" => "VALIDATION_FAILED".to_owned(),
        _ => String::new(),
    };
    Happened {
        id: event.event_id().unwrap_or_default().to_owned(),
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: event.physical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status,
        reason: event
            .resource_status_reason()
            .map(str::to_owned)
            .or(validation)
            .unwrap_or_default(),
        at: moment(event.timestamp()),
    }
}

fn stack_event(event: &StackEvent) -> Happened {
    Happened {
        id: event.event_id().unwrap_or_default().to_owned(),
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: event.physical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: event
            .resource_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: event
            .resource_status_reason()
            .unwrap_or_default()
            .to_owned(),
        at: moment(event.timestamp()),
    }
}

fn moment(at: Option<&aws_smithy_types::DateTime>) -> OffsetDateTime {
    at.and_then(|at| OffsetDateTime::from_unix_timestamp_nanos(at.as_nanos()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
