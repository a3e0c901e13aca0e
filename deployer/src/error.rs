//! What can go wrong, for a person: what failed, why, and the next command to run.

use std::{error::Error as StdError, fmt};

/// How an error ends the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something failed while working.
    Failed,
    /// The command was used wrongly, or the stage file is wrong: nothing was tried.
    Usage,
    /// The plan needs an approval that was not given: nothing was changed.
    ApprovalNeeded,
    /// A stack is in a state that only a person can lead it out of: nothing was changed.
    Stuck,
    /// Somebody else deploys this stage right now: nothing was changed.
    Busy,
    /// The person interrupted; the message says whether anything was changed.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of the command line.
    pub const fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::ApprovalNeeded => 3,
            ErrorKind::Stuck => 4,
            ErrorKind::Busy => 75,
            ErrorKind::Interrupted => 130,
        }
    }

    /// The name in `--json` output.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Failed => "failed",
            ErrorKind::Usage => "usage",
            ErrorKind::ApprovalNeeded => "approval_needed",
            ErrorKind::Stuck => "stuck",
            ErrorKind::Busy => "busy",
            ErrorKind::Interrupted => "interrupted",
        }
    }
}

type Cause = Box<dyn StdError + Send + Sync>;

/// An error that a person can act on. Every error has a hint.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: String,
    cause: Option<Cause>,
    passing: bool,
}

impl Error {
    /// `message` is a full sentence: what failed and why. `hint` is what to do next, with commands
    /// between backticks; it must not be empty.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Error {
        let hint = hint.into();
        debug_assert!(!hint.trim().is_empty(), "an error needs a hint");
        Error {
            kind,
            message: message.into(),
            hint,
            cause: None,
            passing: false,
        }
    }

    /// [`ErrorKind::Failed`].
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::new(ErrorKind::Failed, message, hint)
    }

    /// [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message, hint)
    }

    /// Adds the error below this one; shown in full, with its own causes.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Error {
        self.cause = Some(cause.into());
        self
    }

    /// Says that there was no answer that tells anything: whoever only looks may look again.
    #[must_use]
    pub fn that_may_pass(mut self) -> Error {
        self.passing = true;
        self
    }

    /// Adds a sentence to the message.
    #[must_use]
    pub fn and(mut self, sentence: impl AsRef<str>) -> Error {
        self.message.push(' ');
        self.message.push_str(sentence.as_ref());
        self
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same question may well be answered later.
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// What failed and why.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next.
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// The same error with its hint changed.
    #[must_use]
    pub fn map_hint(mut self, change: impl FnOnce(&str) -> String) -> Error {
        self.hint = change(&self.hint);
        self
    }

    /// The chain of causes, outermost first, without the message itself.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many errors repeat their source in their own text; said once is enough.
            if causes
                .last()
                .is_none_or(|last: &String| !last.contains(&text))
            {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_listed_once_and_outermost_first() {
        let inner = Error::failed("The port 5432 is taken.", "Stop it.");
        let error = Error::failed("PostgreSQL did not start.", "`cargo xtask doctor`")
            .because(Error::failed("pg_ctl ended with 1.", "See its log.").because(inner));
        assert_eq!(
            error.causes(),
            ["pg_ctl ended with 1.", "The port 5432 is taken."]
        );
        assert_eq!(error.kind().exit_code(), 1);
    }

    #[test]
    fn exit_codes_are_those_of_the_readme() {
        let codes = [
            ErrorKind::Failed,
            ErrorKind::Usage,
            ErrorKind::ApprovalNeeded,
            ErrorKind::Stuck,
            ErrorKind::Busy,
            ErrorKind::Interrupted,
        ]
        .map(ErrorKind::exit_code);
        assert_eq!(codes, [1, 2, 3, 4, 75, 130]);
    }
}
