//! The difference in cost that a plan makes, resource by resource.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Estimate, Overrides, Place, StackTemplate, decimal::Decimal, estimate};
use crate::{
    Error,
    plan::{Plan, StackAction},
    stage::Stage,
    state::Deployed,
};

/// What a stage costs in a month before and after a plan is applied, USD, at the traffic that its
/// stage file assumes now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostChange {
    /// Of what is deployed.
    pub before: Decimal,
    /// When the plan is applied.
    pub after: Decimal,
    /// Those that cost more or less, the largest difference first.
    pub resources: Vec<ResourceCost>,
    /// What is in neither sum and was not before.
    pub unknown: Vec<NewUnknown>,
}

/// A resource that costs more or less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceCost {
    /// Short name of its stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `AWS::EC2::NatGateway`
    pub resource_type: String,
    /// USD before; 0 when it is new.
    pub before: Decimal,
    /// USD after; 0 when it is removed.
    pub after: Decimal,
}

/// Something whose cost is not known, and that is new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUnknown {
    /// Short name of its stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `backups`
    pub what: String,
    /// Why it is not known.
    pub why: String,
}

/// The difference that the plan makes to what is deployed; `None` when it makes none, and for stages
/// that are not on AWS.
///
/// # Errors
///
/// When the price table cannot be read.
pub fn of_plan(
    stage: &Stage,
    deployed: &Deployed,
    plan: &Plan,
) -> Result<Option<CostChange>, Error> {
    if stage.is_local() || stage.settings().is_for_emulators() {
        return Ok(None);
    }
    let before: Vec<StackTemplate<'_>> = deployed
        .stacks
        .iter()
        .map(|(name, stack)| StackTemplate {
            stack: name,
            template: &stack.template,
        })
        .collect();
    let after: Vec<StackTemplate<'_>> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::Delete)
        .map(|stack| {
            // With `--only`, the templates of the others are not applied.
            let kept = deployed.stacks.get(&stack.name);
            let kept = kept.filter(|_| stack.action == StackAction::None);
            StackTemplate {
                stack: &stack.name,
                template: kept.map_or(&stack.template, |kept| &kept.template),
            }
        })
        .collect();
    let estimated =
        |templates: &[StackTemplate<'_>]| estimate(stage, templates, Overrides::default());
    Ok(change(&estimated(&before)?, &estimated(&after)?))
}

fn change(before: &Estimate, after: &Estimate) -> Option<CostChange> {
    let (old, new) = (by_resource(before), by_resource(after));
    let places: BTreeSet<&Place> = old.keys().chain(new.keys()).copied().collect();
    let sum =
        |sums: &BTreeMap<&Place, Decimal>, place| sums.get(place).copied().unwrap_or_default();
    let mut resources: Vec<ResourceCost> = places
        .into_iter()
        .map(|place| ResourceCost {
            stack: place.stack.clone(),
            logical_id: place.logical_id.clone(),
            resource_type: place.resource_type.clone(),
            before: sum(&old, place),
            after: sum(&new, place),
        })
        .filter(|resource| resource.before != resource.after)
        .collect();
    let size = |resource: &ResourceCost| {
        let (before, after) = (resource.before, resource.after);
        before.max(after) - before.min(after)
    };
    resources.sort_by_key(|resource| std::cmp::Reverse(size(resource)));
    let known: BTreeSet<(&Place, &str)> = before
        .unknown
        .iter()
        .map(|unknown| (&unknown.place, unknown.what.as_str()))
        .collect();
    let unknown: Vec<NewUnknown> = after
        .unknown
        .iter()
        .filter(|unknown| !known.contains(&(&unknown.place, unknown.what.as_str())))
        .map(|unknown| NewUnknown {
            stack: unknown.place.stack.clone(),
            logical_id: unknown.place.logical_id.clone(),
            what: unknown.what.clone(),
            why: unknown.why.clone(),
        })
        .collect();
    let changes = !resources.is_empty() || !unknown.is_empty();
    changes.then_some(CostChange {
        before: before.total,
        after: after.total,
        resources,
        unknown,
    })
}

fn by_resource(estimate: &Estimate) -> BTreeMap<&Place, Decimal> {
    let mut sums: BTreeMap<&Place, Decimal> = BTreeMap::new();
    for line in &estimate.lines {
        let sum = sums.entry(&line.place).or_default();
        *sum = *sum + line.monthly;
    }
    sums
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn nat(count: usize) -> Value {
        let nats = (0..count).map(|index| {
            let nat = json!({"Type": "AWS::EC2::NatGateway"});
            (format!("Nat{index}"), nat)
        });
        json!({ "Resources": nats.collect::<serde_json::Map<_, _>>() })
    }

    fn estimated(template: &Value) -> Estimate {
        let stage = Stage::new(stacks::Stage::built_in("dev").unwrap());
        let templates = [StackTemplate {
            stack: "network",
            template,
        }];
        estimate(&stage, &templates, Overrides::default()).unwrap()
    }

    #[test]
    fn a_difference_names_the_resources_that_make_it() {
        let found = change(&estimated(&nat(1)), &estimated(&nat(2))).unwrap();
        // A NAT gateway: 730 h x 0.045.
        assert_eq!(
            (found.before.cents(), found.after.cents()),
            ("32.85".into(), "65.70".into())
        );
        let resource = &found.resources[0];
        assert_eq!(
            (&*resource.logical_id, resource.before),
            ("Nat1", Decimal::ZERO)
        );
        assert_eq!(found.unknown[0].what, "traffic through it");
        let removed = change(&estimated(&nat(1)), &estimated(&nat(0))).unwrap();
        assert_eq!((removed.after, removed.unknown.len()), (Decimal::ZERO, 0));
    }

    #[test]
    fn a_plan_that_costs_the_same_has_no_difference() {
        assert_eq!(change(&estimated(&nat(1)), &estimated(&nat(1))), None);
    }

    #[test]
    fn a_difference_is_in_the_file_of_a_saved_plan() {
        let found = change(&estimated(&nat(0)), &estimated(&nat(1))).unwrap();
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<CostChange>(&text).unwrap(), found);
    }
}
