//! Versions of functions: which are in service, which were, and which alias was moved. Data only;
//! what is done with it is in [`rollout`](crate::rollout) and [`hotswap`](crate::hotswap).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What Lambda calls the code that no version has: it changes, and cannot be gone back to.
pub(crate) const LATEST: &str = "$LATEST";

/// What is recorded of versions and releases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rollout {
    /// What answered as it should, the newest last.
    pub releases: Vec<Release>,
    /// Functions whose alias differs from the template -> the version that it points at.
    #[serde(alias = "aside")]
    pub alias_overrides: BTreeMap<String, String>,
    /// Functions were changed, and no smoke test has passed since.
    #[serde(alias = "untried")]
    pub smoke_test_pending: bool,
}

/// A release: the version of each function but `migrate`, by its short name.
pub type Release = BTreeMap<String, Version>;

/// A version of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Lambda's number of it.
    pub number: String,
    /// SHA-256 of its code, lowercase hex.
    pub code: String,
}

/// A function as it is in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InService {
    /// What its alias stands at.
    pub version: Version,
    /// What its alias should stand at by its template.
    pub wanted: Version,
    /// Numbers of other versions that get a share of the traffic: the alias is being moved, or
    /// somebody gave it weights.
    pub also: Vec<String>,
}

/// An alias that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AliasMove {
    /// Short name of the function.
    pub function: String,
    /// Number of the version that was in service.
    pub from: String,
    /// Number of the version that is.
    pub to: String,
}

/// `tasks 4 -> 3, docs 7 -> 5`
pub fn describe(moved: &[AliasMove]) -> String {
    let one = |moved: &AliasMove| format!("{} {} -> {}", moved.function, moved.from, moved.to);
    moved.iter().map(one).collect::<Vec<_>>().join(", ")
}
