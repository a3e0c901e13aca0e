//! What is wrong with a template.

use std::fmt;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Short name of the stack.
    pub stack: String,
    /// Logical id, or `Outputs`, `Parameters`; empty when it is about the whole template.
    pub resource: String,
    /// Path of the property below the resource: `Properties.Code.S3Key`; may be empty.
    pub path: String,
    /// What was found and what is allowed: a sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stack)?;
        for part in [&self.resource, &self.path] {
            if !part.is_empty() {
                write!(f, ".{part}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}
