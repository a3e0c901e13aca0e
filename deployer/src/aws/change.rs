//! Changing a stack: creating, updating and deleting it, from whatever state it is found in.
//!
//! Data is never risked on the plan's word alone: when a resource that holds data changes at all,
//! CloudFormation is asked first, by a change set, and what it would replace or remove beyond the
//! plan ends the deploy before anything happened.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{Capability, Parameter, StackStatus, Tag};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Aws,
    aws_error::AwsError,
    outcome::{causes, first, not_begun},
    stack::{Phase, STAGE_TAG, StackView},
};
use crate::{Error, build::hex, plan::StackPlan, progress::Progress, state::DeployedStack};

/// The longest template that a request takes; longer ones go through the asset bucket.
const INLINE_TEMPLATE: usize = 51_200;

/// A template where CloudFormation can read it.
pub(super) enum Template {
    /// In the request itself.
    Body(String),
    /// At an address in the asset bucket.
    Url(String),
}

impl Template {
    /// For a request: body and address, one of which is there.
    pub(super) fn parts(&self) -> (Option<String>, Option<String>) {
        match self {
            Template::Body(body) => (Some(body.clone()), None),
            Template::Url(url) => (None, Some(url.clone())),
        }
    }
}

/// A change of one stack, ready to be asked for.
pub(super) struct Change<'a> {
    pub(super) plan: &'a StackPlan,
    pub(super) template: Template,
    pub(super) parameters: Vec<Parameter>,
    pub(super) token: String,
}

impl Aws {
    /// Makes the stack be as planned, and waits until it is.
    pub(super) async fn change_stack(
        &self,
        plan: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        let found = self.settled(plan, progress).await?;
        let found = match found {
            Some(view) => Some(self.with_aliases_as_recorded(plan, view, progress).await?),
            None => None,
        };
        let change = Change {
            plan,
            template: self.template_for_request(&plan.template).await?,
            parameters: parameters
                .iter()
                .map(|(name, value)| {
                    Parameter::builder()
                        .parameter_key(name)
                        .parameter_value(value)
                        .build()
                })
                .collect(),
            token: token(),
        };
        self.fence().await?;
        let view = match found {
            None => self.create(&change, progress).await?,
            Some(view) if plan.is_plain() => self.update(&change, view, progress).await?,
            Some(view) => self.update_by_change_set(&change, view, progress).await?,
        };
        self.protect_stack(&view).await?;
        Ok(DeployedStack {
            template: plan.template.clone(),
            parameters: parameters.clone(),
            outputs: view.outputs,
            complete: true,
        })
    }

    /// Deletes a stack and waits until it is gone; one that is not there is fine.
    pub(super) async fn remove_stack(&self, name: &str, progress: &Progress) -> Result<(), Error> {
        let mut found = self.find(name).await?;
        if let Some(view) = found.take_if(|view| view.phase == Phase::Busy) {
            let ended = self.follow(name, &view.id, None, progress).await?;
            found = Some(ended.view);
        }
        match found {
            None => Ok(()),
            Some(view) if view.phase == Phase::Gone => Ok(()),
            Some(view) => self.delete(&view, progress).await,
        }
    }

