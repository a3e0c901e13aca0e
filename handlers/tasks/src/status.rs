//! Where a task stands, and where it may go from there.

use miyabi_core::ApiError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Status of a task.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = TaskStatus)]
pub enum Status {
    /// Nobody has begun.
    Pending,
    /// Somebody is at it.
    InProgress,
    /// Done.
    Completed,
    /// It was tried and did not work.
    Failed,
    /// It is not to be done.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a task's life.
    pub const ALL: [Status; 5] = [
        Status::Pending,
        Status::InProgress,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
    ];

    /// As stored and as written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::InProgress => "in_progress",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    /// What a task may become from here. Nothing ends for ever: what was closed can be taken up
    /// again, but only what is worked on can fail.
    const fn next(self) -> &'static [Status] {
        use Status::{Cancelled, Completed, Failed, InProgress, Pending};
        match self {
            Pending => &[InProgress, Completed, Cancelled],
            InProgress => &[Pending, Completed, Failed, Cancelled],
            Completed | Failed => &[Pending, InProgress],
            Cancelled => &[Pending],
        }
    }

    /// Checks a change of status.
    ///
    /// # Errors
    ///
    /// 409 that says what the task may become.
    pub(crate) fn check_change(self, to: Status) -> Result<(), ApiError> {
        if self == to || self.next().contains(&to) {
            return Ok(());
        }
        let next: Vec<String> = self
            .next()
            .iter()
            .map(|status| format!("`{}`", status.as_str()))
            .collect();
        Err(ApiError::conflict(
            "bad_transition",
            format!(
                "A task that is `{}` cannot become `{}`, only {}.",
                self.as_str(),
                to.as_str(),
                next.join(" or ")
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn only_what_is_worked_on_can_fail_and_everything_can_begin_again() {
        for from in Status::ALL {
            let may_fail = from.check_change(Status::Failed).is_ok();
            assert_eq!(
                may_fail,
                matches!(from, Status::InProgress | Status::Failed),
                "{from:?}"
            );
            assert!(from.check_change(Status::Pending).is_ok(), "{from:?}");
        }
    }
}
