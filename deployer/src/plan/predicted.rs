//! A plan by the schemas, refined by what the target says that it would do.

use serde_json::Value;

use super::{
    Cause, Plan, ResourceAction, ResourceChange, Risk, RiskKind,
    diff::{is_stateful, policy, resources},
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
}

impl Plan {
    /// Takes over what the target says about a stack that is updated: a replacement that the schemas
    /// do not tell, and, when all values were known (`certain`), that what might have been replaced
    /// is not. What is added and what is removed is in the templates, where nobody has to say it.
    pub fn refine(&mut self, stack: &str, said: &[PredictedChange], certain: bool) {
        let Some(plan) = self.stacks.iter_mut().find(|plan| plan.name == stack) else {
            return;
        };
        let mut refined = Vec::new();
        for said in said {
            let resource = resources(&plan.template).and_then(|all| all.get(&said.logical_id));
            let known = plan
                .resources
                .iter_mut()
                .find(|change| change.logical_id == said.logical_id);
            match (known, said.action) {
                (Some(change), ResourceAction::Replace) if in_place(change) => {
                    replaced(change, said, resource);
                    refined.push(change.clone());
                }
                (None, ResourceAction::Replace) => {
                    let mut change = unplanned(said);
                    replaced(&mut change, said, resource);
                    refined.push(change.clone());
                    plan.resources.push(change);
                }
                (Some(change), ResourceAction::Change)
                    if certain && change.action == ResourceAction::MayReplace =>
                {
                    stays(change);
                    refined.push(change.clone());
                }
                _ => (),
            }
        }
        for change in refined {
            self.retell_loss(stack, &change);
        }
    }

    /// The loss of data by that change, and none that was told of the resource before.
    fn retell_loss(&mut self, stack: &str, change: &ResourceChange) {
        self.risks.retain(|risk| {
            risk.kind != RiskKind::DataLoss
                || risk.stack != stack
                || risk.logical_id != change.logical_id
        });
        if change.stateful && change.action == ResourceAction::Replace {
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

fn unplanned(said: &PredictedChange) -> ResourceChange {
    ResourceChange {
        logical_id: said.logical_id.clone(),
        resource_type: said.resource_type.clone(),
        action: said.action,
        causes: Vec::new(),
        stateful: is_stateful(&said.resource_type),
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

/// It is replaced, by what was said.
fn replaced(change: &mut ResourceChange, said: &PredictedChange, resource: Option<&Value>) {
    change.action = ResourceAction::Replace;
    change.retention = Some(policy(
        resource.unwrap_or(&Value::Null),
        "UpdateReplacePolicy",
    ));
    for property in &said.replacing {
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
    use crate::plan::{MigrationPlan, Retention, SitePlan, StackAction, StackPlan};

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

    fn said(id: &str, action: ResourceAction) -> PredictedChange {
        PredictedChange {
            logical_id: id.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            action,
            replacing: vec!["Properties.BucketName".to_owned()],
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
                resources,
            }],
            assets: Vec::new(),
            alias_resets: Vec::new(),
            migrations: MigrationPlan::default(),
            site: SitePlan::default(),
        }
    }

    fn told(plan: &Plan) -> Vec<String> {
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
        let replaced = ["Changed", "Other"].map(|id| said(id, ResourceAction::Replace));
        plan.refine("data", &replaced, false);
        insta::assert_snapshot!(told(&plan).join("\n"));
    }

    #[test]
    fn what_might_have_been_replaced_is_not_only_when_every_value_was_known() {
        let said = [
            said("Perhaps", ResourceAction::Change),
            said("Unheard", ResourceAction::Add),
        ];
        let mut uncertain = plan();
        uncertain.refine("data", &said, false);
        assert_eq!(uncertain, plan());
        let mut certain = plan();
        certain.refine("data", &said, true);
        insta::assert_snapshot!(told(&certain).join("\n"));
    }
}
