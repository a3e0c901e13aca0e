//! Which stage of which account.

use serde::{Deserialize, Serialize};

/// The account that everything on this machine is in.
pub(crate) const THIS_MACHINE: &str = "000000000000";

/// Which stage of which account: a saved plan belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageId {
    /// Name of the stage.
    pub stage: String,
    /// The AWS account, 12 digits; zeros on this machine.
    pub account: String,
    /// The region.
    pub region: String,
    /// Address of the AWS-compatible endpoint; `None`: AWS itself, or this machine.
    pub endpoint: Option<String>,
}

impl StageId {
    /// Whether the stage is the one on this machine.
    pub fn is_this_machine(&self) -> bool {
        self.endpoint.is_none() && self.account == THIS_MACHINE
    }

    /// Whether the stage is at an endpoint that emulates AWS.
    pub fn is_emulated(&self) -> bool {
        self.endpoint.is_some()
    }
}

impl std::fmt::Display for StageId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.endpoint {
            Some(url) => formatter.write_str(url),
            None => write!(formatter, "the account {} in {}", self.account, self.region),
        }
    }
}
