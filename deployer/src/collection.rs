//! What a collection of garbage removed, or would remove: old versions of functions, old assets and
//! abandoned change sets. Data only; the collection itself is the target's.

use serde::Serialize;

/// What was collected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Collection {
    /// Versions of functions that no release and no alias uses.
    pub versions: Vec<CollectedVersion>,
    /// Objects of the asset bucket that no template and no release uses.
    pub objects: Vec<CollectedObject>,
    /// Change sets that nobody will execute, as `STACK/NAME`.
    pub change_sets: Vec<String>,
    /// What turned out to be in use when it was about to be deleted, and was kept.
    pub kept: Vec<String>,
}

/// A version of a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CollectedVersion {
    /// Lambda's name of the function.
    pub function: String,
    /// Its number.
    pub version: u64,
    /// Size of its code.
    pub bytes: u64,
}

/// An object of the asset bucket, or old versions of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CollectedObject {
    /// Its key.
    pub key: String,
    /// How many object versions of it, delete markers included.
    pub versions: usize,
    /// Their size together.
    pub bytes: u64,
}

impl Collection {
    /// Whether there was nothing to collect.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.objects.is_empty() && self.change_sets.is_empty()
    }

    /// The size of everything together, in bytes.
    pub fn bytes(&self) -> u64 {
        let versions = self.versions.iter().map(|version| version.bytes);
        let objects = self.objects.iter().map(|object| object.bytes);
        versions.chain(objects).sum()
    }
}
