//! Drift as CloudFormation detects it, all stacks at once. Reads only: a detection changes nothing but
//! CloudFormation's own note of when it was made.

use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::{
    DifferenceType, PropertyDifference, StackDriftDetectionStatus as Detection, StackResourceDrift,
    StackResourceDriftStatus as Status, StackStatus,
};
use futures_util::future::join_all;
use serde_json::Value;

use super::{Aws, aws_error::AwsError, stack::StackView};
use crate::{
    Error,
    drift::{Difference, DifferenceKind, Drift, DriftKind, Drifted, known_noise},
};

/// A resource that differs, without what is known to be no difference, and that, a sentence each.
type Found = (Option<Drifted>, Vec<String>);

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
            drift.noise.extend(one.noise);
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
            Ok(found) => {
                for (resource, noise) in found {
                    drift.resources.extend(resource);
                    drift.noise.extend(noise);
                }
            }
            Err(refused) => drift.unknown.push(format!(
                "The drift of the stack `{}` cannot be read: {refused}",
                view.name
            )),
        }
        drift
    }

    /// Makes CloudFormation look, and waits until it has. Gives what it could not tell.
    async fn detected(&self, view: &StackView, until: Instant) -> Result<Option<String>, AwsError> {
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
            .map_err(|error| AwsError::new("cloudformation:DetectStackDrift", error))?;
        let id = begun.stack_drift_detection_id().unwrap_or_default();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let look = cloudformation
                .describe_stack_drift_detection_status()
                .stack_drift_detection_id(id);
            let answer = look.send().await.map_err(|error| {
                AwsError::new("cloudformation:DescribeStackDriftDetectionStatus", error)
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
    async fn drifted(&self, view: &StackView) -> Result<Vec<Found>, AwsError> {
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
                    AwsError::new("cloudformation:DescribeStackResourceDrifts", error)
                })?;
            let drifts = page.stack_resource_drifts().iter();
            found.extend(drifts.map(|drift| of_resource(&view.name, drift)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Without the values, which are only compared.
fn of_resource(stack: &str, drift: &StackResourceDrift) -> Found {
    let kind = match drift.stack_resource_drift_status() {
        Some(Status::Modified) => DriftKind::Changed,
        Some(Status::Deleted) => DriftKind::Deleted,
        _ => return (None, Vec::new()),
    };
    let resource_type = drift.resource_type().unwrap_or_default();
    let logical_id = drift.logical_resource_id().unwrap_or_default();
    let values = |text: Option<&str>| -> Value {
        let values = text.map(serde_json::from_str);
        values.and_then(Result::ok).unwrap_or_default()
    };
    let expected = values(drift.expected_properties());
    let actual = values(drift.actual_properties());
    let mut noise = Vec::new();
    let differences = drift.property_differences().iter().map(difference);
    let mut properties: Vec<Difference> = differences
        .filter(|difference| {
            let known = known_noise(resource_type, difference, &expected, &actual);
            noise.extend(known.map(|known| {
                let (property, kind) = (&difference.property, difference.kind.as_str());
                let source = known.source;
                format!("{stack} {logical_id} ({resource_type}): {property} {kind}, see {source}")
            }));
            known.is_none()
        })
        .collect();
    properties.sort_unstable();
    let is_noise = kind == DriftKind::Changed && properties.is_empty() && !noise.is_empty();
    let drifted = (!is_noise).then(|| Drifted {
        stack: stack.to_owned(),
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        kind,
        properties,
    });
    (drifted, noise)
}

fn difference(difference: &PropertyDifference) -> Difference {
    Difference {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(differences: &[&str]) -> Found {
        let differences = differences.iter().map(|path| {
            PropertyDifference::builder()
                .property_path(*path)
                .expected_value("x")
                .actual_value("null")
                .difference_type(DifferenceType::Remove)
                .build()
        });
        let drift = StackResourceDrift::builder()
            .logical_resource_id("Distribution")
            .resource_type("AWS::CloudFront::Distribution")
            .stack_resource_drift_status(Status::Modified)
            .expected_properties(r#"{"Tags": [{"Key": "a", "Value": "b"}]}"#)
            .actual_properties("{}")
            .set_property_differences(Some(differences.collect()))
            .build();
        of_resource("site", &drift)
    }

    #[test]
    fn a_known_report_is_noise_and_hides_no_other_difference_of_the_resource() {
        let (drifted, noise) = reported(&["/Tags"]);
        assert_eq!(drifted, None);
        insta::assert_snapshot!(noise.join("\n"), @"site Distribution (AWS::CloudFront::Distribution): Tags removed, see https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/901");
        let (drifted, noise) = reported(&["/Tags", "/DistributionConfig/Logging"]);
        let properties: Vec<String> = drifted
            .unwrap()
            .properties
            .into_iter()
            .map(|one| one.property)
            .collect();
        assert_eq!(
            (properties, noise.len()),
            (vec!["DistributionConfig.Logging".to_owned()], 1)
        );
        // A difference without a list of properties stays one.
        let (drifted, noise) = reported(&[]);
        assert!(drifted.is_some() && noise.is_empty());
    }
}
