//! A plan by the schemas, refined by what the target says that it would do.

use serde_json::Value;

use super::{
    Cause, Plan, ResourceAction, ResourceChange, Retention, Risk, RiskKind,
    data_types::is_stateful,
    diff::{policy, resources},
    risk::data_loss,
};

/// What the target would do to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredictedChange {
    /// Logical id.
    pub logical_id: String,
    /// `AWS::RDS::DBInstance`
    pub resource_type: String,
    /// What it would do.
    pub action: ResourceAction,
    /// For a replacement, the paths of the properties that cause it: `Properties.MasterUsername`.
    pub replacing: Vec<String>,
    /// For a replacement or removal, what happens to the existing resource, if the target says it.
    pub retention: Option<Retention>,
}

impl Plan {
    /// Takes over what the target predicts for a stack that is updated: whatever the plan does not
    /// have, with its risk, and, when all values were known (`certain`), that what might have been
    /// replaced is not.
    pub fn refine(&mut self, stack: &str, predictions: &[PredictedChange], certain: bool) {
        let Some(plan) = self.stacks.iter_mut().find(|plan| plan.name == stack) else {
            return;
        };
        let mut refined = Vec::new();
        for predicted in predictions {
            let resource = resources(&plan.template).and_then(|all| all.get(&predicted.logical_id));
            let known = plan
                .resources
                .iter_mut()
                .find(|change| change.logical_id == predicted.logical_id);
            let Some(change) = known else {
                let mut change = unplanned(predicted);
                if predicted.action == ResourceAction::Replace {
                    replaced(&mut change, predicted, resource);
                }
                refined.push(change.clone());
                plan.resources.push(change);
                continue;
            };
            match predicted.action {
                ResourceAction::Replace if in_place(change) => {
                    replaced(change, predicted, resource);
                }
                ResourceAction::Remove if change.action != ResourceAction::Remove => {
                    change.action = ResourceAction::Remove;
                    change.retention = predicted.retention;
                }
                ResourceAction::MayReplace if change.action == ResourceAction::Change => {
                    change.action = ResourceAction::MayReplace;
                    change.retention = Some(policy(
                        resource.unwrap_or(&Value::Null),
                        "UpdateReplacePolicy",
                    ));
                }
                ResourceAction::Change
                    if certain && change.action == ResourceAction::MayReplace =>
                {
                    stays(change);
                }
                _ => continue,
            }
            refined.push(change.clone());
        }
        for change in refined {
            self.replace_loss(stack, &change);
        }
    }

    /// Replaces the risk of lost data that was known of the resource by that of this change.
    fn replace_loss(&mut self, stack: &str, change: &ResourceChange) {
        self.risks.retain(|risk| {
            risk.kind != RiskKind::DataLoss
                || risk.stack != stack
                || risk.logical_id != change.logical_id
        });
        if change.loses_data() {
            self.risks.push(Risk {
                kind: RiskKind::DataLoss,
                stack: stack.to_owned(),
                logical_id: change.logical_id.clone(),
                detail: data_loss(change),
            });
        }
        self.risks.sort_by_key(|risk| risk.kind);
    }
}

fn in_place(change: &ResourceChange) -> bool {
    matches!(
        change.action,
        ResourceAction::Change | ResourceAction::MayReplace
    )
}

fn unplanned(predicted: &PredictedChange) -> ResourceChange {
    ResourceChange {
        logical_id: predicted.logical_id.clone(),
        resource_type: predicted.resource_type.clone(),
        action: predicted.action,
        causes: Vec::new(),
        stateful: is_stateful(&predicted.resource_type),
        retention: None,
    }
}

/// What might have been replaced is changed in place.
fn stays(change: &mut ResourceChange) {
    change.action = ResourceAction::Change;
    change.retention = None;
    for cause in &mut change.causes {
        cause.effect = cause.effect.min(ResourceAction::Change);
    }
}

