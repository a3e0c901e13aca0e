//! Drift: what was changed or deleted by hand since it was deployed.
//!
//! Reports the resource, the path of the property and the kind of the difference, never a value: what
//! somebody set by hand may be a secret. What cannot be examined is called unknown, never clean. What
//! CloudFormation is known to report without a change is [noise](KNOWN_NOISE).

mod noise;

use serde::Serialize;

pub use noise::{KNOWN_NOISE, KnownNoise, NoiseForm, known as known_noise};

/// What differs from what was deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Resources that are not as they were deployed, in the order stack, logical id.
    pub resources: Vec<Drifted>,
    /// What could not be examined and why, a sentence each.
    pub unknown: Vec<String>,
    /// Reports that are known to be false, a sentence each with its source. They are not drift.
    pub noise: Vec<String>,
}

/// A resource that is not as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Drifted {
    /// Short name of the stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `AWS::RDS::DBInstance`
    pub resource_type: String,
    /// What happened to it.
    pub kind: DriftKind,
    /// What differs, for a changed one.
    pub properties: Vec<Difference>,
}

/// What happened to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// It is there and is not as it was deployed.
    Changed,
    /// It is not there any more.
    Deleted,
}

/// A property that is not as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// `Environment.Variables.DATABASE_HOST`
    pub property: String,
    /// How it differs.
    pub kind: DifferenceKind,
}

/// How a property differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The template does not have it.
    Added,
    /// It has another value.
    Changed,
    /// Only the template has it.
    Removed,
}

impl DriftKind {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftKind::Changed => "changed",
            DriftKind::Deleted => "deleted",
        }
    }
}

impl DifferenceKind {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Added => "added",
            DifferenceKind::Changed => "changed",
            DifferenceKind::Removed => "removed",
        }
    }
}

impl Drift {
    /// Whether everything was examined and is as it was deployed.
    pub fn is_clean(&self) -> bool {
        self.resources.is_empty() && self.unknown.is_empty()
    }

    /// One line for each resource.
    pub fn lines(&self) -> Vec<String> {
        self.resources.iter().map(Drifted::line).collect()
    }
}

impl Drifted {
    /// `was changed by hand: MemorySize changed`
    pub(crate) fn what_happened(&self) -> String {
        let properties: Vec<String> = self
            .properties
            .iter()
            .map(|one| format!("{} {}", one.property, one.kind.as_str()))
            .collect();
        let properties = match properties.as_slice() {
            [] => String::new(),
            some => format!(": {}", some.join(", ")),
        };
        format!("was {} by hand{properties}", self.kind.as_str())
    }

    fn line(&self) -> String {
        format!(
            "{} {} ({}) {}",
            self.stack,
            self.logical_id,
            self.resource_type,
            self.what_happened()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_differs_and_not_to_what() {
        let drift = Drift {
            resources: vec![
                Drifted {
                    stack: "api".to_owned(),
                    logical_id: "Tasks".to_owned(),
                    resource_type: "AWS::Lambda::Function".to_owned(),
                    kind: DriftKind::Changed,
                    properties: vec![
                        Difference {
                            property: "MemorySize".to_owned(),
                            kind: DifferenceKind::Changed,
                        },
                        Difference {
                            property: "Environment.Variables.TOKEN".to_owned(),
                            kind: DifferenceKind::Added,
                        },
                    ],
                },
                Drifted {
                    stack: "api".to_owned(),
                    logical_id: "Log".to_owned(),
                    resource_type: "AWS::Logs::LogGroup".to_owned(),
                    kind: DriftKind::Deleted,
                    properties: Vec::new(),
                },
            ],
            ..Drift::default()
        };
        insta::assert_snapshot!(drift.lines().join("\n"), @"
        api Tasks (AWS::Lambda::Function) was changed by hand: MemorySize changed, Environment.Variables.TOKEN added
        api Log (AWS::Logs::LogGroup) was deleted by hand
        ");
        assert!(!drift.is_clean());
    }
}
