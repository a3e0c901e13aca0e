//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// A checkout of this repository.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout whose root (the folder of the workspace's `Cargo.toml`) is `root`.
    pub fn new(root: impl Into<PathBuf>) -> Project {
        Project { root: root.into() }
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that the deployer keeps on this machine: `.miyabi`.
    pub fn miyabi(&self) -> PathBuf {
        self.root.join(".miyabi")
    }

    /// What a stage keeps on this machine: `.miyabi/{stage}`.
    pub fn stage_dir(&self, stage: &str) -> PathBuf {
        self.miyabi().join(stage)
    }

    /// Where built functions are kept by content:
    /// `.miyabi/artifacts/functions/{name}/{sha256}/bootstrap`.
    pub fn artifacts(&self) -> PathBuf {
        self.miyabi().join("artifacts")
    }

    /// Where PostgreSQL is installed from npm when the machine has none: `.miyabi/cache/postgres`.
    pub fn postgres_cache(&self) -> PathBuf {
        self.cache().join("postgres")
    }

    /// Where Valkey is installed from PyPI when the machine has none: `.miyabi/cache/valkey`.
    pub fn valkey_cache(&self) -> PathBuf {
        self.cache().join("valkey")
    }

    /// What every stage can use that was installed once: `.miyabi/cache`.
    pub fn cache(&self) -> PathBuf {
        self.miyabi().join("cache")
    }

    /// The SQL files.
    pub fn migrations(&self) -> PathBuf {
        self.root.join("migrations")
    }

    /// The stage files.
    pub fn stages(&self) -> PathBuf {
        self.root.join("stacks/stages")
    }

    /// The local target's stand-in for GitHub.
    pub fn github_stand_in(&self) -> PathBuf {
        self.root.join("deployer/github-stand-in")
    }
}
