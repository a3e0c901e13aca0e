//! What operators have besides alarms and the dashboard.

use serde::{Deserialize, Serialize};

/// Tools of the operators.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Ops {
    /// Whether there is a workspace of Amazon Managed Grafana.
    pub grafana: bool,
}
