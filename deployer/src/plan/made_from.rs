//! What a plan was made from, so that it is applied to nothing else: the stage, and fingerprints of
//! everything that was deployed there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{build::hex, source::Source, stage_id::StageId, state::Deployed};

/// What a plan was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeFrom {
    /// The stage and its account; `None`: the plan was made offline and cannot be applied.
    pub stage: Option<StageId>,
    /// What the checkout was; `None`: not recorded.
    pub source: Option<Source>,
    /// Part of the stage (`stack data`, `migrations`) -> SHA-256 over what was deployed of it.
    pub deployed: BTreeMap<String, String>,
}

impl MadeFrom {
    /// Made from what is deployed.
    pub(crate) fn deployed(deployed: &Deployed) -> MadeFrom {
        MadeFrom {
            deployed: fingerprints(deployed),
            ..MadeFrom::default()
        }
    }

    /// The parts that are not what they were.
    pub(crate) fn changed_parts(&self, deployed: &Deployed) -> Vec<String> {
        let now = fingerprints(deployed);
        let parts: BTreeSet<&String> = self.deployed.keys().chain(now.keys()).collect();
        parts
            .into_iter()
            .filter(|part| self.deployed.get(*part) != now.get(*part))
            .cloned()
            .collect()
    }
}

/// The source is left out: it says who deployed, not what is deployed.
fn fingerprints(deployed: &Deployed) -> BTreeMap<String, String> {
    let stacks = deployed
        .stacks
        .iter()
        .map(|(name, stack)| (format!("stack {name}"), json!(stack)));
    let others = [
        ("migrations", json!(deployed.migrations)),
        ("site", json!(deployed.site)),
        ("versions", json!(deployed.rollout)),
    ]
    .map(|(part, value)| (part.to_owned(), value));
    stacks
        .chain(others)
        .map(|(part, value)| (part, hex(&hash(&value))))
        .collect()
}

/// SHA-256 of a value, whatever the order of its keys.
pub(crate) fn hash(value: &Value) -> [u8; 32] {
    let mut hasher = Sha256::new();
    match value {
        Value::Object(object) => {
            hasher.update([1]);
            let sorted: BTreeMap<&String, &Value> = object.iter().collect();
            for (key, value) in sorted {
                hasher.update(Sha256::digest(key));
                hasher.update(hash(value));
            }
        }
        Value::Array(items) => {
            hasher.update([2]);
            for item in items {
                hasher.update(hash(item));
            }
        }
        scalar => {
            hasher.update([3]);
            hasher.update(scalar.to_string());
        }
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_no_difference_and_every_value_is() {
        let one: Value = serde_json::from_str(r#"{"a": [1, 2], "b": {"c": null}}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b": {"c": null}, "a": [1, 2]}"#).unwrap();
        assert_eq!(hash(&one), hash(&other));
        for different in [
            r#"{"a": [2, 1], "b": {"c": null}}"#,
            r#"{"a": [1, 2], "b": {"c": "null"}}"#,
            r#"{"a": [1, 2], "b": {}}"#,
        ] {
            let different: Value = serde_json::from_str(different).unwrap();
            assert_ne!(hash(&one), hash(&different), "{different}");
        }
    }
}
