//! Drift as CloudFormation detects it, all stacks at once. Reads only: a detection changes nothing but
//! CloudFormation's own note of when it was made.

use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::{
    DifferenceType, StackDriftDetectionStatus as Detection, StackResourceDrift,
    StackResourceDriftStatus as Status, StackStatus,
};
use futures_util::future::join_all;

use super::{Aws, refused::Refused, stack::StackView};
use crate::{
    Error,
    drift::{Difference, DifferenceKind, Drift, DriftKind, Drifted},
};

/// The pause between two looks at a detection: short at first.
const SHORTEST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

impl Aws {
    /// What differs in these stacks (`None`: all of the stage) from what was deployed. A detection
    /// that takes longer than `within` leaves its stack unknown. An alias that a rollback moved, as
    /// is recorded, is no drift.
    pub(super) async fn detect_drift(
        &self,
        stacks: Option<&[String]>,
        within: Duration,
    ) -> Result<Drift, Error> {
        let there = self.stacks().await?;
        let wanted = there
            .values()
            .filter(|view| stacks.is_none_or(|names| names.contains(&view.name)));
        let until = Instant::now() + within;
        let all = join_all(wanted.map(|view| self.drift_of(view, until))).await;
        let mut drift = Drift::default();
        for one in all {
            drift.resources.extend(one.resources);
            drift.unknown.extend(one.unknown);
        }
        let aliases = |one: &Drifted| one.resource_type == "AWS::Lambda::Alias";
        if drift.resources.iter().any(aliases)
            && !self.record().await?.rollout.alias_overrides.is_empty()
        {
            drift.resources.retain(|one| !aliases(one));
        }
        drift.resources.sort_unstable();
        Ok(drift)
    }

    async fn drift_of(&self, view: &StackView, until: Instant) -> Drift {
        let mut drift = Drift::default();
        match self.detected(view, until).await {
            Ok(None) => (),
            Ok(Some(why)) => drift
                .unknown
                .push(format!("The stack `{}`: {why}.", view.name)),
            Err(refused) => {
                let why = format!("The stack `{}` cannot be examined: {refused}", view.name);
                drift.unknown.push(why);
                return drift;
            }
        }
        // Of a detection that failed for some resources, the others are known.
        match self.drifted(view).await {
            Ok(resources) => drift.resources = resources,
            Err(refused) => drift.unknown.push(format!(
                "The drift of the stack `{}` cannot be read: {refused}",
                view.name
            )),
        }
        drift
    }

    /// Makes CloudFormation look, and waits until it has. Gives what it could not tell.
    async fn detected(&self, view: &StackView, until: Instant) -> Result<Option<String>, Refused> {
        let can_be_examined = matches!(
            view.status,
            StackStatus::CreateComplete
                | StackStatus::UpdateComplete
                | StackStatus::UpdateRollbackComplete
                | StackStatus::UpdateRollbackFailed
                | StackStatus::ImportComplete
                | StackStatus::ImportRollbackComplete
        );
        if !can_be_examined {
            return Ok(Some(format!(
                "it is {}, and CloudFormation examines only complete stacks",
                view.status
            )));
        }
        let cloudformation = &self.clients.cloudformation;
        let begun = cloudformation.detect_stack_drift().stack_name(&view.id);
        let begun = begun
            .send()
            .await
            .map_err(|error| Refused::new("cloudformation:DetectStackDrift", error))?;
        let id = begun.stack_drift_detection_id().unwrap_or_default();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let look = cloudformation
                .describe_stack_drift_detection_status()
                .stack_drift_detection_id(id);
            let answer = look.send().await.map_err(|error| {
                Refused::new("cloudformation:DescribeStackDriftDetectionStatus", error)
            })?;
            match answer.detection_status() {
                Some(Detection::DetectionComplete) => return Ok(None),
                Some(Detection::DetectionFailed) => {
                    let reason = answer
                        .detection_status_reason()
                        .unwrap_or("no reason given");
                    return Ok(Some(reason.trim_end_matches('.').to_owned()));
                }
                _ if Instant::now() >= until => {
                    return Ok(Some("the detection did not end in time".to_owned()));
                }
                _ => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// The resources that differ, as the last detection found them.
    async fn drifted(&self, view: &StackView) -> Result<Vec<Drifted>, Refused> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .clients
                .cloudformation
                .describe_stack_resource_drifts()
                .stack_name(&view.id)
                .stack_resource_drift_status_filters(Status::Modified)
                .stack_resource_drift_status_filters(Status::Deleted)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| {
                    Refused::new("cloudformation:DescribeStackResourceDrifts", error)
                })?;
            let drifts = page.stack_resource_drifts().iter();
            found.extend(drifts.filter_map(|drift| of_resource(&view.name, drift)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Without the values, which are left where they are.
fn of_resource(stack: &str, drift: &StackResourceDrift) -> Option<Drifted> {
    let kind = match drift.stack_resource_drift_status() {
        Some(Status::Modified) => DriftKind::Changed,
        Some(Status::Deleted) => DriftKind::Deleted,
        _ => return None,
    };
    let differences = drift.property_differences().iter();
    let mut properties: Vec<Difference> = differences
        .map(|difference| Difference {
            property: difference
                .property_path()
                .unwrap_or_default()
                .trim_start_matches('/')
                .replace('/', "."),
            kind: match difference.difference_type() {
                Some(DifferenceType::Add) => DifferenceKind::Added,
                Some(DifferenceType::Remove) => DifferenceKind::Removed,
                _ => DifferenceKind::Changed,
            },
        })
        .collect();
    properties.sort_unstable();
    Some(Drifted {
        stack: stack.to_owned(),
        logical_id: drift.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: drift.resource_type().unwrap_or_default().to_owned(),
        kind,
        properties,
    })
}