    /// The stack, with nothing going on: `None` when it must be created. What never was in use is
    /// removed first; what cannot be changed is refused.
    async fn settled(
        &self,
        plan: &StackPlan,
        progress: &Progress,
    ) -> Result<Option<StackView>, Error> {
        let name = &plan.name;
        let mut found = self.find(name).await?;
        if let Some(view) = found.take_if(|view| view.phase == Phase::Busy) {
            progress.warn(format!(
                "An operation on the stack `{name}` is in progress ({}); waiting for its end.",
                view.status
            ));
            found = Some(self.follow(name, &view.id, None, progress).await?.view);
        }
        let Some(mut view) = found else {
            return Ok(None);
        };
        if view.phase == Phase::DeleteFailed && self.was_never_created(&view).await? {
            view.phase = Phase::NeverCreated;
        }
        match view.phase {
            Phase::Stable => Ok(Some(view)),
            Phase::Gone => Ok(None),
            Phase::NeverCreated => {
                self.clean_up(plan, &view, progress).await?;
                Ok(None)
            }
            Phase::Stuck | Phase::DeleteFailed | Phase::Busy => {
                Err(self.cannot_be_changed(&view).await)
            }
        }
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<StackView>, Error> {
        let found = self.stack(name, None).await;
        found.map_err(|refused| refused.error(format!("The stack `{name}` cannot be looked at.")))
    }

    async fn create(&self, change: &Change<'_>, progress: &Progress) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let (body, url) = change.template.parts();
        let since = self.observer.now();
        let answer = self
            .clients
            .cloudformation
            .create_stack()
            .stack_name(self.stack_name(name))
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(change.parameters.clone()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityNamedIam)
            .tags(self.stage_tag())
            // Without it, what the template retains would stay after a failed creation and be in
            // the way of the next one.
            .retain_except_on_create(true)
            .client_request_token(&change.token)
            .send()
            .await;
        let id = match answer {
            Ok(answer) => answer.stack_id().unwrap_or_default().to_owned(),
            Err(error) => {
                let refused = AwsError::new("cloudformation:CreateStack", error);
                if refused.code != "AlreadyExistsException" {
                    return Err(refused.error(format!("The stack `{name}` cannot be created.")));
                }
                // It was not there a moment ago: our own request, whose answer was lost, or
                // somebody else's.
                let there = self.find(name).await?.map(|view| view.id);
                match there {
                    Some(id) if self.is_ours(&id, &change.token).await => id,
                    _ => return Err(not_begun(name, refused)),
                }
            }
        };
        let ended = self.follow(name, &id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::CreateComplete], "created")
    }

    pub(super) async fn update(
        &self,
        change: &Change<'_>,
        view: StackView,
        progress: &Progress,
    ) -> Result<StackView, Error> {
        let name = &change.plan.name;
        let (body, url) = change.template.parts();
        let since = self.observer.now();
        let answer = self
            .clients
            .cloudformation
            .update_stack()
            .stack_name(&view.id)
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(change.parameters.clone()))
            .capabilities(Capability::CapabilityIam)
            .capabilities(Capability::CapabilityNamedIam)
            .tags(self.stage_tag())
            .retain_except_on_create(true)
            .client_request_token(&change.token)
            .send()
            .await;
        if let Err(error) = answer {
            let refused = AwsError::new("cloudformation:UpdateStack", error);
            if refused.message.contains("No updates are to be performed") {
                return Ok(view);
            }
            if !refused.message.contains("IN_PROGRESS") {
                return Err(refused.error(format!("The stack `{name}` cannot be updated.")));
            }
            // Our own request, whose answer was lost, or an update of somebody else, which would end
            // well without a line of our template.
            if !self.is_ours(&view.id, &change.token).await {
                return Err(not_begun(name, refused));
            }
        }
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        self.well(name, ended, &[StackStatus::UpdateComplete], "updated")
    }

    pub(super) async fn delete(&self, view: &StackView, progress: &Progress) -> Result<(), Error> {
        let name = &view.name;
        self.unprotect_stack(view).await?;
        let since = self.observer.now();
        self.clients
            .cloudformation
            .delete_stack()
            .stack_name(&view.id)
            .client_request_token(token())
            .send()
            .await
            .map_err(|error| {
                AwsError::new("cloudformation:DeleteStack", error)
                    .error(format!("The stack `{name}` cannot be deleted."))
            })?;
        let ended = self.follow(name, &view.id, Some(since), progress).await?;
        if ended.view.phase == Phase::Gone {
            return Ok(());
        }
        Err(Error::failed(
            format!("The stack `{name}` was not deleted completely: {}.", first(&ended)),
            format!("Fix that, then run the same command again; it deletes the rest: `cargo xtask destroy --stage {}`", self.stage.name()),
        )
        .because(causes(&ended)))
    }

    pub(super) fn stage_tag(&self) -> Tag {
        Tag::builder()
            .key(STAGE_TAG)
            .value(self.stage.name())
            .build()
    }

    /// The template where a request can take it.
    pub(super) async fn template_for_request(&self, template: &Value) -> Result<Template, Error> {
        let body = template.to_string();
        if body.len() <= INLINE_TEMPLATE {
            return Ok(Template::Body(body));
        }
        let key = format!("templates/{}.json", hex(&Sha256::digest(body.as_bytes())));
        self.bucket.put(&key, body.into_bytes()).await?;
        Ok(Template::Url(self.bucket.url_of(&key)))
    }
}

/// A name for a request that no other has: the same request sent twice is then known as one.
pub(super) fn token() -> String {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("{nanos:x}-{:x}-{:x}", std::process::id(), next())
}

fn next() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
