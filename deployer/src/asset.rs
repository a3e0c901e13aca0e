//! What is uploaded before the stacks that refer to it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file that templates refer to by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The function's short name.
    pub function: String,
    /// Key in the asset bucket: `functions/{name}/{sha256}.zip`.
    pub key: String,
    /// SHA-256 of the file at `path`, lowercase hex.
    pub sha256: String,
    /// The zip; on `local` the `bootstrap` itself.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}
