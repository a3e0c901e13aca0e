//! The processor of the functions.

use serde::{Deserialize, Serialize};

/// What functions are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Graviton.
    #[default]
    Arm64,
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
    /// Whatever machine builds.
    Host,
}
