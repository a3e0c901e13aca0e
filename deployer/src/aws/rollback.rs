//! Cancelling a running update, and continuing the rollback of a stuck stack with the blocking
//! resource repaired or skipped.

use async_trait::async_trait;
use aws_sdk_cloudformation::types::StackStatus;

use super::{
    Aws,
    aws_error::AwsError,
    change::token,
    stack::{Phase, StackView},
};
use crate::{Error, progress::Progress, target::StackRollback};

#[async_trait(?Send)]
impl StackRollback for Aws {
    fn stack_name(&self, stack: &str) -> String {
        self.stack_name(stack)
    }

    async fn cancel_update(&self, stack: &str) -> Result<(), Error> {
        self.fence().await?;
        self.clients
            .cloudformation
            .cancel_update_stack()
            .stack_name(self.stack_name(stack))
            .client_request_token(token())
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                AwsError::new("cloudformation:CancelUpdateStack", error).error(format!(
                    "The update of the stack `{stack}` cannot be cancelled; it continues."
                ))
            })
    }

    async fn continue_rollback(
        &self,
        skip: &[String],
        progress: &Progress,
    ) -> Result<Vec<String>, Error> {
        let stacks = self.stacks().await?;
        let stuck: Vec<&StackView> = stacks
            .values()
            .filter(|view| view.phase == Phase::Stuck)
            .collect();
        let skipped = |name: &str| -> Vec<String> {
            skip.iter()
                .filter_map(|skip| skip.split_once('.'))
                .filter(|(stack, _)| *stack == name)
                .map(|(_, resource)| resource.to_owned())
                .collect()
        };
        if let Some(wrong) = skip.iter().find(|skip| {
            let stack = skip.split('.').next().unwrap_or_default();
            !skip.contains('.') || !stuck.iter().any(|view| view.name == stack)
        }) {
            let names: Vec<&str> = stuck.iter().map(|view| view.name.as_str()).collect();
            return Err(Error::usage(
                format!(
                    "`{wrong}` names no resource of a stuck stack. Stuck: {}.",
                    if names.is_empty() {
                        "none".to_owned()
                    } else {
                        names.join(", ")
                    }
                ),
                "Give stack and logical id: `--skip api.TasksFunction`",
            ));
        }
        let mut done = Vec::new();
        for view in stuck {
            self.continue_back(view, skipped(&view.name), progress)
                .await?;
            done.push(view.name.clone());
        }
        Ok(done)
    }
}

impl Aws {
    async fn continue_back(
        &self,
        view: &StackView,
        skip: Vec<String>,
        progress: &Progress,
    ) -> Result<(), Error> {
        let name = &view.name;
        self.fence().await?;
        let step = progress.step(format!("stack {name}"), format!("Leading {name} back"));
        let since = self.observer.now();
        self.clients
            .cloudformation
            .continue_update_rollback()
            .stack_name(&view.id)
            .set_resources_to_skip((!skip.is_empty()).then_some(skip))
            .client_request_token(token())
            .send()
            .await
            .map_err(|error| {
                AwsError::new("cloudformation:ContinueUpdateRollback", error)
                    .error(format!("The stack `{name}` cannot be led back."))
            })?;
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        let view = self.well(
            name,
            ended,
            &[StackStatus::UpdateRollbackComplete],
            "led back",
        )?;
        step.done(view.status.as_str());
        Ok(())
    }
}