/// It is replaced, by what was predicted.
fn replaced(change: &mut ResourceChange, predicted: &PredictedChange, resource: Option<&Value>) {
    change.action = ResourceAction::Replace;
    change.retention = Some(policy(
        resource.unwrap_or(&Value::Null),
        "UpdateReplacePolicy",
    ));
    for property in &predicted.replacing {
        let inside = format!("{property}.");
        let mut found = false;
        for cause in &mut change.causes {
            if cause.property == *property || cause.property.starts_with(&inside) {
                cause.effect = ResourceAction::Replace;
                found = true;
            }
        }
        if !found {
            change.causes.push(Cause {
                property: property.clone(),
                from: None,
                to: None,
                effect: ResourceAction::Replace,
                through: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::plan::{MadeFrom, MigrationPlan, Retention, SitePlan, StackAction, StackPlan};

    fn change(id: &str, action: ResourceAction) -> ResourceChange {
        ResourceChange {
            logical_id: id.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            action,
            causes: vec![Cause {
                property: "Properties.BucketName.Fn::Sub".to_owned(),
                from: None,
                to: Some("b".to_owned()),
                effect: action,
                through: None,
            }],
            stateful: true,
            retention: Some(Retention::Snapshot),
        }
    }

    fn prediction(id: &str, action: ResourceAction) -> PredictedChange {
        PredictedChange {
            logical_id: id.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            action,
            replacing: vec!["Properties.BucketName".to_owned()],
            retention: None,
        }
    }

    /// A plan with one bucket that is changed and one that may be replaced.
    fn plan() -> Plan {
        let resources = vec![
            change("Changed", ResourceAction::Change),
            change("Perhaps", ResourceAction::MayReplace),
        ];
        let bucket = json!({"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": "Retain"});
        Plan {
            stage: "dev".to_owned(),
            made_from: MadeFrom::default(),
            cost: None,
            risks: vec![Risk {
                kind: RiskKind::DataLoss,
                stack: "data".to_owned(),
                logical_id: "Perhaps".to_owned(),
                detail: String::new(),
            }],
            stacks: vec![StackPlan {
                name: "data".to_owned(),
                action: StackAction::Update,
                after: Vec::new(),
                template: json!({"Resources": {"Changed": bucket, "Perhaps": bucket, "Other": bucket}}),
                parameters: BTreeMap::new(),
                parameter_changes: Vec::new(),
                section_changes: Vec::new(),
                incomplete: false,
                resources,
            }],
            assets: Vec::new(),
            alias_resets: Vec::new(),
            migrations: MigrationPlan::default(),
            site: SitePlan::default(),
        }
    }

    fn described(plan: &Plan) -> Vec<String> {
        let resources = plan.stacks[0].resources.iter().map(|change| {
            let causes: Vec<_> = change
                .causes
                .iter()
                .map(|cause| format!("{} {}", cause.property, cause.effect.as_str()))
                .collect();
            format!(
                "{} {} by {}",
                change.action.as_str(),
                change.logical_id,
                causes.join(", ")
            )
        });
        let risks = plan
            .risks
            .iter()
            .map(|risk| format!("{}: {}", risk.place(), risk.detail));
        resources.chain(risks).collect()
    }

    #[test]
    fn a_replacement_that_only_the_target_knows_is_told_with_its_loss() {
        let mut plan = plan();
        let replaced = ["Changed", "Other"].map(|id| prediction(id, ResourceAction::Replace));
        plan.refine("data", &replaced, false);
        insta::assert_snapshot!(described(&plan).join("\n"));
    }

    #[test]
    fn what_might_have_been_replaced_is_not_only_when_every_value_was_known() {
        let said = [prediction("Perhaps", ResourceAction::Change)];
        let mut uncertain = plan();
        uncertain.refine("data", &said, false);
        assert_eq!(uncertain, plan());
        let mut certain = plan();
        certain.refine("data", &said, true);
        insta::assert_snapshot!(described(&certain).join("\n"));
    }

    #[test]
    fn what_only_the_target_announces_becomes_part_of_the_plan_with_its_risk() {
        let mut plan = plan();
        let removed = PredictedChange {
            retention: Some(Retention::Nothing),
            ..prediction("AddedByHand", ResourceAction::Remove)
        };
        let topic = PredictedChange {
            resource_type: "AWS::SNS::Topic".to_owned(),
            ..prediction("Topic", ResourceAction::Change)
        };
        let predictions = [
            removed,
            topic,
            prediction("Changed", ResourceAction::MayReplace),
        ];
        plan.refine("data", &predictions, false);
        insta::assert_snapshot!(described(&plan).join("\n"));
    }
}
